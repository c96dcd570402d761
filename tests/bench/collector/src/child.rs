//! Child processes of a measurement, and what the system says of them.

use anyhow::{Context as _, Result};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};

/// A process that is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    said: BufReader<ChildStderr>,
}

/// What a process has used so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    /// Of both user and system.
    pub(crate) cpu_s: f64,
    /// The most memory that it ever had resident.
    pub(crate) rss_mb: f64,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let said = BufReader::new(child.stderr.take().context("it has no standard error")?);
        Ok(Self { child, said })
    }

    /// Waits for a line that begins so; what follows.
    pub(crate) fn says(&mut self, start: &str) -> Result<String> {
        let mut all = String::new();
        loop {
            let at = all.len();
            if self.said.read_line(&mut all)? == 0 {
                anyhow::bail!("it ended without saying `{start}`:\n{all}");
            }
            if let Some(rest) = all.get(at..).and_then(|line| line.strip_prefix(start)) {
                return Ok(rest.trim().to_owned());
            }
        }
    }

    /// Waits for its end.
    pub(crate) fn finished(&mut self) -> Result<()> {
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "it failed ({status})");
        Ok(())
    }

    /// What it has used so far.
    pub(crate) fn used(&self) -> Result<Used> {
        /// What the kernel counts in, on every machine that Linux knows.
        const TICKS_PER_S: f64 = 100.0;

        let id = self.child.id();
        let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
        // Behind the name, which may hold anything.
        let (_, fields) = stat.rsplit_once(')').context("a stat without a name")?;
        let mut fields = fields.split_whitespace().skip(11);
        let mut ticks = || -> Result<f64> { Ok(fields.next().context("a short stat")?.parse()?) };
        let cpu_s = (ticks()? + ticks()?) / TICKS_PER_S;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kb = most.and_then(|most| most.split_whitespace().next());
        let kb: f64 = kb.context("no VmHWM in its status")?.parse()?;
        Ok(Used { cpu_s, rss_mb: kb / 1024.0 })
    }
}

impl Process {
    /// Ends it at once.
    pub(crate) fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

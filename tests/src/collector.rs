//! The project's own collector as a child process.

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::build::cargo_build;
use crate::proc::{Proc, free_udp_port};
use crate::workspace;

/// From its start to its open socket.
const START_LIMIT: Duration = Duration::from_secs(10);
/// From its interruption to its end: it may have to send what it holds first.
const STOP_LIMIT: Duration = Duration::from_secs(15);

/// A running `spandrel serve`.
#[derive(Debug)]
pub struct Collector {
    proc: Proc,
    port: u16,
    trace_file: PathBuf,
    otlp_file: PathBuf,
}

impl Collector {
    /// Builds the release binary `spandrel` and returns where it is.
    ///
    /// # Errors
    /// If the build fails.
    pub fn build(say: &mut dyn FnMut(&str)) -> Result<PathBuf> {
        let arguments = ["--release", "--package", "spandrel-collector"];
        let built = cargo_build("the collector", workspace::root(), &arguments, say)?;
        Ok(built.get("spandrel")?.to_owned())
    }

    /// Starts `program` on a free UDP port of 127.0.0.1. It writes `trace.json` and `otlp.json` into
    /// `out_dir` (older ones are removed) and sends its traces to `export`, an OTLP/HTTP address.
    ///
    /// # Errors
    /// If it can't be started or does not listen in time.
    pub fn start(program: &Path, out_dir: &Path, export: Option<&str>) -> Result<Self> {
        let export = export.map(|url| ["--export-otlp", url]);
        Self::start_with(program, out_dir, export.iter().flatten().copied())
    }

    /// As [`Collector::start`], with more options of `spandrel serve`.
    ///
    /// # Errors
    /// As [`Collector::start`].
    pub fn start_with<'a>(
        program: &Path,
        out_dir: &Path,
        options: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self> {
        std::fs::create_dir_all(out_dir)
            .with_context(|| format!("cannot make the folder {}", out_dir.display()))?;
        let trace_file = out_dir.join("trace.json");
        let otlp_file = out_dir.join("otlp.json");
        for file in [&trace_file, &otlp_file] {
            if file.exists() {
                std::fs::remove_file(file)
                    .with_context(|| format!("cannot remove the old {}", file.display()))?;
            }
        }
        let port = free_udp_port();
        let mut command = Command::new(program);
        // Somebody may have the TCP port of that number.
        command.args(["serve", "--no-tcp", "--listen", &format!("127.0.0.1:{port}")]);
        // Nor does it touch what its user has: the store, and the port for everything else.
        command.args(["--memory", "--http", "off"]);
        command.arg("--out").arg(&trace_file).arg("--out-otlp").arg(&otlp_file);
        command.args(options);
        let mut proc = Proc::spawn("the collector", &mut command)?;
        proc.wait_for_line("listening on", START_LIMIT)?;
        Ok(Self { proc, port, trace_file, otlp_file })
    }

    /// Its UDP port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it writes the traces in Jaeger's UI format.
    #[must_use]
    pub fn trace_file(&self) -> &Path {
        &self.trace_file
    }

    /// Where it writes the traces as OTLP/JSON.
    #[must_use]
    pub fn otlp_file(&self) -> &Path {
        &self.otlp_file
    }

    /// What it has written so far, in Jaeger's UI format; `null` before its first write.
    ///
    /// # Errors
    /// If the file can't be read or is no JSON: it is replaced as a whole, so half of one is a fault.
    pub fn document(&self) -> Result<Value> {
        match std::fs::read(&self.trace_file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is not JSON", self.trace_file.display())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Value::Null),
            Err(e) => Err(e).with_context(|| format!("cannot read {}", self.trace_file.display())),
        }
    }

    /// Waits until what it has written satisfies `done`; `healthy` is asked meanwhile, and ends the
    /// wait by an error when it sees that waiting is in vain.
    ///
    /// # Errors
    /// If the time is over, the collector ended, `healthy` failed, or a stop was requested.
    pub fn wait_until(
        &mut self,
        timeout: Duration,
        done: impl Fn(&Value) -> bool,
        mut healthy: impl FnMut() -> Result<()>,
    ) -> Result<()> {
        let begun = Instant::now();
        while !done(&self.document()?) {
            if !self.proc.is_running() {
                bail!(self.proc.tell("ended by itself"));
            }
            ensure!(
                begun.elapsed() < timeout,
                self.proc.tell(&format!("has no whole trace after {timeout:?}"))
            );
            healthy()?;
            crate::proc::pause(Duration::from_millis(100))?;
        }
        Ok(())
    }

    /// Interrupts it, waits until it has flushed and ended, and returns what it has written.
    ///
    /// # Errors
    /// If it doesn't end in time and without a fault.
    pub fn stop(mut self) -> Result<Value> {
        self.proc.interrupt()?;
        let status = self.proc.wait_for_exit(STOP_LIMIT)?;
        ensure!(
            status.success(),
            self.proc
                .tell(&format!("was interrupted and must end with code 0; it did with {status}"))
        );
        self.document()
    }
}

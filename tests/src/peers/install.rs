//! Peers are installed once, below `target/peers/`, and again when what they are made from has changed.

use core::time::Duration;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::proc::Proc;
use crate::workspace;

/// Building the longest without any cache took four minutes on two cores.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// A peer, as far as its installation goes.
pub(super) struct Install<'a> {
    /// As a sentence names it.
    pub(super) name: &'a str,
    /// Its folder below `target/peers/`.
    pub(super) folder: &'a str,
    /// What must be there when it is installed, in that folder.
    pub(super) program: &'a str,
    /// How long the first time takes.
    pub(super) takes: &'a str,
    /// What it is made from, which is compared to the byte.
    pub(super) from: Vec<u8>,
}

impl Install<'_> {
    /// Where the program is; `install` makes it in the folder that it is given if it has to.
    /// Parallel callers, in this and in other processes, wait for one installation.
    pub(super) fn ensure(&self, install: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let dir = workspace::target_dir().join("peers").join(self.folder);
        fs::create_dir_all(&dir)
            .with_context(|| format!("cannot make the folder {}", dir.display()))?;
        let lock = File::create(dir.join("lock")).context("cannot make the lock file")?;
        let name = self.name;
        lock.lock().with_context(|| format!("cannot lock the folder of {name}"))?;
        let program = dir.join(self.program);
        let stamp = dir.join("built-from");
        if program.is_file() && fs::read(&stamp).is_ok_and(|from| from == self.from) {
            return Ok(program);
        }
        say(&format!("installing {name}; the first time takes {}", self.takes));
        let begun = Instant::now();
        install(&dir)?;
        ensure!(program.is_file(), "{name} was installed, yet there is no {}", program.display());
        fs::write(&stamp, &self.from)
            .with_context(|| format!("cannot note what {name} is from"))?;
        say(&format!("installed {name} in {} s", begun.elapsed().as_secs()));
        Ok(program)
    }
}

/// Runs one step of an installation to its end, and shows what it is at. `cure` says what helps if it fails.
pub(super) fn step(name: &str, command: &mut Command, cure: &str) -> Result<()> {
    let begun = Instant::now();
    let program = command.get_program().to_string_lossy().into_owned();
    let mut proc = Proc::spawn(&program, command)?;
    let status = proc.wait_with_progress(LIMIT, Duration::from_secs(15), |line| {
        say(&format!("installing {name}: {} s {line}", begun.elapsed().as_secs()));
    })?;
    ensure!(status.success(), proc.tell(&format!("could not install {name} ({status}); {cure}")));
    Ok(())
}

/// Straight to standard error: the test runner would keep the lines back for all those minutes.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

//! Programs in Go that the tests build into `target/peers/`.

use core::time::Duration;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::proc::Proc;
use crate::workspace;

/// A cold build of the longest took four minutes on two cores.
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);

/// A Go module below `tests/peers/` and the program in it.
pub(super) struct GoProgram {
    /// As a sentence names it.
    pub(super) name: &'static str,
    /// Of the module, and of the program.
    pub(super) folder: &'static str,
    /// What is built.
    pub(super) package: &'static str,
    /// After a change of these files it is built again.
    pub(super) sources: &'static [&'static str],
    /// How long the first build takes.
    pub(super) takes: &'static str,
}

impl GoProgram {
    /// The program, built on the first call and after a change of its sources.
    /// Parallel callers, in this and in other processes, wait for one build.
    pub(super) fn build(&self) -> Result<PathBuf> {
        let source = workspace::root().join("tests/peers").join(self.folder);
        let out_dir = workspace::target_dir().join("peers").join(self.folder);
        fs::create_dir_all(&out_dir)
            .with_context(|| format!("cannot make the folder {}", out_dir.display()))?;
        let lock =
            File::create(out_dir.join("lock")).context("cannot make the build's lock file")?;
        lock.lock().with_context(|| format!("cannot lock the build of {}", self.name))?;

        let program = out_dir.join(self.folder);
        let stamp = out_dir.join("built-from");
        let mut wanted = Vec::new();
        for file in self.sources {
            wanted.extend(fs::read(source.join(file))?);
        }
        if program.is_file() && fs::read(&stamp).is_ok_and(|built_from| built_from == wanted) {
            return Ok(program);
        }
        let name = self.name;
        ensure!(
            workspace::find_program("go").is_some(),
            "{name} needs Go, which is not installed: install Go 1.24.6 or newer"
        );
        // Straight to standard error: the test runner would keep the lines back for all those minutes.
        let say = |line: &str| drop(writeln!(std::io::stderr(), "{line}"));
        say(&format!("building {name}; the first time takes {}", self.takes));
        let begun = Instant::now();
        let mut command = Command::new("go");
        command.args(["build", "-mod=readonly", "-trimpath", "-ldflags=-s -w", "-o"]).arg(&program);
        // Without cgo no C compiler is needed, and a workspace file above this one is none of ours.
        command.arg(self.package).current_dir(&source);
        command.env("CGO_ENABLED", "0").env("GOWORK", "off");
        let mut go = Proc::spawn("go build", &mut command)?;
        let status = go.wait_with_progress(BUILD_LIMIT, Duration::from_secs(15), |line| {
            say(&format!("building {name}: {} s {line}", begun.elapsed().as_secs()));
        })?;
        ensure!(
            status.success(),
            go.tell(&format!(
                "could not build {name} ({status}); it needs Go 1.24.6 or newer and, the first \
                 time, Go's module proxy"
            ))
        );
        fs::write(&stamp, wanted).with_context(|| format!("cannot note what {name} is from"))?;
        say(&format!("built {name} in {} s", begun.elapsed().as_secs()));
        Ok(program)
    }
}

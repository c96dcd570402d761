//! Programs in Go that the tests build into `target/peers/`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use super::install::{Install, step};
use crate::workspace;

/// A program of a Go module below `tests/peers/`.
pub(super) struct GoProgram {
    /// As a sentence names it.
    pub(super) name: &'static str,
    /// Of the program, and of its folder below `target/peers/`.
    pub(super) program: &'static str,
    /// Of the module.
    pub(super) module: &'static str,
    /// What is built.
    pub(super) package: &'static str,
    /// After a change of these files it is built again.
    pub(super) sources: &'static [&'static str],
    /// How long the first build takes.
    pub(super) takes: &'static str,
}

impl GoProgram {
    /// The program, built on the first call and after a change of its sources.
    pub(super) fn build(&self) -> Result<PathBuf> {
        let source = workspace::root().join("tests/peers").join(self.module);
        let mut from = Vec::new();
        for file in self.sources {
            from.extend(fs::read(source.join(file))?);
        }
        let Self { name, program, takes, .. } = *self;
        Install { name, folder: program, program, takes, from }.ensure(|dir| {
            ensure!(
                workspace::find_program("go").is_some(),
                "{name} needs Go, which is not installed: install Go 1.24.6 or newer"
            );
            let mut command = Command::new("go");
            command.args(["build", "-mod=readonly", "-trimpath", "-ldflags=-s -w", "-o"]);
            command.arg(dir.join(program)).arg(self.package).current_dir(&source);
            // Without cgo no C compiler is needed, and a workspace file above this one is none of ours.
            command.env("CGO_ENABLED", "0").env("GOWORK", "off");
            step(
                name,
                &mut command,
                "it needs Go 1.24.6 or newer and, the first time, Go's module proxy",
            )
        })
    }
}

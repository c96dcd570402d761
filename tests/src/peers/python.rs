//! The exporters of OpenTelemetry's SDK for Python, in an environment of their own.

use core::time::Duration;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::install::{Install, step};
use crate::proc::Proc;
use crate::skip::Skip;
use crate::workspace::{self, find_program};

/// A script ends when all is sent and acknowledged.
const LIMIT: Duration = Duration::from_secs(60);

/// A Python that has the packages of `tests/peers/python/requirements.txt`.
#[derive(Debug, Clone)]
pub struct PythonSdk(PathBuf);

impl PythonSdk {
    /// The environment, made on the first call and after a change of the list of packages.
    ///
    /// # Errors
    /// If it can't be made here; the reason says what would help.
    pub fn ensure_installed() -> Result<Self, Skip> {
        Self::install().map(Self).map_err(|e| Skip::new(format!("{e:#}")))
    }

    fn install() -> Result<PathBuf> {
        const NAME: &str = "OpenTelemetry's SDK for Python";
        let requirements = scripts().join("requirements.txt");
        let from = fs::read(&requirements).context("the list of Python's packages is missing")?;
        let program = "env/bin/python";
        let install =
            Install { name: NAME, folder: "python", program, takes: "half a minute", from };
        install.ensure(|dir| {
            ensure!(
                find_program("python3").is_some(),
                "{NAME} needs Python, which is not installed: install Python 3.10 or newer"
            );
            let mut venv = Command::new("python3");
            // What an older list had installed goes.
            venv.args(["-m", "venv", "--clear"]).arg(dir.join("env"));
            step(NAME, &mut venv, "it needs Python's venv module, Debian's python3-venv")?;
            let mut pip = Command::new(dir.join(program));
            pip.args(["-m", "pip", "install", "--no-input", "-r"]).arg(&requirements);
            step(NAME, &mut pip, "it needs, the first time, the Python package index")
        })
    }

    /// Runs a script of `tests/peers/python/`, and returns what it printed.
    ///
    /// # Errors
    /// If it fails; the message has what it said.
    pub fn run(&self, script: &str, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.0);
        command.arg(scripts().join(script)).args(arguments);
        let mut proc = Proc::spawn(script, &mut command)?;
        let status = proc.wait_for_exit(LIMIT)?;
        ensure!(status.success(), proc.tell(&format!("ended with {status}")));
        Ok(proc.lines().join("\n"))
    }
}

fn scripts() -> PathBuf {
    workspace::root().join("tests/peers/python")
}

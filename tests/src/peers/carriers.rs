//! Clients for Go that propagate contexts: `tests/peers/carriers`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::go::GoProgram;
use crate::skip::Skip;

const CARRIERS: GoProgram = GoProgram {
    name: "the clients that propagate contexts",
    program: "carriers",
    module: "carriers",
    package: ".",
    sources: &["go.mod", "go.sum", "main.go"],
    takes: "about a minute",
};

/// The clients, as a program that answers lines of JSON.
#[derive(Debug)]
pub struct CarrierPeers(PathBuf);

impl CarrierPeers {
    /// The program, built on the first call and after a change of its sources.
    ///
    /// # Errors
    /// If it can't be built here; the reason says what would help.
    pub fn ensure_built() -> Result<Self, Skip> {
        CARRIERS.build().map(Self).map_err(|e| Skip::new(format!("{e:#}")))
    }

    /// What the clients answer to each request; `tests/peers/carriers/main.go` says what is in both.
    ///
    /// # Errors
    /// If they end without an answer to each; the message has what they wrote.
    pub fn ask(&self, requests: &[Value]) -> Result<Vec<Value>> {
        let mut command = Command::new(&self.0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start the clients")?;
        let mut input = child.stdin.take().context("they have no input")?;
        let lines: String = requests.iter().map(|request| format!("{request}\n")).collect();
        // From a thread: they answer while they read.
        let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
        let output = child.wait_with_output().context("they cannot be read")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "the clients failed ({}): {said}", output.status);
        ensure!(writer.join().is_ok_and(|written| written.is_ok()), "they did not read: {said}");
        let answers = String::from_utf8(output.stdout).context("their answers are not UTF-8")?;
        let answers: Vec<Value> =
            answers.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        ensure!(answers.len() == requests.len(), "they left requests unanswered: {said}");
        Ok(answers)
    }
}

//! Programs that answer each line of JSON with one.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// What `program` answers to each request; `name` is what errors call it.
pub(super) fn ask(name: &str, program: &Path, requests: &[Value]) -> Result<Vec<Value>> {
    let mut command = Command::new(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
    let mut input = child.stdin.take().context("it has no input")?;
    let lines: String = requests.iter().map(|request| format!("{request}\n")).collect();
    // From a thread: it answers while it reads.
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().with_context(|| format!("{name} cannot be read"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} failed ({}): {said}", output.status);
    ensure!(writer.join().is_ok_and(|written| written.is_ok()), "{name} did not read: {said}");
    let answers = String::from_utf8(output.stdout).context("its answers are not UTF-8")?;
    let answers: Vec<Value> =
        answers.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(answers.len() == requests.len(), "{name} left requests unanswered: {said}");
    Ok(answers)
}

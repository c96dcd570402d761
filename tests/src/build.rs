//! Building programs with Cargo and learning where they are.

use core::time::Duration;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::proc::Proc;

/// Far above a cold build on two cores, so that only a hung one is cut off.
const TIME_LIMIT: Duration = Duration::from_secs(30 * 60);
/// How often a running build says what it is at.
const PROGRESS: Duration = Duration::from_secs(5);

/// The executables of one build, by name.
#[derive(Debug, Clone)]
pub struct Executables {
    what: String,
    by_name: BTreeMap<String, PathBuf>,
}

impl Executables {
    /// Where the executable called `name` is.
    ///
    /// # Errors
    /// If the build made none of that name.
    pub fn get(&self, name: &str) -> Result<&Path> {
        let path = self.by_name.get(name).with_context(|| {
            let names: Vec<_> = self.by_name.keys().map(String::as_str).collect();
            format!("building {} made no program {name}, only: {}", self.what, names.join(", "))
        })?;
        Ok(path)
    }
}

/// Runs `cargo build ARGUMENTS` in `dir`; `what` names it in `say`'s progress lines and in errors.
///
/// # Errors
/// If the build fails; the message ends with the compiler's.
pub fn cargo_build(
    what: &str,
    dir: &Path,
    arguments: &[&str],
    say: &mut dyn FnMut(&str),
) -> Result<Executables> {
    say(&format!("building {what}"));
    let mut command = Command::new("cargo");
    command.arg("build").args(arguments).arg("--message-format=json-render-diagnostics");
    let mut build = Proc::spawn("cargo build", command.current_dir(dir))?;
    let status = build.wait_with_progress(TIME_LIMIT, PROGRESS, |line| {
        // Cargo reports what is finished as JSON, and what it begins as text.
        match line.trim() {
            "" => say(&format!("still building {what}")),
            json if json.starts_with('{') => say(&format!("still building {what}")),
            text => say(&format!("building {what}: {text}")),
        }
    })?;

    let (messages, text): (Vec<_>, Vec<_>) =
        build.lines().into_iter().partition(|line| line.starts_with('{'));
    if !status.success() {
        let shown = text[text.len().saturating_sub(40)..].join("\n  | ");
        bail!(
            "cannot build {what} (cargo build {} in {}, {status}):\n  | {shown}",
            arguments.join(" "),
            dir.display()
        );
    }
    let by_name = messages.iter().filter_map(|message| executable(message)).collect();
    Ok(Executables { what: what.to_owned(), by_name })
}

/// Name and path of the executable that one of Cargo's messages announces.
fn executable(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let path = message.get("executable")?.as_str()?;
    let name = message.get("target")?.get("name")?.as_str()?;
    Some((name.to_owned(), path.into()))
}

//! [`Call`]: Cargo, as a person would call it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use spandrel_tests::workspace;

/// A call of Cargo, shown before it runs.
pub(crate) struct Call {
    words: Vec<String>,
    envs: Vec<(&'static str, String)>,
    dir: PathBuf,
}

/// Cargo with the words of `line`.
pub(crate) fn cargo(line: &str) -> Call {
    let words = line.split(' ').map(str::to_owned).collect();
    Call { words, envs: Vec::new(), dir: workspace::root().to_owned() }
}

impl Call {
    /// With these words behind the line's.
    pub(crate) fn args(mut self, words: &[&str]) -> Self {
        self.words.extend(words.iter().map(|&word| word.to_owned()));
        self
    }

    /// With this variable.
    pub(crate) fn env(mut self, name: &'static str, value: &str) -> Self {
        self.envs.push((name, value.to_owned()));
        self
    }

    /// In this folder, and not in the project's.
    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        dir.clone_into(&mut self.dir);
        self
    }

    /// Shows and runs it.
    pub(crate) fn run(self) -> Result<()> {
        let line = self.to_string();
        println!("$ {line}");
        let mut command = Command::new("cargo");
        command.args(&self.words).envs(self.envs).current_dir(&self.dir);
        let status = command.status().context("cannot run cargo")?;
        if !status.success() {
            bail!("`{line}` failed ({status})");
        }
        Ok(())
    }
}

impl core::fmt::Display for Call {
    /// As a person in the project's folder would type it.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let dir = self.dir.strip_prefix(workspace::root()).unwrap_or(&self.dir);
        if !dir.as_os_str().is_empty() {
            write!(f, "cd {} && ", dir.display())?;
        }
        for (name, value) in &self.envs {
            write!(f, "{name}={} ", quoted(value))?;
        }
        write!(f, "cargo")?;
        self.words.iter().try_for_each(|word| write!(f, " {}", quoted(word)))
    }
}

fn quoted(word: &str) -> String {
    let plain = !word.is_empty() && !word.contains([' ', '*', '\'', '"']);
    if plain { word.to_owned() } else { format!("'{word}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_shown_so_that_it_can_be_pasted() {
        let call = cargo("test --lib").args(&["--features", ""]).env("RUSTFLAGS", "--cfg loom");
        assert_eq!(call.to_string(), "RUSTFLAGS='--cfg loom' cargo test --lib --features ''");
        let board = cargo("build").dir(&workspace::root().join("examples/boards/x"));
        assert_eq!(board.to_string(), "cd examples/boards/x && cargo build");
    }
}

//! Runs cases, each to one of three ends, and writes what came of them.

use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use super::cases::CASES;
use super::pretty::pretty;
use super::stage::Stage;
use crate::skip::{Skip, in_ci};
use crate::workspace;

/// One thing that must hold between a real peer and ours.
pub(super) struct Case {
    /// What `--only` calls it.
    pub(super) name: &'static str,
    /// What holds, as a sentence.
    pub(super) what: &'static str,
    /// Tries it; a [`Skip`] says that a peer can't be had here.
    pub(super) run: fn(&mut Stage<'_>) -> Result<()>,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It holds.
    Pass,
    /// It does not, and why.
    Fail(String),
    /// It was not tried, and why.
    Skip(String),
}

/// A case that was run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its name.
    pub name: &'static str,
    /// What holds.
    pub what: &'static str,
    /// How it ended.
    pub end: End,
    /// How long it took.
    pub took: Duration,
}

impl End {
    /// The word for it, which is also that of `interop.json`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail(_) => "fail",
            Self::Skip(_) => "skip",
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_good(&self) -> bool {
        !matches!(self, Self::Fail(_))
    }

    /// Why it did not pass.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Pass => None,
            Self::Fail(why) | Self::Skip(why) => Some(why),
        }
    }

    /// A peer that can't be had is a skip on a laptop and a failure in CI.
    fn judge(result: Result<()>) -> Self {
        match result {
            Ok(()) => Self::Pass,
            Err(error) if error.is::<Skip>() && !in_ci() => Self::Skip(format!("{error:#}")),
            Err(error) => Self::Fail(format!("{error:#}")),
        }
    }
}

/// The names of all cases, in their order.
pub fn names() -> impl Iterator<Item = &'static str> {
    CASES.iter().map(|case| case.name)
}

/// Runs those cases whose names begin with one of `only`, or all if there is none. Ours is `program`; if
/// there is none it is built.
pub fn run(only: &[String], program: Option<PathBuf>, say: &mut dyn FnMut(&str)) -> Vec<Outcome> {
    let wanted = |case: &&Case| {
        only.is_empty() || only.iter().any(|start| case.name.starts_with(start.as_str()))
    };
    let mut stage = Stage::new(program, say);
    let mut outcomes = Vec::new();
    for case in CASES.iter().filter(wanted) {
        stage.say(&format!("{}: {}", case.name, case.what));
        let begun = Instant::now();
        // A peer that panics while it is started is that case's failure, not the end of all.
        let result = catch_unwind(AssertUnwindSafe(|| (case.run)(&mut stage)));
        let end = match result {
            Ok(result) => End::judge(result),
            Err(panic) => End::Fail(panic_text(panic.as_ref())),
        };
        let Case { name, what, .. } = *case;
        outcomes.push(Outcome { name, what, end, took: begun.elapsed() });
    }
    outcomes
}

fn panic_text(panic: &(dyn core::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

/// Writes `target/interop.json`: each case with `pass`, `fail: ` and why, or `skip: ` and why.
///
/// # Errors
/// If the file can't be written.
pub fn write(outcomes: &[Outcome]) -> Result<PathBuf> {
    let file = workspace::target_dir().join("interop.json");
    write_to(&file, outcomes)?;
    Ok(file)
}

fn write_to(file: &Path, outcomes: &[Outcome]) -> Result<()> {
    let said = |end: &End| match end.why() {
        Some(why) => format!("{}: {why}", end.word()),
        None => end.word().to_owned(),
    };
    let cases = outcomes.iter().map(|outcome| (outcome.name.to_owned(), said(&outcome.end).into()));
    let cases: Map<String, Value> = cases.collect();
    fs::write(file, pretty(&Value::Object(cases)))
        .with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let unique: BTreeSet<_> = names().collect();
        assert_eq!(unique.len(), names().count());
    }

    #[test]
    fn a_failure_is_never_taken_for_a_skip() {
        assert_eq!(End::judge(Ok(())), End::Pass);
        assert_eq!(End::judge(Err(anyhow::anyhow!("no"))), End::Fail("no".to_owned()));
        let skipped = End::judge(Err(Skip::new("install Go").into()));
        assert_eq!(skipped == End::Skip("install Go".to_owned()), !in_ci());
    }

    #[test]
    fn the_file_says_how_each_case_ended() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("interop.json");
        let outcome = |name, end| Outcome { name, what: "w", end, took: Duration::ZERO };
        let outcomes = [outcome("a", End::Pass), outcome("b", End::Fail("why".to_owned()))];
        write_to(&file, &outcomes).unwrap();
        let read: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!(read, serde_json::json!({"a": "pass", "b": "fail: why"}));
    }
}

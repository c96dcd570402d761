//! The blessed figures: later runs must not be worse. And the file that a run leaves.
//!
//! Figures of the host are in that file alone: a busy machine is no fault.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Map, Number, Value};
use spandrel_tests::workspace;

use super::figures::{Figures, is_of_host};

/// The command that takes a figure as it is now.
const BLESS: &str = "cargo xtask measure --bless";

type ByKey = BTreeMap<String, f64>;

fn golden_path() -> PathBuf {
    workspace::root().join("tests/measure.golden.json")
}

/// The blessed figures; none before the first blessing.
pub(super) fn blessed() -> Result<ByKey> {
    let path = golden_path();
    if path.exists() { read(&path) } else { Ok(ByKey::new()) }
}

/// Leaves what was measured in `measure.json`; a run for some figures changes those alone, and a whole
/// one keeps those of the host.
pub(super) fn keep(now: &Figures, is_whole: bool) -> Result<()> {
    let path = workspace::target_dir().join("measure.json");
    let mut known = if path.exists() { read(&path)? } else { ByKey::new() };
    known.retain(|key, _| !is_whole || is_of_host(key));
    write(&path, with(known, now))
}

/// Blesses what was measured; a run for some figures changes those alone.
pub(super) fn bless(now: &Figures, blessed: ByKey, is_whole: bool) -> Result<()> {
    let known = if is_whole { ByKey::new() } else { blessed };
    let mut blessed = with(known, now);
    blessed.retain(|key, _| !is_of_host(key));
    write(&golden_path(), blessed)
}

fn with(mut known: ByKey, now: &Figures) -> ByKey {
    known.extend(now.by_key.iter().map(|(key, value)| (key.clone(), *value)));
    known
}

/// A line for each figure that got worse, and with `strict` for each that only one side has, of
/// those that it wants.
pub(super) fn faults(
    now: &Figures,
    blessed: &ByKey,
    strict: Option<&dyn Fn(&str) -> bool>,
) -> Vec<String> {
    let mut now = now.by_key.clone();
    now.retain(|key, _| !is_of_host(key));
    let worse = now.iter().filter_map(|(key, value)| {
        let golden = blessed.get(key)?;
        (value > golden).then(|| {
            format!("{key} got worse: blessed {golden}, now {value}; to accept it: {BLESS}")
        })
    });
    let mut faults: Vec<_> = worse.collect();
    if let Some(is_wanted) = strict {
        let unblessed = now.iter().filter(|(key, _)| !blessed.contains_key(*key));
        faults.extend(unblessed.map(|(key, value)| {
            format!("{key} is {value}, and no value of it is blessed yet; to accept it: {BLESS}")
        }));
        let gone = blessed.keys().filter(|key| is_wanted(key) && !now.contains_key(*key));
        faults.extend(gone.map(|key| {
            format!("{key} is blessed, but was not measured; if it is gone for good: {BLESS}")
        }));
    }
    faults
}

fn read(path: &Path) -> Result<ByKey> {
    let cannot_read = || format!("cannot read {}", path.display());
    let text = fs::read_to_string(path).with_context(cannot_read)?;
    serde_json::from_str(&text).with_context(cannot_read)
}

fn write(path: &Path, figures: ByKey) -> Result<()> {
    let figures: Map<_, _> = figures
        .into_iter()
        .filter_map(|(key, value)| Some((key, Value::Number(number(value)?))))
        .collect();
    let text = serde_json::to_string_pretty(&figures)? + "\n";
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// A whole number without a fraction, so that the file reads as one would write it.
fn number(value: f64) -> Option<Number> {
    #[expect(clippy::cast_possible_truncation, reason = "whole, and far below 2^63")]
    if value.fract() == 0.0 { Some(Number::from(value as i64)) } else { Number::from_f64(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(pairs: &[(&str, f64)]) -> Figures {
        let mut figures = Figures::default();
        pairs.iter().for_each(|(key, value)| figures.add(key, *value));
        figures
    }

    #[test]
    fn only_what_got_worse_is_a_fault() {
        let blessed = figures(&[("same", 1.5), ("worse", 60.0), ("better", 3.0)]).by_key;
        let now = figures(&[("same", 1.5), ("worse", 60.1), ("better", 2.9), ("new", 1.0)]);
        let faults = faults(&now, &blessed, None);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("worse got worse: blessed 60, now 60.1;"), "{faults:?}");
        assert!(faults[0].ends_with(BLESS));
    }

    #[test]
    fn a_strict_check_misses_nothing_of_what_was_asked_for() {
        let blessed = figures(&[("hot.gone", 1.0), ("wire.not_asked_for", 1.0)]).by_key;
        let now = figures(&[("hot.new", 1.0)]);
        let faults = faults(&now, &blessed, Some(&|key| key.starts_with("hot")));
        assert_eq!(faults.len(), 2, "{faults:?}");
    }

    #[test]
    fn what_the_host_is_busy_with_is_no_fault() {
        let blessed = figures(&[("std.scaling", 1.9)]).by_key;
        let now = figures(&[("std.scaling", 1.2), ("std.vs_otel", 3.0)]);
        assert_eq!(faults(&now, &blessed, Some(&|key| !is_of_host(key))), [""; 0]);
    }

    #[test]
    fn numbers_read_as_one_would_write_them() {
        assert_eq!(number(32.0).unwrap().to_string(), "32");
        assert_eq!(number(10.25).unwrap().to_string(), "10.25");
    }
}

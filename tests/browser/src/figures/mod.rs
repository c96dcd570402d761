//! What the page and the terminal cost whoever looks: each row is a function that gives figures by their keys.
//!
//! `cargo xtask bench` runs them with the collector that people run, and makes medians of them.

mod devices;
mod jaeger_ui;
mod page;
mod tail;

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::Browser;

/// What one run of a row found.
pub type Found = Vec<(String, f64)>;

/// What is measured.
#[derive(Debug)]
pub struct Subject {
    /// The collector's program.
    pub spandrel: PathBuf,
    /// A built UI of Jaeger: the folder with its `index.html`.
    pub jaeger_ui: Option<PathBuf>,
}

/// A row, by what its keys begin with.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// What its keys begin with.
    pub keys: &'static [&'static str],
    /// Measures once.
    pub measure: fn(&Subject) -> Result<Found>,
}

/// All rows.
pub const ROWS: [Row; 6] = [
    Row { keys: &["page.bytes", "page.requests"], measure: page::assets },
    Row { keys: &["page.open_trace_ms"], measure: page::open },
    Row { keys: &["page.frame_ms", "page.missed_frames_pct"], measure: page::frames },
    Row {
        keys: &["page.jaeger_ui_ms", "page.ours_10000_ms", "page.vs_jaeger_ui"],
        measure: jaeger_ui::compare,
    },
    Row { keys: &["devices.list_ms"], measure: devices::list },
    Row { keys: &["tail.latency_ms", "tail.page_latency_ms"], measure: tail::latency },
];

impl Row {
    /// Whether one of its keys begins so, or the other way round.
    #[must_use]
    pub fn is_named(&self, prefix: &str) -> bool {
        self.keys.iter().any(|key| key.starts_with(prefix) || prefix.starts_with(key))
    }
}

fn browser() -> Result<Browser> {
    Browser::start()?.context("figures of the page need chromium: run `cargo xtask setup`")
}

/// The value that so many of a hundred do not exceed.
fn part(mut values: Vec<f64>, percent: usize) -> Result<f64> {
    values.sort_by(f64::total_cmp);
    let place = (values.len() * percent).div_ceil(100).saturating_sub(1);
    values.get(place).copied().context("nothing was measured")
}

fn number(value: &serde_json::Value) -> Result<f64> {
    value.as_f64().with_context(|| format!("no number: {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_values_is_one_of_them() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(part(values.clone(), 95).unwrap(), 95.0);
        assert_eq!(part(values, 100).unwrap(), 100.0);
        assert_eq!(part(vec![7.0], 95).unwrap(), 7.0);
        assert!(part(Vec::new(), 95).is_err());
    }

    #[test]
    fn a_row_is_found_by_the_begin_of_its_keys() {
        let named = |prefix| ROWS.iter().filter(|row| row.is_named(prefix)).count();
        assert_eq!((named("page"), named("tail.latency_ms.p95"), named("store")), (4, 1, 0));
    }
}

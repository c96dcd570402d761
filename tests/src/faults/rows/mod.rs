//! The rows of `cargo xtask faults`: each a case, what it must show, and a function that tries it.
//!
//! A new row is a file here and a line in [`ROWS`].

mod acknowledged;
mod best_effort;
mod clocks;
mod flood;
mod killed;
mod link_down;
mod near_clocks;
mod sealed;
mod uart;

use core::fmt::Display;

use anyhow::Result;

/// How a row is run.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Chooses what happens.
    pub seed: u64,
    /// Only a slice of it, some seconds in a debug build.
    pub is_short: bool,
}

impl Run {
    /// One of two counts: that of a whole run, or that of a slice.
    #[must_use]
    pub fn of<T>(&self, whole: T, slice: T) -> T {
        if self.is_short { slice } else { whole }
    }
}

/// What a row has shown.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The figures, in a few words.
    pub measured: String,
    /// What does not hold; empty where all does.
    pub faults: Vec<String>,
}

impl Outcome {
    /// An outcome in which nothing has failed so far.
    #[must_use]
    pub fn new(measured: String) -> Self {
        Self { measured, faults: Vec::new() }
    }

    /// Notes a fault unless both are the same.
    pub fn same<T: PartialEq + Display>(&mut self, what: &str, found: T, asked: T) {
        if found != asked {
            self.faults.push(format!("{what}: {found} and not {asked}"));
        }
    }

    /// Notes a fault unless this holds.
    pub fn holds(&mut self, what: &str, holds: bool) {
        if !holds {
            self.faults.push(what.to_owned());
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What `--only` calls it.
    pub name: &'static str,
    /// What happens.
    pub case: &'static str,
    /// What must come of it.
    pub asked: &'static str,
    /// Tries it. An error says that it could not be tried; a `Skip` that a tool is missing.
    pub run: fn(&Run) -> Result<Outcome>,
}

/// All rows.
pub const ROWS: &[Row] = &[
    acknowledged::ROW,
    best_effort::ROW,
    killed::ROW,
    uart::ROW,
    link_down::OLDEST,
    link_down::NEWEST,
    clocks::ROW,
    near_clocks::ROW,
    flood::ROW,
    sealed::ROW,
];

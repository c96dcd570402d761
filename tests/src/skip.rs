//! The skipping policy: a test that lacks a tool says so and passes on a laptop, and fails in CI.

use core::fmt;
use std::io::Write;

/// Why a test or a step can't run here, and what would let it run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    reason: String,
}

impl Skip {
    /// A skip for `reason`, one clear line that names the cure.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }

    /// Applies the policy of [`skip`] to this reason.
    ///
    /// # Panics
    /// As [`skip`].
    pub fn report(&self) {
        skip(&self.reason);
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl core::error::Error for Skip {}

/// Says that a test is skipped and why.
///
/// # Panics
/// If the environment says `CI=true`: there every tool can be had, so a skip hides a fault.
pub fn skip(reason: &str) {
    assert!(!in_ci(), "skipped, which CI does not allow: {reason}");
    // `eprintln!` would be kept back by the test runner, since a skipped test passes.
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}

/// Whether this run is CI's.
#[must_use]
pub fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

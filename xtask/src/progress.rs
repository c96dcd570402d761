//! Lines that show how far a long command is.

use std::time::Instant;

/// Prints to standard error, behind the seconds since the start: standard output is for results.
#[derive(Debug)]
pub(crate) struct Progress {
    begun: Instant,
}

impl Progress {
    /// Starts the clock.
    pub(crate) fn start() -> Self {
        Self { begun: Instant::now() }
    }

    /// Says what is going on.
    pub(crate) fn say(&self, line: &str) {
        eprintln!("[{:6.1} s] {line}", self.begun.elapsed().as_secs_f32());
    }
}

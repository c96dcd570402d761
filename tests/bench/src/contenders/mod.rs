//! The libraries that are compared, each as its own documentation says to use it.
//!
//! A round is one trace: a root that is active, and below it spans of the work called W1, a child span
//! with one integer and one short static string as tags. Its time is that of the whole trace, from
//! before the root to behind its end. What the library does later, elsewhere, is done after each
//! round and not counted: exporters take spans, count them, and drop them.

pub(crate) mod fastrace;
pub(crate) mod otel;
pub(crate) mod spandrel;

use std::time::Instant;

/// Spans below a root.
pub(crate) const SPANS: u32 = 1000;

/// A library that takes part.
pub(crate) trait Contender {
    fn name(&self) -> &'static str;

    /// Records one trace, and gives the time that a span took in ns.
    fn round(&mut self) -> f64;
}

/// The time that a span takes in `trace`.
fn timed(trace: impl FnOnce()) -> f64 {
    let start = Instant::now();
    trace();
    start.elapsed().as_nanos() as f64 / f64::from(SPANS)
}

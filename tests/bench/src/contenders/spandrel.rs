//! Spandrel, drained into frames after each round.

use super::{Contender, SPANS, timed};
use spandrel::wire::{Body, Record};
use spandrel::{Clock, Drain, Recorder, Tracer, span};
use std::hint::black_box;

/// Room for a round, and for one of [`scaling`](crate::scaling).
pub(crate) const WORDS: usize = 1 << 16;

static TSC_RECORDER: Recorder<WORDS> = Recorder::new();
/// As it is meant for services.
pub(crate) static TSC: Tracer =
    Tracer::new("Spandrel", &TSC_RECORDER, Clock::tsc()).ring_per_thread();

static MONOTONIC_RECORDER: Recorder<WORDS> = Recorder::new();
/// With the clock of the standard library.
pub(crate) static MONOTONIC: Tracer =
    Tracer::new("Spandrel, monotonic clock", &MONOTONIC_RECORDER, Clock::monotonic())
        .ring_per_thread();

static SHARED_RECORDER: Recorder<WORDS> = Recorder::new();
/// As on a microcontroller.
pub(crate) static SHARED: Tracer =
    Tracer::new("Spandrel, one ring for all threads", &SHARED_RECORDER, Clock::tsc());

pub(crate) struct Spandrel {
    name: &'static str,
    trace: fn(),
    drained: Drained,
}

impl Spandrel {
    pub(crate) fn new(tracer: &'static Tracer) -> Self {
        // A program knows its tracer: each has code of its own.
        let (name, trace): (_, fn()) = if std::ptr::eq(tracer, &TSC) {
            ("Spandrel", || trace(&TSC))
        } else if std::ptr::eq(tracer, &MONOTONIC) {
            ("Spandrel, monotonic clock", || trace(&MONOTONIC))
        } else {
            ("Spandrel, one ring for all threads", || trace(&SHARED))
        };
        Self { name, trace, drained: Drained::new(tracer) }
    }
}

impl Contender for Spandrel {
    fn name(&self) -> &'static str {
        self.name
    }

    fn round(&mut self) -> f64 {
        let time_ns = timed(self.trace);
        self.drained.expect(u64::from(SPANS) + 1);
        time_ns
    }
}

#[inline(always)]
fn trace(tracer: &'static Tracer) {
    let root = span!(tracer, "root");
    {
        let _active = root.enter();
        spans(tracer, SPANS);
    }
    root.finish();
}

/// Spans of the work W1.
#[inline(always)]
pub(crate) fn spans(tracer: &'static Tracer, count: u32) {
    for number in 0..count {
        span!(tracer, "read", bus = black_box(number), state = "idle").finish();
    }
}

/// The drain, and how many spans came out of it.
pub(crate) struct Drained {
    drain: Drain,
    spans: u64,
    expected: u64,
}

impl Drained {
    pub(crate) fn new(tracer: &'static Tracer) -> Self {
        let drain = tracer.drain().expect("nobody else drains");
        Self { drain, spans: 0, expected: 0 }
    }

    /// Drains, and checks that so many more spans came.
    pub(crate) fn expect(&mut self, more: u64) {
        let mut buffer = [0; 1400];
        while let Some(frame) = self.drain.frame(&mut buffer) {
            let frame = spandrel::wire::decode(frame).expect("a frame");
            let Body::Data(data) = frame.body else { continue };
            let is_span = |record: &&Record<'_>| matches!(record, Record::Span(_));
            self.spans += data.records.iter().filter(is_span).count() as u64;
        }
        self.expected += more;
        assert_eq!(self.spans, self.expected, "Spandrel lost spans");
    }
}

//! Two threads beside one: spans a second that they record together, to those of one alone.
//!
//! They count from when the first began to when both had ended. Rounds in which they did not run at the
//! same time, since the machine had something else to do, say nothing and are left out.

use crate::contenders::spandrel::{Drained, WORDS, spans};
use crate::figures::Samples;
use spandrel::{Clock, Recorder, Tracer, span};
use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

const ROUNDS: usize = 1000;
const WARM_UP: usize = 50;
/// Spans of a thread in a round: its ring has room for them, so that none is dropped.
const SPANS: u32 = 6000;
/// The part of a round in which both must have run.
const OVERLAP: f64 = 0.8;

static RECORDER: Recorder<WORDS> = Recorder::new();
static TRACER: Tracer = Tracer::new("scaling", &RECORDER, Clock::tsc()).ring_per_thread();

static COUNTED_RECORDER: Recorder<{ 2 * WORDS }> = Recorder::new();
static COUNTED: Tracer = Tracer::new("scaling", &COUNTED_RECORDER, Clock::tsc()).ring_per_thread();

static SHARED_RECORDER: Recorder<{ 2 * WORDS }> = Recorder::new();
static SHARED: Tracer = Tracer::new("scaling", &SHARED_RECORDER, Clock::tsc());

pub(crate) fn measure() {
    rounds(&TRACER, || spans(&TRACER, SPANS)).print("std.scaling");
    let counted = rounds(&COUNTED, || counted_spans(&COUNTED));
    println!("# scaling of spans that are counted: {counted}");
    let shared = rounds(&SHARED, || spans(&SHARED, SPANS));
    println!("# scaling of one ring for all threads: {shared}");
}

/// Spans that each have a number, as those with children do.
#[inline(always)]
fn counted_spans(tracer: &'static Tracer) {
    for number in 0..SPANS {
        let span = span!(tracer, "read", bus = number, state = "idle");
        drop(span.enter());
        span.finish();
    }
}

/// When a batch began and ended, in ns.
#[derive(Clone, Copy)]
struct Batch {
    from: f64,
    to: f64,
}

/// What two threads record in the time in which one records as much as 1.
fn rounds(tracer: &'static Tracer, batch: impl Fn() + Sync) -> Samples {
    let mut drained = Drained::new(tracer);
    let zero = Instant::now();
    let run = || {
        let root = span!(tracer, "root");
        let _active = root.enter();
        let from = zero.elapsed().as_nanos() as u64;
        batch();
        (from, zero.elapsed().as_nanos() as u64)
    };
    // The round that the other thread is to begin, and when its batch began and ended.
    let (round, other) = (AtomicU64::new(0), [AtomicU64::new(0), AtomicU64::new(0)]);
    let mut ratios = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1..=(WARM_UP + ROUNDS) as u64 {
                while round.load(Ordering::Acquire) != number {
                    spin_loop();
                }
                let (from, to) = run();
                other[0].store(from, Ordering::Relaxed);
                other[1].store(to, Ordering::Release);
            }
        });
        for number in 1..=WARM_UP + ROUNDS {
            let alone = Batch::of(run());
            drained.expect(u64::from(SPANS) + 1);
            other[1].store(0, Ordering::Relaxed);
            round.store(number as u64, Ordering::Release);
            let first = Batch::of(run());
            let to = loop {
                match other[1].load(Ordering::Acquire) {
                    0 => spin_loop(),
                    to => break to,
                }
            };
            let second = Batch::of((other[0].load(Ordering::Relaxed), to));
            drained.expect(2 * (u64::from(SPANS) + 1));
            if number > WARM_UP
                && let Some(ratio) = first.ratio(second, alone)
            {
                ratios.push(ratio);
            }
        }
    });
    println!("# {} of {ROUNDS} rounds in which both threads ran at the same time", ratios.len());
    Samples::of(ratios)
}

impl Batch {
    fn of((from, to): (u64, u64)) -> Self {
        Self { from: from as f64, to: to as f64 }
    }

    fn ratio(self, other: Self, alone: Self) -> Option<f64> {
        let together = self.to.max(other.to) - self.from.min(other.from);
        let overlap = self.to.min(other.to) - self.from.max(other.from);
        (overlap >= OVERLAP * together).then(|| 2.0 * (alone.to - alone.from) / together)
    }
}

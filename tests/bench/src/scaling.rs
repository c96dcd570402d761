//! Two threads beside one: spans a second that they record together, to those of one alone.
//!
//! They count from when the first began to when both had ended. Rounds in which they did not run at the
//! same time, since the machine had something else to do, say nothing and are left out.

use crate::contenders::spandrel::{Drained, WORDS, spans};
use crate::figures::Samples;
use spandrel::{Clock, Recorder, Tracer, span};
use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
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
///
/// A third drains, as it would in a service, when they have ended: so what a thread writes has always
/// been read by another before.
fn rounds(tracer: &'static Tracer, batch: impl Fn() + Sync) -> Samples {
    let mut drained = Drained::new(tracer);
    let zero = Instant::now();
    let ready = AtomicU64::new(0);
    let run = |until_ready: u64| {
        let root = span!(tracer, "root");
        let _active = root.enter();
        // Those that run together begin together.
        ready.fetch_add(1, Ordering::AcqRel);
        while ready.load(Ordering::Acquire) < until_ready {
            spin_loop();
        }
        let from = zero.elapsed().as_nanos() as f64;
        batch();
        Batch { from, to: zero.elapsed().as_nanos() as f64 }
    };
    let mut ratios = Vec::new();
    thread::scope(|scope| {
        let (give, given) = channel();
        let threads = [(); 2].map(|()| {
            let (start, started) = channel();
            let give = give.clone();
            scope.spawn(move || {
                started.iter().for_each(|until_ready| give.send(run(until_ready)).expect("taken"));
            });
            start
        });
        let mut turn = |threads: &[Sender<u64>]| {
            let together = threads.len() as u64;
            let until_ready = ready.load(Ordering::Acquire) + together;
            threads.iter().for_each(|thread| thread.send(until_ready).expect("it runs"));
            let batches =
                threads.iter().map(|_| given.recv().expect("it runs")).collect::<Vec<_>>();
            drained.expect(together * (u64::from(SPANS) + 1));
            batches
        };
        for number in 0..WARM_UP + ROUNDS {
            let alone = turn(&threads[number % 2..][..1])[0];
            let together = turn(&threads);
            if number >= WARM_UP
                && let Some(ratio) = together[0].ratio(together[1], alone)
            {
                ratios.push(ratio);
            }
        }
    });
    println!("# {} of {ROUNDS} rounds in which both threads ran at the same time", ratios.len());
    Samples::of(ratios)
}

impl Batch {
    fn ratio(self, other: Self, alone: Self) -> Option<f64> {
        let together = self.to.max(other.to) - self.from.min(other.from);
        let overlap = self.to.min(other.to) - self.from.max(other.from);
        (overlap >= OVERLAP * together).then(|| 2.0 * (alone.to - alone.from) / together)
    }
}

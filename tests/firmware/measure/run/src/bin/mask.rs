//! The longest stretch with interrupts masked, over everything that masks them.
//!
//! Built without the usual critical section: this one times itself. What counts is the instructions
//! between masking and unmasking; those of the two themselves do not, as in an empty section.
#![no_std]
#![no_main]

#[path = "../stopwatch.rs"]
mod stopwatch;
#[path = "../work.rs"]
#[expect(dead_code, reason = "the loops and the empty twins are for counting calls")]
mod work;

use core::hint::black_box;
use measure_run::CLOCK;
use measure_run::console::{done, report, report_detail};
use measure_run::drained::Drained;
use spandrel::{
    AdjustableSampler, BaggagePool, Copied, DeviceId, Recorder, Sampler, Session, SessionSource,
    SpanContext, SpanId, Strategy, TraceFlags, TraceId, Tracer, log, span, tag,
};

const RING_WORDS: usize = 1000;

static RECORDER: Recorder<RING_WORDS> = Recorder::new();
static TRACER: Tracer = Tracer::new("measure", &RECORDER, CLOCK)
    .device_id(DeviceId(0x0012_3456))
    .session(SessionSource::Function(|| Session::new(black_box(1))))
    // Every root is decided upon, and recorded.
    .sampler(Sampler::probability(1.0));

static QUIET_RECORDER: Recorder<64> = Recorder::new();
static QUIET: Tracer =
    Tracer::new("quiet", &QUIET_RECORDER, CLOCK).sampler(Sampler::probability(0.0));

static BAGGAGE: BaggagePool<4> = BaggagePool::new();
static SAMPLING: AdjustableSampler<2> = AdjustableSampler::new();
static OTHER_RECORDER: Recorder<256> = Recorder::new();
static OTHER: Tracer = Tracer::new("other", &OTHER_RECORDER, CLOCK)
    .baggage(&BAGGAGE)
    .sampler(Sampler::adjustable(&SAMPLING));

const REMOTE: SpanContext = SpanContext::new(TraceId([7; 16]), SpanId([9; 8]), TraceFlags::SAMPLED);

/// Times everything that masks interrupts.
struct Stretches {
    /// Instructions that the stopwatch sees in an empty section.
    bare: usize,
    longest: usize,
}

impl Stretches {
    fn time<R>(&mut self, what: &str, work: impl FnOnce() -> R) -> R {
        stopwatch::reset();
        let result = work();
        let stretch = stopwatch::longest().saturating_sub(self.bare);
        report_detail(what, stretch);
        self.longest = self.longest.max(stretch);
        result
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    black_box((&raw const RECORDER, &raw const QUIET_RECORDER));
    critical_section::with(|_| ());
    let mut timed = Stretches { bare: stopwatch::longest(), longest: 0 };
    let timed = &mut timed;

    let mut drained = timed.time("mask.begin", || Drained::new(&TRACER, false));
    let root = timed.time("mask.first_root", || span!(TRACER, "root"));
    let active = timed.time("mask.enter", || root.enter());
    timed.time("mask.w1", || work::w1(1, "ready"));
    timed.time("mask.w2", work::w2);
    timed.time("mask.w3", || work::w3(&root, 3));
    let inner = span!(TRACER, "inner", bus = black_box(1));
    timed.time("mask.tag", || tag!(inner, a = 1, b = 2_u64, c = 3.0, d = "four", e = true));
    timed.time("mask.log", || log!(inner, text = Copied("some text that is copied"), n = 5));
    timed.time("mask.set_tag", || inner.set_tag("key", Copied(LONG)));
    timed.time("mask.scope", || drop(inner.enter()));
    timed.time("mask.context", || black_box(inner.context()));
    timed.time("mask.wide", || inner.finish());
    timed.time("mask.remote", || {
        let entry = span!(TRACER, child_of: black_box(REMOTE), "entry", n = 1, state = "on");
        let scope = entry.enter();
        span!(TRACER, "below").finish();
        drop(scope);
        entry.finish();
    });
    timed.time("mask.unsampled", || {
        let root = span!(QUIET, "root");
        let scope = root.enter();
        span!(QUIET, "below", n = 1).finish();
        drop(scope);
    });
    timed.time("mask.baggage", || {
        let root = span!(OTHER, "root");
        for key in ["a", "b", "c", "d", "e"] {
            // There is no room for the last.
            let _ = root.set_baggage_item(key, black_box("value"));
        }
        let context = root.context();
        let child = span!(OTHER, child_of: &root, "child");
        drop(root);
        black_box(OTHER.hold_baggage(&context).is_ok());
        drop(child);
        black_box(OTHER.hold_baggage(&context).is_ok());
    });
    timed.time("mask.adjust", || {
        for strategy in [Strategy::Probabilistic(0.5), Strategy::RateLimiting(1000.0)] {
            black_box(OTHER.adjust_sampler(black_box(strategy)).is_ok());
        }
        for operation in ["one", "two", "three"] {
            black_box(OTHER.adjust_operation(operation, black_box(0.5), 1.0).is_ok());
        }
    });
    timed.time("mask.adjusted", || {
        for _ in 0..4 {
            span!(OTHER, "one").finish();
            span!(OTHER, "other").finish();
        }
    });
    timed.time("mask.drain", || drained.empty());
    timed.time("mask.wrap", || {
        // Three times around, so that every way of wrapping is met.
        for _ in 0..3 * RING_WORDS {
            work::w1(1, "ready");
            drained.empty();
        }
    });
    timed.time("mask.full", || {
        while TRACER.losses().ring_full == 0 {
            work::w1(1, "ready");
        }
        work::w3(&root, 3);
    });
    timed.time("mask.keep_time", || TRACER.keep_time());
    timed.time("mask.leave", || drop(active));
    timed.time("mask.root", || root.finish());
    report("mask.longest", timed.longest);
    done()
}

const LONG: &str = "a value that is longer than what is kept of any: it is cut, counted and still \
    recorded as far as it goes, and no further than that, which is 128 bytes";

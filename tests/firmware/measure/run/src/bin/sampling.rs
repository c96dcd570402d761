//! Instructions of what is not recorded: W1 below an unsampled span, and a root that is not sampled.
#![no_std]
#![no_main]

#[path = "../work.rs"]
#[expect(dead_code, reason = "W3 is not measured here")]
mod work;

use crate::work::{loop_w1, loop_w2, w1, w1_empty, w2, w2_empty};
use core::hint::black_box;
use measure_run::CLOCK;
use measure_run::console::{done, report_tenths};
use measure_run::counter::difference;
use measure_run::drained::Drained;
use spandrel::{DeviceId, Recorder, Sampler, Session, SessionSource, Tracer, span};

static RECORDER: Recorder<256> = Recorder::new();
static TRACER: Tracer = Tracer::new("measure", &RECORDER, CLOCK)
    .device_id(DeviceId(0x0012_3456))
    .session(SessionSource::Fixed(Session::new(1)))
    // The decision on the trace id is made in full; its outcome is always no.
    .sampler(Sampler::probability(0.0));

#[cortex_m_rt::entry]
fn main() -> ! {
    black_box(&raw const RECORDER);
    let mut drained = Drained::new(&TRACER, false);
    // Without an active span W2 starts a root.
    w2();
    let tenths = difference(w2 as fn(), w2_empty, loop_w2, || drained.expect(0));
    report_tenths("hot.root_sampling", tenths);

    let root = span!(TRACER, "root");
    let active = root.enter();
    w1(0, "ready");
    let tenths = difference(w1 as fn(i32, &'static str), w1_empty, loop_w1, || drained.expect(0));
    report_tenths("hot.unsampled", tenths);
    drop(active);
    done()
}

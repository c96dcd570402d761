//! A program that is traced: what firmware does with a tracer, each once.

use core::hint::black_box;
use spandrel::{DeviceId, Recorder, Session, SessionSource, SpanContext, Tracer, log, span, tag};

/// Words of the ring: RAM that the user sizes, to be taken off.
const RING_WORDS: usize = 1024;

static RECORDER: Recorder<RING_WORDS> = Recorder::new();
pub(crate) static TRACER: Tracer = Tracer::new("measure", &RECORDER, measure_size::clock!())
    .device_id(DeviceId(0x0012_3456))
    .session(SessionSource::Function(session));

fn session() -> Session {
    Session::new(black_box(1))
}

/// Does it all; the values are not known when this is compiled.
#[inline(never)]
pub(crate) fn work(n: i32, state: &'static str) -> SpanContext {
    let root = span!(TRACER, "root");
    let active = root.enter();
    span!(TRACER, "child", count = n, state = state).finish();
    let context = root.context();
    let far = span!(TRACER, child_of: context, "far");
    tag!(far, count = n, state = state);
    log!(far, count = n);
    log!(far, "done");
    far.finish();
    drop(active);
    context
}

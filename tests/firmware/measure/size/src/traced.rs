//! A program that does everything that core offers, each once.

use core::hint::black_box;
use spandrel::{
    Copied, DeviceId, Recorder, Sampler, Session, SessionSource, SpanContext, Tracer, Value, log,
    span, tag,
};

static RECORDER: Recorder<1024, 4> = Recorder::new();
pub(crate) static TRACER: Tracer = Tracer::new("measure", &RECORDER, measure_size::clock!())
    .device_id(DeviceId(0x0012_3456))
    .session(SessionSource::Function(session))
    .sampler(Sampler::probability(0.5))
    .tags(&[("board", Value::Text("mps2-an386")), ("cores", Value::U32(1))]);

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
    let far = span!(TRACER, child_of: context, "far", count = n);
    tag!(far, count = n, state = state, name = Copied(state));
    far.set_tag(state, n);
    log!(far, count = n);
    log!(far, "done");
    far.finish();
    drop(TRACER.start(state));
    black_box(TRACER.open_spans().count());
    drop(active);
    context
}

//! A program on the hot path: the work of the budgets, each once, below an active root.

use core::hint::black_box;
use spandrel::{DeviceId, Recorder, Session, SessionSource, Tracer, log, span};

/// Words of the ring: RAM that the user sizes, to be taken off.
const RING_WORDS: usize = 1024;

static RECORDER: Recorder<RING_WORDS> = Recorder::new();
pub(crate) static TRACER: Tracer = keyed(
    Tracer::new("measure", &RECORDER, measure_size::clock!())
        .device_id(DeviceId(0x0012_3456))
        .session(SessionSource::Function(session)),
);

/// With the key that it has where sealed frames are measured.
#[cfg(feature = "auth")]
const fn keyed(tracer: Tracer) -> Tracer {
    static KEY: spandrel::seal::Key =
        spandrel::seal::Key::from_hex("000102030405060708090a0b0c0d0e0f");
    tracer.key(&KEY)
}

#[cfg(not(feature = "auth"))]
const fn keyed(tracer: Tracer) -> Tracer {
    tracer
}

fn session() -> Session {
    Session::new(black_box(1))
}

/// Does it all; the values are not known when this is compiled.
#[inline(never)]
pub(crate) fn work(n: i32, state: &'static str) {
    let root = span!(TRACER, "root");
    let active = root.enter();
    span!(TRACER, "child", count = n, state = state).finish();
    span!(TRACER, "bare").finish();
    log!(root, count = n);
    drop(active);
}

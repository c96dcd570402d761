//! Calls of the drain.

use core::hint::black_box;

use spandrel::{Asked, Tracer};

/// Calls them all.
#[inline(never)]
pub(crate) fn use_all(tracer: &'static Tracer) {
    let Ok(mut drain) = tracer.drain() else { return };
    let mut buffer = [0; 508];
    let len = black_box(508).min(buffer.len());
    let Some(buffer) = buffer.get_mut(..len) else { return };
    black_box(drain.hello(buffer));
    black_box(drain.is_described());
    while let Some(frame) = drain.frame(buffer) {
        black_box(frame);
    }
    black_box((drain.backlog_words(), drain.tick_hz(), drain.losses()));
    black_box((drain.is_idle(), drain.counter()));
    drain.rotate_definitions();
    drain.make_room();
    black_box((drain.is_resend_due(), drain.is_answer_due(), drain.refused()));
    black_box(drain.answer(buffer));
    if drain.is_flush_asked() {
        drain.flushed();
    }
    let now = drain.now_ticks();
    match drain.on_downlink(black_box(&[0; 48])) {
        Asked::Pong(id) => drop(black_box(drain.pong(buffer, id, now))),
        other => drop(black_box(other)),
    }
    // SAFETY: nothing runs.
    black_box(unsafe { tracer.flush_after_fault(buffer, |frame| black_box(frame).len() > 9) });
}

//! What is recorded; `tests/tests/reset.rs` knows it too.

use core::cell::RefCell;
use core::mem;

use critical_section::Mutex;
use spandrel::{Copied, Drain, Span, SpanContext, SpanId, TraceFlags, TraceId, log, span, tag};

use crate::TRACER;
use crate::console;
use crate::control::control;
use crate::timer;

/// Bytes of a frame.
const MTU: usize = 160;

/// Of another device.
const REMOTE: SpanContext = SpanContext::new(TraceId([7; 16]), SpanId([9; 8]), TraceFlags::SAMPLED);

/// Sends the oldest frame, if there is one. The link takes it in one instruction.
pub(crate) fn send(drain: &mut Drain) -> bool {
    let mut buffer = [0; MTU];
    let Some(frame) = drain.frame(&mut buffer) else { return false };
    timer::pausing(|| console::print_hex("frame", frame));
    true
}

/// Spans that nobody finishes.
static HELD: Mutex<RefCell<[Option<Span>; 4]>> = Mutex::new(RefCell::new([const { None }; 4]));

fn hold(at: usize, span: Span) {
    critical_section::with(|cs| mem::forget(HELD.borrow_ref_mut(cs)[at].replace(span)));
}

fn with_held(at: usize, f: impl FnOnce(&Span)) {
    critical_section::with(|cs| HELD.borrow_ref(cs)[at].as_ref().map(f));
}

/// The first boot: some spans, of which a part is sent, and two that stay open.
pub(crate) fn prepare() {
    let mut drain = TRACER.drain().expect("nobody drains yet");
    for count in 0..3_u32 {
        span!(TRACER, "before", count = count, state = "early").finish();
    }
    send(&mut drain);
    let outer = span!(TRACER, "left-outer", count = 3_u32);
    let active = outer.enter();
    for count in 4..7_u32 {
        span!(TRACER, "before", count = count, state = "late").finish();
    }
    hold(1, span!(TRACER, "left-inner", count = 7_u32, state = "busy"));
    mem::forget(active);
    hold(0, outer);
}

/// The boot in which the reset comes. Each operation counts when it is done.
pub(crate) fn work(drain: &mut Drain) {
    let control = control();
    let done = || control.one_more();
    for turn in 0..3_u32 {
        let base = turn * 10;
        // The hot path: a leaf begins and ends.
        let leaf = span!(TRACER, "leaf", count = base, state = "ready");
        done();
        leaf.finish();
        done();
        // A span that gets a number, with a child and a log.
        let outer = span!(TRACER, "outer", count = base + 1);
        done();
        let active = outer.enter();
        let inner = span!(TRACER, "inner", count = base + 2, state = "busy");
        done();
        log!(outer, count = base + 3);
        done();
        inner.finish();
        done();
        drop(active);
        outer.finish();
        done();
        // What has no room in itself, and copied text.
        let tagged = span!(TRACER, "tagged", count = base + 4, b = -2, c = "three");
        done();
        tag!(tagged, d = 4_u64, e = Copied("five"));
        done();
        tagged.finish();
        done();
        send(drain);
        done();
        // A parent elsewhere.
        let entry = span!(TRACER, child_of: REMOTE, "entry", count = base + 5);
        done();
        entry.finish();
        done();
        if turn == 1 {
            hold(2, span!(TRACER, "held", count = base + 6, state = "open"));
            done();
            with_held(2, |held| log!(held, count = base + 7));
            done();
        }
        send(drain);
        done();
    }
    while send(drain) {}
    done();
}

//! The work of the budgets. Each program includes this file, so that the calls are compiled against
//! its own `crate::TRACER`: what kind of recorder that has is what tells the programs apart.
//!
//! Every piece of work has an empty twin that takes the same arguments; on this target even an empty
//! function has a frame, three instructions in all. Work and twin are called through a pointer that
//! the compiler cannot see through, so that neither is left out and all arguments are passed.

use crate::TRACER;
use core::hint::black_box;
use measure_run::counter::{CALLS, now};
use spandrel::{Span, log, span};

/// W1: a child span with an integer tag and a short static string tag.
#[inline(never)]
pub(crate) fn w1(n: i32, s: &'static str) {
    span!(TRACER, "child", count = n, state = s).finish();
}

/// What a call of [`w1`] costs by itself.
#[inline(never)]
pub(crate) fn w1_empty(_: i32, _: &'static str) {}

/// Ticks of [`CALLS`] calls; `call` is not known here, so that the loop is the same for all.
#[inline(never)]
pub(crate) fn loop_w1(call: fn(i32, &'static str)) -> u32 {
    let state = black_box("ready");
    let start = now();
    for n in 0..CALLS {
        call(n.cast_signed(), state);
    }
    now().wrapping_sub(start)
}

/// W2: a bare child span.
#[inline(never)]
pub(crate) fn w2() {
    span!(TRACER, "child").finish();
}

/// What a call of [`w2`] costs by itself.
#[inline(never)]
pub(crate) fn w2_empty() {}

/// As [`loop_w1`].
#[inline(never)]
pub(crate) fn loop_w2(call: fn()) -> u32 {
    let start = now();
    for _ in 0..CALLS {
        call();
    }
    now().wrapping_sub(start)
}

/// W3: a log with one integer field on an open span.
#[inline(never)]
pub(crate) fn w3(span: &Span, n: i32) {
    log!(span, count = n);
}

/// What a call of [`w3`] costs by itself.
#[inline(never)]
pub(crate) fn w3_empty(_: &Span, _: i32) {}

/// As [`loop_w1`], for calls that take `span`.
#[inline(never)]
pub(crate) fn loop_w3(span: &Span, call: fn(&Span, i32)) -> u32 {
    let start = now();
    for n in 0..CALLS {
        call(span, n.cast_signed());
    }
    now().wrapping_sub(start)
}

//! The stretches of code that are interrupted; `tests/tests/step.rs` knows what each records.

use spandrel::{
    ChildOf, Copied, Drain, Span, SpanContext, SpanId, TraceFlags, TraceId, log, span, tag,
};

use crate::TRACER;

/// Bytes of the frame of [`DRAIN`]: short, since every instruction of filling it is a run.
const FRAME_LEN: usize = 80;

/// What a stretch works with.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    /// The active span.
    base: &'a Span,
    /// The drain, in the one stretch that drains.
    pub(crate) drain: Option<Drain>,
    /// The frame that it gave, and its length.
    frame: [u8; FRAME_LEN],
    len: usize,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(base: &'a Span) -> Self {
        Self { base, drain: None, frame: [0; FRAME_LEN], len: 0 }
    }

    /// The frame of the stretch that drains.
    pub(crate) fn frame(&self) -> &[u8] {
        &self.frame[..self.len]
    }
}

/// A stretch and its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) name: &'static str,
    pub(crate) work: fn(&mut Bench<'_>),
}

/// The one that drains; it needs a ring with something in it.
pub(crate) const DRAIN: Stretch = Stretch { name: "drain", work: drain };

/// The others.
pub(crate) const STRETCHES: [Stretch; 8] = [
    Stretch { name: "w1", work: w1 },
    Stretch { name: "w2", work: w2 },
    Stretch { name: "log", work: log },
    Stretch { name: "text", work: text },
    Stretch { name: "scope", work: scope },
    Stretch { name: "tags", work: tags },
    Stretch { name: "root", work: root },
    Stretch { name: "remote", work: remote },
];

/// Of another device.
const REMOTE: SpanContext = SpanContext::new(TraceId([7; 16]), SpanId([9; 8]), TraceFlags::SAMPLED);

#[inline(never)]
fn w1(_: &mut Bench<'_>) {
    span!(TRACER, "w1", count = 1, state = "ready").finish();
}

#[inline(never)]
fn w2(_: &mut Bench<'_>) {
    span!(TRACER, "w2").finish();
}

#[inline(never)]
fn log(bench: &mut Bench<'_>) {
    log!(bench.base, count = 7);
}

#[inline(never)]
fn text(bench: &mut Bench<'_>) {
    log!(bench.base, event = Copied("some text"), size = 9_u64, last = true);
}

#[inline(never)]
fn scope(_: &mut Bench<'_>) {
    let outer = span!(TRACER, "outer", count = 4);
    let active = outer.enter();
    span!(TRACER, "inner", count = 5, state = "busy").finish();
    drop(active);
    // The base is active again.
    span!(TRACER, "beside").finish();
    outer.finish();
}

#[inline(never)]
fn tags(_: &mut Bench<'_>) {
    let tagged = span!(TRACER, "tagged", a = true, b = -2, c = "three");
    tag!(tagged, d = 4_u64, e = Copied("five"));
    tagged.set_tag("f", 6_u32);
    log!(tagged, "full");
}

#[inline(never)]
fn root(_: &mut Bench<'_>) {
    span!(TRACER, child_of: ChildOf::Root, "other", count = 8).finish();
}

#[inline(never)]
fn remote(_: &mut Bench<'_>) {
    let entry = span!(TRACER, child_of: REMOTE, "entry", count = 6);
    let active = entry.enter();
    span!(TRACER, "below").finish();
    drop(active);
}

#[inline(never)]
fn drain(bench: &mut Bench<'_>) {
    if let Some(drain) = &mut bench.drain {
        bench.len = drain.frame(&mut bench.frame).map_or(0, <[u8]>::len);
    }
}

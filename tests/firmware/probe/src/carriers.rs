//! Contexts carried in both forms, ids, and the texts of errors.

use core::fmt::Write as _;
use core::hint::black_box;

use spandrel::carrier::{binary, uber};
use spandrel::wire::DecodeError;
use spandrel::{SpanId, TraceId, Tracer};

use crate::Sink;
use crate::spans::context;

/// Calls them all.
#[inline(never)]
pub(crate) fn use_all(tracer: &'static Tracer) {
    let context = context();
    black_box(binary::inject(&context));
    black_box(uber::inject(&context));
    let extracted = [binary::extract(black_box(&[0; 30])), uber::extract(black_box("0:0:0:0"))];
    for error in extracted.into_iter().filter_map(Result::err) {
        let _ = write!(Sink, "{error}");
    }
    let error: DecodeError = black_box(DecodeError::Empty);
    let _ = write!(Sink, "{error}");

    let (device, session) = (tracer.device(), tracer.session_number());
    let trace = TraceId::expand(device, session, black_box(1));
    let span = SpanId::expand(device, session, black_box(1));
    black_box(TraceId::expand_low(device, session, black_box(1)));
    black_box((trace.low(), trace.is_zero(), span.is_zero()));
    let _ = write!(Sink, "{trace}{span}");
}

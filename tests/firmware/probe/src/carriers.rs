//! Contexts and baggage in all forms, ids, and the texts of errors.

use core::fmt::Write as _;
use core::hint::black_box;

use heapless::{String, Vec};
use spandrel::carrier::short::ShortContext;
use spandrel::carrier::w3c::TraceState;
use spandrel::carrier::{
    Carried, ExtractError, Headers, InjectError, b3, binary, jaeger_binary, uber, w3c, w3c_binary,
};
use spandrel::wire::DecodeError;
use spandrel::{SpanContext, SpanId, TraceFlags, TraceId, Tracer};

use crate::Sink;
use crate::spans::context;

/// Where baggage goes.
type Baggage = Vec<(String<8>, String<16>), 4>;

/// Calls them all.
#[inline(never)]
pub(crate) fn use_all(tracer: &'static Tracer) {
    let context = context();
    let items = black_box([("key", "value"), ("other", "ä b")]);
    texts(&context, &items);
    bytes(&context, &items);
    short();
    let error: DecodeError = black_box(DecodeError::Empty);
    let _ = write!(Sink, "{error}");

    let (device, session) = (tracer.device(), tracer.session_number());
    let trace = TraceId::expand(device, session, black_box(1));
    let span = SpanId::expand(device, session, black_box(1));
    black_box(TraceId::expand_low(device, session, black_box(1)));
    black_box((trace.low(), trace.is_zero(), span.is_zero()));
    let _ = write!(Sink, "{trace}{span}");
}

/// Headers, into a block and out of any bytes.
#[inline(never)]
fn texts(context: &SpanContext, items: &[(&str, &str)]) {
    let mut block = black_box(String::<200>::new());
    told(w3c::inject(context, &mut block));
    told(uber::inject(context, &mut block));
    told(b3::inject(context, &mut block));
    told(b3::inject_decision(black_box(TraceFlags(1)), &mut block));
    carried(w3c::inject_baggage::<40>(items, &mut block));
    carried(uber::inject_baggage::<20>(items, &mut block));
    let _ = black_box((w3c::value(context), uber::value(context), b3::value(context)));

    let text = black_box("0:0:0:0");
    failed(w3c::parse(text));
    failed(uber::parse(text));
    failed(b3::parse(text));
    let headers = Headers(black_box(b"traceparent: 0\r\ntracestate: a=1\r\n\r\n"));
    let mut state = TraceState::<64>::new();
    failed(w3c::extract(&headers));
    failed(w3c::extract_with_state(&headers, &mut state));
    black_box((state.as_str(), state.left_out()));
    told(state.inject(&mut block));
    failed(uber::extract(&headers));
    if let Some(Some(found)) = failed(b3::extract(&headers)) {
        black_box((found.context(), found.flags()));
    }
    let mut baggage = Baggage::new();
    carried(w3c::extract_baggage(&headers, &mut baggage));
    carried(uber::extract_baggage(&headers, &mut baggage));
    carried(w3c::extract_baggage(items, &mut baggage));
    carried(w3c::inject_baggage::<40>(&baggage, &mut block));
}

/// Forms of bytes, into a buffer and out of any bytes.
#[inline(never)]
fn bytes(context: &SpanContext, items: &[(&str, &str)]) {
    let _ = black_box((
        binary::inject(context),
        w3c_binary::inject(context),
        jaeger_binary::inject(context),
    ));
    let mut buffer = [0; 80];
    let len = black_box(80).min(buffer.len());
    let Some(buffer) = buffer.get_mut(..len) else { return };
    if let Some((bytes, count)) = told(binary::inject_with_baggage(context, items, buffer)) {
        black_box(bytes);
        carried(count);
    }
    if let Some((bytes, count)) = told(jaeger_binary::inject_with_baggage(context, items, buffer)) {
        black_box(bytes);
        carried(count);
    }
    let any: &[u8] = black_box(&[0; 60]);
    let mut baggage = Baggage::new();
    failed(binary::extract(any));
    failed(w3c_binary::extract(any));
    failed(jaeger_binary::extract(any));
    failed(binary::extract_with_baggage(any, &mut baggage));
    failed(jaeger_binary::extract_with_baggage(any, &mut baggage));
    black_box(&baggage);
}

/// The short form.
#[inline(never)]
fn short() {
    let any: &[u8] = black_box(&[1; 8]);
    if let Some(context) = failed(ShortContext::from_bytes(any)) {
        black_box(context.to_bytes()).ok();
    }
    let error: InjectError = black_box(InjectError::OnlyShort);
    let _ = write!(Sink, "{error}");
}

fn carried(count: Carried) {
    let _ = black_box((count.is_whole(), count));
}

fn told<T>(result: Result<T, impl Into<InjectError>>) -> Option<T> {
    let result = result.map_err(Into::into);
    if let Err(error) = &result {
        let _ = write!(Sink, "{error}");
    }
    black_box(result).ok()
}

fn failed<T>(result: Result<T, ExtractError>) -> Option<T> {
    if let Err(error) = &result {
        black_box(error.rule());
        let _ = write!(Sink, "{error}");
    }
    black_box(result).ok()
}

//! Calls of the tracer, of spans and of their macros, with every type of value.

use core::hint::black_box;

use core::future::Future as _;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use spandrel::{
    Baggage, Bytes, ChildOf, Copied, FutureExt as _, Reference, Span, SpanContext, SpanId,
    Strategy, TraceFlags, TraceId, Tracer, log, span, tag,
};

/// A context that the compiler does not know.
pub(crate) fn context() -> SpanContext {
    SpanContext::new(
        TraceId(black_box([1; 16])),
        SpanId(black_box([2; 8])),
        TraceFlags(black_box(1)),
    )
}

#[inline(never)]
fn baggage(tracer: &'static Tracer, span: &Span) {
    let (key, value) = (black_box("key"), black_box("value"));
    black_box(span.set_baggage_item(key, value).is_ok());
    black_box(span.baggage_item(key).is_some());
    span.baggage_items().for_each(|item| _ = black_box(item));
    let context = SpanContext { baggage: black_box(Baggage::NONE), ..span.context() };
    if let Ok(mut held) = tracer.hold_baggage(&context) {
        black_box((held.put(key, value).is_ok(), held.get(key).is_some(), held.handle()));
        held.iter().for_each(|item| _ = black_box(item));
    }
    drop(span!(tracer, child_of: span, "child of one with baggage", a = black_box(1)));
    black_box(tracer.active_context());
}

#[inline(never)]
fn times_and_references(tracer: &'static Tracer, span: &Span) {
    let (now, then) = (tracer.now(), tracer.ticks_of(black_box(7)));
    span!(tracer, "early").starting_at(then).finish_at(now);
    drop(tracer.start_child_of(ChildOf::following(span), "follower"));
    span.add_reference(Reference::ChildOf(context()));
    span.add_reference(Reference::FollowsFrom(context()));
    black_box(tracer.stats());
    black_box(span.short_context().is_ok());
    drop(tracer.start_child_of(ChildOf::Debug, "debug"));
    for strategy in [
        Strategy::Const(black_box(true)),
        Strategy::Probabilistic(black_box(0.5)),
        Strategy::RateLimiting(black_box(2.0)),
    ] {
        black_box(tracer.adjust_sampler(strategy).is_ok());
    }
    black_box(tracer.adjust_operation("w1", black_box(0.5), black_box(1.0)).is_ok());
    span.set_error(black_box("no bus"));
    tag!(span, a = Bytes(black_box(&[1, 2, 3])), b = Copied(black_box("text")));
    let at = span.log_moment();
    for is_more in [false, true] {
        span.log_many(&at, is_more, spandrel::__site!("", a), (black_box(1),));
    }
}

#[inline(never)]
fn futures(tracer: &'static Tracer, span: &Span) {
    let mut context = Context::from_waker(Waker::noop());
    let mut inner = pin!(core::future::pending::<()>().in_scope_of(span));
    black_box(inner.as_mut().poll(&mut context).is_ready());
    let mut outer =
        pin!(core::future::poll_fn(|_| Poll::Ready(())).in_span(span!(tracer, "future")));
    black_box(outer.as_mut().poll(&mut context).is_ready());
}

/// Calls them all.
#[inline(never)]
pub(crate) fn use_all(tracer: &'static Tracer) {
    let (n, text): (i32, &'static str) = (black_box(1), black_box("text"));
    let root = span!(tracer, "root");
    let active = root.enter();
    span!(tracer, "w1", count = n, state = text).finish();
    span!(tracer, "w2").finish();
    drop(span!(tracer, "one", "a.b" = black_box(1_i8)));
    let of_span = span!(tracer, child_of: &root, "of a span", a = black_box(1_i16), b = black_box(1_u8), c = text);
    let of_context = span!(tracer, child_of: context(), "of a context", a = black_box(1_u16));
    let of_either =
        span!(tracer, child_of: black_box(Some(context())), "of either", a = black_box(1_u32));
    let of_none = span!(tracer, child_of: ChildOf::Root, "of none", a = black_box(1_i64), b = black_box(1_u64));
    let named = tracer.start(text);
    let child = tracer.start_child_of(ChildOf::Active, text);
    let copied = Copied(black_box("copied"));
    tag!(
        child,
        a = black_box(1_isize),
        b = black_box(1_usize),
        c = black_box(1.0_f32),
        d = f64::from(n)
    );
    tag!(child, a = n == 1, b = text, c = copied, d = n, e = n, f = n, g = n, h = n);
    child.set_tag(text, n);
    child.set_tag(text, text);
    child.set_tag(text, copied);
    child.set_operation_name(text);
    child.log(text, n == 1);
    log!(child, "event");
    log!(child, count = n);
    log!(root, event = text, value = copied, count = n);
    for span in [&of_span, &of_context, &of_either, &of_none, &named] {
        let scope = span.enter();
        black_box((span.context(), span.is_sampled()));
        drop(scope);
    }
    times_and_references(tracer, &root);
    baggage(tracer, &root);
    drop(active);
    futures(tracer, &root);
    tracer.open_spans().for_each(|open| _ = black_box(open));
    tracer.keep_time();
    tracer.flush();
    black_box((tracer.is_flushed(), tracer.losses().counts()));
}

//! Futures in spans, and scopes of whatever span.

use super::*;
use std::future::{Future, pending, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn cancelled(seen: &Seen) -> usize {
    let is_tag = |record: &&Record<'_>| match record {
        Record::Part(part) => match part.key {
            PartKey::Name(name, _) => {
                seen.text(&Value::Static(name)) == "cancelled"
                    && part.values[..] == [Value::Bool(true)]
            }
            PartKey::Site(_) => false,
        },
        _ => false,
    };
    seen.others.iter().filter(is_tag).count()
}

#[test]
fn a_future_ends_its_span_when_it_is_ready() {
    let bench = Bench::new::<256>();
    let mut future = pin!(ready(7).in_span(span!(bench.tracer, "ready")));
    bench.pass(5);
    assert_eq!(poll(future.as_mut()), Poll::Ready(7));
    bench.pass(5);
    let seen = Seen::of(&bench);
    assert_eq!(seen.spans[0].head.duration_ticks, 5);
    assert_eq!((seen.spans.len(), cancelled(&seen)), (1, 0));
}

#[test]
fn a_future_that_is_dropped_says_cancelled() {
    let bench = Bench::new::<256>();
    {
        let mut begun = pin!(pending::<()>().in_span(span!(bench.tracer, "begun")));
        assert!(poll(begun.as_mut()).is_pending());
        let _never_polled = pending::<()>().in_span(span!(bench.tracer, "idle"));
    }
    let seen = Seen::of(&bench);
    assert_eq!((seen.spans.len(), cancelled(&seen)), (2, 2));
}

/// Inside the span is active, between the polls it is not.
#[test]
fn a_span_is_active_in_polls_alone() {
    let bench = Bench::new::<1024>();
    let t = bench.tracer;
    let outer = span!(t, "outer");
    let task = span!(t, "task");
    let [outer_id, task_id] = [&outer, &task].map(|span| span.context());
    let mut rounds = 2;
    let mut future = pin!(
        std::future::poll_fn(|_| {
            assert_eq!(t.active_context(), Some(task_id));
            tag!(task, round = rounds);
            rounds -= 1;
            if rounds == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .in_scope_of(&task)
    );
    assert_eq!(t.active_context(), None);
    assert!(poll(future.as_mut()).is_pending());
    {
        let _scope = outer.enter();
        assert_eq!(t.active_context(), Some(outer_id));
        assert!(poll(future.as_mut()).is_ready());
        assert_eq!(t.active_context(), Some(outer_id));
    }
    assert_eq!(t.active_context(), None);
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "held over an `await`")]
fn a_guard_that_is_held_over_an_await_is_found() {
    let bench = Bench::new::<256>();
    let inner = Box::leak(Box::new(span!(bench.tracer, "inner")));
    let held = async {
        let _guard = inner.enter();
        pending::<()>().await;
    };
    let mut future = pin!(held.in_span(span!(bench.tracer, "task")));
    let _ = poll(future.as_mut());
}

/// Spans with much to say keep what they replace, whatever order they end in.
#[test]
fn scopes_of_all_kinds_nest() {
    let bench = Bench::with::<1024>(|t| t.sampler(Sampler::Never));
    let t = bench.tracer;
    let remote =
        |byte| SpanContext::new(TraceId([byte; 16]), crate::SpanId([byte; 8]), TraceFlags::SAMPLED);
    let spans = [
        span!(t, child_of: remote(1), "remote"),
        span!(t, "unsampled"),
        span!(t, child_of: remote(2), "other remote"),
        span!(t, child_of: ChildOf::Root, "unsampled too"),
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [0, 2, 1, 3], [2, 0, 2, 1]] {
        let mut scopes = Vec::new();
        for at in order {
            scopes.push((spans[at].enter(), spans[at].context()));
            assert_eq!(t.active_context(), Some(spans[at].context()));
        }
        while let Some((scope, context)) = scopes.pop() {
            assert_eq!(t.active_context(), Some(context));
            drop(scope);
        }
        assert_eq!(t.active_context(), None);
    }
}

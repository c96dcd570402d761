//! Which number a span has, and which trace.

use super::*;
use crate::wire::record_number;

fn remote() -> SpanContext {
    SpanContext::new(TraceId([0x11; 16]), crate::SpanId([0x22; 8]), TraceFlags::SAMPLED)
}

/// Who needs no number before its end has that of its record, and costs the counter nothing.
#[test]
fn spans_are_counted_only_where_something_needs_the_number() {
    let bench = Bench::new::<256>();
    let root = span!(bench.tracer, "root");
    let _active = root.enter();
    span!(bench.tracer, "leaf", n = 1).finish();
    let child = span!(bench.tracer, "child");
    log!(child, "logged");
    child.finish();
    span!(bench.tracer, "leaf", n = 2, s = "x").finish();
    drop(_active);
    root.finish();
    span!(bench.tracer, "lonely root").finish();
    let seen = Seen::of(&bench);
    let numbers: Vec<_> = seen.spans.iter().map(|span| (seen.name(span), span.head.own)).collect();
    let first = u64::from(open::FIRST_NUMBER);
    // The log is record 1.
    assert_eq!(
        numbers,
        [
            ("leaf", record_number(0)),
            ("child", first + 1),
            ("leaf", record_number(3)),
            ("root", first),
            ("lonely root", record_number(5)),
        ]
    );
    let root = TraceRef::Own(first);
    assert!(seen.spans[..4].iter().all(|span| span.head.trace == root));
    assert_eq!(seen.spans[4].head.trace, TraceRef::Own(record_number(5)));
}

#[test]
fn remote_parents_and_their_children_keep_the_trace() {
    let bench = Bench::new::<128>();
    let remote = remote();
    let entry = span!(bench.tracer, child_of: remote, "entry", n = 1);
    let child = span!(bench.tracer, child_of: &entry, "child", n = 2, s = "x");
    assert_eq!(child.context().trace_id, remote.trace_id);
    assert_ne!(child.context().span_id, entry.context().span_id);
    child.finish();
    {
        let _active = entry.enter();
        span!(bench.tracer, "active child").finish();
    }
    entry.finish();
    let seen = Seen::of(&bench);
    let [child, other, entry] = &seen.spans[..] else { panic!("{seen:?}") };
    for span in [child, other, entry] {
        assert_eq!(span.head.trace, TraceRef::Remote(remote.trace_id));
    }
    assert_eq!(entry.head.parent, Parent::Remote);
    assert_eq!(child.head.parent, Parent::Local(entry.head.own));
    assert_eq!(other.head.parent, Parent::Local(entry.head.own));
    assert_eq!((entry.head.parts, child.head.parts, other.head.parts), (2, 1, 0));
    assert!(seen.others.iter().any(|record| matches!(record, Record::Reference(reference)
        if reference.own == entry.head.own && reference.span == remote.span_id
            && reference.trace == remote.trace_id && !reference.follows_from)));
}

#[test]
fn contexts_are_what_the_collector_expands() {
    let bench = Bench::new::<64>();
    let root = span!(bench.tracer, "root");
    let child = span!(bench.tracer, child_of: &root, "child");
    let (root_context, child_context) = (root.context(), child.context());
    drop((child, root));
    let seen = Seen::of(&bench);
    let expand = |span: &wire::SpanRecord<'_>| {
        let TraceRef::Own(trace) = span.head.trace else { panic!() };
        let id = crate::SpanId::expand(DEVICE, SESSION, span.head.own);
        (TraceId::expand(DEVICE, SESSION, trace), id)
    };
    assert_eq!(expand(&seen.spans[0]), (child_context.trace_id, child_context.span_id));
    assert_eq!(expand(&seen.spans[1]), (root_context.trace_id, root_context.span_id));
}

/// A context of zeros, as a peer without tracing may send it, is no parent.
#[test]
fn contexts_that_name_no_span_begin_a_trace() {
    let bench = Bench::new::<64>();
    let none = SpanContext { trace_id: TraceId([0; 16]), ..remote() };
    let half = SpanContext { span_id: crate::SpanId([0; 8]), ..remote() };
    for context in [none, half] {
        let span = span!(bench.tracer, child_of: context, "root");
        assert!(span.is_sampled() && span.context().is_valid());
        assert_ne!(span.context().trace_id, context.trace_id);
    }
    let seen = Seen::of(&bench);
    assert!(seen.spans.iter().all(|span| span.head.parent == Parent::None));
    assert!(seen.others.is_empty());
}

/// Values have no room beside the id of a remote trace, in the record or in the slot of the table.
#[test]
fn in_a_remote_trace_values_follow() {
    for bench in [Bench::new::<256>(), Bench::with_table::<256, 4>(|tracer| tracer)] {
        let entry = span!(bench.tracer, child_of: remote(), "entry", n = 1, s = "one");
        let _active = entry.enter();
        span!(bench.tracer, "child", n = 2, s = "two").finish();
        drop(_active);
        entry.finish();
        let seen = Seen::of(&bench);
        let field = |key: &str, value: &str| (key.to_string(), value.to_string());
        let (one, two) = (field("s", "one"), field("s", "two"));
        let fields = [field("n", "I32(1)"), one, field("n", "I32(2)"), two];
        assert_eq!(seen.fields(false), fields);
        for span in &seen.spans {
            assert_eq!(span.head.trace, TraceRef::Remote(remote().trace_id));
            assert!(span.values.is_empty());
        }
    }
}

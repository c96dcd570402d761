//! What a span can be told beside tags: times, references, errors, long logs, and what is cut.

use super::*;
use crate::{Bytes, Reference, Ticks};

const SPAN: crate::SpanId = crate::SpanId([7; 8]);

fn elsewhere(byte: u8) -> SpanContext {
    SpanContext::new(TraceId([byte; 16]), SPAN, TraceFlags::SAMPLED)
}

#[test]
fn a_span_can_begin_and_end_at_other_times() {
    let bench = Bench::new::<512>();
    let t = bench.tracer;
    t.keep_time();
    bench.pass(0x7fff_0000);
    t.keep_time();
    let captured = bench.now.load(Ordering::Relaxed);
    bench.pass(0x2_0000);
    t.keep_time();
    span!(t, "early", a = 1).starting_at(t.ticks_of(captured)).finish_at(t.now());
    span!(t, "back").finish_at(Ticks(5));
    let one = span!(t, "one");
    let _active = one.enter();
    drop(_active);
    one.starting_at(Ticks(2000)).finish_at(Ticks(1 << 33));
    let seen = Seen::of(&bench);
    let times = |at: usize| (seen.spans[at].head.start_ticks, seen.spans[at].head.duration_ticks);
    assert_eq!(times(0), (captured.into(), 0x2_0000));
    assert_eq!(times(1), (u64::from(captured) + 0x2_0000, 0));
    assert_eq!(times(2), (2000, (1 << 33) - 2000));
    assert!(seen.spans.iter().all(|span| !span.head.ambiguous));
}

#[test]
fn without_a_keeper_other_times_are_ambiguous_too() {
    let bench = Bench::new::<512>();
    let t = bench.tracer;
    span!(t, "one").starting_at(Ticks(100)).finish_at(Ticks(300));
    span!(t, "two").starting_at(Ticks(300)).finish_at(Ticks(100));
    let seen = Seen::of(&bench);
    let durations = seen.spans.iter().map(|span| (span.head.duration_ticks, span.head.ambiguous));
    assert!(durations.eq([(200, true), (0, true)]));
}

#[test]
fn a_span_refers_to_as_many_as_it_likes() {
    let bench = Bench::new::<512>();
    let t = bench.tracer;
    let cause = span!(t, "cause");
    let context = cause.context();
    let follower = t.start_child_of(ChildOf::following(&cause), "follower");
    follower.add_reference(Reference::ChildOf(elsewhere(1)));
    follower.add_reference(Reference::FollowsFrom(elsewhere(2)));
    follower.add_reference(Reference::FollowsFrom(SpanContext::new(
        TraceId([0; 16]),
        SPAN,
        TraceFlags::SAMPLED,
    )));
    assert_eq!(follower.context().trace_id, context.trace_id);
    drop(follower);
    drop(cause);
    let seen = Seen::of(&bench);
    let references = seen.others.iter().filter_map(|record| match record {
        Record::Reference(reference) => {
            Some((reference.trace, reference.span, reference.follows_from))
        }
        _ => None,
    });
    let wanted = [
        (context.trace_id, context.span_id, true),
        (TraceId([1; 16]), SPAN, false),
        (TraceId([2; 16]), SPAN, true),
    ];
    assert!(references.eq(wanted));
    assert_eq!(seen.spans[0].head.parent, Parent::Remote);
    assert_eq!(seen.spans[0].head.trace, TraceRef::Remote(context.trace_id));
}

/// The values of a part or a log, each with its type.
fn told(record: &Record<'_>) -> Vec<(wire::Type, Vec<u8>)> {
    let values = match record {
        Record::Part(part) => &part.values,
        Record::Log(log) => &log.values,
        _ => return Vec::new(),
    };
    let bytes = |value: &Value<'_>| match value {
        Value::Text(text) | Value::CutText(text) => text.as_bytes().to_vec(),
        Value::Bytes(bytes) | Value::CutBytes(bytes) => bytes.to_vec(),
        Value::Bool(value) => [u8::from(*value)].to_vec(),
        other => panic!("{other:?}"),
    };
    values.iter().map(|value| (value.ty(), bytes(value))).collect()
}

#[test]
fn what_is_too_long_is_cut_and_says_so() {
    let bench = Bench::new::<2048>();
    let span = span!(bench.tracer, "span");
    // Two bytes each, so that the limit falls into one.
    let text = std::format!("x{}", "ü".repeat(64));
    let bytes = [0xff; 200];
    tag!(span, a = Copied(&text), b = Bytes(&bytes), c = Copied("short"), d = Bytes(&[]));
    span.set_tag("e", Bytes(&bytes[..128]));
    span.set_tag("f", Copied(&text));
    log!(span, g = Bytes(&bytes), h = true);
    drop(span);
    let seen = Seen::of(&bench);
    let cut_text = (wire::Type::CutText, std::format!("x{}", "ü".repeat(63)).into_bytes());
    let cut_bytes = (wire::Type::CutBytes, bytes[..128].to_vec());
    let told: Vec<_> = seen.others.iter().map(told).collect();
    assert_eq!(told[0][..2], [cut_text.clone(), cut_bytes.clone()]);
    let rest = [(wire::Type::Text, b"short".to_vec()), (wire::Type::Bytes, Vec::new())];
    assert_eq!(told[0][2..], rest);
    assert_eq!(told[1], [(wire::Type::Bytes, bytes[..128].to_vec())]);
    assert_eq!(told[2], [cut_text]);
    assert_eq!(told[3], [cut_bytes, (wire::Type::Bool, [1].to_vec())]);
    assert_eq!(seen.losses.tag_cut, 4);
}

#[test]
fn a_static_string_that_is_cut_says_so() {
    static LONG: &str = concat!(
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567",
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567",
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567",
    );
    let bench = Bench::new::<512>();
    span!(bench.tracer, "first", s = LONG, n = 1).finish();
    span!(bench.tracer, "second", n = 1, s = LONG).finish();
    span!(bench.tracer, "whole", s = &LONG[..254]).finish();
    let span = span!(bench.tracer, "log");
    // The first gives the span its number, which takes another way.
    log!(span, s = LONG);
    log!(span, s = LONG);
    drop(span);
    let seen = Seen::of(&bench);
    let types = |at: usize| seen.spans[at].values.iter().map(Value::ty).collect::<Vec<_>>();
    assert_eq!(types(0), [wire::Type::CutStatic, wire::Type::I32]);
    assert_eq!(types(1), [wire::Type::I32, wire::Type::CutStatic]);
    assert_eq!(types(2), [wire::Type::Static]);
    let is_cut = seen.others.iter().map(|record| match record {
        Record::Log(log) => log.values[0].is_cut(),
        _ => panic!("{record:?}"),
    });
    assert!(is_cut.eq([false, true]));
    let Value::CutStatic(name) = seen.spans[0].values[0] else { panic!() };
    assert_eq!(seen.text(&Value::Static(name)), LONG[..254]);
}

#[test]
fn an_error_is_two_tags() {
    let bench = Bench::new::<512>();
    span!(bench.tracer, "span").set_error("no bus");
    let seen = Seen::of(&bench);
    let wanted = [(wire::Type::Bool, [1].to_vec()), (wire::Type::Text, b"no bus".to_vec())];
    assert_eq!(told(&seen.others[0]), wanted);
}

//! What is lost is seen where it was lost: gaps, and what stands for parents that never came.

use super::*;
use crate::session::made::{GAP, MADE, MISSING};

const ROOT: u64 = FIRST;

fn child(own: u64, parent: u64, ticks: [u64; 2]) -> Record<'static> {
    Record::Span(span(own, Parent::Local(parent), ticks))
}

fn root(ticks: [u64; 2]) -> Record<'static> {
    Record::Span(span(ROOT, Parent::None, ticks))
}

fn begin() -> (Bench, Device) {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    bench.data(&mut device, vec![site(1, READ)]);
    (bench, device)
}

/// The spans that the collector made itself.
fn made(bench: &Bench) -> Vec<Span> {
    let is_made = |span: &Span| tag(&span.attributes, MADE) == Some(&Value::Bool(true));
    let made: Vec<_> = bench.spans().into_iter().filter(is_made).collect();
    assert_eq!(bench.pipeline.stats().made, made.len() as u64);
    made
}

fn at(ticks: u64) -> u64 {
    EPOCH + ticks * 1_000
}

fn int(span: &Span, key: &str) -> Option<i64> {
    match tag(&span.attributes, key) {
        Some(Value::Int(value)) => Some(*value),
        _ => None,
    }
}

#[test]
fn records_that_were_lost_are_a_gap_in_the_trace_that_was_going_on() {
    let (mut bench, mut device) = begin();
    bench.data(&mut device, vec![child(6, 5, [10, 20])]);
    let _lost = device.data(vec![child(7, 5, [30, 40]), child(8, 5, [50, 60])]);
    bench.data(&mut device, vec![child(9, 5, [70, 80])]);
    bench.wait(SECOND);
    assert_eq!(made(&bench), []);
    bench.wait(SECOND);
    let made = made(&bench);
    let [gap] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!((&*gap.name, gap.trace_id), (GAP, device.trace_id(ROOT)));
    assert_eq!(gap.parent_span_id, Some(device.span_id(5)));
    assert_eq!((int(gap, "gap.records"), int(gap, "gap.first_record")), (Some(2), Some(1)));
    let bracket = [int(gap, "gap.earliest_ns"), int(gap, "gap.latest_ns")];
    let bracket = bracket.map(|time| time.unwrap().cast_unsigned());
    assert_eq!(bracket[1] - bracket[0], at(80) - at(20));
    assert_eq!((gap.start_ns, gap.duration_ns()), (bracket[0], 1));
    let spans = bench.spans();
    assert_eq!(bracket[0], spans[0].end_ns, "behind the span before");
    assert_eq!(bracket[1], spans[1].end_ns);
    assert!(gap.warnings[0].starts_with("2 records were lost on the way"), "{:?}", gap.warnings);
    assert_eq!(bench.pipeline.stats().records_lost, 2);
    // It is the same whenever it is made.
    let ids: Vec<_> = spans.iter().map(|span| span.span_id).collect();
    assert!(ids.iter().collect::<std::collections::HashSet<_>>().len() == ids.len());
}

#[test]
fn a_gap_between_traces_is_in_none() {
    let (mut bench, mut device) = begin();
    bench.data(&mut device, vec![Record::Span(span(ROOT, Parent::None, [10, 20]))]);
    let _lost = device.data(vec![child(7, 5, [30, 40])]);
    bench.data(&mut device, vec![Record::Span(span(9, Parent::None, [70, 80]))]);
    bench.wait(3 * SECOND);
    assert_eq!(made(&bench), []);
    assert_eq!(bench.pipeline.stats().records_lost, 1);
}

#[test]
fn a_gap_is_below_the_span_that_was_open() {
    let (mut bench, mut device) = begin();
    bench.data(&mut device, vec![Record::Span(span(99, Parent::None, [10, 20]))]);
    let _lost = device.data(vec![child(7, 5, [30, 40])]);
    bench.data(&mut device, vec![child(5, ROOT, [15, 90]), root([5, 100])]);
    bench.wait(3 * SECOND);
    let made = made(&bench);
    let [gap] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!(gap.parent_span_id, Some(device.span_id(5)));
}

#[test]
fn what_found_no_room_on_the_device_is_a_gap_too() {
    let (mut bench, mut device) = begin();
    bench.data(&mut device, vec![child(6, 5, [10, 20])]);
    device.losses.ring_full = 3;
    bench.data(&mut device, vec![child(9, 5, [70, 80])]);
    device.losses.ring_full = 5;
    bench.hello(&mut device);
    bench.wait(3 * SECOND);
    let made = made(&bench);
    let [gap] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!((int(gap, "gap.records"), int(gap, "gap.ring_full")), (Some(5), Some(5)));
    assert_eq!(gap.parent_span_id, Some(device.span_id(5)));
    assert_eq!(int(gap, "gap.first_record"), None);
}

#[test]
fn a_parent_that_is_still_open_is_not_missing() {
    let (mut bench, mut device) = begin();
    bench.data(&mut device, vec![child(6, 5, [10, 20])]);
    bench.wait(60 * SECOND);
    assert_eq!(made(&bench), [], "nothing is lost");
    let _lost = device.data(vec![child(7, 5, [30, 40])]);
    bench.data(&mut device, vec![child(8, 5, [50, 60])]);
    bench.wait(60 * SECOND);
    assert!(made(&bench).iter().all(|span| &*span.name == GAP), "its trace goes on");
    bench.data(&mut device, vec![child(5, ROOT, [5, 70]), root([0, 80])]);
    bench.pipeline.finish(bench.now_ns);
    assert!(made(&bench).iter().all(|span| &*span.name == GAP), "it came");
}

#[test]
fn a_parent_that_never_came_is_marked_once_its_trace_is_over() {
    let (mut bench, mut device) = begin();
    bench.data(&mut device, vec![child(6, 5, [10, 20])]);
    let _lost = device.data(vec![child(5, ROOT, [5, 40])]);
    bench.data(&mut device, vec![root([0, 80])]);
    bench.wait(3 * SECOND);
    assert!(made(&bench).iter().all(|span| &*span.name == GAP));
    bench.wait(5 * SECOND);
    let made = made(&bench);
    let missing: Vec<_> = made.iter().filter(|span| &*span.name == MISSING).collect();
    let [missing] = missing.as_slice() else { panic!("{made:?}") };
    assert_eq!((missing.span_id, missing.trace_id), (device.span_id(5), device.trace_id(ROOT)));
    assert_eq!(missing.parent_span_id, Some(device.span_id(ROOT)));
    let spans = bench.spans();
    assert_eq!(missing.start_ns, spans[0].start_ns, "when its first child began");
    assert_eq!(spans[0].parent_span_id, Some(missing.span_id));
    assert!(missing.warnings[0].contains("never came"), "{:?}", missing.warnings);
    // The real one, should it come, is handed on.
    bench.receive(&device, &_lost);
    assert_eq!(&*bench.spans().last().unwrap().name, "read");
    assert_eq!(bench.pipeline.stats().records_lost, 0);
}

#[test]
fn at_the_end_of_a_session_parents_and_their_roots_are_marked() {
    let (mut bench, mut device) = begin();
    bench.data(&mut device, vec![child(6, 5, [10, 20])]);
    bench.pipeline.finish(bench.now_ns);
    let made = made(&bench);
    let ids: Vec<_> = made.iter().map(|span| (span.span_id, span.parent_span_id)).collect();
    let [root, parent] = [ROOT, 5].map(|own| device.span_id(own));
    assert_eq!(ids, [(root, None), (parent, Some(root))]);
    assert!(made.iter().all(|span| &*span.name == MISSING));
}

#[test]
fn a_reset_ends_what_was_open_once_its_rest_had_time_to_come() {
    for says_previous in [true, false] {
        let (mut bench, mut device) = begin();
        bench.data(&mut device, vec![child(6, 5, [10, 20])]);
        bench.wait(SECOND);
        if says_previous {
            let mut next = super::device(1);
            (next.session, next.previous) = (SessionNumber::new(8), Some(device.session.get()));
            bench.hello(&mut next);
        } else {
            device.cause = Some(ResetCause::Watchdog);
            bench.hello(&mut device);
        }
        bench.wait(29 * SECOND);
        assert_eq!(made(&bench), []);
        // The rest of the session before.
        bench.data(&mut device, vec![child(5, ROOT, [5, 40])]);
        bench.wait(29 * SECOND);
        assert_eq!(made(&bench), []);
        bench.wait(2 * SECOND);
        let made = made(&bench);
        let [root] = made.as_slice() else { panic!("{made:?}") };
        assert_eq!((root.span_id, root.parent_span_id), (device.span_id(ROOT), None));
        assert!(root.warnings[0].contains("reset"), "{:?}", root.warnings);
    }
}

#[test]
fn a_hello_tells_what_was_lost_last() {
    let (mut bench, mut device) = begin();
    bench.data(&mut device, vec![child(6, 5, [10, 20])]);
    let _lost = device.data(vec![child(7, 5, [30, 40])]);
    bench.hello(&mut device);
    bench.wait(3 * SECOND);
    let made = made(&bench);
    let [gap] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!(int(gap, "gap.records"), Some(1));
    assert_eq!(gap.parent_span_id, Some(device.span_id(5)), "which was open");
}

#[test]
fn no_more_is_made_than_a_session_may() {
    let (mut bench, mut device) = begin();
    for own in 0..1_000 {
        bench.data(&mut device, vec![child(6 + own, 5, [10 + own, 20 + own])]);
        let _lost = device.data(vec![child(2_000 + own, 5, [30, 40])]);
    }
    bench.wait(3 * SECOND);
    bench.data(&mut device, vec![child(6_000, 5, [5_000, 5_001])]);
    assert!((1..=64).contains(&made(&bench).len()));
    assert_eq!(bench.pipeline.stats().records_lost, 999);
}

#[test]
fn what_is_known_to_be_missing_of_a_span_is_counted_in_its_fields() {
    let (mut bench, mut device) = begin();
    let mut entry = span(FIRST, Parent::Remote, [0, 10]);
    (entry.head.trace, entry.head.parts) = (TraceRef::Remote(TraceId([1; 16])), 3);
    let key = PartKey::Site(SiteRef { id: 1, shape: Shape(1) });
    let list = values([wire::Value::Bool(true)]);
    let log = Record::Log(Log { own: FIRST, time_ticks: 5, more: true, key, values: list });
    bench.data(&mut device, vec![log, Record::Span(entry)]);
    bench.wait(2 * SECOND);
    let span = bench.span();
    let dropped = [span.dropped_attributes, span.dropped_events, span.dropped_links];
    assert_eq!(dropped, [1, 0, 1]);
    assert_eq!(span.events[0].dropped_attributes, 1, "it went on with a log that did not come");
}

//! Clocks and counters that turn.

use super::*;

/// Half a turn, one and a half and three turns of the counter, with a keeper that is in time.
#[test]
fn a_keeper_makes_long_spans_right() {
    for half_turns in [1_u64, 3, 6, 7, 100] {
        let bench = Bench::new::<64>();
        bench.now.store(0x7000_0000, Ordering::Relaxed);
        let mut drain = bench.tracer.drain().unwrap();
        let span = span!(bench.tracer, "long");
        for _ in 0..half_turns * 2 {
            bench.pass(1 << 30);
            bench.tracer.keep_time();
        }
        span.finish();
        let mut seen = Seen::default();
        seen.drain(&mut drain, 200);
        assert_eq!(seen.spans[0].head.duration_ticks, half_turns << 31);
        assert_eq!(seen.spans[0].head.start_ticks, 0x7000_0000);
        assert!(!seen.spans[0].head.ambiguous);
    }
}

#[test]
fn the_long_count_of_the_clock_turns_too() {
    let bench = Bench::new::<256>();
    let mut drain = bench.tracer.drain().unwrap();
    let mut ticks = 1000_u64;
    for step in 0..4 * 70_000 {
        bench.pass(1 << 30);
        ticks += 1 << 30;
        bench.tracer.keep_time();
        if step % 1000 == 0 {
            assert_eq!(drain.now_ticks(), ticks);
        }
    }
    assert_eq!(drain.now_ticks(), ticks);
    let start = ticks;
    let span = span!(bench.tracer, "late");
    bench.pass(77);
    span.finish();
    let mut seen = Seen::default();
    seen.drain(&mut drain, 200);
    assert_eq!((seen.spans[0].head.start_ticks, seen.spans[0].head.duration_ticks), (start, 77));
}

#[test]
fn without_a_keeper_durations_are_marked_ambiguous() {
    let bench = Bench::new::<64>();
    for half_turns in [0_u32, 1, 3] {
        let span = span!(bench.tracer, "long");
        for _ in 0..half_turns {
            bench.pass(1 << 31);
        }
        span.finish();
    }
    let seen = Seen::of(&bench);
    assert!(seen.spans.len() == 3 && seen.spans.iter().all(|span| span.head.ambiguous));
}

#[test]
fn numbers_go_on_behind_31_bits() {
    const LAST: u32 = open::LAST_NUMBER;

    let bench = Bench::new::<128>();
    bench.tracer.recorder.state().counter.store(LAST - 1, Ordering::Relaxed);
    let root = span!(bench.tracer, "root");
    let child = span!(bench.tracer, child_of: &root, "child");
    let (root_id, child_id) = (root.context().span_id, child.context().span_id);
    drop((child, root));
    let seen = Seen::of(&bench);
    let [child, root] = &seen.spans[..] else { panic!() };
    assert_eq!(root.head.own, u64::from(LAST));
    assert_eq!(child.head.own, (1 << 31) + u64::from(open::FIRST_NUMBER));
    assert_eq!(child.head.parent, Parent::Local(root.head.own));
    assert_eq!(root_id, crate::SpanId::expand(DEVICE, SESSION, root.head.own));
    assert_eq!(child_id, crate::SpanId::expand(DEVICE, SESSION, child.head.own));
}

#[test]
fn children_far_from_their_root_keep_it() {
    let bench = Bench::new::<4096>();
    let root = span!(bench.tracer, "root");
    let _active = root.enter();
    bench.tracer.recorder.state().counter.store(100_000, Ordering::Relaxed);
    let child = span!(bench.tracer, "far", n = 5, s = "x");
    let _ = child.context();
    span!(bench.tracer, child_of: &child, "farther").finish();
    child.finish();
    drop(_active);
    root.finish();
    let seen = Seen::of(&bench);
    let [farther, far, root] = &seen.spans[..] else { panic!() };
    assert_eq!((far.head.own, root.head.own), (100_001, open::FIRST_NUMBER.into()));
    assert_eq!(far.head.parent, Parent::Local(root.head.own));
    assert_eq!(farther.head.trace, TraceRef::Own(root.head.own));
    assert_eq!(far.values[0], Value::I32(5));
    assert_eq!(seen.text(&far.values[1]), "x");
}

#[cfg(feature = "clock-events")]
#[test]
fn what_befell_the_clock_is_told() {
    use wire::ClockEvent::{Paused, Rate, Stepped, Wall};

    let bench = Bench::new::<256>();
    bench.tracer.keep_time();
    bench.tracer.clock_paused(u64::MAX);
    bench.pass(5);
    bench.tracer.clock_changed(32_768);
    let at = bench.tracer.now();
    bench.pass(7);
    bench.tracer.clock_stepped();
    bench.tracer.wall_clock(at, 1 << 60, 1 << 33);
    let seen = Seen::of(&bench);
    let events = seen.others.iter().map(|record| match record {
        Record::Clock(clock) => (clock.time_ticks, clock.event),
        other => panic!("{other:?}"),
    });
    let expected = [
        (1000, Paused { ns: u64::MAX }),
        (1005, Rate { hz: 32_768 }),
        (1012, Stepped),
        (1005, Wall { unix_ns: 1 << 60, error_ns: 1 << 33 }),
    ];
    assert!(events.eq(expected));
}

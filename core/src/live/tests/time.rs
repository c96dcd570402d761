//! Clocks and counters that turn.

use super::*;

/// Half a turn, one and a half and three turns of the counter, with a keeper that is in time.
#[test]
fn a_keeper_makes_long_spans_right() {
    for half_turns in [1_u64, 3, 6, 7, 100] {
        let bench = Bench::new::<64>();
        bench.now.store(0x7000_0000, Ordering::Relaxed);
        let mut drain = bench.tracer.drain::<8>().unwrap();
        let span = span!(bench.tracer, "long");
        for _ in 0..half_turns * 2 {
            bench.pass(1 << 30);
            bench.tracer.keep_time();
        }
        span.finish();
        let mut seen = Seen::default();
        seen.drain(&mut drain, 200);
        assert_eq!(seen.spans[0].duration_ticks, half_turns << 31);
        assert_eq!(seen.spans[0].start_ticks, 0x7000_0000);
        assert!(!seen.spans[0].ambiguous);
    }
}

#[test]
fn the_long_count_of_the_clock_turns_too() {
    let bench = Bench::new::<256>();
    let mut drain = bench.tracer.drain::<8>().unwrap();
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
    assert_eq!((seen.spans[0].start_ticks, seen.spans[0].duration_ticks), (start, 77));
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
    assert!(seen.spans.len() == 3 && seen.spans.iter().all(|span| span.ambiguous));
}

#[test]
fn numbers_go_on_behind_32_bits() {
    const LAST_ROOT: u32 = u32::MAX - record::FAR;

    let bench = Bench::new::<128>();
    bench.tracer.recorder.state().counter.store(LAST_ROOT - 1, Ordering::Relaxed);
    let root = span!(bench.tracer, "root");
    let child = span!(bench.tracer, child_of: &root, "child");
    let (root_id, child_id) = (root.context().span_id, child.context().span_id);
    drop((child, root));
    let seen = Seen::of(&bench);
    let [child, root] = &seen.spans[..] else { panic!() };
    assert_eq!(root.own, u64::from(LAST_ROOT));
    assert_eq!(child.own, (1 << 32) + 2);
    assert_eq!(child.parent, Parent::Local(root.own));
    assert_eq!(root_id, crate::SpanId::expand(DEVICE, SESSION, root.own));
    assert_eq!(child_id, crate::SpanId::expand(DEVICE, SESSION, child.own));
}

#[test]
fn children_far_from_their_root_take_the_long_form() {
    let bench = Bench::new::<4096>();
    let root = span!(bench.tracer, "root");
    let _active = root.enter();
    let _ = root.context();
    bench.tracer.recorder.state().counter.store(100_000, Ordering::Relaxed);
    span!(bench.tracer, "far", n = 5, s = "x").finish();
    drop(_active);
    root.finish();
    let seen = Seen::of(&bench);
    assert_eq!(seen.spans[0].own, 100_001);
    assert_eq!(seen.spans[0].parent, Parent::Local(2));
    assert_eq!(seen.spans[0].values[0], Value::I32(5));
    assert_eq!(seen.text(&seen.spans[0].values[1]), "x");
}

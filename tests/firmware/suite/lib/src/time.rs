//! Clocks that turn, with a keeper and without.

use alloc::string::String;

use spandrel::{log, span};

use crate::bench::{BEGIN, bench};
use crate::{Board, Tests};

pub(crate) const TESTS: Tests = &[
    ("a keeper makes long spans right", keeper),
    ("a span over a half turn of the clock", over_a_half_turn),
    ("without a keeper spans are ambiguous", without_a_keeper),
    ("the long count of the clock turns too", long_count),
    ("a clock that begins anywhere", begins_anywhere),
];

const HALF: u32 = 1 << 31;

fn keeper(_: &Board) -> Result<(), String> {
    for half_turns in [1_u64, 3, 6, 7, 100] {
        let mut bench = bench!(TINY);
        bench.set_clock(0x7000_0000);
        bench.drain()?;
        let span = span!(bench.tracer, "long");
        for _ in 0..half_turns * 2 {
            bench.pass(HALF / 2);
            bench.tracer.keep_time();
        }
        span.finish();
        bench.lines()?;
        let [head] = bench.heads() else { return Err("not one span".into()) };
        check_eq!((head.start_ticks, head.duration_ticks), (0x7000_0000, half_turns << 31));
        check!(!head.ambiguous, "it is ambiguous");
    }
    Ok(())
}

/// The counter's top bit changes in between, and the keeper has not looked since.
fn over_a_half_turn(_: &Board) -> Result<(), String> {
    for before in [HALF, 0] {
        let mut bench = bench!(TINY);
        bench.set_clock(before.wrapping_sub(5));
        bench.drain()?;
        let root = span!(bench.tracer, "root", n = 1, s = "x");
        let active = root.enter();
        bench.pass(3);
        let child = span!(bench.tracer, "child", n = 2);
        bench.pass(4);
        log!(child, "turned");
        child.finish();
        drop(active);
        root.finish();
        let lines = bench.lines()?;
        check_eq!(lines.len(), 3);
        let [child, root] = bench.heads() else { return Err("not two spans".into()) };
        let start = u64::from(before.wrapping_sub(5));
        check_eq!((root.start_ticks, root.duration_ticks), (start, 7));
        check_eq!((child.start_ticks, child.duration_ticks), (start + 3, 4));
        check!(!root.ambiguous && !child.ambiguous, "one is ambiguous");
        let logged = alloc::format!("(event=turned) @{}", start + 7 - u64::from(BEGIN));
        check!(lines[0].ends_with(&logged), "the log is {}", lines[0]);
    }
    Ok(())
}

fn without_a_keeper(_: &Board) -> Result<(), String> {
    let mut bench = bench!(unkept TINY);
    for half_turns in [0_u32, 1, 3] {
        let span = span!(bench.tracer, "long");
        (0..half_turns).for_each(|_| bench.pass(HALF));
        span.finish();
    }
    bench.lines()?;
    check_eq!(bench.heads().len(), 3);
    check!(bench.heads().iter().all(|head| head.ambiguous), "{:?}", bench.heads());
    Ok(())
}

/// The count of half turns has 15 bits, and the drain goes on behind them.
fn long_count(_: &Board) -> Result<(), String> {
    let mut bench = bench!(TINY);
    bench.drain()?;
    let mut ticks = u64::from(BEGIN);
    for step in 0..40_000 {
        bench.pass(HALF);
        bench.tracer.keep_time();
        ticks += u64::from(HALF);
        if step % 1000 == 0 {
            check_eq!(bench.drain()?.now_ticks(), ticks);
        }
    }
    check_eq!(bench.drain()?.now_ticks(), ticks);
    let span = span!(bench.tracer, "late");
    bench.pass(77);
    span.finish();
    bench.lines()?;
    let [head] = bench.heads() else { return Err("not one span".into()) };
    check_eq!((head.start_ticks, head.duration_ticks), (ticks, 77));
    Ok(())
}

fn begins_anywhere(_: &Board) -> Result<(), String> {
    for begin in [0, 1, HALF - 1, HALF, u32::MAX] {
        let mut bench = bench!(unkept TINY);
        bench.set_clock(begin);
        bench.tracer.keep_time();
        let span = span!(bench.tracer, "span");
        bench.pass(10);
        span.finish();
        bench.lines()?;
        let [head] = bench.heads() else { return Err("not one span".into()) };
        check_eq!((head.start_ticks, head.duration_ticks), (u64::from(begin), 10));
        check!(!head.ambiguous, "it is ambiguous");
    }
    Ok(())
}

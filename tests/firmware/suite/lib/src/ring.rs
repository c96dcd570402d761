//! The ring: full, turning, and smaller than what is put into it.

use alloc::string::String;

use spandrel::{Copied, DrainError, log, span};

use crate::bench::bench;
use crate::{Board, Tests};

pub(crate) const TESTS: Tests = &[
    ("a full ring drops the newest", full),
    ("a full ring that is drained goes on", full_and_drained),
    ("a ring turns for ever", turns),
    ("a record that is longer than the ring", longer_than_the_ring),
    ("one drain of a tracer", one_drain),
];

fn full(_: &Board) -> Result<(), String> {
    const MADE: u32 = 100;

    let mut bench = bench!(TINY);
    for n in 0..MADE {
        span!(bench.tracer, "one", n = n).finish();
    }
    let lines = bench.lines()?;
    for (n, line) in lines.iter().enumerate() {
        check_eq!(*line, alloc::format!("span one in one (n={n}u)"));
    }
    let kept = u32::try_from(lines.len()).unwrap_or(0);
    check!(kept >= 4, "only {kept} were kept");
    check_eq!(kept + bench.tracer.losses().ring_full, MADE);
    Ok(())
}

fn full_and_drained(_: &Board) -> Result<(), String> {
    let mut bench = bench!(TINY);
    let (mut kept, mut made) = (0, 0);
    for _ in 0..20 {
        for _ in 0..13 {
            let span = span!(bench.tracer, "span", n = made);
            log!(span, n = made);
            made += 1;
        }
        kept += u32::try_from(bench.lines()?.len()).unwrap_or(0);
    }
    let losses = bench.tracer.losses();
    check!(losses.ring_full > 0, "nothing was dropped");
    check_eq!(kept + losses.ring_full, 2 * made);
    span!(bench.tracer, "last").finish();
    bench.expect(&["span last in last"])
}

fn turns(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ODD);
    for turn in 0..300_u32 {
        let root = span!(bench.tracer, "root");
        let active = root.enter();
        for _ in 0..turn % 7 {
            span!(bench.tracer, "child", turn = turn).finish();
        }
        drop(active);
        root.finish();
        let lines = bench.lines()?;
        let Some((root, children)) = lines.split_last() else { return Err("nothing came".into()) };
        check_eq!(root, "span root in root");
        check_eq!(children.len(), usize::try_from(turn % 7).unwrap_or(0));
        for child in children {
            check_eq!(*child, alloc::format!("span child of root in root (turn={turn}u)"));
        }
    }
    check_eq!(bench.tracer.losses().ring_full, 0);
    Ok(())
}

fn longer_than_the_ring(_: &Board) -> Result<(), String> {
    let mut bench = bench!(TINY);
    let text = "0123456789abcdef".repeat(8);
    let t = Copied(&text);
    span!(bench.tracer, "before").finish();
    let span = span!(bench.tracer, "span");
    log!(span, a = t, b = t, c = t);
    span.finish();
    bench.expect(&["span before in before", "span span in span parts=1"])?;
    check_eq!(bench.tracer.losses().ring_full, 1);
    // There is no place in the ring where it would fit.
    let span = span!(bench.tracer, "again");
    log!(span, a = t, b = t, c = t);
    span.finish();
    bench.expect(&["span again in again parts=1"])?;
    check_eq!(bench.tracer.losses().ring_full, 2);
    Ok(())
}

fn one_drain(_: &Board) -> Result<(), String> {
    let mut bench = bench!(TINY);
    check!(bench.drain()?.is_idle(), "there is something in a new ring");
    check_eq!(bench.tracer.drain().err(), Some(DrainError::Taken));
    Ok(())
}

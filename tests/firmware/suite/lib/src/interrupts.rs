//! Interrupts that record while what they interrupt does, too.

use alloc::string::String;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering::Relaxed};

use spandrel::wire::MIN_MTU;
use spandrel::{Tracer, log, span};

use crate::bench::{Bench, bench};
use crate::{Board, Tests};

pub(crate) const TESTS: Tests = &[
    ("an interrupt has no parent in the thread", no_parent),
    ("what is active is active again behind it", active_again),
    ("an interrupt that finds the ring full", ring_full),
    ("an interrupt between two frames", between_frames),
    ("many interrupts", many),
];

/// Whose spans the interrupt makes.
static TRACER: AtomicPtr<Tracer> = AtomicPtr::new(core::ptr::null_mut());
/// How many interrupts there were.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// What the board's interrupt does: a root that is active, a child with tags, a log.
pub fn on_interrupt() {
    // SAFETY: null, or made of a `&'static Tracer` below.
    let Some(tracer) = (unsafe { TRACER.load(Relaxed).as_ref() }) else { return };
    let tick = span!(tracer, "tick");
    let active = tick.enter();
    span!(tracer, "tock", count = 3, state = "on").finish();
    log!(tick, "beat");
    drop(active);
    tick.finish();
    // There is no swap on every target, and nobody else counts.
    COUNT.store(COUNT.load(Relaxed) + 1, Relaxed);
}

/// Records of one interrupt.
const RECORDS: u32 = 3;

/// Has an interrupt come.
fn interrupt(board: &Board, bench: &Bench) -> Result<(), String> {
    TRACER.store(core::ptr::from_ref(bench.tracer).cast_mut(), Relaxed);
    let before = COUNT.load(Relaxed);
    (board.interrupt)();
    // A board may take some instructions to see it.
    for _ in 0..10_000 {
        if COUNT.load(Relaxed) != before {
            break;
        }
        core::hint::spin_loop();
    }
    TRACER.store(core::ptr::null_mut(), Relaxed);
    check_eq!(COUNT.load(Relaxed), before + 1);
    Ok(())
}

/// The records of an interrupt, which begins with nothing active.
const OF_INTERRUPT: [&str; 3] = [
    "span tock of tick in tick (count=3, state=on)",
    "log of tick (event=beat)",
    "span tick in tick parts=1",
];

fn no_parent(board: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let root = span!(bench.tracer, "root", n = 1);
    let active = root.enter();
    interrupt(board, &bench)?;
    drop(active);
    root.finish();
    let [tock, beat, tick] = OF_INTERRUPT;
    bench.expect(&[tock, beat, tick, "span root in root (n=1)"])
}

fn active_again(board: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let root = span!(bench.tracer, "root");
    let active = root.enter();
    let child = span!(bench.tracer, "child", n = 1, s = "x");
    interrupt(board, &bench)?;
    log!(child, "behind");
    child.finish();
    span!(bench.tracer, "other", n = 2).finish();
    drop(active);
    root.finish();
    let [tock, beat, tick] = OF_INTERRUPT;
    bench.expect(&[
        tock,
        beat,
        tick,
        "log of child (event=behind)",
        "span child of root in root (n=1, s=x) parts=1",
        "span other of root in root (n=2)",
        "span root in root",
    ])
}

fn ring_full(board: &Board) -> Result<(), String> {
    let mut bench = bench!(TINY);
    let mut made = 0;
    while bench.tracer.losses().ring_full == 0 {
        span!(bench.tracer, "filler").finish();
        made += 1;
    }
    interrupt(board, &bench)?;
    // The log may be shorter than what did not fit before.
    let dropped = bench.tracer.losses().ring_full;
    check!(dropped >= RECORDS, "only {dropped} were dropped");
    let lines = bench.lines()?;
    check_eq!(u32::try_from(lines.len()).unwrap_or(0) + dropped, made + RECORDS);
    let fillers = lines.iter().filter(|line| *line == "span filler in filler").count();
    check_eq!(u32::try_from(fillers).unwrap_or(0), made - 1);
    Ok(())
}

fn between_frames(board: &Board) -> Result<(), String> {
    let mut bench = bench!(TINY);
    for _ in 0..40 {
        span!(bench.tracer, "thread", n = 1).finish();
        // A definition may have to wait for the next frame: then this is in the middle of it.
        check!(bench.take_frame(MIN_MTU)?, "there is no frame");
        interrupt(board, &bench)?;
        let lines = bench.lines_in(MIN_MTU)?;
        check_eq!(lines.len(), 4);
        check_eq!(lines[0], "span thread in thread (n=1)");
    }
    check_eq!(bench.tracer.losses().ring_full, 0);
    Ok(())
}

fn many(board: &Board) -> Result<(), String> {
    const TIMES: u32 = 200;

    let mut bench = bench!(ODD);
    let mut seen = 0;
    for n in 0..TIMES {
        let span = span!(bench.tracer, "thread", n = n);
        interrupt(board, &bench)?;
        span.finish();
        if n % 3 == 2 {
            seen += u32::try_from(bench.lines()?.len()).unwrap_or(0);
        }
    }
    seen += u32::try_from(bench.lines()?.len()).unwrap_or(0);
    check_eq!(seen + bench.tracer.losses().ring_full, TIMES * (1 + RECORDS));
    Ok(())
}

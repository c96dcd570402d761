//! Measures the hot path of whatever recorder the program has that includes this file.

use crate::work::{loop_w1, loop_w2, loop_w3, w1, w1_empty, w2, w2_empty, w3, w3_empty};
use crate::{KEYS, RECORDER, TRACER};
use core::hint::black_box;
use measure_run::console::{done, report, report_detail, report_tenths};
use measure_run::counter::{self, CALLS, difference, now, tenths};
use measure_run::drained::Drained;
use spandrel::{Span, span};

/// Holds one go of calls and a rest, so that the ring wraps at another place in each.
pub(crate) const RING_WORDS: usize = 12 * CALLS as usize;

/// Measures and reports.
pub(crate) fn run() -> ! {
    counter::start();
    // The recorder is known elsewhere: what is written into it cannot be left out.
    black_box(&raw const RECORDER);
    let mut drained = Drained::new(&TRACER, crate::IS_HELD);
    let root = span!(TRACER, "root");
    let active = root.enter();
    // The definitions go up now, so that later only records are counted.
    w1(0, "ready");
    w2();
    w3(&root, 0);
    drained.empty();

    let tenths =
        difference(w1 as fn(i32, &'static str), w1_empty, loop_w1, || drained.expect(CALLS));
    report_tenths(KEYS[0], tenths);
    let tenths = difference(w2 as fn(), w2_empty, loop_w2, || drained.expect(CALLS));
    report_tenths(KEYS[1], tenths);
    let loop_over = |call| loop_w3(&root, call);
    let tenths = difference(w3 as fn(&Span, i32), w3_empty, loop_over, || drained.expect(CALLS));
    report_tenths(KEYS[2], tenths);
    report("span.size", size_of::<Span>());

    report_detail("w1 dearest", dearest(|| w1(1, black_box("ready")), &mut drained));
    report_detail("w2 dearest", dearest(w2, &mut drained));
    report_detail("w3 dearest", dearest(|| w3(&root, 1), &mut drained));
    report_tenths("ring.w1", bytes_of_w1());
    drop(active);
    done()
}

/// Instructions of the one call in two laps of the ring that takes most: the one at its end.
fn dearest(mut work: impl FnMut(), drained: &mut Drained) -> usize {
    let (mut bare, mut most) = (u32::MAX, 0);
    for _ in 0..2 * RING_WORDS / 4 {
        let start = now();
        let begun = now();
        work();
        let ended = now();
        bare = bare.min(begun.wrapping_sub(start));
        most = most.max(ended.wrapping_sub(begun));
        drained.empty();
    }
    usize::try_from(tenths(i64::from(most - bare)) / 10).unwrap_or(usize::MAX)
}

/// Tenths of a byte that one W1 takes: how many fill the ring.
fn bytes_of_w1() -> i64 {
    let mut recorded = 0;
    w1(0, "ready");
    while TRACER.losses().ring_full == 0 {
        recorded += 1;
        w1(0, "ready");
    }
    (RING_WORDS as i64 * 4 * 10) / recorded
}

//! Recorders with a table of open spans.

use alloc::string::String;
use alloc::vec::Vec;

use spandrel::{log, span, tag};

use crate::bench::{BEGIN, Bench, bench};
use crate::{Board, Tests};

pub(crate) const TESTS: Tests = &[
    ("the table shows what is open", shows_what_is_open),
    ("what finds no slot is recorded and counted", no_slot),
    ("a span with a slot that has parts", slot_with_parts),
    ("a full ring frees the slot", full_ring_frees_the_slot),
];

fn names(bench: &Bench) -> Vec<&'static str> {
    let mut names: Vec<_> = bench.tracer.open_spans().map(|(name, _)| name).collect();
    names.sort_unstable();
    names
}

fn shows_what_is_open(_: &Board) -> Result<(), String> {
    let mut bench = bench!(TABLE);
    let root = span!(bench.tracer, "root");
    let active = root.enter();
    let child = span!(bench.tracer, "child", count = 7, state = "x");
    check_eq!(names(&bench), ["child", "root"]);
    bench.pass(10);
    let later = span!(bench.tracer, "later");
    check_eq!(bench.tracer.open_spans().map(|(_, start)| start).max(), Some(BEGIN + 10));
    child.finish();
    check_eq!(names(&bench), ["later", "root"]);
    later.finish();
    drop(active);
    root.finish();
    check!(names(&bench).is_empty(), "{:?} are open", names(&bench));
    bench.expect(&[
        "span child of root in root (count=7, state=x) @0+10",
        "span later of root in root @10+0",
        "span root in root @0+10",
    ])
}

fn no_slot(_: &Board) -> Result<(), String> {
    let mut bench = bench!(TABLE);
    let root = span!(bench.tracer, "root");
    let active = root.enter();
    let spans: Vec<_> = (0..5).map(|n| span!(bench.tracer, "child", n = n)).collect();
    check_eq!(names(&bench), ["child", "child", "child", "root"]);
    drop(spans);
    drop(active);
    root.finish();
    check!(names(&bench).is_empty(), "{:?} are open", names(&bench));
    bench.expect(&[
        "span child of root in root (n=0)",
        "span child of root in root (n=1)",
        "span child of root in root (n=2)",
        "span child of root in root (n=3)",
        "span child of root in root (n=4)",
        "span root in root",
    ])?;
    check_eq!(bench.tracer.losses().open_full, 2);
    Ok(())
}

fn slot_with_parts(_: &Board) -> Result<(), String> {
    let mut bench = bench!(TABLE);
    let root = span!(bench.tracer, "root");
    let child = span!(bench.tracer, child_of: &root, "child", n = 1);
    log!(child, "one");
    tag!(child, late = 3);
    span!(bench.tracer, child_of: &child, "grandchild").finish();
    child.finish();
    root.finish();
    check!(names(&bench).is_empty(), "{:?} are open", names(&bench));
    bench.expect(&[
        "log of child (event=one)",
        "part of child (late=3)",
        "span grandchild of child in root",
        "span child of root in root (n=1) parts=2",
        "span root in root",
    ])
}

fn full_ring_frees_the_slot(_: &Board) -> Result<(), String> {
    let bench = bench!(TABLE);
    let root = span!(bench.tracer, "root");
    let active = root.enter();
    (0..50).for_each(|_| span!(bench.tracer, "child").finish());
    check!(bench.tracer.losses().ring_full > 0, "the ring was not full");
    check_eq!(names(&bench), ["root"]);
    drop(active);
    Ok(())
}

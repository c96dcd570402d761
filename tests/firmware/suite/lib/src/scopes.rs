//! What is active, and until when.

use alloc::string::String;

use spandrel::{ChildOf, span};

use crate::bench::bench;
use crate::{Board, Tests};

pub(crate) const TESTS: Tests = &[
    ("nested scopes", nested),
    ("scopes that end out of turn", out_of_turn),
    ("a scope entered again", entered_again),
    ("a scope of what is not recorded", not_recorded),
];

fn nested(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let a = span!(bench.tracer, "a");
    let in_a = a.enter();
    let b = span!(bench.tracer, "b");
    let in_b = b.enter();
    span!(bench.tracer, "of b").finish();
    drop(in_b);
    span!(bench.tracer, "of a").finish();
    drop(in_a);
    span!(bench.tracer, "of none").finish();
    b.finish();
    a.finish();
    bench.expect(&[
        "span of b of b in a",
        "span of a of a in a",
        "span of none in of none",
        "span b of a in a",
        "span a in a",
    ])
}

fn out_of_turn(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let (a, b) = (span!(bench.tracer, "a"), span!(bench.tracer, child_of: ChildOf::Root, "b"));
    let in_a = a.enter();
    let in_b = b.enter();
    drop(in_a);
    span!(bench.tracer, "first").finish();
    drop(in_b);
    // What the last guard found is active again, although its own guard has ended.
    span!(bench.tracer, "second").finish();
    drop((a, b));
    bench.expect(&["span first of b in b", "span second of a in a", "span a in a", "span b in b"])
}

fn entered_again(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let a = span!(bench.tracer, "a");
    for _ in 0..2 {
        let _active = a.enter();
        let _again = a.enter();
        span!(bench.tracer, "child").finish();
    }
    span!(bench.tracer, "behind").finish();
    a.finish();
    bench.expect(&[
        "span child of a in a",
        "span child of a in a",
        "span behind in behind",
        "span a in a",
    ])
}

fn not_recorded(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY.sampler(spandrel::Sampler::Never));
    let root = span!(bench.tracer, "root", n = 1);
    let active = root.enter();
    let child = span!(bench.tracer, "child");
    check!(!child.is_sampled(), "a child of what is not sampled is");
    check_eq!(child.context().trace_id, root.context().trace_id);
    child.finish();
    drop(active);
    root.finish();
    bench.expect(&[])
}

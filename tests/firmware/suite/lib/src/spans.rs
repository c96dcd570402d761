//! Spans and what they are children of.

use alloc::string::String;

use spandrel::{ChildOf, SpanContext, SpanId, TraceFlags, TraceId, log, span, tag};

use crate::bench::{Bench, bench};
use crate::{Board, Tests};

pub(crate) const TESTS: Tests = &[
    ("a child of the active span", child_of_active),
    ("the same by a clock that is a call", child_of_active_by_a_called_clock),
    ("a child of a given span", child_of_given),
    ("a root below an active span", root_below_active),
    ("a remote parent", remote_parent),
    ("a remote parent that is active", remote_parent_that_is_active),
    ("a context that names no span", context_that_names_no_span),
    ("a context that was not extracted", context_that_was_not_extracted),
    ("a name given at run time", name_given_at_run_time),
    ("another operation name", another_operation_name),
    ("a span that is finished elsewhere", finished_elsewhere),
];

pub(crate) const REMOTE: SpanContext =
    SpanContext::new(TraceId([0x11; 16]), SpanId([0x22; 8]), TraceFlags::SAMPLED);

fn child_of_active(_: &Board) -> Result<(), String> {
    child_of_active_on(bench!(ROOMY))
}

fn child_of_active_by_a_called_clock(_: &Board) -> Result<(), String> {
    child_of_active_on(bench!(called_clock ROOMY))
}

fn child_of_active_on(mut bench: Bench) -> Result<(), String> {
    let root = span!(bench.tracer, "root");
    let active = root.enter();
    bench.pass(5);
    let child = span!(bench.tracer, "child", count = 1500, state = "running");
    bench.pass(200);
    child.finish();
    drop(active);
    root.finish();
    bench.expect(&[
        "span child of root in root (count=1500, state=running) @5+200",
        "span root in root @0+205",
    ])
}

fn child_of_given(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let root = span!(bench.tracer, "root", n = 1);
    let child = span!(bench.tracer, child_of: &root, "child", n = 2);
    let grandchild = span!(bench.tracer, child_of: &child, "grandchild", n = 3);
    root.finish();
    grandchild.finish();
    child.finish();
    bench.expect(&[
        "span root in root (n=1)",
        "span grandchild of child in root (n=3)",
        "span child of root in root (n=2)",
    ])
}

fn root_below_active(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let root = span!(bench.tracer, "root");
    let active = root.enter();
    span!(bench.tracer, child_of: ChildOf::Root, "other").finish();
    span!(bench.tracer, child_of: ChildOf::Active, "child").finish();
    drop(active);
    span!(bench.tracer, child_of: ChildOf::Active, "behind").finish();
    root.finish();
    bench.expect(&[
        "span other in other",
        "span child of root in root",
        "span behind in behind",
        "span root in root",
    ])
}

fn remote_parent(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let entry = span!(bench.tracer, child_of: REMOTE, "entry", n = 1, state = "on");
    let child = span!(bench.tracer, child_of: &entry, "child", n = 2);
    check_eq!(entry.context().trace_id, REMOTE.trace_id);
    check_eq!(child.context().trace_id, REMOTE.trace_id);
    check!(child.context().span_id != entry.context().span_id, "two spans have one id");
    child.finish();
    entry.finish();
    bench.expect(&[
        "part of entry (n=1, state=on)",
        "reference of entry child_of 11/22",
        "part of child (n=2)",
        "span child of entry in 11 parts=1",
        "span entry of elsewhere in 11 parts=2",
    ])
}

fn remote_parent_that_is_active(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let entry = span!(bench.tracer, child_of: REMOTE, "entry");
    let active = entry.enter();
    let child = span!(bench.tracer, "child");
    let in_child = child.enter();
    span!(bench.tracer, "grandchild").finish();
    drop(in_child);
    child.finish();
    drop(active);
    entry.finish();
    span!(bench.tracer, "behind").finish();
    bench.expect(&[
        "reference of entry child_of 11/22",
        "span grandchild of child in 11",
        "span child of entry in 11",
        "span entry of elsewhere in 11 parts=1",
        "span behind in behind",
    ])
}

fn context_that_names_no_span(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let no_trace = SpanContext { trace_id: TraceId([0; 16]), ..REMOTE };
    let no_span = SpanContext { span_id: SpanId([0; 8]), ..REMOTE };
    span!(bench.tracer, child_of: no_trace, "one").finish();
    span!(bench.tracer, child_of: no_span, "two").finish();
    bench.expect(&["span one in one", "span two in two"])
}

fn context_that_was_not_extracted(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let root = span!(bench.tracer, "root");
    let active = root.enter();
    span!(bench.tracer, child_of: None, "other").finish();
    span!(bench.tracer, child_of: Some(REMOTE), "entry").finish();
    drop(active);
    root.finish();
    bench.expect(&[
        "span other in other",
        "reference of entry child_of 11/22",
        "span entry of elsewhere in 11 parts=1",
        "span root in root",
    ])
}

fn name_given_at_run_time(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let root = bench.tracer.start("one of many");
    bench.tracer.start_child_of(&root, "another").finish();
    root.finish();
    // The name is a part whose key is empty.
    let lines = bench.lines()?;
    for part in ["(=one of many)", "(=another)"] {
        check!(lines.iter().any(|line| line.contains(part)), "{part} is not in {lines:?}");
    }
    check_eq!(bench.heads().len(), 2);
    check!(bench.heads().iter().all(|head| head.parts == 1), "{:?}", bench.heads());
    Ok(())
}

fn another_operation_name(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let span = span!(bench.tracer, "first", n = 1);
    span.set_operation_name("second");
    span.finish();
    bench.expect(&["part of first (=second)", "span first in first (n=1) parts=1"])
}

fn finished_elsewhere(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let child = {
        let root = span!(bench.tracer, "root");
        let _active = root.enter();
        span!(bench.tracer, "child", n = 7)
    };
    bench.pass(3);
    tag!(child, late = true);
    log!(child, "over");
    drop(child);
    bench.expect(&[
        "span root in root",
        "part of child (late=true)",
        "log of child (event=over) @3",
        "span child of root in root (n=7) @0+3 parts=2",
    ])
}

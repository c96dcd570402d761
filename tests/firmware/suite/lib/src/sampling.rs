//! Which roots are recorded.

use alloc::string::String;

use spandrel::{Sampler, SpanContext, TraceFlags, log, span};

use crate::bench::bench;
use crate::spans::REMOTE;
use crate::{Board, Tests};

pub(crate) const TESTS: Tests = &[
    ("what is not sampled is counted", never),
    ("a share of the roots, by their trace ids", share),
    ("a remote parent decides", remote_parent_decides),
];

fn never(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY.sampler(Sampler::Never));
    let root = span!(bench.tracer, "root", n = 1);
    log!(root, "unheard");
    let active = root.enter();
    let child = span!(bench.tracer, "child", n = 1);
    check!(!child.context().flags.is_sampled(), "its context says that it is sampled");
    child.finish();
    drop(active);
    root.finish();
    span!(bench.tracer, "last").finish();
    bench.expect(&[])?;
    check_eq!(bench.tracer.losses().sampled_out, 3);
    Ok(())
}

fn share(_: &Board) -> Result<(), String> {
    const ROOTS: u32 = 400;

    let bench = bench!(ROOMY.sampler(Sampler::probability(0.25)));
    let mut sampled = 0;
    for _ in 0..ROOTS {
        let root = span!(bench.tracer, "root");
        let low = root.context().trace_id.low() & (u64::MAX >> 1);
        check_eq!(root.is_sampled(), low < 1 << 61);
        sampled += u32::from(root.is_sampled());
    }
    check!((ROOTS / 6..ROOTS / 3).contains(&sampled), "{sampled} of {ROOTS} are sampled");
    check_eq!(bench.tracer.losses().sampled_out, ROOTS - sampled);
    Ok(())
}

/// Here no root would be recorded.
fn remote_parent_decides(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY.sampler(Sampler::Never));
    let unsampled = SpanContext { flags: TraceFlags(0), ..REMOTE };
    let debug = SpanContext { flags: TraceFlags(3), ..REMOTE };
    span!(bench.tracer, child_of: unsampled, "unsampled").finish();
    span!(bench.tracer, child_of: REMOTE, "sampled").finish();
    let span = span!(bench.tracer, child_of: debug, "debug");
    check!(span.context().flags.is_debug(), "the flag of debugging is lost");
    span.finish();
    bench.expect(&[
        "reference of sampled child_of 11/22",
        "span sampled of elsewhere in 11 parts=1",
        "reference of debug child_of 11/22",
        "span debug of elsewhere in 11 parts=1",
    ])
}

//! Where spandrel's feature `enable` is off a traced function is the function, and the macros take the
//! same forms.

use core::cell::Cell;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use spandrel::{ChildOf, Clock, Recorder, Span, Tracer, log, semconv, span, tag, traced};

static RECORDER: Recorder<256> = Recorder::new();
static TRACER: Tracer = Tracer::new("disabled", &RECORDER, Clock::monotonic());

thread_local! {
    static EVALUATED: Cell<u32> = const { Cell::new(0) };
}

/// Other tests of the workspace may have turned it on.
const IS_ENABLED: bool = size_of::<Span>() != 0;

fn evaluated(value: &str) -> usize {
    EVALUATED.set(EVALUATED.get() + 1);
    value.len()
}

#[traced(TRACER, args, tags(len = evaluated(text)), err = "display")]
fn call(text: &str) -> Result<u8, core::num::ParseIntError> {
    text.parse()
}

#[traced(TRACER, args, tags(len = evaluated(text)), err = "display")]
async fn future(text: &str) -> Result<u8, core::num::ParseIntError> {
    text.parse()
}

async fn untraced(text: &str) -> Result<u8, core::num::ParseIntError> {
    let body = async move { text.parse() };
    body.await
}

#[test]
fn nothing_is_evaluated_and_nothing_is_kept() {
    assert!(call("7") == Ok(7) && call("x").is_err());
    let mut future = pin!(future("7"));
    let size = size_of_val(&*future);
    let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(polled, Poll::Ready(Ok(7)));
    assert_eq!(EVALUATED.get(), if IS_ENABLED { 3 } else { 0 });
    assert_eq!(size > size_of_val(&untraced("7")), IS_ENABLED);
}

#[test]
fn every_form_is_taken_and_nothing_of_it_evaluated() {
    const NAME: &str = "of a constant";

    let of_run_time = |name: &'static str| {
        evaluated(name);
        name
    };
    let root = span!(TRACER, { NAME }, { semconv::COMPONENT } = evaluated("1"), r#type = 1);
    drop(span!(TRACER, concat!("a", "b"), "c d" = evaluated("2")));
    drop(span!(TRACER, of_run_time("3"), n = evaluated("4")));
    drop(span!(TRACER, of_run_time("5")));
    drop(span!(TRACER, child_of: &root, of_run_time("6"), n = evaluated("7")));
    drop(span!(TRACER, child_of: ChildOf::Root, concat!("a", "b")));
    tag!(root, { semconv::ERROR } = evaluated("8"), more = evaluated("9"));
    log!(root, { semconv::EVENT } = evaluated("10"), more = evaluated("11"));
    assert_eq!(EVALUATED.get(), if IS_ENABLED { 11 } else { 0 });
}

//! Functions with `#[traced]`, with every option.

use core::fmt::{self, Display};
use core::future::{Future as _, poll_fn};
use core::hint::black_box;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use spandrel::{ChildOf, Span, Tracer, semconv, span, traced, wrap};

/// Has a text longer than is recorded.
#[derive(Debug)]
struct Fault(#[expect(dead_code, reason = "for its text alone")] u32);

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..black_box(40)).try_for_each(|_| f.write_str(black_box("fault")))
    }
}

fn work() -> Result<u32, Fault> {
    let number = black_box(1);
    if number == 0 { Err(Fault(number)) } else { Ok(number) }
}

#[traced(tracer)]
fn plain(tracer: &'static Tracer) {
    black_box(());
}

#[traced(
    tracer,
    name = name, args, skip(tracer, parent), parent = parent,
    tags(c = 1, d = 2, e = 3, f = 4, g = 5, h = 6, {semconv::SPAN_KIND} = "client"),
    err,
)]
fn many(
    tracer: &'static Tracer,
    parent: &Span,
    name: &'static str,
    text: &str,
    n: u64,
) -> Result<u32, Fault> {
    black_box((name, text, n));
    work()
}

#[traced(tracer, err = "display")]
fn display(tracer: &'static Tracer) -> Result<u32, Fault> {
    let number = work()?;
    Ok(number + 1)
}

#[traced(tracer, err = "debug", parent = ChildOf::Root)]
fn debug(tracer: &'static Tracer) -> Result<u32, Fault> {
    work()
}

/// What `err` on an `async fn` expands to, less the `async` block: the compiler gives each of those a
/// panic of its own, for being polled behind its end.
#[inline(never)]
fn future(tracer: &'static Tracer) {
    let body = poll_fn(|_| if black_box(true) { Poll::Ready(work()) } else { Poll::Pending });
    let see = |span: &Span, result: &_| wrap::failed_display(span, result);
    let mut future = pin!(wrap::watch(body, span!(tracer, "future"), see));
    let mut context = Context::from_waker(Waker::noop());
    black_box(future.as_mut().poll(&mut context).is_ready());
}

/// Calls them all.
#[inline(never)]
pub(crate) fn use_all(tracer: &'static Tracer) {
    let parent = span!(tracer, black_box("of run time"), a = black_box(1), b = "two");
    plain(tracer);
    black_box(many(tracer, &parent, black_box("name"), black_box("text"), black_box(7)).is_ok());
    black_box(display(tracer).is_ok());
    black_box(debug(tracer).is_ok());
    future(tracer);
}

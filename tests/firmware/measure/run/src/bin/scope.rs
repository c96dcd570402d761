//! Instructions of making a span active and ending that, and of polling a future in a span.
//!
//! Both are what they are from the second time on: by the first the span gets its number.
#![no_std]
#![no_main]

use core::future::Future;
use core::hint::black_box;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use measure_run::CLOCK;
use measure_run::console::{done, report_tenths};
use measure_run::counter::{CALLS, difference, now};
use spandrel::{
    DeviceId, FutureExt as _, InSpan, Recorder, Session, SessionSource, Span, Tracer, span,
};

static RECORDER: Recorder<256> = Recorder::new();
static TRACER: Tracer = Tracer::new("measure", &RECORDER, CLOCK)
    .device_id(DeviceId(0x0012_3456))
    .session(SessionSource::Fixed(Session::new(1)));

/// A future that is never ready.
struct Never;

impl Future for Never {
    type Output = ();

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        black_box(());
        Poll::Pending
    }
}

#[inline(never)]
fn enter(span: &Span) {
    let scope = span.enter();
    black_box(());
    drop(scope);
}

#[inline(never)]
fn enter_empty(_: &Span) {
    black_box(());
}

#[inline(never)]
fn loop_enter(span: &Span, call: fn(&Span)) -> u32 {
    let start = now();
    for _ in 0..CALLS {
        call(span);
    }
    now().wrapping_sub(start)
}

type Polled<'f> = Pin<&'f mut InSpan<Never>>;

#[inline(never)]
fn poll(future: Polled<'_>, context: &mut Context<'_>) -> bool {
    future.poll(context).is_ready()
}

/// The same of the future within.
#[inline(never)]
fn poll_empty(_: Polled<'_>, context: &mut Context<'_>) -> bool {
    pin!(Never).poll(context).is_ready()
}

type Poller = fn(Polled<'_>, &mut Context<'_>) -> bool;

#[inline(never)]
fn loop_poll(mut future: Polled<'_>, context: &mut Context<'_>, call: Poller) -> u32 {
    let start = now();
    for _ in 0..CALLS {
        call(future.as_mut(), context);
    }
    now().wrapping_sub(start)
}

#[cortex_m_rt::entry]
fn main() -> ! {
    black_box(&raw const RECORDER);
    let span = span!(TRACER, "entered");
    enter(&span);
    let tenths = difference(enter as fn(&Span), enter_empty, |call| loop_enter(&span, call), || {});
    report_tenths("scope.enter_exit", tenths);

    let mut future = pin!(Never.in_span(span));
    let mut context = Context::from_waker(Waker::noop());
    poll(future.as_mut(), &mut context);
    let mut ticks = 0;
    // As `difference` does it, whose loop cannot lend the future.
    for _ in 0..8 {
        let worked = loop_poll(future.as_mut(), &mut context, black_box(poll as Poller));
        let empty = loop_poll(future.as_mut(), &mut context, black_box(poll_empty as Poller));
        ticks += i64::from(worked) - i64::from(empty);
    }
    let calls = i64::from(8 * CALLS);
    let tenths = (measure_run::counter::tenths(ticks) + calls / 2).div_euclid(calls);
    report_tenths("scope.in_span_poll", tenths);
    done()
}

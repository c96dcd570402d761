//! Futures in spans: the active span follows a task over every `await`.

use super::active::Scope;
#[cfg(speed)]
use super::active::UsualScope;
use super::span::Span;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Has a future run in a span.
///
/// A task gives way at each `await`, and what runs meanwhile must not find the task's span active. So
/// the span is made active for each poll of the future, and for that alone: also where tasks of
/// executors at several interrupt priorities come in between.
pub trait FutureExt: Future + Sized {
    /// Runs the future with `span` active, and finishes that when the future is ready.
    ///
    /// A future that is dropped before finishes its span with the tag `cancelled`. Each poll takes 20
    /// instructions more on a Cortex-M4, where the profile asks for speed.
    ///
    /// ```
    /// # use spandrel::{Clock, Recorder, Tracer};
    /// # static RECORDER: Recorder<1024> = Recorder::new();
    /// # static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic());
    /// use spandrel::{FutureExt as _, span};
    ///
    /// async fn sample() -> u32 {
    ///     span!(TRACER, "convert").finish(); // a child of "sample"
    ///     7
    /// }
    ///
    /// async fn task() {
    ///     sample().in_span(span!(TRACER, "sample")).await;
    /// }
    /// # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// # assert!(std::pin::pin!(task()).poll(&mut context).is_ready());
    /// # use std::future::Future as _;
    /// ```
    fn in_span(self, span: Span) -> InSpan<Self> {
        InSpan { future: self, span: Some(span) }
    }

    /// Runs the future with `span` active, whose end is left to whoever has it: so the future itself
    /// can set tags.
    fn in_scope_of(self, span: &Span) -> InScopeOf<'_, Self> {
        InScopeOf { future: self, span }
    }
}

impl<F: Future> FutureExt for F {}

/// A future that runs in a span of its own; made by [`FutureExt::in_span`].
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct InSpan<F> {
    future: F,
    /// None when it is finished.
    span: Option<Span>,
}

impl<F: Future> Future for InSpan<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the future is not moved from here on, and neither is it in `drop`. The span is
        // never pinned.
        let (future, span) = unsafe {
            let this = self.get_unchecked_mut();
            (Pin::new_unchecked(&mut this.future), &mut this.span)
        };
        let polled = match span {
            Some(span) => poll(future, span, context),
            None => future.poll(context),
        };
        if polled.is_ready()
            && let Some(span) = span.take()
        {
            span.finish();
        }
        polled
    }
}

impl<F> Drop for InSpan<F> {
    fn drop(&mut self) {
        // The future ends next, and the span behind it.
        if let Some(span) = &self.span {
            span.set_tag("cancelled", true);
        }
    }
}

/// A future that runs in a span that somebody else has; made by [`FutureExt::in_scope_of`].
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct InScopeOf<'a, F> {
    future: F,
    span: &'a Span,
}

impl<F: Future> Future for InScopeOf<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let span = self.span;
        // SAFETY: the future is not moved.
        let future = unsafe { self.map_unchecked_mut(|this| &mut this.future) };
        poll(future, span, context)
    }
}

/// The usual poll is inlined.
#[cfg(speed)]
#[inline(always)]
fn poll<F: Future>(future: Pin<&mut F>, span: &Span, context: &mut Context<'_>) -> Poll<F::Output> {
    let Some(scope) = UsualScope::new(span) else { return poll_any(future, span, context) };
    let polled = future.poll(context);
    scope.leave(span);
    polled
}

#[cfg(not(speed))]
use poll_any as poll;

/// A poll with any span, in a function of its own, so that the usual one need not make room for what
/// others keep.
#[cfg_attr(speed, cold)]
#[inline(never)]
fn poll_any<F: Future>(
    future: Pin<&mut F>,
    span: &Span,
    context: &mut Context<'_>,
) -> Poll<F::Output> {
    let scope = Scope::new(span);
    let polled = future.poll(context);
    scope.leave();
    polled
}

//! Futures whose output is looked at.

use crate::{FutureExt as _, Span};
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};

/// A future that runs in a span of its own, which sees the output.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct Watched<F, S> {
    future: F,
    /// None when they are used.
    rest: Option<(Span, S)>,
}

/// Runs the future in a span, which `see` is shown with the output.
#[inline(always)]
pub fn watch<F, S>(future: F, span: Span, see: S) -> Watched<F, S>
where
    F: Future,
    S: FnOnce(&Span, &F::Output),
{
    Watched { future, rest: Some((span, see)) }
}

impl<F: Future, S: FnOnce(&Span, &F::Output)> Future for Watched<F, S> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the future is not moved from here on, and neither is it in `drop`. The rest is
        // never pinned.
        let (future, rest) = unsafe {
            let this = self.get_unchecked_mut();
            (Pin::new_unchecked(&mut this.future), &mut this.rest)
        };
        let Some((span, _)) = rest else { return future.poll(context) };
        let polled = pin!(future.in_scope_of(span)).poll(context);
        if let Poll::Ready(output) = &polled
            && let Some((span, see)) = rest.take()
        {
            see(&span, output);
            span.finish();
        }
        polled
    }
}

impl<F, S> Drop for Watched<F, S> {
    fn drop(&mut self) {
        // The future ends next, and the span behind it.
        if let Some((span, _)) = &self.rest {
            span.set_tag("cancelled", true);
        }
    }
}

//! Futures without spans.

use super::Span;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Gives futures back as they are.
pub trait FutureExt: Future + Sized {
    /// The future.
    fn in_span(self, _: Span) -> InSpan<Self> {
        InSpan { future: self }
    }

    /// The future.
    fn in_scope_of(self, _: &Span) -> InScopeOf<'_, Self> {
        InScopeOf { future: self, span: PhantomData }
    }
}

impl<F: Future> FutureExt for F {}

/// A future.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct InSpan<F> {
    future: F,
}

impl<F: Future> Future for InSpan<F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the future is not moved.
        unsafe { self.map_unchecked_mut(|this| &mut this.future) }.poll(context)
    }
}

/// A future.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct InScopeOf<'a, F> {
    future: F,
    span: PhantomData<&'a Span>,
}

impl<F: Future> Future for InScopeOf<'_, F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the future is not moved.
        unsafe { self.map_unchecked_mut(|this| &mut this.future) }.poll(context)
    }
}

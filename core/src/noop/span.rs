//! Spans that are not.

use crate::carrier::InjectError;
use crate::carrier::short::ShortContext;
use crate::tags::TagValue;
use crate::{BaggageError, Reference, SpanContext, SpanId, Ticks, TraceFlags, TraceId};
use core::marker::PhantomData;

/// No span, since the feature `enable` is off.
#[derive(Debug)]
#[must_use = "a span that is not kept finishes at once"]
pub struct Span(());

impl Span {
    /// What the macros expand to.
    #[doc(hidden)]
    #[inline(always)]
    pub const fn none() -> Self {
        Self(())
    }

    /// Does nothing.
    #[inline(always)]
    pub fn set_tag(&self, _: &'static str, _: impl TagValue) {}

    /// Does nothing.
    #[inline(always)]
    pub fn set_operation_name(&self, _: &'static str) {}

    /// Does nothing.
    #[inline(always)]
    pub fn log(&self, _: &'static str, _: impl TagValue) {}

    /// Does nothing.
    #[inline(always)]
    pub fn set_error(&self, _: &str) {}

    /// Does nothing.
    #[inline(always)]
    pub fn add_reference(&self, _: Reference) {}

    /// The same.
    #[inline(always)]
    pub fn starting_at(self, _: Ticks) -> Self {
        self
    }

    /// Does nothing.
    #[inline(always)]
    pub fn finish_at(self, _: Ticks) {}

    /// A context that is not valid: its ids are zero, and no carrier takes it for one.
    #[inline(always)]
    #[must_use]
    pub fn context(&self) -> SpanContext {
        let (trace_id, span_id) = (TraceId([0; 16]), SpanId([0; 8]));
        SpanContext::new(trace_id, span_id, TraceFlags(0))
    }

    /// None.
    ///
    /// # Errors
    /// Always: nothing has a handle.
    #[inline(always)]
    pub fn short_context(&self) -> Result<ShortContext, InjectError> {
        Err(InjectError::NoHandle)
    }

    /// Does nothing.
    ///
    /// # Errors
    /// None.
    #[inline(always)]
    pub fn set_baggage_item(&self, _: &str, _: &str) -> Result<(), BaggageError> {
        Ok(())
    }

    /// None.
    #[inline(always)]
    #[must_use]
    pub fn baggage_item(&self, _: &str) -> Option<&str> {
        None
    }

    /// None.
    #[inline(always)]
    pub fn baggage_items(&self) -> impl Iterator<Item = (&str, &str)> {
        core::iter::empty()
    }

    /// False.
    #[inline(always)]
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        false
    }

    /// A guard of nothing.
    #[inline(always)]
    pub fn enter(&self) -> Scope<'_> {
        Scope(PhantomData)
    }

    /// Does nothing.
    #[inline(always)]
    pub fn finish(self) {}
}

/// Keeps nothing active, since the feature `enable` is off.
#[derive(Debug)]
#[must_use = "the span is active only as long as the guard lives"]
pub struct Scope<'a>(PhantomData<(&'a Span, *const ())>);

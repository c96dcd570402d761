//! [`ChildOf`]: what a new span is a child of.

use crate::{Span, SpanContext};

/// What a new span is a child of.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ChildOf<'a> {
    /// The active span; nothing where none is active.
    Active,
    /// Nothing: the span begins a trace.
    Root,
    /// Nothing: the span begins a trace that is recorded and marked for debugging, whatever a sampler
    /// says, as for `jaeger-debug-id`.
    Debug,
    /// A span of this device.
    Span(&'a Span),
    /// A span anywhere, known by its context.
    Context(SpanContext),
    /// A span anywhere that caused the new one and does not wait for it.
    FollowsFrom(SpanContext),
}

impl ChildOf<'_> {
    /// What `follows_from:` in [`span!`](crate::span) expands to.
    #[doc(hidden)]
    pub fn following(cause: impl Into<Self>) -> Self {
        match cause.into() {
            ChildOf::Span(span) => ChildOf::FollowsFrom(span.context()),
            ChildOf::Context(context) => ChildOf::FollowsFrom(context),
            other => other,
        }
    }
}

impl<'a> From<&'a Span> for ChildOf<'a> {
    fn from(span: &'a Span) -> Self {
        Self::Span(span)
    }
}

impl From<SpanContext> for ChildOf<'_> {
    fn from(context: SpanContext) -> Self {
        Self::Context(context)
    }
}

/// None begins a trace, as where nothing could be extracted.
impl From<Option<SpanContext>> for ChildOf<'_> {
    fn from(context: Option<SpanContext>) -> Self {
        context.map_or(Self::Root, Self::Context)
    }
}

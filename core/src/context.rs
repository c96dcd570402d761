//! [`SpanContext`]: what of a span crosses a boundary, be it a function, a queue or a network.

use crate::{Baggage, SpanId, TraceId};

/// Trace id, span id and flags of a span: enough to make a child of it anywhere.
///
/// It is `Copy`, 32 bytes, borrows nothing and may be sent to interrupts, tasks and other devices.
/// [`crate::carrier`] has its byte and text forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C, align(4))]
pub struct SpanContext {
    /// The trace that the span belongs to.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// Whether it is sampled, and whether for debugging.
    pub flags: TraceFlags,
    /// Its baggage, on this device alone.
    pub baggage: Baggage,
}

impl SpanContext {
    /// A context with these ids and flags, without baggage.
    #[must_use]
    pub const fn new(trace_id: TraceId, span_id: SpanId, flags: TraceFlags) -> Self {
        Self { trace_id, span_id, flags, baggage: Baggage::NONE }
    }

    /// Whether it names a span: neither id is all zeros.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        !self.trace_id.is_zero() && !self.span_id.is_zero()
    }
}

impl SpanContext {
    /// Whether it came in the [short form](crate::carrier::short): its ids stand for others, which only
    /// the collector knows.
    #[must_use]
    pub const fn is_short(&self) -> bool {
        self.trace_id.is_short()
    }
}

/// How a span refers to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Reference {
    /// The other one waits for this one, or depends on its result.
    ChildOf(SpanContext),
    /// The other one caused this one and does not wait for it.
    FollowsFrom(SpanContext),
}

/// Sampling flags that travel with a context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TraceFlags(pub u8);

impl TraceFlags {
    /// The trace is recorded.
    pub const SAMPLED: Self = Self(1);
    /// The trace is recorded whatever a sampler says.
    pub const DEBUG: Self = Self(2);
    /// All that there are, which is what a trace for debugging has.
    pub(crate) const ALL: Self = Self(Self::SAMPLED.0 | Self::DEBUG.0);

    /// Whether the trace is recorded.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        self.0 & Self::SAMPLED.0 != 0
    }

    /// Whether the trace is recorded whatever a sampler says.
    #[must_use]
    pub const fn is_debug(self) -> bool {
        self.0 & Self::DEBUG.0 != 0
    }
}

//! Views of logs and references. They own nothing, and read a field when it is asked for.

use super::span::id;
use super::value::Attributes;
use super::view::{bytes, count, fields, text};
use crate::model::{SpanId, TraceId};
use crate::protobuf::Field;

/// Something that happened at one moment of a span (`OpenTracing`: log).
#[derive(Clone, Copy, Debug)]
pub struct EventView<'a> {
    pub(super) raw: &'a [u8],
}

impl<'a> EventView<'a> {
    /// The message as it came.
    #[must_use]
    pub fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// When, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn time_ns(self) -> u64 {
        let times = fields(self.raw).filter_map(|field| match field {
            (1, Field::Fixed64(time_ns)) => Some(time_ns),
            _ => None,
        });
        times.last().unwrap_or_default()
    }

    /// What; may be empty.
    #[must_use]
    pub fn name(self) -> &'a str {
        text(bytes(self.raw, 2))
    }

    /// The fields.
    #[must_use]
    pub fn attributes(self) -> Attributes<'a> {
        Attributes::new(self.raw, 3)
    }

    /// How many fields are known to be missing.
    #[must_use]
    pub fn dropped_attributes(self) -> u32 {
        count(self.raw, 4)
    }
}

/// A reference to a span that is not the parent, in this trace or another.
#[derive(Clone, Copy, Debug)]
pub struct LinkView<'a> {
    pub(super) raw: &'a [u8],
}

impl<'a> LinkView<'a> {
    /// The message as it came.
    #[must_use]
    pub fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// The trace of the span referred to; all 0 if nobody said.
    #[must_use]
    pub fn trace_id(self) -> TraceId {
        TraceId(id(bytes(self.raw, 1)).unwrap_or_default())
    }

    /// The span referred to; all 0 if nobody said.
    #[must_use]
    pub fn span_id(self) -> SpanId {
        SpanId(id(bytes(self.raw, 2)).unwrap_or_default())
    }

    /// W3C `tracestate` of the span referred to; may be empty.
    #[must_use]
    pub fn trace_state(self) -> &'a str {
        text(bytes(self.raw, 3))
    }

    /// Among them perhaps `opentracing.ref_type`.
    #[must_use]
    pub fn attributes(self) -> Attributes<'a> {
        Attributes::new(self.raw, 4)
    }

    /// How many attributes are known to be missing.
    #[must_use]
    pub fn dropped_attributes(self) -> u32 {
        count(self.raw, 5)
    }

    /// W3C trace flags of the span referred to, and what OTLP adds.
    #[must_use]
    pub fn flags(self) -> u32 {
        let flags = fields(self.raw).filter_map(|field| match field {
            (6, Field::Fixed32(flags)) => Some(flags),
            _ => None,
        });
        flags.last().unwrap_or_default()
    }
}

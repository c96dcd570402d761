//! Views of what is around spans. They own nothing, and read a field when it is asked for.

use super::span::SpanView;
use super::value::Attributes;
use crate::model::SERVICE_NAME;
use crate::protobuf::{Field, Fields};

/// The fields of a message; nothing behind the first that makes no sense, which a chunk has not.
pub(super) fn fields(message: &[u8]) -> impl Iterator<Item = (u32, Field<'_>)> + Clone {
    Fields::new(message).map_while(Result::ok)
}

/// The messages in a repeated field.
pub(super) fn messages(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> + Clone {
    fields(message).filter_map(move |field| match field {
        (found, Field::Bytes(bytes)) if found == number => Some(bytes),
        _ => None,
    })
}

/// The message or text in a field; empty if it is not there, and the last if it is there twice.
pub(super) fn bytes(message: &[u8], number: u32) -> &[u8] {
    messages(message, number).last().unwrap_or_default()
}

pub(super) fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}

pub(super) fn count(message: &[u8], number: u32) -> u32 {
    let counts = fields(message).filter_map(|field| match field {
        (found, Field::Varint(count)) if found == number => Some(count),
        _ => None,
    });
    // As protobuf has it: a uint32 is the lower half of what was sent.
    #[expect(clippy::cast_possible_truncation, reason = "see above")]
    counts.last().map_or(0, |count| count as u32)
}

/// Spans of one resource (OTLP: `ResourceSpans`).
#[derive(Clone, Copy, Debug)]
pub struct ResourceSpansView<'a> {
    raw: &'a [u8],
}

impl<'a> ResourceSpansView<'a> {
    pub(super) fn new(raw: &'a [u8]) -> Self {
        Self { raw }
    }

    /// The message as it came.
    #[must_use]
    pub fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// Where the spans were recorded.
    #[must_use]
    pub fn resource(self) -> ResourceView<'a> {
        ResourceView { raw: bytes(self.raw, 1) }
    }

    /// The schema of the resource; empty if none is said.
    #[must_use]
    pub fn schema_url(self) -> &'a str {
        text(bytes(self.raw, 3))
    }

    /// The spans by scope.
    pub fn scopes(self) -> impl Iterator<Item = ScopeSpansView<'a>> + Clone {
        messages(self.raw, 2).map(|raw| ScopeSpansView { raw })
    }
}

/// Where spans were recorded (`OpenTracing`: process).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[doc(alias = "Process")]
pub struct ResourceView<'a> {
    raw: &'a [u8],
}

impl<'a> ResourceView<'a> {
    /// Reads a `Resource` message that came out of a chunk.
    #[must_use]
    pub fn new(raw: &'a [u8]) -> Self {
        Self { raw }
    }

    /// The message as it came.
    #[must_use]
    pub fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// The service, which backends group by. Never empty.
    #[must_use]
    pub fn service_name(self) -> &'a str {
        self.attributes().text(SERVICE_NAME).unwrap_or_default()
    }

    /// Process tags, the service's name among them.
    #[must_use]
    pub fn attributes(self) -> Attributes<'a> {
        Attributes::new(self.raw, 1)
    }

    /// How many process tags are known to be missing.
    #[must_use]
    pub fn dropped_attributes(self) -> u32 {
        count(self.raw, 2)
    }
}

/// Spans of one scope (OTLP: `ScopeSpans`).
#[derive(Clone, Copy, Debug)]
pub struct ScopeSpansView<'a> {
    raw: &'a [u8],
}

impl<'a> ScopeSpansView<'a> {
    /// The message as it came.
    #[must_use]
    pub fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// What recorded the spans.
    #[must_use]
    pub fn scope(self) -> ScopeView<'a> {
        ScopeView { raw: bytes(self.raw, 1) }
    }

    /// The schema of the spans; empty if none is said.
    #[must_use]
    pub fn schema_url(self) -> &'a str {
        text(bytes(self.raw, 3))
    }

    /// The spans.
    pub fn spans(self) -> impl Iterator<Item = SpanView<'a>> + Clone {
        self.raw_spans().map(SpanView::new)
    }

    /// Their messages.
    pub(crate) fn raw_spans(self) -> impl Iterator<Item = &'a [u8]> + Clone {
        messages(self.raw, 2)
    }
}

/// What recorded spans: a library, or a part of a program (OTLP: `InstrumentationScope`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScopeView<'a> {
    raw: &'a [u8],
}

impl<'a> ScopeView<'a> {
    /// Reads an `InstrumentationScope` message that came out of a chunk.
    #[must_use]
    pub fn new(raw: &'a [u8]) -> Self {
        Self { raw }
    }

    /// The message as it came.
    #[must_use]
    pub fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// Its name; may be empty.
    #[must_use]
    pub fn name(self) -> &'a str {
        text(bytes(self.raw, 1))
    }

    /// Its version; may be empty.
    #[must_use]
    pub fn version(self) -> &'a str {
        text(bytes(self.raw, 2))
    }

    /// What else is known of it.
    #[must_use]
    pub fn attributes(self) -> Attributes<'a> {
        Attributes::new(self.raw, 3)
    }

    /// How many attributes are known to be missing.
    #[must_use]
    pub fn dropped_attributes(self) -> u32 {
        count(self.raw, 4)
    }
}

//! Spans in the shape that Jaeger gives them, borrowed from a chunk.
//!
//! What OTLP has fields for becomes tags, links become references, events become logs: as the translator
//! inside a Jaeger does it.

use crate::exporter::otlp::PROCESS_WARNINGS;
use crate::model::opentracing::RefType;
use crate::model::{ResourceView, SERVICE_NAME, ScopeView, SpanId, TraceId, ValueView};
use std::borrow::Cow;
use std::hash::{Hash, Hasher};

/// What the shape shows that a Jaeger does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Nothing.
    AsJaeger,
    /// As tags how much is known to be missing.
    Dropped,
}

/// A tag, or a field of a log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tag<'a> {
    /// The key.
    pub key: &'a str,
    /// The value.
    pub value: TagValue<'a>,
}

/// A value of one of Jaeger's types. Doubles are compared by their bits.
#[derive(Clone, Debug)]
pub enum TagValue<'a> {
    /// `string`.
    Str(Cow<'a, str>),
    /// `bool`.
    Bool(bool),
    /// `int64`.
    Int(i64),
    /// `float64`.
    Double(f64),
    /// `binary`.
    Binary(&'a [u8]),
}

impl PartialEq for TagValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Double(a), Self::Double(b)) => a.to_bits() == b.to_bits(),
            (Self::Binary(a), Self::Binary(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for TagValue<'_> {}

impl Hash for TagValue<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        core::mem::discriminant(self).hash(state);
        match self {
            Self::Str(text) => text.hash(state),
            Self::Bool(value) => value.hash(state),
            Self::Int(value) => value.hash(state),
            Self::Double(value) => value.to_bits().hash(state),
            Self::Binary(bytes) => bytes.hash(state),
        }
    }
}

impl<'a> Tag<'a> {
    /// A tag that is text.
    #[must_use]
    pub fn text(key: &'a str, text: &'a str) -> Self {
        Self { key, value: TagValue::Str(text.into()) }
    }
}

impl<'a> TagValue<'a> {
    /// Jaeger has no lists: they are text, as JSON.
    #[must_use]
    pub fn of(value: ValueView<'a>) -> Self {
        match value {
            ValueView::Bool(value) => Self::Bool(value),
            ValueView::Int(value) => Self::Int(value),
            ValueView::Double(value) => Self::Double(value),
            ValueView::Bytes(bytes) => Self::Binary(bytes),
            ValueView::Str(text) => Self::Str(text.into()),
            ValueView::Empty | ValueView::Array(_) | ValueView::KeyValues(_) => {
                Self::Str(value.to_text())
            }
        }
    }
}

/// A service in one of its instances (OTLP: resource).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Process<'a> {
    /// The service.
    pub service: &'a str,
    /// Its tags.
    pub tags: Vec<Tag<'a>>,
    /// What a reader must know about everything it sent.
    pub warnings: Vec<&'a str>,
}

impl<'a> Process<'a> {
    /// What a resource is in Jaeger.
    #[must_use]
    pub fn of(resource: ResourceView<'a>) -> Self {
        let mut process = Self { service: resource.service_name(), ..Self::default() };
        for attribute in resource.attributes().iter() {
            match (attribute.key(), attribute.value()) {
                (SERVICE_NAME, _) => {}
                (PROCESS_WARNINGS, list @ ValueView::Array(_)) => {
                    process.warnings.extend(texts(list));
                }
                (key, value) => process.tags.push(Tag { key, value: TagValue::of(value) }),
            }
        }
        process
    }
}

/// The tags that a scope is in Jaeger, for each of its spans.
#[must_use]
pub fn scope_tags(scope: ScopeView<'_>) -> Vec<Tag<'_>> {
    let tags = [("otel.scope.name", scope.name()), ("otel.scope.version", scope.version())];
    let told = tags.into_iter().filter(|(_, text)| !text.is_empty());
    told.map(|(key, text)| Tag::text(key, text)).collect()
}

/// A reference to another span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// How the span depends on the other.
    pub ref_type: RefType,
    /// The other's trace.
    pub trace_id: TraceId,
    /// The other's id.
    pub span_id: SpanId,
}

/// What happened at one moment of a span (OTLP: event).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Log<'a> {
    /// When, in nanoseconds since the Unix epoch.
    pub time_ns: u64,
    /// What.
    pub fields: Vec<Tag<'a>>,
}

/// A span as Jaeger has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Span<'a> {
    /// The trace.
    pub trace_id: TraceId,
    /// Its id.
    pub span_id: SpanId,
    /// The operation.
    pub name: &'a str,
    /// The parent first.
    pub references: Vec<Reference>,
    /// Start, in nanoseconds since the Unix epoch.
    pub start_ns: u64,
    /// How long it took, in nanoseconds.
    pub duration_ns: u64,
    /// Its tags.
    pub tags: Vec<Tag<'a>>,
    /// Its logs.
    pub logs: Vec<Log<'a>>,
    /// What a reader must know about it.
    pub warnings: Vec<Cow<'a, str>>,
}

/// The texts in a list.
pub(super) fn texts<'a>(list: ValueView<'a>) -> impl Iterator<Item = &'a str> {
    list.items().filter_map(|item| match item {
        ValueView::Str(text) => Some(text),
        _ => None,
    })
}

//! The OTLP-shaped model: what every receiver produces and every exporter reads.
//!
//! It is owned data without any I/O. Names, keys and strings are shared (`Arc<str>`), since a
//! device sends each of them once and every span of that device points to the same one.

mod attribute;
mod chunk;
mod decode;
pub(crate) mod encode;
pub mod opentracing;
mod trace;

#[cfg(test)]
pub(crate) mod testing;

use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub use attribute::{Attribute, Value};
pub use chunk::{
    AttributeView, Attributes, CheckError, Checked, Chunk, ChunkWriter, EventView, LinkView,
    MAX_DEPTH, ResourceSpansView, ResourceView, SPAN_WARNINGS, ScopeSpansView, ScopeView,
    ScopeWriter, SpanView, SpanWriter, StatusView, ValueView,
};
pub use encode::PROCESS_WARNINGS;
pub use spandrel::{DeviceId, Session, SpanId, TraceId};
pub use trace::{Batch, Source, Trace};

/// What a shared string takes beside its bytes: its counts, and what the allocator adds.
const SHARED: usize = 32;

/// The key under which OTLP carries the service's name.
pub const SERVICE_NAME: &str = "service.name";

/// Where a span was recorded: a device in one of its boots (`OpenTracing`: process).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[doc(alias = "Process")]
pub struct Resource {
    /// The service, which backends group by. Never empty.
    pub service_name: Arc<str>,
    /// Process tags, without the service's name.
    pub attributes: Vec<Attribute>,
    /// What a reader must know about everything this process sent, such as lost spans.
    pub warnings: Vec<Arc<str>>,
}

impl Resource {
    /// A process of the service `service_name`.
    ///
    /// An empty name becomes `empty-service-name`, as a Jaeger would write it.
    #[must_use]
    pub fn new(service_name: &str, attributes: Vec<Attribute>) -> Self {
        let name = if service_name.is_empty() { "empty-service-name" } else { service_name };
        Self { service_name: name.into(), attributes, warnings: Vec::new() }
    }

    /// About how many bytes it holds; shared strings are counted in full, so never too few.
    #[must_use]
    pub fn weight(&self) -> usize {
        let text = |text: &Arc<str>| size_of::<Arc<str>>() + SHARED + text.len();
        size_of::<Self>()
            + text(&self.service_name)
            + self.attributes.iter().map(Attribute::weight).sum::<usize>()
            + self.warnings.iter().map(text).sum::<usize>()
    }
}

/// One operation, from its start to its end.
///
/// Times are nanoseconds since the Unix epoch, `end_ns` is later than `start_ns`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The trace that it belongs to.
    pub trace_id: TraceId,
    /// Its own id, unique in the trace.
    pub span_id: SpanId,
    /// The parent in the same trace; none for a root.
    pub parent_span_id: Option<SpanId>,
    /// The operation name. Never empty.
    pub name: Arc<str>,
    /// Which side of a call it is.
    pub kind: Kind,
    /// Start, in nanoseconds since the Unix epoch.
    pub start_ns: u64,
    /// End, in nanoseconds since the Unix epoch.
    pub end_ns: u64,
    /// Tags, each key once.
    #[doc(alias = "tags")]
    pub attributes: Vec<Attribute>,
    /// How many tags are known to be missing.
    pub dropped_attributes: u32,
    /// Logs.
    #[doc(alias = "logs")]
    pub events: Vec<Event>,
    /// How many logs are known to be missing.
    pub dropped_events: u32,
    /// References other than the parent.
    #[doc(alias = "references")]
    pub links: Vec<Link>,
    /// How many references are known to be missing.
    pub dropped_links: u32,
    /// Whether the operation failed.
    pub status: Status,
    /// W3C trace flags in the low eight bits: 1 is sampled.
    pub flags: u32,
    /// What a reader must know about this span, such as a part that was lost.
    pub warnings: Vec<Arc<str>>,
}

impl Span {
    /// A bare span of the given identity, name and times.
    ///
    /// Empty names and times that do not advance become what a Jaeger would make of them, so that
    /// this collector and a Jaeger behind it agree: `empty-span-name`, and an end one nanosecond
    /// after the start, with a warning where the end lay before it.
    #[must_use]
    pub fn new(trace_id: TraceId, span_id: SpanId, name: Arc<str>, times_ns: [u64; 2]) -> Self {
        let [start_ns, end_ns] = times_ns;
        let start_ns = start_ns.min(u64::MAX - 1);
        let mut warnings: Vec<Arc<str>> = Vec::new();
        if end_ns < start_ns {
            warnings.push(
                format!("ends {} ns before it starts: shown as 1 ns", start_ns - end_ns).into(),
            );
        }
        Self {
            trace_id,
            span_id,
            parent_span_id: None,
            name: if name.is_empty() { "empty-span-name".into() } else { name },
            kind: Kind::Unspecified,
            start_ns,
            end_ns: end_ns.max(start_ns + 1),
            attributes: Vec::new(),
            dropped_attributes: 0,
            events: Vec::new(),
            dropped_events: 0,
            links: Vec::new(),
            dropped_links: 0,
            status: Status::Unset,
            flags: 0,
            warnings,
        }
    }

    /// How long it took, in nanoseconds.
    #[must_use]
    pub fn duration_ns(&self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }

    /// About how many bytes it holds; shared strings are counted in full, so never too few.
    #[must_use]
    pub fn weight(&self) -> usize {
        let attributes = |list: &[Attribute]| list.iter().map(Attribute::weight).sum::<usize>();
        let event = |event: &Event| {
            size_of::<Event>() + SHARED + event.name.len() + attributes(&event.attributes)
        };
        let link = |link: &Link| size_of::<Link>() + attributes(&link.attributes);
        size_of::<Self>()
            + SHARED
            + self.name.len()
            + attributes(&self.attributes)
            + self.events.iter().map(event).sum::<usize>()
            + self.links.iter().map(link).sum::<usize>()
            + self
                .warnings
                .iter()
                .map(|text| size_of::<Arc<str>>() + SHARED + text.len())
                .sum::<usize>()
    }
}

/// Something that happened at one moment of a span (`OpenTracing`: log).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Event {
    /// When, in nanoseconds since the Unix epoch.
    pub time_ns: u64,
    /// What; empty for an `OpenTracing` log without a field `event`.
    pub name: Arc<str>,
    /// The other fields.
    pub attributes: Vec<Attribute>,
    /// How many fields are known to be missing.
    pub dropped_attributes: u32,
}

/// A reference to a span that is not the parent, in this trace or another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Link {
    /// The trace of the span referred to.
    pub trace_id: TraceId,
    /// The span referred to.
    pub span_id: SpanId,
    /// Among them `opentracing.ref_type`.
    pub attributes: Vec<Attribute>,
}

/// Which side of a call a span is. The numbers are OTLP's.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[repr(u8)]
pub enum Kind {
    /// The device did not say.
    #[default]
    Unspecified = 0,
    /// Work inside one process.
    Internal = 1,
    /// Answers a request.
    Server = 2,
    /// Makes a request and waits for the answer.
    Client = 3,
    /// Hands over a message and does not wait.
    Producer = 4,
    /// Takes a message.
    Consumer = 5,
}

impl Kind {
    /// The kind with OTLP's number; unspecified for a number that OTLP does not have.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        match number {
            1 => Self::Internal,
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => Self::Unspecified,
        }
    }

    /// The value of the `OpenTracing` tag `span.kind`; none for [`Kind::Unspecified`].
    #[must_use]
    pub fn tag(self) -> Option<&'static str> {
        match self {
            Self::Unspecified => None,
            Self::Internal => Some("internal"),
            Self::Server => Some("server"),
            Self::Client => Some("client"),
            Self::Producer => Some("producer"),
            Self::Consumer => Some("consumer"),
        }
    }

    /// The kind that the `OpenTracing` tag `span.kind` names.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        [Self::Internal, Self::Server, Self::Client, Self::Producer, Self::Consumer]
            .into_iter()
            .find(|kind| kind.tag() == Some(tag))
    }
}

/// Whether an operation failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Status {
    /// The device did not say.
    #[default]
    Unset,
    /// The device said that it did not.
    Ok,
    /// It failed; with a description, which may be empty.
    Error(Arc<str>),
}

impl Status {
    /// OTLP's number for it.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Unset => 0,
            Self::Ok => 1,
            Self::Error(_) => 2,
        }
    }
}

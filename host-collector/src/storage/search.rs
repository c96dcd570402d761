//! What is searched for, and what is found.

use crate::model::{Kind, TraceId};

/// The attributes that name the other side of a call, the most telling first.
///
/// The order is that of OpenTelemetry's exporter to Zipkin.
pub const PEER_KEYS: [&str; 8] = [
    "peer.service",
    "server.address",
    "net.peer.name",
    "network.peer.address",
    "server.socket.domain",
    "server.socket.address",
    "peer.hostname",
    "peer.address",
];

/// A search: all that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// The service's name.
    pub service: Option<String>,
    /// The operation, that is, the span's name.
    pub operation: Option<String>,
    /// Which side of a call.
    pub kind: Option<Kind>,
    /// The service on the other side of a call, by the first of [`PEER_KEYS`] that a span has.
    pub peer: Option<String>,
    /// Tags, all of them.
    pub tags: Vec<Tag>,
    /// When it started: the span for [`Matching::PerSpan`], the trace for [`Matching::PerTrace`].
    pub start: Window,
    /// How long the span took, in nanoseconds.
    pub duration: Window,
    /// Only what failed, or only what did not.
    pub failed: Option<bool>,
    /// How many traces at most: the newest of all that match. 0 means none.
    pub limit: usize,
    /// How what is set comes together.
    pub matching: Matching,
}

/// A tag that is searched for, on the span, its resource, its scope or in one of its events.
///
/// Values of any type are compared as Jaeger shows them as text. What Jaeger makes of other
/// fields is a tag, too: `error`, `span.kind`, `otel.status_code`, `otel.status_description`,
/// `otel.scope.name`, `otel.scope.version`, `w3c.tracestate`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tag {
    /// The key.
    pub key: String,
    /// The value as text. If none, any value will do, and an event of the key's name, too.
    pub value: Option<String>,
}

/// How the conditions of a search come together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matching {
    /// One span meets all of them, as Jaeger has it.
    #[default]
    PerSpan,
    /// The spans of a trace meet them together, as Zipkin has it: names and tags on spans of the
    /// service, if one is named, each on any; the duration on one span, of the service.
    ///
    /// Names of services and operations are compared without regard to the case of ASCII letters,
    /// since Zipkin's are lower case.
    PerTrace,
}

/// From one number to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The least.
    pub min: u64,
    /// The most.
    pub max: u64,
}

impl Window {
    /// Everything.
    pub const ALL: Self = Self { min: 0, max: u64::MAX };

    /// Whether `value` lies in it.
    #[must_use]
    pub const fn contains(&self, value: u64) -> bool {
        self.min <= value && value <= self.max
    }
}

impl Default for Window {
    fn default() -> Self {
        Self::ALL
    }
}

/// A trace that matches: what a list of traces shows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub trace_id: TraceId,
    /// The service of its root: of the earliest span without a parent; empty if there is none.
    pub root_service: String,
    /// The name of its root; empty if there is none.
    pub root_name: String,
    /// The earliest start of a span, in nanoseconds since the Unix epoch.
    pub start_ns: u64,
    /// The latest end of a span, in nanoseconds since the Unix epoch.
    pub end_ns: u64,
    /// All spans.
    pub spans: u64,
    /// Spans that failed.
    pub errors: u64,
    /// Spans with a parent that is not there.
    pub orphans: u64,
    /// The services, sorted by name.
    pub services: Vec<ServiceCount>,
}

/// How much of a trace is a service's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCount {
    /// The service.
    pub name: String,
    /// Its spans.
    pub spans: u64,
    /// Its spans that failed.
    pub errors: u64,
}

/// An operation of a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// The span's name.
    pub name: String,
    /// Which side of a call.
    pub kind: Kind,
}

/// How often a service called another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    /// The service that called.
    pub parent: String,
    /// The service that was called.
    pub child: String,
    /// How many spans of the child have a parent of the parent's.
    pub calls: u64,
    /// How many of these failed.
    pub errors: u64,
}

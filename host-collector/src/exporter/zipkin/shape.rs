//! Spans in the shape that Zipkin gives them.

use super::tags;
use crate::model::{
    Attributes, Chunk, Kind, ResourceView, ScopeView, SpanId, SpanView, StatusView, TraceId,
    ValueView,
};
use crate::storage::PEER_KEYS;
use core::cmp::Reverse;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

/// A span with this attribute, true, has joined the span of its client.
pub const SHARED: &str = "zipkin.shared";
/// A span with this attribute, true, is to be kept whatever samplers say.
pub const DEBUG: &str = "zipkin.debug";

/// Attributes that may hold the address of the other side.
const ADDRESSES: [&str; 5] = [
    "network.peer.address",
    "server.socket.address",
    "net.sock.peer.addr",
    "net.peer.ip",
    "peer.address",
];
/// Attributes that may hold its port.
const PORTS: [&str; 5] =
    ["server.port", "network.peer.port", "net.peer.port", "net.sock.peer.port", "peer.port"];

/// Where spans that came from Zipkin's clients have the addresses of both sides, and their ports.
const PEER: [&str; 2] = ["net.peer.ip", "net.peer.port"];
const HOST: [&str; 2] = ["net.host.ip", "net.host.port"];

/// One side of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// The service, in lower case; may be empty.
    pub service: String,
    /// Its address.
    pub address: Option<IpAddr>,
    /// Its port; 0 if nobody said.
    pub port: u16,
}

/// A span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span<'a> {
    /// Its trace.
    pub trace_id: TraceId,
    /// The parent; never itself.
    pub parent: Option<SpanId>,
    /// Its id.
    pub id: SpanId,
    /// Which side of a call it is. Zipkin has no others than these four.
    pub kind: Option<Kind>,
    /// The name, in lower case.
    pub name: String,
    /// Start, in microseconds since the Unix epoch.
    pub start_us: u64,
    /// How long it took, in microseconds; at least one.
    pub duration_us: u64,
    /// Where it was recorded.
    pub local: Endpoint,
    /// The other side of the call.
    pub remote: Endpoint,
    /// What happened in it, and when, in microseconds since the Unix epoch; in order.
    pub annotations: Vec<(u64, String)>,
    /// Its tags, in order.
    pub tags: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    /// Whether it is to be kept whatever samplers say.
    pub is_debug: bool,
    /// Whether it shares its id with the client's span.
    pub is_shared: bool,
}

/// The spans of a chunk by start, then end (longest first), then id.
#[must_use]
pub fn spans(chunk: &Chunk) -> Vec<Span<'_>> {
    let of_clients: HashSet<(TraceId, SpanId)> = chunk
        .spans()
        .filter(|(.., span)| span.kind() == Kind::Client)
        .map(|(.., span)| (span.trace_id(), span.span_id()))
        .collect();
    let mut views: Vec<_> = chunk.spans().collect();
    views.sort_by_key(|(resource, _, span)| {
        (span.start_ns(), Reverse(span.end_ns()), span.span_id(), resource.service_name())
    });
    let spans = views.into_iter().map(|(resource, scope, view)| {
        let mut span = Span::of(resource, scope, view);
        let id = (span.trace_id, span.id);
        span.is_shared |= span.kind == Some(Kind::Server) && of_clients.contains(&id);
        span
    });
    spans.collect()
}

impl<'a> Span<'a> {
    fn of(resource: ResourceView<'a>, scope: ScopeView<'a>, span: SpanView<'a>) -> Self {
        let attributes = span.attributes();
        let is_true = |key| attributes.get(key) == Some(ValueView::Bool(true));
        let kind = match span.kind() {
            Kind::Unspecified | Kind::Internal => None,
            kind => Some(kind),
        };
        let mut annotations: Vec<_> =
            span.events().map(|event| (event.time_ns() / 1000, tags::annotation(event))).collect();
        annotations.sort();
        annotations.dedup();
        let mut tags = tags::of(resource, scope, span);
        let remote = remote(attributes);
        let local = local(resource, attributes);
        for (endpoint, keys) in [(&remote, PEER), (&local, HOST)] {
            if endpoint.address.is_some() {
                keys.iter().for_each(|key| drop(tags.remove(*key)));
            }
        }
        Self {
            trace_id: span.trace_id(),
            parent: span.parent_span_id().filter(|parent| *parent != span.span_id()),
            id: span.span_id(),
            kind,
            name: span.name().to_lowercase(),
            start_us: span.start_ns() / 1000,
            duration_us: (span.duration_ns() / 1000).max(1),
            local,
            remote,
            annotations,
            tags,
            is_debug: is_true(DEBUG),
            is_shared: is_true(SHARED) && kind == Some(Kind::Server),
        }
    }

    /// Whether it failed: whether it has a tag that says why.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.tags.contains_key("error")
    }
}

fn local(resource: ResourceView<'_>, attributes: Attributes<'_>) -> Endpoint {
    let [address, port] = HOST.map(|key| attributes.get(key).map(ValueView::to_text));
    Endpoint {
        service: resource.service_name().to_lowercase(),
        address: address.and_then(|text| text.parse().ok()),
        port: port.and_then(|text| text.parse().ok()).unwrap_or(0),
    }
}

fn remote(attributes: Attributes<'_>) -> Endpoint {
    let first = |keys: &[&str]| keys.iter().find_map(|key| attributes.get(key));
    let name = first(&PEER_KEYS).map(ValueView::to_text).unwrap_or_default();
    let mut remote = match name.parse() {
        Ok(address) => Endpoint { address: Some(address), ..Endpoint::default() },
        Err(_) => Endpoint { service: name.to_lowercase(), ..Endpoint::default() },
    };
    let texts = ADDRESSES.iter().filter_map(|key| attributes.text(key));
    remote.address = remote.address.or_else(|| texts.filter_map(|text| text.parse().ok()).next());
    if !remote.service.is_empty() || remote.address.is_some() {
        let port = first(&PORTS).and_then(|value| value.to_text().parse().ok());
        remote.port = port.unwrap_or(0);
    }
    remote
}

/// Whether OTLP says that the operation failed.
pub(super) fn failure(span: SpanView<'_>) -> Option<&str> {
    match span.status() {
        StatusView::Error(description) => Some(description),
        StatusView::Unset | StatusView::Ok => None,
    }
}

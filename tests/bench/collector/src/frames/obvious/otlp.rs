//! What prost derives of OTLP's messages.

use super::{Fact, Facts};
use anyhow::Result;
use prost::Message as _;

#[derive(Clone, PartialEq, prost::Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(fixed64, tag = "7")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(fixed32, tag = "16")]
    flags: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct AnyValue {
    #[prost(oneof = "One", tags = "1, 2, 3, 4, 7")]
    value: Option<One>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum One {
    #[prost(string, tag = "1")]
    Str(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(bytes = "vec", tag = "7")]
    Bytes(Vec<u8>),
}

/// A request with the spans.
pub(in crate::frames) fn encode(
    service: &str,
    spans: &mut dyn Iterator<Item = Facts<'_>>,
) -> Result<Vec<u8>> {
    let service = key_value("service.name", One::Str(service.to_owned()));
    let resource_spans = ResourceSpans {
        resource: Some(Resource { attributes: vec![service] }),
        scope_spans: vec![ScopeSpans { spans: spans.map(|facts| span(&facts)).collect() }],
    };
    Ok(Request { resource_spans: vec![resource_spans] }.encode_to_vec())
}

fn span(facts: &Facts<'_>) -> Span {
    Span {
        trace_id: facts.trace_id.0.to_vec(),
        span_id: facts.span_id.0.to_vec(),
        parent_span_id: facts.parent.map(|id| id.0.to_vec()).unwrap_or_default(),
        name: facts.name.to_owned(),
        start_time_unix_nano: facts.start_ns,
        end_time_unix_nano: facts.end_ns,
        attributes: facts.tags().map(|(key, fact)| key_value(key, one(&fact))).collect(),
        flags: 1,
    }
}

fn one(fact: &Fact<'_>) -> One {
    match *fact {
        Fact::Bool(value) => One::Bool(value),
        Fact::Int(value) => One::Int(value),
        Fact::Double(value) => One::Double(value),
        Fact::Str(text) => One::Str(text.to_owned()),
        Fact::Bytes(bytes) => One::Bytes(bytes.to_owned()),
    }
}

fn key_value(key: &str, value: One) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }) }
}

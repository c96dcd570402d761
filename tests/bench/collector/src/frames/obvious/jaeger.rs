//! What serde derives of Jaeger's JSON.

use super::{Fact, Facts};
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;
use spandrel::{SpanId, TraceId};
use std::collections::BTreeMap;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Trace {
    #[serde(rename = "traceID")]
    trace_id: String,
    spans: Vec<Span>,
    processes: BTreeMap<String, Process>,
    warnings: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Span {
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(rename = "spanID")]
    span_id: String,
    operation_name: String,
    references: Vec<Reference>,
    start_time: u64,
    duration: u64,
    tags: Vec<Tag>,
    logs: Vec<Log>,
    #[serde(rename = "processID")]
    process_id: String,
    warnings: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    ref_type: &'static str,
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(rename = "spanID")]
    span_id: String,
}

#[derive(Serialize)]
struct Tag {
    key: String,
    r#type: &'static str,
    value: Value,
}

#[derive(Serialize)]
struct Log {
    timestamp: u64,
    fields: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Process {
    service_name: String,
    tags: Vec<Tag>,
}

/// The trace of the spans, in the order of their start.
pub(in crate::frames) fn encode(
    service: &str,
    spans: &mut dyn Iterator<Item = Facts<'_>>,
) -> Result<Vec<u8>> {
    let mut spans: Vec<_> = spans.collect();
    spans.sort_by_key(|span| span.start_ns);
    let process = Process { service_name: service.to_owned(), tags: Vec::new() };
    let trace = Trace {
        trace_id: spans.first().map(|span| trace_id(span.trace_id)).unwrap_or_default(),
        spans: spans.iter().map(span).collect(),
        processes: BTreeMap::from([("p1".to_owned(), process)]),
        warnings: None,
    };
    Ok(serde_json::to_vec(&trace)?)
}

fn span(facts: &Facts<'_>) -> Span {
    let reference = facts.parent.map(|id| Reference {
        ref_type: "CHILD_OF",
        trace_id: trace_id(facts.trace_id),
        span_id: span_id(id),
    });
    Span {
        trace_id: trace_id(facts.trace_id),
        span_id: span_id(facts.span_id),
        operation_name: facts.name.to_owned(),
        references: reference.into_iter().collect(),
        start_time: facts.start_ns / 1000,
        duration: (facts.end_ns - facts.start_ns) / 1000,
        tags: facts.tags().map(|(key, fact)| tag(key, &fact)).collect(),
        logs: Vec::new(),
        process_id: "p1".to_owned(),
        warnings: None,
    }
}

fn tag(key: &str, fact: &Fact<'_>) -> Tag {
    let (r#type, value) = match *fact {
        Fact::Bool(value) => ("bool", value.into()),
        Fact::Int(value) => ("int64", value.into()),
        Fact::Double(value) => ("float64", value.into()),
        Fact::Str(text) => ("string", text.into()),
        // In hexadecimal digits: nothing here sends any.
        Fact::Bytes(bytes) => ("binary", bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
    };
    Tag { key: key.to_owned(), r#type, value }
}

fn trace_id(id: TraceId) -> String {
    format!("{:032x}", u128::from_be_bytes(id.0))
}

fn span_id(id: SpanId) -> String {
    format!("{:016x}", u64::from_be_bytes(id.0))
}

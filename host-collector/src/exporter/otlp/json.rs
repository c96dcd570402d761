//! OTLP as JSON: protobuf's JSON mapping, but ids are hexadecimal and enums are numbers.
//!
//! 64-bit integers are decimal strings and defaults are left out, as the mapping has it.

use super::PROCESS_WARNINGS;
use crate::model::{
    Attribute, Batch, Event, Link, SERVICE_NAME, SPAN_WARNINGS, Span, Status, Value,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use std::sync::Arc;

/// An OTLP request with these batches, as JSON. Batches without spans are left out.
#[must_use]
pub fn to_json<'a>(batches: impl IntoIterator<Item = &'a Batch>) -> Vec<u8> {
    let batches = batches.into_iter().filter(|batch| !batch.spans.is_empty());
    let request = Request { resource_spans: batches.map(resource_spans).collect() };
    // Only a serializer of ours could fail, and none does: numbers, strings, lists.
    serde_json::to_vec(&request).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    resource_spans: Vec<ResourceSpans<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: JsonResource<'a>,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct JsonResource<'a> {
    attributes: Vec<KeyValue<'a>>,
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    spans: Vec<JsonSpan<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonSpan<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    #[serde(skip_serializing_if = "is_zero")]
    flags: u32,
    name: &'a str,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<KeyValue<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<JsonEvent<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_events_count: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<JsonLink<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_links_count: u32,
    status: JsonStatus<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonEvent<'a> {
    time_unix_nano: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<KeyValue<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonLink<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<KeyValue<'a>>,
}

#[derive(Serialize)]
struct JsonStatus<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    code: u32,
}

#[derive(Serialize)]
struct KeyValue<'a> {
    key: &'a str,
    value: AnyValue<'a>,
}

#[derive(Serialize)]
enum AnyValue<'a> {
    #[serde(rename = "stringValue")]
    Str(&'a str),
    #[serde(rename = "boolValue")]
    Bool(bool),
    #[serde(rename = "intValue")]
    Int(String),
    #[serde(rename = "doubleValue")]
    Double(f64),
    #[serde(rename = "doubleValue")]
    NonFinite(&'static str),
    #[serde(rename = "bytesValue")]
    Bytes(String),
    #[serde(rename = "arrayValue")]
    Array { values: Vec<AnyValue<'a>> },
}

fn resource_spans(batch: &Batch) -> ResourceSpans<'_> {
    let resource = &batch.resource;
    let name = KeyValue { key: SERVICE_NAME, value: AnyValue::Str(&resource.service_name) };
    let mut attributes = vec![name];
    attributes.extend(resource.attributes.iter().map(key_value));
    attributes.extend(warnings(PROCESS_WARNINGS, &resource.warnings));
    ResourceSpans {
        resource: JsonResource { attributes },
        scope_spans: [ScopeSpans { spans: batch.spans.iter().map(span).collect() }],
    }
}

fn span(span: &Span) -> JsonSpan<'_> {
    let mut attributes: Vec<_> = span.attributes.iter().map(key_value).collect();
    attributes.extend(warnings(SPAN_WARNINGS, &span.warnings));
    JsonSpan {
        trace_id: span.trace_id.to_string(),
        span_id: span.span_id.to_string(),
        parent_span_id: span.parent_span_id.map(|id| id.to_string()),
        flags: span.flags,
        name: &span.name,
        kind: span.kind as u8,
        start_time_unix_nano: span.start_ns.to_string(),
        end_time_unix_nano: span.end_ns.to_string(),
        attributes,
        dropped_attributes_count: span.dropped_attributes,
        events: span.events.iter().map(event).collect(),
        dropped_events_count: span.dropped_events,
        links: span.links.iter().map(link).collect(),
        dropped_links_count: span.dropped_links,
        status: JsonStatus {
            message: match &span.status {
                Status::Error(description) => description,
                Status::Unset | Status::Ok => "",
            },
            code: span.status.code().into(),
        },
    }
}

fn event(event: &Event) -> JsonEvent<'_> {
    JsonEvent {
        time_unix_nano: event.time_ns.to_string(),
        name: &event.name,
        attributes: event.attributes.iter().map(key_value).collect(),
        dropped_attributes_count: event.dropped_attributes,
    }
}

fn link(link: &Link) -> JsonLink<'_> {
    JsonLink {
        trace_id: link.trace_id.to_string(),
        span_id: link.span_id.to_string(),
        attributes: link.attributes.iter().map(key_value).collect(),
    }
}

fn key_value(attribute: &Attribute) -> KeyValue<'_> {
    let value = match &attribute.value {
        Value::Str(text) => AnyValue::Str(text),
        Value::Bool(value) => AnyValue::Bool(*value),
        Value::Int(value) => AnyValue::Int(value.to_string()),
        Value::Double(value) if value.is_finite() => AnyValue::Double(*value),
        Value::Double(value) => AnyValue::NonFinite(non_finite(*value)),
        Value::Bytes(bytes) => AnyValue::Bytes(BASE64.encode(bytes)),
    };
    KeyValue { key: &attribute.key, value }
}

fn warnings<'a>(key: &'a str, warnings: &'a [Arc<str>]) -> Option<KeyValue<'a>> {
    let values: Vec<_> = warnings.iter().map(|text| AnyValue::Str(text)).collect();
    (!values.is_empty()).then_some(KeyValue { key, value: AnyValue::Array { values } })
}

/// The name that protobuf's JSON has for a double that JSON cannot write.
pub(in crate::exporter) fn non_finite(value: f64) -> &'static str {
    match value {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field by reference")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

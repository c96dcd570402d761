//! The JSON that Jaeger UI reads: `{"data": [trace, ...], ...}`.
//!
//! It is byte for byte of the shape that a Jaeger's `/api/traces` answers with, so a file of it can
//! be dropped into Jaeger UI. The rules that are easily missed: a trace id whose upper half is zero
//! has 16 digits; an integer that JavaScript cannot hold is a string; lists are never null but for
//! warnings and errors; the parent is the first reference. What a Jaeger shows of our OTLP is the
//! same: it makes tags of kind and status, and of OTLP's flags nothing.

use crate::model::opentracing::RefType;
use crate::model::{Attribute, Event, Resource, Span, SpanId, Status, Trace, TraceId, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};
use std::collections::HashMap;

/// The largest integer that JavaScript holds exactly.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Jaeger UI JSON of some traces. Traces without a span are left out.
///
/// Spans are in order of their start and processes in order of their first span, so the result does
/// not depend on the order in which spans arrived.
#[must_use]
pub fn convert<'a>(traces: impl IntoIterator<Item = &'a Trace>) -> Vec<u8> {
    let traces: Vec<&Trace> = traces.into_iter().filter(|trace| !trace.is_empty()).collect();
    // Only a serializer of ours could fail, and none does: numbers, strings, lists.
    serde_json::to_vec(&Answer(&traces)).unwrap_or_default()
}

struct Answer<'a>(&'a [&'a Trace]);

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_struct("Answer", 5)?;
        answer.serialize_field(
            "data",
            &List(|| self.0.iter().map(|trace| JaegerTrace::new(trace))),
        )?;
        answer.serialize_field("total", &0)?;
        answer.serialize_field("limit", &0)?;
        answer.serialize_field("offset", &0)?;
        answer.serialize_field("errors", &None::<()>)?;
        answer.end()
    }
}

/// A list whose items are made while it is written: one trace, not all, is held twice.
struct List<F>(F);

impl<I: IntoIterator<Item: Serialize>, F: Fn() -> I> Serialize for List<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// A trace with its processes numbered.
struct JaegerTrace<'a> {
    id: TraceId,
    spans: Vec<(usize, &'a Span)>,
    processes: Vec<&'a Resource>,
}

impl<'a> JaegerTrace<'a> {
    fn new(trace: &'a Trace) -> Self {
        let mut numbers: HashMap<&Resource, usize> = HashMap::new();
        let mut processes = Vec::new();
        let number = |(resource, span)| {
            let number = *numbers.entry(resource).or_insert_with(|| {
                processes.push(resource);
                processes.len()
            });
            (number, span)
        };
        let spans =
            trace.in_order().into_iter().map(|(resource, span)| (&**resource, span)).map(number);
        let spans = spans.collect();
        Self { id: trace.id, spans, processes }
    }
}

impl Serialize for JaegerTrace<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let warnings: Vec<String> = self
            .processes
            .iter()
            .flat_map(|process| {
                process.warnings.iter().map(|text| format!("{}: {text}", process.service_name))
            })
            .collect();
        let mut trace = serializer.serialize_struct("Trace", 4)?;
        trace.serialize_field("traceID", &trace_id(self.id))?;
        let spans = || self.spans.iter().map(|&(process, span)| JaegerSpan { process, span });
        trace.serialize_field("spans", &List(spans))?;
        trace.serialize_field("processes", &Processes(&self.processes))?;
        trace.serialize_field("warnings", &(!warnings.is_empty()).then_some(warnings))?;
        trace.end()
    }
}

struct Processes<'a>(&'a [&'a Resource]);

impl Serialize for Processes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (index, process) in self.0.iter().enumerate() {
            map.serialize_entry(&format!("p{}", index + 1), &Process(process))?;
        }
        map.end()
    }
}

struct Process<'a>(&'a Resource);

impl Serialize for Process<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut process = serializer.serialize_struct("Process", 2)?;
        process.serialize_field("serviceName", &*self.0.service_name)?;
        process.serialize_field("tags", &List(|| self.0.attributes.iter().map(Tag::of)))?;
        process.end()
    }
}

struct JaegerSpan<'a> {
    process: usize,
    span: &'a Span,
}

impl Serialize for JaegerSpan<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let span = self.span;
        let mut out = serializer.serialize_struct("Span", 10)?;
        out.serialize_field("traceID", &trace_id(span.trace_id))?;
        out.serialize_field("spanID", &span.span_id.to_string())?;
        out.serialize_field("operationName", &*span.name)?;
        out.serialize_field("references", &references(span))?;
        out.serialize_field("startTime", &(span.start_ns / 1000))?;
        out.serialize_field("duration", &(span.duration_ns() / 1000))?;
        out.serialize_field("tags", &tags(span))?;
        out.serialize_field("logs", &List(|| span.events.iter().map(Log)))?;
        out.serialize_field("processID", &format!("p{}", self.process))?;
        let warnings: Vec<&str> = span.warnings.iter().map(|text| &**text).collect();
        out.serialize_field("warnings", &(!warnings.is_empty()).then_some(warnings))?;
        out.end()
    }
}

/// The span's tags, and as tags what OTLP has fields for.
fn tags(span: &Span) -> Vec<Tag<'_>> {
    let mut tags: Vec<Tag<'_>> = span.attributes.iter().map(Tag::of).collect();
    let mut add = |key, value| tags.push(Tag { key, value });
    if let Some(kind) = span.kind.tag() {
        add("span.kind", TagValue::Str(kind));
    }
    match &span.status {
        Status::Unset => {}
        Status::Ok => add("otel.status_code", TagValue::Str("OK")),
        Status::Error(description) => {
            add("otel.status_code", TagValue::Str("ERROR"));
            add("error", TagValue::Bool(true));
            if !description.is_empty() {
                add("otel.status_description", TagValue::Str(description));
            }
        }
    }
    let counts = [
        ("otel.dropped_attributes_count", span.dropped_attributes),
        ("otel.dropped_events_count", span.dropped_events),
        ("otel.dropped_links_count", span.dropped_links),
    ];
    for (key, count) in counts.into_iter().filter(|(_, count)| *count != 0) {
        add(key, TagValue::Count(count));
    }
    tags
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    ref_type: &'static str,
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(rename = "spanID")]
    span_id: String,
}

/// The parent, then the links. A link to the parent only says of which type the parent is.
fn references(span: &Span) -> Vec<Reference> {
    let reference = |ref_type, id: TraceId, span_id: SpanId| Reference {
        ref_type: match ref_type {
            RefType::ChildOf => "CHILD_OF",
            RefType::FollowsFrom => "FOLLOWS_FROM",
        },
        trace_id: trace_id(id),
        span_id: span_id.to_string(),
    };
    let is_parent =
        |id: TraceId, span_id| id == span.trace_id && Some(span_id) == span.parent_span_id;
    let mut parent_type = RefType::ChildOf;
    let mut others = Vec::with_capacity(span.links.len());
    for link in &span.links {
        let ref_type = RefType::of_link(link);
        if is_parent(link.trace_id, link.span_id) {
            parent_type = ref_type;
        } else {
            others.push(reference(ref_type, link.trace_id, link.span_id));
        }
    }
    let parent = span.parent_span_id.map(|id| reference(parent_type, span.trace_id, id));
    parent.into_iter().chain(others).collect()
}

struct Log<'a>(&'a Event);

impl Serialize for Log<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = self.0;
        let mut fields = Vec::with_capacity(event.attributes.len() + 1);
        let has_event = event.attributes.iter().any(|attribute| &*attribute.key == "event");
        if !event.name.is_empty() && !has_event {
            fields.push(Tag { key: "event", value: TagValue::Str(&event.name) });
        }
        fields.extend(event.attributes.iter().map(Tag::of));
        if event.dropped_attributes != 0 {
            let value = TagValue::Count(event.dropped_attributes);
            fields.push(Tag { key: "otel.dropped_attributes_count", value });
        }
        let mut log = serializer.serialize_struct("Log", 2)?;
        log.serialize_field("timestamp", &(event.time_ns / 1000))?;
        log.serialize_field("fields", &fields)?;
        log.end()
    }
}

#[derive(Clone, Copy)]
struct Tag<'a> {
    key: &'a str,
    value: TagValue<'a>,
}

#[derive(Clone, Copy)]
enum TagValue<'a> {
    Bool(bool),
    Str(&'a str),
    Count(u32),
    Other(&'a Value),
}

impl<'a> Tag<'a> {
    fn of(attribute: &'a Attribute) -> Self {
        Self { key: &attribute.key, value: TagValue::Other(&attribute.value) }
    }
}

impl Serialize for Tag<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tag = serializer.serialize_struct("Tag", 3)?;
        tag.serialize_field("key", self.key)?;
        let (kind, value): (&str, serde_json::Value) = match self.value {
            TagValue::Bool(value) | TagValue::Other(&Value::Bool(value)) => ("bool", value.into()),
            TagValue::Str(text) => ("string", text.into()),
            TagValue::Count(count) => ("int64", count.into()),
            TagValue::Other(Value::Str(text)) => ("string", (**text).into()),
            TagValue::Other(&Value::Int(value)) if value.unsigned_abs() > MAX_SAFE_INTEGER => {
                ("int64", value.to_string().into())
            }
            TagValue::Other(&Value::Int(value)) => ("int64", value.into()),
            // JSON has no NaN: its name, as in protobuf's JSON.
            TagValue::Other(&Value::Double(value)) if !value.is_finite() => {
                ("float64", super::otlp::non_finite(value).into())
            }
            TagValue::Other(&Value::Double(value)) => ("float64", value.into()),
            TagValue::Other(Value::Bytes(bytes)) => ("binary", BASE64.encode(bytes).into()),
        };
        tag.serialize_field("type", kind)?;
        tag.serialize_field("value", &value)?;
        tag.end()
    }
}

/// 16 digits if the upper half is zero, else 32, as Jaeger's own `TraceID.String()`.
#[must_use]
pub fn trace_id(id: TraceId) -> String {
    let digits = id.to_string();
    match digits.strip_prefix("0000000000000000") {
        Some(low) => low.to_owned(),
        None => digits,
    }
}

#[cfg(test)]
mod tests;

//! Jaeger UI JSON, read: what a Jaeger shows, or a person has saved of it, made into OTLP.
//!
//! The rules are those of OpenTelemetry's `OpenTracing` compatibility, as for devices. A file may hold an
//! answer of a Jaeger (`{"data": [trace, ...]}`), a list of traces, or one trace.

mod document;

use crate::exporter::otlp;
use crate::model::opentracing::{Log, RefType, Reference};
use crate::model::{
    Attribute, Batch, DeviceId, Resource, Session, Source, Span, SpanId, TraceId, Value,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use document::{Document, JaegerSpan, Tag, Trace};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why a text is no Jaeger UI JSON.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JaegerError {
    /// It is no such JSON.
    #[error("no traces in Jaeger's JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// An id is none.
    #[error("{0:?} is no id: up to {1} hexadecimal digits are")]
    Id(String, usize),
    /// A span names a process that its trace does not have.
    #[error("the span {0} is of a process {1:?} that its trace does not have")]
    Process(String, String),
}

/// The `ExportTraceServiceRequest` in protobuf of all traces in `text`.
///
/// # Errors
/// Where there are none, or an id or a process is none; then nothing is taken.
pub fn from_json(text: &[u8]) -> Result<Vec<u8>, JaegerError> {
    let document: Document = serde_json::from_slice(text)?;
    let batches = document.into_traces().map(batches).collect::<Result<Vec<_>, _>>()?;
    Ok(otlp::to_protobuf(batches.iter().flatten()))
}

/// The spans of a trace by process, in the order in which processes are named first.
fn batches(trace: Trace) -> Result<Vec<Batch>, JaegerError> {
    let mut resources: BTreeMap<String, Arc<Resource>> = BTreeMap::new();
    for (name, process) in trace.processes {
        let tags = process.tags.into_iter().map(attribute).collect();
        resources.insert(name, Arc::new(Resource::new(&process.service_name, tags)));
    }
    let (mut places, mut batches) = (BTreeMap::new(), Vec::<Batch>::new());
    for mut span in trace.spans {
        let resource = match (span.process.take(), resources.get(&span.process_id)) {
            (Some(process), _) => {
                let tags = process.tags.into_iter().map(attribute).collect();
                Arc::new(Resource::new(&process.service_name, tags))
            }
            (None, Some(resource)) => resource.clone(),
            (None, None) => return Err(JaegerError::Process(span.span_id, span.process_id)),
        };
        // No device has sent them; whoever asks for a source here gets one that none has.
        let source = Source { device: DeviceId(0), session: Session::new(0) };
        let place = *places.entry(span.process_id.clone()).or_insert_with(|| {
            batches.push(Batch { source, resource, spans: Vec::new() });
            batches.len() - 1
        });
        let span = span_of(span)?;
        if let Some(batch) = batches.get_mut(place) {
            batch.spans.push(span);
        }
    }
    Ok(batches)
}

fn span_of(span: JaegerSpan) -> Result<Span, JaegerError> {
    let start_ns = span.start_time.saturating_mul(1000);
    let end_ns = start_ns.saturating_add(span.duration.saturating_mul(1000));
    let (trace_id, span_id) = (trace_id(&span.trace_id)?, span_id(&span.span_id)?);
    let mut references = Vec::new();
    // As clients of old wrote it.
    if let Some(parent) = span.parent_span_id.filter(|parent| !parent.is_empty()) {
        let span_id = self::span_id(&parent)?;
        references.push(Reference { ref_type: RefType::ChildOf, trace_id, span_id });
    }
    for reference in &span.references {
        let ref_type = match &*reference.ref_type {
            "FOLLOWS_FROM" => RefType::FollowsFrom,
            _ => RefType::ChildOf,
        };
        let (trace_id, span_id) =
            (self::trace_id(&reference.trace_id)?, self::span_id(&reference.span_id)?);
        let reference = Reference { ref_type, trace_id, span_id };
        if !references.contains(&reference) {
            references.push(reference);
        }
    }
    let log = |log: document::Log| Log {
        time_ns: log.timestamp.saturating_mul(1000),
        fields: log.fields.into_iter().map(attribute).collect(),
        dropped_fields: 0,
    };
    let mut read = Span::new(trace_id, span_id, span.operation_name.into(), [start_ns, end_ns])
        .with_tags(span.tags.into_iter().map(attribute).collect())
        .with_references(&references)
        .with_logs(span.logs.into_iter().map(log).collect());
    read.flags = span.flags;
    read.warnings.extend(span.warnings.into_iter().flatten().map(Into::into));
    Ok(read)
}

/// A value by the type that is said; one that is of another is text.
fn attribute(tag: Tag) -> Attribute {
    let text = || match &tag.value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let value = match (&*tag.kind, &tag.value) {
        ("bool" | "", serde_json::Value::Bool(value)) => Some(Value::Bool(*value)),
        ("bool", _) => text().parse().ok().map(Value::Bool),
        // What JavaScript cannot hold is a string.
        ("int64", _) => text().parse().ok().map(Value::Int),
        ("float64", _) => match &*text() {
            "Infinity" | "+Inf" => Some(Value::Double(f64::INFINITY)),
            "-Infinity" | "-Inf" => Some(Value::Double(f64::NEG_INFINITY)),
            other => other.parse().ok().map(Value::Double),
        },
        ("binary", _) => BASE64.decode(text()).ok().map(|bytes| Value::Bytes(bytes.into())),
        ("", serde_json::Value::Number(number)) => {
            number.as_i64().map(Value::Int).or_else(|| number.as_f64().map(Value::Double))
        }
        _ => None,
    };
    Attribute { key: tag.key.into(), value: value.unwrap_or_else(|| Value::Str(text().into())) }
}

fn trace_id(text: &str) -> Result<TraceId, JaegerError> {
    number(text, 32).map(|number| TraceId(number.to_be_bytes()))
}

fn span_id(text: &str) -> Result<SpanId, JaegerError> {
    let [_, _, _, _, _, _, _, _, id @ ..] = number(text, 16)?.to_be_bytes();
    Ok(SpanId(id))
}

fn number(text: &str, digits: usize) -> Result<u128, JaegerError> {
    let is_hex =
        (1..=digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = if is_hex { u128::from_str_radix(text, 16).ok() } else { None };
    number.ok_or_else(|| JaegerError::Id(text.chars().take(40).collect(), digits))
}

#[cfg(test)]
mod tests;

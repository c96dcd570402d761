//! The JSON in which Jaeger's query API and its UI exchange traces, as far as tests look at it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The traces in a document of the form `{"data": [...]}`.
///
/// # Errors
/// If the document has another form; the message names the field.
pub fn read(document: &Value) -> Result<Vec<Trace>> {
    let document = Document::deserialize(document).context("not a trace in Jaeger's UI format")?;
    Ok(document.data)
}

#[derive(Deserialize)]
struct Document {
    #[serde(deserialize_with = "null_is_empty")]
    data: Vec<Trace>,
}

/// One trace.
#[derive(Debug, Clone, Deserialize)]
pub struct Trace {
    /// 16 or 32 lower-case hex digits.
    #[serde(rename = "traceID")]
    pub trace_id: String,
    /// In no order.
    pub spans: Vec<Span>,
    /// By the name that spans refer to.
    pub processes: BTreeMap<String, Process>,
    /// What is doubtful about the trace as a whole.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub warnings: Vec<String>,
}

/// One span.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// The trace that it says it is of.
    #[serde(rename = "traceID")]
    pub trace_id: String,
    /// 16 lower-case hex digits.
    #[serde(rename = "spanID")]
    pub span_id: String,
    /// Its operation.
    pub operation_name: String,
    /// The parent first.
    pub references: Vec<Reference>,
    /// Microseconds since 1970.
    #[serde(rename = "startTime")]
    pub start_us: i64,
    /// Microseconds.
    #[serde(rename = "duration")]
    pub duration_us: i64,
    /// Typed key-value pairs.
    pub tags: Vec<KeyValue>,
    /// Events within the span.
    pub logs: Vec<Log>,
    /// Key in [`Trace::processes`].
    #[serde(rename = "processID")]
    pub process_id: String,
    /// What is doubtful about this span.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub warnings: Vec<String>,
}

/// How a span refers to another.
#[derive(Debug, Clone, Deserialize)]
pub struct Reference {
    /// `CHILD_OF` or `FOLLOWS_FROM`.
    #[serde(rename = "refType")]
    pub kind: String,
    /// Trace of the other span.
    #[serde(rename = "traceID")]
    pub trace_id: String,
    /// Id of the other span.
    #[serde(rename = "spanID")]
    pub span_id: String,
}

/// A tag, or a field of a log.
#[derive(Debug, Clone, Deserialize)]
pub struct KeyValue {
    /// Its name.
    pub key: String,
    /// Its value; a large integer is a decimal string.
    pub value: Value,
}

/// An event within a span.
#[derive(Debug, Clone, Deserialize)]
pub struct Log {
    /// Microseconds since 1970.
    #[serde(rename = "timestamp")]
    pub time_us: i64,
    /// What happened.
    pub fields: Vec<KeyValue>,
}

/// The service, and the instance of it, that recorded a span.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Process {
    /// Name of the service.
    pub service_name: String,
    /// What is true of all its spans.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub tags: Vec<KeyValue>,
}

impl Trace {
    /// The service that recorded `span`, or Jaeger UI's own word for an unknown one.
    #[must_use]
    pub fn service(&self, span: &Span) -> &str {
        self.processes.get(&span.process_id).map_or("unknown-service", |p| &p.service_name)
    }

    /// The value of a tag of the process that recorded `span`.
    #[must_use]
    pub fn process_tag(&self, span: &Span, key: &str) -> Option<&Value> {
        lookup(&self.processes.get(&span.process_id)?.tags, key)
    }
}

impl Span {
    /// The parent as Jaeger chooses it: the first `CHILD_OF` of the same trace, else the first reference.
    #[must_use]
    pub fn parent_id(&self) -> Option<&str> {
        let mut of_this_trace = self.references.iter().filter(|r| r.trace_id == self.trace_id);
        let parent = of_this_trace.clone().find(|r| r.kind == "CHILD_OF");
        parent.or_else(|| of_this_trace.next()).map(|r| r.span_id.as_str())
    }

    /// The end, in microseconds since 1970.
    #[must_use]
    pub fn end_us(&self) -> i64 {
        self.start_us.saturating_add(self.duration_us)
    }

    /// The value of a tag.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&Value> {
        lookup(&self.tags, key)
    }

    /// Whether one log has all of these fields.
    #[must_use]
    pub fn has_log(&self, fields: &[(&str, &str)]) -> bool {
        self.logs.iter().any(|log| {
            fields.iter().all(|(key, value)| lookup(&log.fields, key).is_some_and(|v| v == value))
        })
    }
}

fn lookup<'a>(pairs: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    pairs.iter().find(|pair| pair.key == key).map(|pair| &pair.value)
}

/// An integer, also where it is a decimal string because JavaScript could not hold it.
#[must_use]
pub fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Go encodes an empty list as `null`.
fn null_is_empty<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

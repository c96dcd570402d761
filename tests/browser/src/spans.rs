//! Spans that a test sends.

use serde_json::{Value, json};

/// Long ago enough to be over, and later than 1970: in November 2025.
const START_NS: u64 = 1_764_190_000_000_000_000;

/// A span, whose times are offsets from one moment.
#[derive(Debug, Clone)]
pub struct Span {
    /// Any number; the same for all spans of a trace.
    pub trace: u64,
    /// Not 0.
    pub id: u64,
    /// 0 for a root.
    pub parent: u64,
    /// What it is called.
    pub name: String,
    /// Nanoseconds.
    pub start: u64,
    /// Nanoseconds.
    pub duration: u64,
    /// Keys and texts.
    pub tags: Vec<(String, String)>,
    /// Whether it failed.
    pub has_failed: bool,
}

impl Span {
    /// A span of a tenth of a second below `parent`.
    #[must_use]
    pub fn new(trace: u64, id: u64, parent: u64, name: &str) -> Self {
        let (name, tags) = (name.to_owned(), Vec::new());
        let duration = 100_000_000;
        Self { trace, id, parent, name, start: id * 1_000, duration, tags, has_failed: false }
    }

    pub(crate) fn to_otlp(&self) -> Value {
        let parent = if self.parent == 0 { String::new() } else { format!("{:016x}", self.parent) };
        let tag =
            |(key, value): &(String, String)| json!({"key": key, "value": {"stringValue": value}});
        json!({
            "traceId": trace_id(self.trace),
            "spanId": format!("{:016x}", self.id),
            "parentSpanId": parent,
            "name": self.name,
            "kind": 1,
            "startTimeUnixNano": (START_NS + self.start).to_string(),
            "endTimeUnixNano": (START_NS + self.start + self.duration).to_string(),
            "attributes": self.tags.iter().map(tag).collect::<Vec<_>>(),
            "status": {"code": if self.has_failed { 2 } else { 0 }},
        })
    }
}

/// A trace's id as addresses have it.
#[must_use]
pub fn trace_id(trace: u64) -> String {
    format!("{trace:032x}")
}

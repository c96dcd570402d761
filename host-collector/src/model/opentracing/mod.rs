//! From `OpenTracing`, which devices speak, to the OTLP-shaped model.
//!
//! The rules are those of OpenTelemetry's `OpenTracing` compatibility specification and of the
//! translator inside a Jaeger, so that what a Jaeger shows of our OTLP is what was recorded.

use super::{Attribute, Event, Kind, Link, Span, SpanId, Status, TraceId, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// The attribute of a link that says which `OpenTracing` reference it was.
pub const REF_TYPE: &str = "opentracing.ref_type";

/// How one span depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefType {
    /// The other span depends on this one's result.
    ChildOf,
    /// The other span caused this one and does not wait for it.
    FollowsFrom,
}

impl RefType {
    /// The value of [`REF_TYPE`].
    #[must_use]
    pub fn attribute(self) -> &'static str {
        match self {
            Self::ChildOf => "child_of",
            Self::FollowsFrom => "follows_from",
        }
    }

    /// What a link says it was; follows-from where it does not say.
    #[must_use]
    pub fn of_link(link: &Link) -> Self {
        let is_child = |attribute: &Attribute| {
            &*attribute.key == REF_TYPE
                && attribute.value.as_str().is_some_and(|text| &**text == Self::ChildOf.attribute())
        };
        if link.attributes.iter().any(is_child) { Self::ChildOf } else { Self::FollowsFrom }
    }
}

/// A reference to another span, in this trace or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// How this span depends on it.
    pub ref_type: RefType,
    /// Its trace.
    pub trace_id: TraceId,
    /// Its id.
    pub span_id: SpanId,
}

/// Fields recorded at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// When, in nanoseconds since the Unix epoch.
    pub time_ns: u64,
    /// What.
    pub fields: Vec<Attribute>,
    /// How many fields did not come, as far as that is known.
    pub dropped_fields: u32,
}

impl Span {
    /// Sets tags, and what OTLP says in fields of its own: kind and status.
    ///
    /// Of equal keys the last one counts, as in Jaeger's clients.
    #[must_use]
    pub fn with_tags(mut self, tags: Vec<Attribute>) -> Self {
        self.attributes = last_of_each(tags);
        if let Some(kind) = find(&self.attributes, "span.kind")
            .and_then(Value::as_str)
            .and_then(|text| Kind::from_tag(text))
        {
            self.kind = kind;
            take(&mut self.attributes, "span.kind");
        }
        self.status = status(&mut self.attributes, self.kind);
        self
    }

    /// Sets parent and links.
    ///
    /// The parent is the first child-of reference to the same trace, else the first follows-from.
    /// Every other reference becomes a link, and so does a follows-from parent, since nothing else
    /// in OTLP says that the parent does not wait.
    #[must_use]
    pub fn with_references(mut self, references: &[Reference]) -> Self {
        let first = |ref_type| {
            references.iter().position(|reference| {
                reference.ref_type == ref_type && reference.trace_id == self.trace_id
            })
        };
        let parent = first(RefType::ChildOf).or_else(|| first(RefType::FollowsFrom));
        self.parent_span_id =
            parent.and_then(|index| references.get(index)).map(|reference| reference.span_id);
        self.links = references
            .iter()
            .enumerate()
            .filter(|(index, reference)| {
                Some(*index) != parent || reference.ref_type == RefType::FollowsFrom
            })
            .map(|(_, reference)| Link {
                trace_id: reference.trace_id,
                span_id: reference.span_id,
                attributes: vec![Attribute::new(REF_TYPE, reference.ref_type.attribute())],
            })
            .collect();
        self
    }

    /// Sets events.
    #[must_use]
    pub fn with_logs(mut self, logs: Vec<Log>) -> Self {
        self.events = logs.into_iter().map(event).collect();
        self
    }
}

/// The field `event` is the event's name; an error's fields get OpenTelemetry's names.
fn event(log: Log) -> Event {
    let mut attributes = last_of_each(log.fields);
    let mut name: Arc<str> = "".into();
    // A name that is not text, or is empty, would not survive the way back: it stays a field.
    if let Some(text) = find(&attributes, "event").and_then(Value::as_str)
        && !text.is_empty()
    {
        name = text.clone();
        take(&mut attributes, "event");
    }
    if &*name == "error" {
        name = "exception".into();
        for attribute in &mut attributes {
            attribute.key = match &*attribute.key {
                "error.kind" => "exception.type".into(),
                "message" => "exception.message".into(),
                "stack" => "exception.stacktrace".into(),
                _ => continue,
            };
        }
    }
    Event { time_ns: log.time_ns, name, attributes, dropped_attributes: log.dropped_fields }
}

/// Takes the status out of the tags: `error`, else `otel.status_code`, else an HTTP status.
fn status(tags: &mut Vec<Attribute>, kind: Kind) -> Status {
    let failed = match find(tags, "error") {
        Some(Value::Bool(failed)) => Some(*failed),
        _ => None,
    };
    let code = match find(tags, "otel.status_code").and_then(Value::as_str).map(|code| &**code) {
        Some("ERROR") => Some(true),
        Some("OK") => Some(false),
        _ => None,
    };
    if failed.is_some() {
        take(tags, "error");
    }
    if code.is_some() {
        take(tags, "otel.status_code");
    }
    let said = failed.or(code);
    match said.or_else(|| http_error(tags, kind).then_some(true)) {
        None => Status::Unset,
        Some(false) => Status::Ok,
        Some(true) => {
            let described = take(tags, "otel.status_description")
                .or_else(|| find(tags, "http.status_message").cloned());
            Status::Error(described.and_then(|text| text.as_str().cloned()).unwrap_or_default())
        }
    }
}

/// A server's 4xx is its client's mistake; a 5xx is an error on both sides.
fn http_error(tags: &[Attribute], kind: Kind) -> bool {
    let code = match find(tags, "http.status_code") {
        Some(Value::Int(code)) => Some(*code),
        Some(Value::Str(text)) => text.parse().ok(),
        _ => None,
    };
    match code {
        Some(400..500) => kind == Kind::Client,
        Some(500..600) => true,
        _ => false,
    }
}

/// Each key once, where it first stood, with the value that it last had.
fn last_of_each(attributes: Vec<Attribute>) -> Vec<Attribute> {
    // A map, since a hostile device may send thousands of keys.
    let mut places: HashMap<Arc<str>, usize> = HashMap::with_capacity(attributes.len());
    let mut kept: Vec<Attribute> = Vec::with_capacity(attributes.len());
    for attribute in attributes {
        match places.get(&attribute.key).and_then(|place| kept.get_mut(*place)) {
            Some(earlier) => earlier.value = attribute.value,
            None => {
                places.insert(attribute.key.clone(), kept.len());
                kept.push(attribute);
            }
        }
    }
    kept
}

fn find<'a>(attributes: &'a [Attribute], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| &*attribute.key == key).map(|attribute| &attribute.value)
}

fn take(attributes: &mut Vec<Attribute>, key: &str) -> Option<Value> {
    let index = attributes.iter().position(|attribute| &*attribute.key == key)?;
    Some(attributes.remove(index).value)
}

#[cfg(test)]
mod tests;

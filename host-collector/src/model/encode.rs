//! Owned spans as OTLP protobuf, and what of it others need that write spans without owning them.

use super::chunk::{Checked, Chunk, SPAN_WARNINGS};
use super::{Attribute, Batch, Event, Link, Resource, SERVICE_NAME, Span, Status, Value};
use crate::protobuf::Writer;
use std::sync::Arc;

/// The resource attribute that holds the warnings of a process.
pub const PROCESS_WARNINGS: &str = "spandrel.warnings";

impl Batch {
    /// As a chunk. What cannot be a span, since it says no trace, is left out; how many those were.
    #[must_use]
    pub fn to_chunk(&self) -> (Chunk, usize) {
        let mut writer = Writer::default();
        batch(&mut writer, self);
        match Chunk::check(writer.into_bytes()) {
            Ok(Checked { chunk, rejected, .. }) => (chunk, rejected),
            // What is written here is well-formed.
            Err(_) => (Chunk::default(), self.spans.len()),
        }
    }
}

/// A batch, as the one field of a request.
pub(crate) fn batch(out: &mut Writer, batch: &Batch) {
    out.message(1, |resource_spans| {
        resource_spans.message(1, |out| resource(out, &batch.resource));
        resource_spans.message(2, |scope_spans| {
            for item in &batch.spans {
                scope_spans.message(2, |out| span(out, item));
            }
        });
    });
}

/// A process.
pub(crate) fn resource(out: &mut Writer, resource: &Resource) {
    out.message(1, |out| {
        out.bytes(1, SERVICE_NAME.as_bytes());
        out.message(2, |out| out.bytes_always(1, resource.service_name.as_bytes()));
    });
    attributes(out, 1, &resource.attributes);
    warnings(out, 1, PROCESS_WARNINGS, &resource.warnings);
}

/// A span.
pub(crate) fn span(out: &mut Writer, span: &Span) {
    out.bytes(1, &span.trace_id.0);
    out.bytes(2, &span.span_id.0);
    if let Some(parent) = span.parent_span_id {
        out.bytes(4, &parent.0);
    }
    out.bytes(5, span.name.as_bytes());
    out.varint(6, u64::from(span.kind as u8));
    out.fixed64(7, span.start_ns);
    out.fixed64(8, span.end_ns);
    attributes(out, 9, &span.attributes);
    warnings(out, 9, SPAN_WARNINGS, &span.warnings);
    out.varint(10, span.dropped_attributes.into());
    for item in &span.events {
        out.message(11, |out| event(out, item));
    }
    out.varint(12, span.dropped_events.into());
    for item in &span.links {
        out.message(13, |out| link(out, item));
    }
    out.varint(14, span.dropped_links.into());
    if span.status != Status::Unset {
        out.message(15, |out| {
            if let Status::Error(description) = &span.status {
                out.bytes(2, description.as_bytes());
            }
            out.varint(3, span.status.code().into());
        });
    }
    out.fixed32(16, span.flags);
}

fn event(out: &mut Writer, event: &Event) {
    out.fixed64(1, event.time_ns);
    out.bytes(2, event.name.as_bytes());
    attributes(out, 3, &event.attributes);
    out.varint(4, event.dropped_attributes.into());
}

fn link(out: &mut Writer, link: &Link) {
    out.bytes(1, &link.trace_id.0);
    out.bytes(2, &link.span_id.0);
    attributes(out, 4, &link.attributes);
}

/// Attributes, as a repeated field.
pub(crate) fn attributes(out: &mut Writer, field: u32, attributes: &[Attribute]) {
    for attribute in attributes {
        out.message(field, |out| {
            out.bytes(1, attribute.key.as_bytes());
            out.message(2, |out| value(out, &attribute.value));
        });
    }
}

/// A value.
pub(crate) fn value(out: &mut Writer, value: &Value) {
    match value {
        Value::Str(text) => out.bytes_always(1, text.as_bytes()),
        Value::Bool(value) => out.varint_always(2, u64::from(*value)),
        Value::Int(value) => out.varint_always(3, value.cast_unsigned()),
        Value::Double(value) => out.fixed64_always(4, value.to_bits()),
        Value::Bytes(bytes) => out.bytes_always(7, bytes),
    }
}

fn warnings(out: &mut Writer, field: u32, key: &str, warnings: &[Arc<str>]) {
    if warnings.is_empty() {
        return;
    }
    out.message(field, |out| {
        out.bytes(1, key.as_bytes());
        out.message(2, |out| {
            out.message(5, |list| {
                for warning in warnings {
                    list.message(1, |out| out.bytes_always(1, warning.as_bytes()));
                }
            });
        });
    });
}

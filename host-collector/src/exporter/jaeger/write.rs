//! Writes what has Jaeger's shape as Jaeger UI JSON.

use super::shape::{Log, Process, Reference, Span, Tag, TagValue};
use crate::json::Writer;
use crate::model::TraceId;
use crate::model::opentracing::RefType;

/// The largest integer that JavaScript holds exactly.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Writes a trace: its spans, each with the number of its process from 0, and the processes.
///
/// `id` is the trace's; none of `spans` has to have it.
pub fn trace<'a>(
    out: &mut Writer,
    id: TraceId,
    write_spans: impl FnOnce(&mut SpanWriter<'_>),
    processes: &[Process<'a>],
) {
    out.raw("{\"traceID\":\"");
    trace_id(out, id);
    out.raw("\",\"spans\":[");
    write_spans(&mut SpanWriter { out, is_first: true });
    out.raw("],\"processes\":{");
    for (index, process) in processes.iter().enumerate() {
        out.raw(if index == 0 { "\"p" } else { ",\"p" });
        out.unsigned(index as u64 + 1);
        out.raw("\":{\"serviceName\":");
        out.string(process.service);
        out.raw(",\"tags\":");
        out.list(&process.tags, tag);
        out.raw("}");
    }
    out.raw("},\"warnings\":");
    let warnings = processes.iter().flat_map(|process| {
        process.warnings.iter().map(|text| format!("{}: {text}", process.service))
    });
    warnings_or_null(out, warnings);
    out.raw("}");
}

/// Writes the spans of a trace one after the other.
#[derive(Debug)]
pub struct SpanWriter<'a> {
    out: &'a mut Writer,
    is_first: bool,
}

impl SpanWriter<'_> {
    /// A span, and the number of its process from 0.
    pub fn span(&mut self, span: &Span<'_>, process: usize) {
        let out = &mut *self.out;
        out.raw(if self.is_first { "{\"traceID\":\"" } else { ",{\"traceID\":\"" });
        self.is_first = false;
        trace_id(out, span.trace_id);
        out.raw("\",\"spanID\":\"");
        out.hex(&span.span_id.0);
        out.raw("\",\"operationName\":\"");
        out.escaped(span.name);
        out.raw("\",\"references\":[");
        for (index, item) in span.references.iter().enumerate() {
            reference(out, item, index == 0);
        }
        out.raw("],\"startTime\":");
        out.unsigned(span.start_ns / 1000);
        out.raw(",\"duration\":");
        out.unsigned(span.duration_ns / 1000);
        out.raw(",\"tags\":");
        out.list(&span.tags, tag);
        out.raw(",\"logs\":");
        out.list(&span.logs, log);
        out.raw(",\"processID\":\"p");
        out.unsigned(process as u64 + 1);
        out.raw("\",\"warnings\":");
        warnings_or_null(out, &span.warnings);
        out.raw("}");
    }
}

fn reference(out: &mut Writer, reference: &Reference, is_first: bool) {
    if !is_first {
        out.raw(",");
    }
    out.raw(match reference.ref_type {
        RefType::ChildOf => "{\"refType\":\"CHILD_OF\",\"traceID\":\"",
        RefType::FollowsFrom => "{\"refType\":\"FOLLOWS_FROM\",\"traceID\":\"",
    });
    trace_id(out, reference.trace_id);
    out.raw("\",\"spanID\":\"");
    out.hex(&reference.span_id.0);
    out.raw("\"}");
}

fn log(out: &mut Writer, log: &Log<'_>) {
    out.raw("{\"timestamp\":");
    out.unsigned(log.time_ns / 1000);
    out.raw(",\"fields\":");
    out.list(&log.fields, tag);
    out.raw("}");
}

fn tag(out: &mut Writer, tag: &Tag<'_>) {
    out.raw("{\"key\":\"");
    out.escaped(tag.key);
    match &tag.value {
        TagValue::Str(text) => {
            out.raw("\",\"type\":\"string\",\"value\":\"");
            out.escaped(text);
            out.raw("\"}");
        }
        TagValue::Int(value) if value.unsigned_abs() <= MAX_SAFE_INTEGER => {
            out.raw("\",\"type\":\"int64\",\"value\":");
            out.signed(*value);
            out.raw("}");
        }
        TagValue::Int(value) => {
            out.raw("\",\"type\":\"int64\",\"value\":\"");
            out.signed(*value);
            out.raw("\"}");
        }
        TagValue::Bool(true) => out.raw("\",\"type\":\"bool\",\"value\":true}"),
        TagValue::Bool(false) => out.raw("\",\"type\":\"bool\",\"value\":false}"),
        TagValue::Double(value) => {
            out.raw("\",\"type\":\"float64\",\"value\":");
            out.double(*value);
            out.raw("}");
        }
        // No bytes are null there.
        TagValue::Binary([]) => out.raw("\",\"type\":\"binary\",\"value\":null}"),
        TagValue::Binary(bytes) => {
            out.raw("\",\"type\":\"binary\",\"value\":");
            out.base64(bytes);
            out.raw("}");
        }
    }
}

fn warnings_or_null(out: &mut Writer, warnings: impl IntoIterator<Item: AsRef<str>>) {
    let mut warnings = warnings.into_iter().peekable();
    if warnings.peek().is_none() {
        out.raw("null");
    } else {
        out.strings(warnings);
    }
}

/// 16 digits if the upper half is zero, else 32.
fn trace_id(out: &mut Writer, id: TraceId) {
    match id.0 {
        [0, 0, 0, 0, 0, 0, 0, 0, low @ ..] => out.hex(&low),
        all => out.hex(&all),
    }
}

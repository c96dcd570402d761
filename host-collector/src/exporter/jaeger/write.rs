//! Writes what has Jaeger's shape as Jaeger UI JSON.

use super::read::Lists;
use super::shape::{Log, Process, Reference, Show, Span, Tag, TagValue};
use crate::json::Writer;
use crate::model::opentracing::RefType;
use crate::model::{SpanView, TraceId};

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
    write_spans(&mut SpanWriter { out, is_first: true, id: Id::of(id) });
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
    /// The trace's id, which most spans and references have.
    id: Id,
}

/// An id of a trace with its digits.
#[derive(Debug)]
struct Id {
    id: TraceId,
    digits: Vec<u8>,
}

impl Id {
    fn of(id: TraceId) -> Self {
        let mut out = Writer::default();
        trace_id(&mut out, id);
        Self { id, digits: out.into_bytes() }
    }

    fn write(&self, out: &mut Writer, id: TraceId) {
        if id == self.id { out.bytes(&self.digits) } else { trace_id(out, id) }
    }
}

impl SpanWriter<'_> {
    /// A span, and the number of its process from 0.
    pub fn span(&mut self, span: &Span<'_>, process: usize) {
        let times_ns = [span.start_ns, span.duration_ns];
        self.head(span.trace_id, &span.span_id.0, span.name, times_ns, process);
        self.out.list(&span.tags, tag);
        self.references(&span.references);
        self.out.list(&span.logs, |out, one| log(out, one));
        self.tail(&span.warnings);
    }

    /// The same of a span that nothing was done to, without a shape in between.
    pub(super) fn view<'a>(
        &mut self,
        span: SpanView<'a>,
        scope: &[Tag<'a>],
        process: usize,
        show: Show,
        lists: &mut Lists<'a>,
    ) {
        let times_ns = [span.start_ns(), span.duration_ns()];
        self.head(span.trace_id(), &span.span_id().0, span.name(), times_ns, process);
        let mut open = "[";
        lists.read(span, scope, show, |one| {
            self.out.raw(core::mem::replace(&mut open, ","));
            tag(self.out, one);
        });
        self.out.raw(if open == "[" { "[]" } else { "]" });
        self.references(&lists.references);
        self.out.list(lists.logs(show), |out, one| log(out, &one));
        self.tail(&lists.warnings);
    }

    /// Everything before the list of tags.
    fn head(
        &mut self,
        trace: TraceId,
        id: &[u8; 8],
        name: &str,
        [start_ns, duration_ns]: [u64; 2],
        process: usize,
    ) {
        let out = &mut *self.out;
        out.raw(if self.is_first { "{\"traceID\":\"" } else { ",{\"traceID\":\"" });
        self.is_first = false;
        self.id.write(out, trace);
        out.raw("\",\"spanID\":\"");
        out.hex(id);
        out.raw("\",\"operationName\":\"");
        out.escaped(name);
        out.raw("\",\"startTime\":");
        out.unsigned(start_ns / 1000);
        out.raw(",\"duration\":");
        out.unsigned(duration_ns / 1000);
        out.raw(",\"processID\":\"p");
        out.unsigned(process as u64 + 1);
        out.raw("\",\"tags\":");
    }

    /// The list of references, and what stands before that of logs.
    fn references(&mut self, references: &[Reference]) {
        let out = &mut *self.out;
        let mut open = ",\"references\":[{\"refType\":\"";
        for reference in references {
            out.raw(core::mem::replace(&mut open, ",{\"refType\":\""));
            out.raw(match reference.ref_type {
                RefType::ChildOf => "CHILD_OF\",\"traceID\":\"",
                RefType::FollowsFrom => "FOLLOWS_FROM\",\"traceID\":\"",
            });
            self.id.write(out, reference.trace_id);
            out.raw("\",\"spanID\":\"");
            out.hex(&reference.span_id.0);
            out.raw("\"}");
        }
        let none = ",\"references\":[],\"logs\":";
        out.raw(if references.is_empty() { none } else { "],\"logs\":" });
    }

    /// Everything behind the list of logs.
    fn tail(&mut self, warnings: &[impl AsRef<str>]) {
        if warnings.is_empty() {
            self.out.raw(",\"warnings\":null}");
        } else {
            self.out.raw(",\"warnings\":");
            self.out.strings(warnings);
            self.out.raw("}");
        }
    }
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

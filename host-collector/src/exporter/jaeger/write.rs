//! Writes what has Jaeger's shape as Jaeger UI JSON.

use super::read::{Lists, TakesTags as _};
use super::shape::{Log, Process, Reference, Show, Span, Tag};
use super::tags::{TagWriter, tag};
use crate::json::Writer;
use crate::model::opentracing::RefType;
use crate::model::{SpanId, SpanView, TraceId};
use core::ops::Range;

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
    write_spans(&mut SpanWriter { out, is_first: true, id: Id::of(id), process: None, tail: None });
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
    /// The number of the last span's process, and what was written of it.
    process: Option<(usize, Range<usize>)>,
    tail: Option<Tail>,
}

/// An id of a trace with its digits.
#[derive(Debug)]
struct Id {
    id: TraceId,
    /// How a span of it begins that is not the first.
    span: Vec<u8>,
    digits: Vec<u8>,
}

/// What was written last behind the tags of a span that had nothing else there than its parent: spans of
/// one parent mostly come together.
#[derive(Debug)]
struct Tail {
    trace_id: TraceId,
    parent: Option<SpanId>,
    place: Range<usize>,
}

impl Id {
    fn of(id: TraceId) -> Self {
        let mut out = Writer::default();
        trace_id(&mut out, id);
        let digits = out.into_bytes();
        let span = [b",{\"traceID\":\"", digits.as_slice(), b"\",\"spanID\":\""].concat();
        Self { id, span, digits }
    }

    fn write(&self, out: &mut Writer, id: TraceId) {
        if id == self.id { out.bytes(&self.digits) } else { trace_id(out, id) }
    }
}

impl SpanWriter<'_> {
    /// A span, and the number of its process from 0.
    pub fn span(&mut self, span: &Span<'_>, process: usize) {
        let times_ns = [span.start_ns, span.duration_ns];
        self.head(span.trace_id, &span.span_id.0, span.name.as_bytes(), times_ns, process);
        let mut tags = TagWriter::new(&mut *self.out);
        span.tags.iter().for_each(|tag| tags.tag(tag));
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
        let trace_id = span.trace_id();
        self.head(trace_id, &span.span_id().0, span.raw_name(), times_ns, process);
        let mut tags = TagWriter::new(&mut *self.out);
        lists.read(span, scope, show, &mut tags);
        let (is_tail, parent) = (lists.are_empty(), span.parent_span_id());
        if is_tail
            && let Some(tail) = &self.tail
            && (tail.trace_id, tail.parent) == (trace_id, parent)
        {
            self.out.again(tail.place.clone());
            return;
        }
        let start = self.out.len();
        self.references(&lists.references(span));
        self.out.list(lists.logs(show), |out, one| log(out, &one));
        self.tail(&lists.warnings);
        if is_tail {
            self.tail = Some(Tail { trace_id, parent, place: start..self.out.len() });
        }
    }

    /// Everything before the tags.
    fn head(
        &mut self,
        trace: TraceId,
        id: &[u8; 8],
        name: &[u8],
        [start_ns, duration_ns]: [u64; 2],
        process: usize,
    ) {
        let out = &mut *self.out;
        if trace == self.id.id && !self.is_first {
            out.bytes(&self.id.span);
        } else {
            out.raw(if self.is_first { "{\"traceID\":\"" } else { ",{\"traceID\":\"" });
            self.is_first = false;
            self.id.write(out, trace);
            out.raw("\",\"spanID\":\"");
        }
        out.hex(id);
        out.raw("\",\"operationName\":\"");
        out.escaped_bytes(name);
        out.raw("\",\"startTime\":");
        out.unsigned(start_ns / 1000);
        out.raw(",\"duration\":");
        out.unsigned(duration_ns / 1000);
        if let Some((last, place)) = &self.process
            && *last == process
        {
            out.again(place.clone());
            return;
        }
        let start = out.len();
        out.raw(",\"processID\":\"p");
        out.unsigned(process as u64 + 1);
        out.raw("\",\"tags\":[");
        self.process = Some((process, start..out.len()));
    }

    /// The list of references, and what stands before it and before that of logs.
    fn references(&mut self, references: &[Reference]) {
        let out = &mut *self.out;
        let mut open = "],\"references\":[{\"refType\":\"";
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
        let none = "],\"references\":[],\"logs\":";
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

//! The JSON that Jaeger UI reads: `{"data": [trace, ...], ...}`.
//!
//! It is byte for byte of the shape that a Jaeger's `/api/traces` answers with, so a file of it can
//! be dropped into Jaeger UI. The rules that are easily missed: a trace id whose upper half is zero
//! has 16 digits; an integer that JavaScript cannot hold is a string; lists are never null but for
//! warnings and errors; the parent is the first reference. What a Jaeger shows of our OTLP is the
//! same: it makes tags of kind and status, and of OTLP's flags nothing.

mod read;
mod shape;
mod tags;
mod write;

use crate::exporter::otlp;
use crate::json::Writer;
use crate::model::{Chunk, SpanView, Trace, TraceId};
use read::Lists;
use std::collections::HashMap;

pub use shape::{Log, Process, Reference, Show, Span, Tag, TagValue, scope_tags};
pub use write::{SpanWriter, trace as write_trace};

/// What stands behind the traces of an answer without errors.
pub const END_OF_ANSWER: &str = "],\"total\":0,\"limit\":0,\"offset\":0,\"errors\":null}";

/// About what JSON writes around what a span's message holds.
const AROUND: usize = 320;

/// Jaeger UI JSON of some traces. Traces without a span are left out.
///
/// Spans are in order of their start and processes in order of their first span, so the result does
/// not depend on the order in which spans arrived.
#[must_use]
pub fn convert<'a>(traces: impl IntoIterator<Item = &'a Trace>) -> Vec<u8> {
    let mut out = Writer::default();
    out.raw("{\"data\":[");
    let mut is_first = true;
    for item in traces.into_iter().filter(|trace| !trace.is_empty()) {
        // What a session has assembled is in order: none of it is refused.
        let Ok(checked) = Chunk::check(otlp::to_protobuf(&item.batches)) else { continue };
        if !core::mem::take(&mut is_first) {
            out.raw(",");
        }
        trace(&mut out, &checked.chunk, Show::Dropped);
    }
    out.raw(END_OF_ANSWER);
    out.into_bytes()
}

/// Writes all spans of a chunk as one trace; the first span says which.
///
/// A chunk without spans is no trace: whoever has one must not come here.
pub fn trace(out: &mut Writer, chunk: &Chunk, show: Show) {
    let spans = Spans::of(chunk);
    out.reserve(chunk.bytes().len() + chunk.len() * AROUND);
    let id = spans.list.first().map_or(TraceId([0; 16]), |place| place.span().trace_id());
    let mut lists = Lists::default();
    let write_spans = |out: &mut SpanWriter<'_>| {
        for place in &spans.list {
            out.view(place.span(), spans.scope(place), place.process, show, &mut lists);
        }
    };
    write_trace(out, id, write_spans, &spans.processes);
}

/// The spans of a chunk in the order in which they are shown, with the processes in the order in which
/// these spans name them.
#[derive(Debug)]
pub struct Spans<'a> {
    /// By start, then end (longest first), then id, then the service's name.
    pub list: Vec<Place<'a>>,
    /// Each once.
    pub processes: Vec<Process<'a>>,
    scopes: Vec<Vec<Tag<'a>>>,
}

/// A span, and what is around it. It is small, since it is sorted.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    raw: &'a [u8],
    start_ns: u64,
    end_ns: u64,
    /// The number of its process, from 0.
    pub process: usize,
    scope: usize,
}

impl<'a> Place<'a> {
    /// The span.
    #[must_use]
    #[inline]
    pub fn span(&self) -> SpanView<'a> {
        SpanView::new(self.raw)
    }
}

impl<'a> Spans<'a> {
    /// Reads a chunk.
    #[must_use]
    pub fn of(chunk: &'a Chunk) -> Self {
        let mut spans = Self {
            list: Vec::with_capacity(chunk.len()),
            processes: Vec::new(),
            scopes: Vec::new(),
        };
        let mut known: HashMap<&[u8], usize> = HashMap::new();
        let mut numbers: HashMap<Process<'_>, usize> = HashMap::new();
        for group in chunk.resources() {
            let resource = group.resource();
            let process = *known.entry(resource.raw()).or_insert_with(|| {
                let next = numbers.len();
                *numbers.entry(Process::of(resource)).or_insert(next)
            });
            for group in group.scopes() {
                let scope = spans.scopes.len();
                spans.scopes.push(scope_tags(group.scope()));
                spans.list.extend(group.raw_spans().map(|raw| {
                    // Most of this view is not made, since nobody reads it.
                    let span = SpanView::new(raw);
                    let (start_ns, end_ns) = (span.start_ns(), span.end_ns());
                    Place { raw, start_ns, end_ns, process, scope }
                }));
            }
        }
        let mut processes: Vec<_> = numbers.into_iter().collect();
        processes.sort_unstable_by_key(|(_, number)| *number);
        let processes: Vec<_> = processes.into_iter().map(|(process, _)| process).collect();
        let service =
            |place: &Place<'a>| processes.get(place.process).map_or("", |process| process.service);
        spans.list.sort_by(|a, b| {
            let by_time = a.start_ns.cmp(&b.start_ns).then(b.end_ns.cmp(&a.end_ns));
            by_time
                .then_with(|| a.span().span_id().cmp(&b.span().span_id()))
                .then_with(|| service(a).cmp(service(b)))
        });
        spans.number(processes);
        spans
    }

    /// Numbers the processes in the order in which the spans name them.
    fn number(&mut self, processes: Vec<Process<'a>>) {
        let mut new: Vec<Option<usize>> = vec![None; processes.len()];
        let mut processes: Vec<Option<Process<'a>>> = processes.into_iter().map(Some).collect();
        for place in &mut self.list {
            let Some(number) = new.get_mut(place.process) else { continue };
            let taken = processes.get_mut(place.process).and_then(Option::take);
            if let Some(process) = taken {
                *number = Some(self.processes.len());
                self.processes.push(process);
            }
            place.process = number.unwrap_or_default();
        }
    }

    /// What Jaeger makes of one of its spans.
    #[must_use]
    pub fn read(&self, place: &Place<'a>, show: Show) -> Span<'a> {
        Span::of(place.span(), self.scope(place), show)
    }

    fn scope(&self, place: &Place<'a>) -> &[Tag<'a>] {
        self.scopes.get(place.scope).map_or(&[], Vec::as_slice)
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

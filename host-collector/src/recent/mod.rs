//! The traces of the last while, in memory and within bounds: what the tree and the files show.
//!
//! Spans join the trace they belong to whenever they come. A span that comes twice is one span;
//! equal ids with different content are both kept, since they may be two halves of one call. When
//! a bound is reached, the trace that has been quiet for longest goes, and is counted.

mod processes;

use crate::model::{Batch, Resource, Source, Span, SpanId, Trace, TraceId};
use processes::Processes;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// How many spans of one id a trace may have: an id is shared by two halves of a call, not by more.
const MAX_PER_ID: usize = 8;

/// What a span takes beside itself: a place in a list that may be half empty, and in an index.
const PER_SPAN: usize = size_of::<Span>() + 192;
/// What a trace takes beside its spans.
const PER_TRACE: usize = 1024;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Spans in all traces.
    pub spans: usize,
    /// Bytes that they and their processes hold, about.
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { spans: 100_000, bytes: 128 << 20 }
    }
}

/// What was done, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Spans that were kept.
    pub kept: u64,
    /// Spans that were there already.
    pub doubles: u64,
    /// Traces that went to make room, and the spans in them.
    pub evicted: (u64, u64),
    /// Spans refused because their trace alone fills half of what may be kept, or because too many
    /// others have their id.
    pub refused: u64,
}

#[derive(Debug)]
struct Entry {
    trace: Trace,
    /// Where in the trace the spans of an id are: batch and place in it.
    places: HashMap<SpanId, Vec<(usize, usize)>>,
    bytes: usize,
    /// When the last span came, on the caller's clock, and its number among all arrivals.
    last: (u64, u64),
    /// How many spans were there when it was last shown.
    shown: usize,
}

/// A trace that has something new and has been quiet for a while.
#[derive(Debug)]
pub struct Quiet<'a> {
    /// The trace.
    pub trace: &'a Trace,
    /// How many of its spans came after it was last shown; none if it never was.
    pub late: Option<usize>,
}

/// The set.
#[derive(Debug)]
pub struct Recent {
    bounds: Bounds,
    traces: HashMap<TraceId, Entry>,
    /// Every trace by its last arrival: the first is the next to go.
    by_arrival: BTreeMap<u64, TraceId>,
    /// Those with something that was not shown yet, by the time of their last arrival.
    unshown: BTreeSet<(u64, TraceId)>,
    arrivals: u64,
    spans: usize,
    bytes: usize,
    processes: Processes,
    counts: Counts,
}

impl Recent {
    /// An empty set.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            traces: HashMap::new(),
            by_arrival: BTreeMap::new(),
            unshown: BTreeSet::new(),
            arrivals: 0,
            spans: 0,
            bytes: 0,
            processes: Processes::default(),
            counts: Counts::default(),
        }
    }

    /// Adds the spans of a batch, which came at `now_ns` of any clock that does not go back.
    pub fn insert(&mut self, batch: Batch, now_ns: u64) {
        let Batch { source, resource, spans } = batch;
        let mut by_trace: BTreeMap<TraceId, Vec<Span>> = BTreeMap::new();
        for span in spans {
            by_trace.entry(span.trace_id).or_default().push(span);
        }
        for (id, spans) in by_trace {
            let spans = Batch { source, resource: resource.clone(), spans };
            self.insert_into(id, spans, now_ns);
        }
        while self.spans > self.bounds.spans
            || self.bytes + self.processes.weight() > self.bounds.bytes
        {
            let Some((_, oldest)) = self.by_arrival.pop_first() else { return };
            self.forget(oldest);
        }
    }

    fn insert_into(&mut self, id: TraceId, batch: Batch, now_ns: u64) {
        self.arrivals += 1;
        let entry = self.traces.entry(id).or_insert_with(|| Entry {
            trace: Trace { id, batches: Vec::new() },
            places: HashMap::new(),
            bytes: 0,
            last: (now_ns, self.arrivals),
            shown: 0,
        });
        self.by_arrival.remove(&entry.last.1);
        self.unshown.remove(&(entry.last.0, id));
        entry.last = (now_ns, self.arrivals);
        self.by_arrival.insert(self.arrivals, id);

        let (spans, bytes) = (entry.trace.len(), entry.bytes);
        let half = Bounds { spans: self.bounds.spans / 2, bytes: self.bounds.bytes / 2 };
        entry.add(batch, half, &mut self.counts, &mut self.processes);
        if entry.trace.is_empty() {
            // Nothing of it was taken.
            self.by_arrival.remove(&self.arrivals);
            self.traces.remove(&id);
            return;
        }
        self.spans += entry.trace.len() - spans;
        self.bytes += entry.bytes - bytes;
        if entry.trace.len() > entry.shown {
            self.unshown.insert((now_ns, id));
        }
    }

    fn forget(&mut self, id: TraceId) {
        let Some(entry) = self.traces.remove(&id) else { return };
        self.unshown.remove(&(entry.last.0, id));
        self.spans -= entry.trace.len();
        self.bytes -= entry.bytes;
        entry.trace.batches.iter().for_each(|batch| self.processes.release(&batch.resource));
        self.counts.evicted.0 += 1;
        self.counts.evicted.1 += entry.trace.len() as u64;
    }

    /// Traces with something new whose last span came before `before_ns`; they count as shown.
    pub fn take_quiet(&mut self, before_ns: u64) -> Vec<Quiet<'_>> {
        let mut quiet = Vec::new();
        while let Some((last_ns, id)) = self.unshown.first().copied()
            && last_ns < before_ns
        {
            self.unshown.pop_first();
            if let Some(entry) = self.traces.get_mut(&id) {
                let late = (entry.shown > 0).then(|| entry.trace.len() - entry.shown);
                entry.shown = entry.trace.len();
                quiet.push((id, late));
            }
        }
        quiet
            .into_iter()
            .filter_map(|(id, late)| Some(Quiet { trace: &self.traces.get(&id)?.trace, late }))
            .collect()
    }

    /// All traces, by their start, then id.
    #[must_use]
    pub fn traces(&self) -> Vec<&Trace> {
        let mut traces: Vec<_> = self.traces.values().map(|entry| &entry.trace).collect();
        traces.sort_by_cached_key(|trace| (trace.bounds_ns(), trace.id));
        traces
    }

    /// What was done.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// A number that changes with every span that is kept.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.counts.kept
    }
}

impl Entry {
    fn add(&mut self, batch: Batch, limit: Bounds, counts: &mut Counts, processes: &mut Processes) {
        let mut into = None;
        for span in batch.spans {
            let first = if self.trace.is_empty() { PER_TRACE } else { 0 };
            let weight = span.weight() + PER_SPAN + first;
            let places = self.places.get(&span.span_id).map_or(&[][..], Vec::as_slice);
            if places.iter().any(|place| self.trace.at(*place) == Some(&span)) {
                counts.doubles += 1;
            } else if places.len() >= MAX_PER_ID
                || self.trace.len() >= limit.spans
                || self.bytes + weight > limit.bytes
            {
                counts.refused += 1;
            } else {
                let index = *into.get_or_insert_with(|| {
                    self.trace.batch_of(batch.source, &batch.resource, processes)
                });
                let Some(batch) = self.trace.batches.get_mut(index) else { continue };
                self.places.entry(span.span_id).or_default().push((index, batch.spans.len()));
                self.bytes += weight;
                batch.spans.push(span);
                counts.kept += 1;
            }
        }
    }
}

impl Trace {
    fn at(&self, (batch, place): (usize, usize)) -> Option<&Span> {
        self.batches.get(batch)?.spans.get(place)
    }

    /// The place of the batch of `source`, made if there is none.
    ///
    /// The process is described as it was last: its clock and its losses are known best then.
    fn batch_of(
        &mut self,
        source: Source,
        resource: &Arc<Resource>,
        processes: &mut Processes,
    ) -> usize {
        processes.hold(resource);
        if let Some(index) = self.batches.iter().position(|batch| batch.source == source) {
            if let Some(batch) = self.batches.get_mut(index) {
                let before = core::mem::replace(&mut batch.resource, resource.clone());
                processes.release(&before);
            }
            return index;
        }
        self.batches.push(Batch { source, resource: resource.clone(), spans: Vec::new() });
        self.batches.len() - 1
    }
}

#[cfg(test)]
mod tests;

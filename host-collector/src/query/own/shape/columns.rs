//! A page of rows as columns of bytes: `docs/api.md` has the format.

use super::rows::{Row, Rows};
use super::times::Stretch;
use crate::model::{LinkView, SpanId, SpanView, TraceId, ValueView};
use crate::session::made::{GAP, MADE};
use crate::varint::{put as varint, zigzag};
use core::hash::Hash;
use core::ops::Range;
use std::collections::HashMap;

/// What a row's flags say.
pub mod flag {
    /// It failed.
    pub const FAILED: u64 = 1;
    /// Its parent is not there.
    pub const ORPHAN: u64 = 2;
    /// Its parent is below it.
    pub const RING: u64 = 4;
    /// The collector made it.
    pub const MADE: u64 = 8;
    /// A reset cut it off.
    pub const CUT_OFF: u64 = 16;
    /// It has warnings.
    pub const WARNINGS: u64 = 32;
    /// Something of it is known to be missing.
    pub const MISSING: u64 = 64;
    /// Another span has its id.
    pub const TWIN: u64 = 128;
}

/// The columns of a page, and what they refer to.
#[derive(Debug, Default)]
pub(super) struct Columns<'a> {
    pub(super) strings: Places<&'a str>,
    /// Places of the trace's processes.
    pub(super) processes: Places<usize>,
    id: Vec<u8>,
    depth: Vec<u8>,
    start: Vec<u8>,
    duration: Vec<u8>,
    own: Vec<u8>,
    name: Vec<u8>,
    process: Vec<u8>,
    kind: Vec<u8>,
    flags: Vec<u8>,
    critical: List<2>,
    event: List<2>,
    link: List<4>,
    gap: List<3>,
}

/// Columns of things of which a row has any number.
#[derive(Debug)]
struct List<const N: usize> {
    row: Vec<u8>,
    columns: [Vec<u8>; N],
    last: usize,
}

impl<const N: usize> Default for List<N> {
    fn default() -> Self {
        Self { row: Vec::new(), columns: core::array::from_fn(|_| Vec::new()), last: 0 }
    }
}

impl<const N: usize> List<N> {
    fn push(&mut self, row: usize, values: [u64; N]) {
        varint(&mut self.row, row.saturating_sub(self.last) as u64);
        self.last = row;
        for (column, value) in self.columns.iter_mut().zip(values) {
            varint(column, value);
        }
    }
}

/// Things and their places, each thing once.
#[derive(Debug)]
pub(super) struct Places<T> {
    pub(super) list: Vec<T>,
    known: HashMap<T, usize>,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self { list: Vec::new(), known: HashMap::new() }
    }
}

impl<T: Copy + Eq + Hash> Places<T> {
    fn of(&mut self, thing: T) -> u64 {
        let place = *self.known.entry(thing).or_insert_with(|| {
            self.list.push(thing);
            self.list.len() - 1
        });
        place as u64
    }
}

/// What rows are told by.
pub(super) struct Whole<'w, 'a> {
    pub(super) rows: &'w Rows<'a>,
    pub(super) path: &'w [Stretch],
    /// The ids of spans elsewhere, as text, by what refers to them.
    pub(super) elsewhere: &'a HashMap<(TraceId, SpanId), [String; 2]>,
    /// The row of the first span of an id.
    pub(super) places: &'w HashMap<SpanId, usize>,
    pub(super) base_ns: u64,
}

impl<'a> Columns<'a> {
    /// The rows of a page.
    pub(super) fn of(whole: &Whole<'_, 'a>, page: Range<usize>) -> Self {
        let mut columns = Self::default();
        let rows = whole.rows.rows.get(page.clone()).unwrap_or_default();
        for (row, at) in rows.iter().zip(page.clone()) {
            columns.row(whole, at, row);
        }
        let begin = whole.path.partition_point(|stretch| stretch.row < page.start);
        let path = whole.path.get(begin..).unwrap_or_default().iter();
        for stretch in path.take_while(|stretch| stretch.row < page.end) {
            let from = stretch.from_ns.saturating_sub(whole.base_ns);
            columns.critical.push(stretch.row, [from, stretch.to_ns - stretch.from_ns]);
        }
        columns
    }

    fn row(&mut self, whole: &Whole<'_, 'a>, at: usize, row: &Row<'a>) {
        let span = row.span;
        let parent = row.parent.and_then(|parent| whole.rows.rows.get(parent));
        let origin = parent.map_or(whole.base_ns, |parent| parent.span.start_ns());
        self.id.extend(span.span_id().0);
        varint(&mut self.depth, row.depth as u64);
        varint(&mut self.start, between(origin, span.start_ns()));
        varint(&mut self.duration, span.duration_ns());
        varint(&mut self.own, whole.rows.self_ns(at));
        varint(&mut self.name, self.strings.of(span.name()));
        varint(&mut self.process, self.processes.of(row.process));
        varint(&mut self.kind, span.kind() as u64);
        let marks = Marks::of(row);
        varint(&mut self.flags, marks.flags);
        if let Some(gap) = marks.gap {
            let [from, to] = [gap.earliest_ns, gap.latest_ns].map(|ns| between(whole.base_ns, ns));
            self.gap.push(at, [from, to, gap.records]);
        }
        for event in span.events() {
            let after = between(span.start_ns(), event.time_ns());
            self.event.push(at, [after, self.strings.of(event.name())]);
        }
        for link in span.links() {
            self.link(whole, at, span, link);
        }
    }

    fn link(&mut self, whole: &Whole<'_, 'a>, at: usize, of: SpanView<'a>, link: LinkView<'a>) {
        // A link to the parent only says of which type that reference is.
        if Some(link.span_id()) == of.parent_span_id() {
            return;
        }
        let kind =
            self.strings.of(link.attributes().text("opentracing.ref_type").unwrap_or_default());
        let here = whole.places.get(&link.span_id());
        let here = here.filter(|_| is_same(link.trace_id(), of.trace_id()));
        let nowhere = self.strings.of("");
        let elsewhere = whole.elsewhere.get(&(link.trace_id(), link.span_id()));
        let values = match (here, elsewhere) {
            (None, Some([trace, span])) => [0, kind, self.strings.of(trace), self.strings.of(span)],
            (here, _) => [here.map_or(0, |row| *row as u64 + 1), kind, nowhere, nowhere],
        };
        self.link.push(at, values);
    }

    /// Each with its name, in their order.
    pub(super) fn named(&self) -> [(&'static str, &[u8]); 24] {
        let [critical_from, critical_duration] = &self.critical.columns;
        let [event_at, event_name] = &self.event.columns;
        let [link_to, link_type, link_trace, link_span] = &self.link.columns;
        let [gap_from, gap_to, gap_records] = &self.gap.columns;
        [
            ("id", &self.id),
            ("depth", &self.depth),
            ("start", &self.start),
            ("duration", &self.duration),
            ("self", &self.own),
            ("name", &self.name),
            ("process", &self.process),
            ("kind", &self.kind),
            ("flags", &self.flags),
            ("critical.row", &self.critical.row),
            ("critical.from", critical_from),
            ("critical.duration", critical_duration),
            ("event.row", &self.event.row),
            ("event.at", event_at),
            ("event.name", event_name),
            ("link.row", &self.link.row),
            ("link.to", link_to),
            ("link.type", link_type),
            ("link.trace", link_trace),
            ("link.span", link_span),
            ("gap.row", &self.gap.row),
            ("gap.from", gap_from),
            ("gap.to", gap_to),
            ("gap.records", gap_records),
        ]
    }
}

/// Ids of 64 and of 128 bits are one where the lower half is.
pub(super) fn is_same(one: TraceId, other: TraceId) -> bool {
    one == other
        || (one.0.starts_with(&[0; 8]) || other.0.starts_with(&[0; 8]))
            && one.0.last_chunk::<8>() == other.0.last_chunk::<8>()
}

/// What the tags of a span say that a timeline shows.
#[derive(Debug, Default)]
struct Marks {
    flags: u64,
    gap: Option<Gap>,
}

#[derive(Debug, Default)]
struct Gap {
    earliest_ns: u64,
    latest_ns: u64,
    records: u64,
}

impl Marks {
    fn of(row: &Row<'_>) -> Self {
        let span = row.span;
        let mut flags = 0;
        let mut set = |flag, is_set: bool| flags |= if is_set { flag } else { 0 };
        set(flag::FAILED, span.status_code() == 2);
        set(flag::ORPHAN, row.is_orphan);
        set(flag::RING, row.is_ring);
        set(flag::TWIN, row.is_twin);
        let missing = span.dropped_attributes() != 0
            || span.dropped_events() != 0
            || span.dropped_links() != 0;
        set(flag::MISSING, missing);
        let is_gap = span.name() == GAP;
        let mut gap = Gap::default();
        for attribute in span.attributes().iter() {
            let number = || match attribute.value() {
                ValueView::Int(number) => u64::try_from(number).unwrap_or(0),
                _ => 0,
            };
            match attribute.key() {
                MADE => set(flag::MADE, matches!(attribute.value(), ValueView::Bool(true))),
                "cut_off" => set(flag::CUT_OFF, true),
                crate::model::SPAN_WARNINGS => set(flag::WARNINGS, true),
                "gap.earliest_ns" if is_gap => gap.earliest_ns = number(),
                "gap.latest_ns" if is_gap => gap.latest_ns = number(),
                "gap.records" if is_gap => gap.records = number(),
                _ => {}
            }
        }
        let is_whole =
            flags & flag::MADE != 0 && gap.earliest_ns <= gap.latest_ns && gap.latest_ns != 0;
        Self { flags, gap: Some(gap).filter(|_| is_gap && is_whole) }
    }
}

/// From one moment to another, as a signed number.
fn between(from: u64, to: u64) -> u64 {
    let far = |way: u64| i64::try_from(way).unwrap_or(i64::MAX);
    let way = if to >= from { far(to - from) } else { -far(from - to) };
    zigzag(way)
}

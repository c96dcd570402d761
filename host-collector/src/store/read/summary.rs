//! What a list shows of a trace, mostly from the frames of its groups alone.

use super::View;
use super::groups::{Groups, Place};
use crate::model::{Chunk, StatusView, TraceId};
use crate::storage::{Found, ReadError, ServiceCount};
use crate::store::block::{About, distinct};
use crate::store::codec::bits::halves;
use crate::store::codec::wire::narrow;
use crate::store::group::{Unpacked, Want, parent};
use crate::store::rows::{Rows, assemble, at};
use hashbrown::HashTable;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};

/// Sums over the parts of a trace.
#[derive(Debug, Default)]
struct Sums {
    times_ns: Option<(u64, u64)>,
    spans: u64,
    errors: u64,
    /// Whether it is in more than one part: a part that is sealed knows of its own spans alone.
    is_split: bool,
    /// Spans whose parent is not in the same part.
    away: u64,
    /// These parents, where there may be more parts.
    parents: Vec<u64>,
    /// The ids of all spans, where there may be more parts.
    ids: Vec<u64>,
    /// Spans and errors of each service.
    services: BTreeMap<String, (u64, u64)>,
    /// The earliest span without a parent: start, service, name.
    root: Option<(u64, String, String)>,
    /// For each log that has some of it the earliest and the latest start of these.
    logs: BTreeMap<u64, (u64, u64)>,
}

impl Sums {
    fn times(&mut self, start_ns: u64, end_ns: u64) {
        let (first, last) = self.times_ns.unwrap_or((start_ns, end_ns));
        self.times_ns = Some((first.min(start_ns), last.max(end_ns)));
    }

    fn count(&mut self, service: &str, spans: u64, errors: u64) {
        self.spans += spans;
        self.errors += errors;
        let counts = match self.services.get_mut(service) {
            Some(counts) => counts,
            None => self.services.entry(service.to_owned()).or_default(),
        };
        counts.0 += spans;
        counts.1 += errors;
    }

    fn root(&mut self, start_ns: u64, service: &str, name: &str) {
        let is_earlier = self.root.as_ref().is_none_or(|(first, of, called)| {
            (start_ns, service, name) < (*first, of.as_str(), called.as_str())
        });
        if is_earlier {
            self.root = Some((start_ns, service.to_owned(), name.to_owned()));
        }
    }

    fn starts(&mut self, log: u64, rows: &Rows, some: impl Iterator<Item = usize>) {
        let starts_ns = some.map(|row| at(&rows.start_ns, row));
        let range = |(first, last): (u64, u64), ns: u64| (first.min(ns), last.max(ns));
        self.started(log, starts_ns.fold((u64::MAX, 0), range));
    }

    /// Spans of a log that started in a range.
    fn started(&mut self, log: u64, (first, last): (u64, u64)) {
        let of_log = self.logs.entry(log).or_insert((u64::MAX, 0));
        *of_log = (of_log.0.min(first), of_log.1.max(last));
    }

    /// Whether two logs may have the same span: it would start in both at the same moment.
    fn may_have_doubles(&self) -> bool {
        let mut ranges: Vec<_> = self.logs.values().collect();
        ranges.sort_unstable();
        ranges.windows(2).any(|two| matches!(two, [(_, last), (first, _)] if first <= last))
    }

    /// Counts rows by their shape, and looks for a root among them.
    fn rows(
        &mut self,
        rows: &Rows,
        some: impl Iterator<Item = usize>,
        is_root: impl Fn(usize) -> bool,
    ) {
        let mut counts: Vec<u64> = vec![0; rows.shapes.len()];
        for row in some {
            if let Some(count) = counts.get_mut(at(&rows.shape, row) as usize) {
                *count += 1;
            }
            if is_root(row) {
                let shape = rows.row(row).shape;
                let name = rows.texts.text(shape.name());
                self.root(at(&rows.start_ns, row), rows.service(shape), name);
            }
        }
        for (count, shape) in counts.into_iter().zip(rows.shapes.iter()) {
            if count > 0 {
                self.count(rows.service(shape), count, if shape.is_error() { count } else { 0 });
            }
        }
    }

    fn group(&mut self, about: About, group: &Unpacked, trace: u32) {
        let rows = || group.rows.of_trace(trace);
        if group.rows.start_ns.is_empty() {
            // Then it has nothing else.
            self.started(about.log, (about.min_start_ns, about.max_start_ns));
        } else {
            self.starts(about.log, &group.rows, rows());
        }
        let (start_ns, end_ns) = at(&group.times_ns, trace as usize);
        self.times(start_ns, end_ns);
        let code = |row: usize| at(&group.parents, row);
        self.away += rows().filter(|row| code(*row) == parent::AWAY).count() as u64;
        if self.is_split {
            self.ids.extend(rows().map(|row| number(at(&group.rows.span, row))));
            let away = group.away().filter(|(_, code, _)| *code == parent::AWAY);
            let away = away.filter(|(row, ..)| at(&group.rows.trace, *row) == trace);
            self.parents.extend(away.map(|(.., id)| number(id)));
        }
        self.rows(&group.rows, rows(), |row| code(row) == parent::NONE);
    }

    fn unsealed(&mut self, log: u64, rows: &Rows, trace: u32) {
        let of_trace = distinct(rows, rows.of_trace(trace));
        self.starts(log, rows, of_trace.iter().map(|row| *row as usize));
        let spans: Vec<u64> =
            of_trace.iter().map(|row| number(at(&rows.span, *row as usize))).collect();
        for row in &of_trace {
            let start_ns = at(&rows.start_ns, *row as usize);
            self.times(start_ns, start_ns.wrapping_add(at(&rows.took_ns, *row as usize)));
            let parent = number(at(&rows.parent, *row as usize));
            if parent != 0 && spans.binary_search(&parent).is_err() {
                self.away += 1;
                self.parents.push(parent);
            }
        }
        self.ids.extend(spans);
        let some = of_trace.iter().map(|row| *row as usize);
        self.rows(rows, some, |row| at(&rows.parent, row) == [0; 8]);
    }

    fn found(self, trace_id: TraceId) -> Option<Found> {
        let (start_ns, end_ns) = self.times_ns?;
        let (_, root_service, root_name) = self.root.unwrap_or_default();
        let count = |(name, (spans, errors))| ServiceCount { name, spans, errors };
        Some(Found {
            trace_id,
            root_service,
            root_name,
            start_ns,
            end_ns,
            spans: self.spans,
            errors: self.errors,
            orphans: if self.is_split { missing(&self.parents, &self.ids) } else { self.away },
            services: self.services.into_iter().map(count).collect(),
        })
    }
}

fn number(id: [u8; 8]) -> u64 {
    u64::from_be_bytes(id)
}

/// How many of some parents are not among spans. Many spans have the same, and most are there.
fn missing(parents: &[u64], spans: &[u64]) -> u64 {
    let seed = RandomState::new().hash_one(0);
    // Nobody can choose ids whose hashes meet.
    let hash = |id: u64| {
        let [low, high] = halves(u128::from(id ^ seed) * 0x9e37_79b9_7f4a_7c15);
        low ^ high
    };
    let mut left: HashTable<(u64, u64)> = HashTable::with_capacity(parents.len());
    for id in parents {
        let same = |known: &(u64, u64)| known.0 == *id;
        left.entry(hash(*id), same, |known| hash(known.0)).or_insert((*id, 0)).get_mut().1 += 1;
    }
    for id in spans {
        if let Ok(known) = left.find_entry(hash(*id), |known| known.0 == *id) {
            known.remove();
        }
    }
    left.iter().map(|(_, count)| count).sum()
}

/// A span, as far as it takes to know it again: its id, start and duration; and its log.
type Known = (u64, u64, u64, u64);

fn known(log: u64, rows: &Rows, row: usize) -> Known {
    (number(at(&rows.span, row)), at(&rows.start_ns, row), at(&rows.took_ns, row), log)
}

impl View {
    /// What is known of a trace; none if there is none of it.
    pub(super) fn summary(
        &self,
        id: TraceId,
        groups: &mut Groups<'_>,
    ) -> Result<Option<Found>, ReadError> {
        let mut sums = Sums::default();
        let mut parts = 0;
        for unsealed in &self.unsealed {
            let table = unsealed.table();
            if let Some(trace) = table.trace_number(id) {
                sums.unsealed(unsealed.log, &table.rows, trace);
                parts += 1;
            }
        }
        let places = self.places_of(id)?;
        let part = |place: &Place| (place.0, self.about(*place).log);
        parts += places.iter().map(part).collect::<BTreeSet<_>>().len();
        sums.is_split = parts > 1;
        for place in &places {
            let mut want = Want { ids: sums.is_split, ..Want::default() };
            let Some(group) = groups.get(*place, want)? else { continue };
            let Some(trace) = number_of(group, id) else { continue };
            // When a group starts is known. It takes its times to know it of a trace or of a span.
            let is_root = |row| at(&group.parents, row) == parent::NONE;
            want.times = sums.is_split && group.rows.traces.len() > 1
                || group.rows.of_trace(trace).any(is_root);
            let Some(group) = groups.get(*place, want)? else { continue };
            sums.group(self.about(*place), group, trace);
        }
        if sums.may_have_doubles() && self.has_doubles(id, &places, groups)? {
            return self.exact(id);
        }
        Ok(sums.found(id))
    }

    /// Whether a span of a trace may be in two logs.
    fn has_doubles(
        &self,
        id: TraceId,
        places: &[Place],
        groups: &mut Groups<'_>,
    ) -> Result<bool, ReadError> {
        let mut all = Vec::new();
        for unsealed in &self.unsealed {
            let table = unsealed.table();
            if let Some(trace) = table.trace_number(id) {
                let rows = table.rows.of_trace(trace);
                all.extend(rows.map(|row| known(unsealed.log, &table.rows, row)));
            }
        }
        for place in places {
            let want = Want { times: true, ids: true, ..Want::default() };
            let Some(group) = groups.get(*place, want)? else { continue };
            let Some(trace) = number_of(group, id) else { continue };
            let log = self.about(*place).log;
            let rows = group.rows.of_trace(trace);
            all.extend(rows.map(|row| known(log, &group.rows, row)));
        }
        all.sort_unstable();
        // Those of one log are next to each other, so two logs' are found wherever they meet.
        let is_same = |a: &Known, b: &Known| (a.0, a.1, a.2) == (b.0, b.1, b.2) && a.3 != b.3;
        Ok(all.windows(2).any(|two| matches!(two, [a, b] if is_same(a, b))))
    }

    /// The same by looking at every span.
    fn exact(&self, id: TraceId) -> Result<Option<Found>, ReadError> {
        let chunk = assemble(self.pieces(id, false)?);
        Ok(sums_of(&chunk).found(id))
    }
}

/// The number of a trace in a group, if it is there.
fn number_of(group: &Unpacked, id: TraceId) -> Option<u32> {
    group.rows.traces.iter().position(|other| *other == id).map(narrow)
}

/// Sums over the spans of one trace.
fn sums_of(chunk: &Chunk) -> Sums {
    let mut sums = Sums::default();
    let ids: BTreeSet<[u8; 8]> = chunk.spans().map(|(_, _, span)| span.span_id().0).collect();
    for (resource, _, span) in chunk.spans() {
        sums.times(span.start_ns(), span.end_ns());
        let is_error = matches!(span.status(), StatusView::Error(_));
        sums.count(resource.service_name(), 1, is_error.into());
        match span.parent_span_id() {
            None => sums.root(span.start_ns(), resource.service_name(), span.name()),
            Some(parent) => sums.away += u64::from(!ids.contains(&parent.0)),
        }
    }
    sums
}

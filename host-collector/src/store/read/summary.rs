//! What a list shows of a trace, mostly from the frames of its groups alone.

use super::View;
use crate::model::{Chunk, StatusView, TraceId};
use crate::storage::{Found, ReadError, ServiceCount};
use crate::store::block::distinct;
use crate::store::group::{Unpacked, Want, parent};
use crate::store::rows::{Rows, assemble, at};
use std::collections::{BTreeMap, BTreeSet};

/// Sums over the parts of a trace.
#[derive(Debug, Default)]
struct Sums {
    times_ns: Option<(u64, u64)>,
    spans: u64,
    errors: u64,
    away: u64,
    /// Parents of spans in memory that are not in the same log.
    away_in_memory: Vec<u64>,
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
        let of_log = self.logs.entry(log).or_insert((u64::MAX, 0));
        for row in some {
            let start_ns = at(&rows.start_ns, row);
            *of_log = (of_log.0.min(start_ns), of_log.1.max(start_ns));
        }
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

    fn group(&mut self, log: u64, group: &Unpacked, trace: u32) {
        self.starts(log, &group.rows, group.rows.of_trace(trace));
        let (start_ns, end_ns) = at(&group.times_ns, trace as usize);
        self.times(start_ns, end_ns);
        let code = |row: usize| at(&group.parents, row);
        self.away +=
            group.rows.of_trace(trace).filter(|row| code(*row) == parent::AWAY).count() as u64;
        let rows = group.rows.of_trace(trace);
        self.rows(&group.rows, rows, |row| code(row) == parent::NONE);
    }

    fn unsealed(&mut self, log: u64, rows: &Rows, trace: u32) {
        let of_trace = distinct(rows, rows.of_trace(trace));
        self.starts(log, rows, of_trace.iter().map(|row| *row as usize));
        let number = |id: &[u8; 8]| u64::from_be_bytes(*id);
        let spans: Vec<u64> =
            of_trace.iter().map(|row| number(&at(&rows.span, *row as usize))).collect();
        for row in &of_trace {
            let start_ns = at(&rows.start_ns, *row as usize);
            self.times(start_ns, start_ns.wrapping_add(at(&rows.took_ns, *row as usize)));
            let parent = number(&at(&rows.parent, *row as usize));
            if parent != 0 && spans.binary_search(&parent).is_err() {
                self.away_in_memory.push(parent);
            }
        }
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
            orphans: self.away + self.away_in_memory.len() as u64,
            services: self.services.into_iter().map(count).collect(),
        })
    }
}

/// A span, as far as it takes to know it again.
type Known = (u64, u64, u64, u64);

impl View {
    /// What is known of a trace; none if there is none of it.
    pub(super) fn summary(&self, id: TraceId) -> Result<Option<Found>, ReadError> {
        let mut sums = Sums::default();
        for unsealed in &self.unsealed {
            let table = unsealed.table();
            if let Some(trace) = table.trace_number(id) {
                sums.unsealed(unsealed.log, &table.rows, trace);
            }
        }
        let want = Want { times: true, ..Want::default() };
        self.groups_of(id, want, false, |log, group, traces| {
            traces.iter().for_each(|trace| sums.group(log, group, *trace));
        })?;
        if sums.logs.len() > 1 {
            let away = core::mem::take(&mut sums.away_in_memory);
            match self.orphans(id, away, sums.may_have_doubles())? {
                Some(orphans) => sums.away = orphans,
                None => return self.exact(id),
            }
        }
        Ok(sums.found(id))
    }

    /// How many spans have a parent that is in no log; none if a span may be in two of them. `away`
    /// are parents of spans in memory that are not in the same log.
    fn orphans(
        &self,
        id: TraceId,
        mut away: Vec<u64>,
        doubles: bool,
    ) -> Result<Option<u64>, ReadError> {
        let number = u64::from_be_bytes;
        let (mut spans, mut known) = (Vec::new(), Vec::<Known>::new());
        let mut add = |log: u64, rows: &Rows, row: usize| {
            let span = number(at(&rows.span, row));
            spans.push(span);
            if doubles {
                known.push((span, at(&rows.start_ns, row), at(&rows.took_ns, row), log));
            }
        };
        for unsealed in &self.unsealed {
            let table = unsealed.table();
            if let Some(trace) = table.trace_number(id) {
                table.rows.of_trace(trace).for_each(|row| add(unsealed.log, &table.rows, row));
            }
        }
        let want = Want { times: doubles, ids: true, values: false };
        self.groups_of(id, want, false, |log, group, traces| {
            for trace in traces {
                for row in group.rows.of_trace(*trace) {
                    add(log, &group.rows, row);
                    if at(&group.parents, row) == parent::AWAY {
                        away.push(number(at(&group.rows.parent, row)));
                    }
                }
            }
        })?;
        known.sort_unstable();
        let is_same = |a: &Known, b: &Known| (a.0, a.1, a.2) == (b.0, b.1, b.2) && a.3 != b.3;
        // Those of one log are next to each other, so two logs' are found wherever they meet.
        if known.windows(2).any(|two| matches!(two, [a, b] if is_same(a, b))) {
            return Ok(None);
        }
        // Many spans have the same parent, and most parents that one log has not another has.
        away.sort_unstable();
        let mut missing = away.clone();
        missing.dedup();
        let mut is_there = vec![false; missing.len()];
        for span in &spans {
            if let Ok(place) = missing.binary_search(span)
                && let Some(is) = is_there.get_mut(place)
            {
                *is = true;
            }
        }
        let is_away =
            |parent: &&u64| missing.binary_search(parent).is_ok_and(|place| !at(&is_there, place));
        Ok(Some(away.iter().filter(is_away).count() as u64))
    }

    /// The same by looking at every span.
    fn exact(&self, id: TraceId) -> Result<Option<Found>, ReadError> {
        let chunk = assemble(self.pieces(id, false)?);
        Ok(sums_of(&chunk).found(id))
    }
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

//! Searching: what starts latest first, and no further than it takes.

use super::View;
use super::conditions::{Conditions, Ready};
use super::groups::{Groups, Place};
use super::pages::{Ahead, Candidates, Searched};
use crate::model::TraceId;
use crate::storage::{Found, Matching, ReadError, Search};
use crate::store::group::Want;
use crate::store::rows::{Rows, at};
use std::collections::{BinaryHeap, HashSet};

/// The newest that were found so far.
#[derive(Debug)]
struct Newest<'a> {
    view: &'a View,
    conditions: &'a Conditions,
    limit: usize,
    groups: Groups<'a>,
    found: Vec<Found>,
    /// Traces that were looked at.
    seen: HashSet<TraceId>,
}

impl View {
    /// See [`Reader::find`](crate::storage::Reader::find).
    pub(in crate::store) fn find(&self, search: &Search) -> Result<Vec<Found>, ReadError> {
        if search.limit == 0 {
            return Ok(Vec::new());
        }
        let conditions = Conditions::new(search)?;
        let mut newest = Newest {
            view: self,
            conditions: &conditions,
            limit: search.limit,
            groups: Groups::new(self),
            found: Vec::new(),
            seen: HashSet::new(),
        };
        for unsealed in &self.unsealed {
            // The table is not held while traces are looked at, which may take a while.
            let candidates = {
                let table = unsealed.table();
                in_memory(&table.rows, &conditions)
            };
            newest.take(candidates)?;
        }
        self.find_in_blocks(&mut newest)?;
        Ok(newest.found)
    }

    fn find_in_blocks(&self, newest: &mut Newest<'_>) -> Result<(), ReadError> {
        let terms = newest.conditions.terms();
        let mut searched: Vec<Searched<'_>> = self
            .blocks
            .iter()
            .map(|block| Searched::new(block, newest.conditions.matching))
            .collect();
        let mut next: BinaryHeap<(u64, usize)> = BinaryHeap::new();
        for (index, block) in searched.iter().enumerate() {
            next.extend(block.next_start_ns().map(|start_ns| (start_ns, index)));
        }
        let mut ahead = Ahead::default();
        while let Some((start_ns, index)) = next.pop() {
            if newest.is_beyond(start_ns) || start_ns < newest.conditions.start.min {
                break;
            }
            let Some(block) = searched.get_mut(index) else { continue };
            let Some(group) = block.advance() else { continue };
            if !block.resolve(&terms)? {
                continue;
            }
            next.extend(block.next_start_ns().map(|start_ns| (start_ns, index)));
            // A trace may match by a span that starts after the window, which the trace does not.
            if newest.conditions.matching == Matching::PerSpan
                && block.block.about(group).min_start_ns > newest.conditions.start.max
            {
                continue;
            }
            // All of a trace is looked at together.
            let place = (index, group);
            if newest.groups.only(place).is_some_and(|trace| newest.seen.contains(&trace)) {
                continue;
            }
            if let Some(candidates) = block.candidates(group, &mut ahead)? {
                newest.group(place, &candidates)?;
            }
        }
        Ok(())
    }
}

/// Traces of which a row in memory meets a condition, or all that one must meet.
fn in_memory(rows: &Rows, conditions: &Conditions) -> Vec<(u64, TraceId)> {
    let ready = conditions.ready(rows);
    let mut starts = vec![u64::MAX; rows.traces.len()];
    for (trace, start_ns) in rows.trace.iter().zip(&rows.start_ns) {
        if let Some(first) = starts.get_mut(*trace as usize) {
            *first = (*first).min(*start_ns);
        }
    }
    let mut is_met = vec![false; rows.traces.len()];
    for row in 0..rows.len() {
        let trace = at(&rows.trace, row) as usize;
        if let Some(is) = is_met.get_mut(trace)
            && !*is
        {
            *is = may_count(&ready, conditions, row, false);
        }
    }
    let met = is_met.into_iter().zip(starts).zip(&rows.traces);
    met.filter(|((is, _), _)| *is).map(|((_, start_ns), id)| (start_ns, *id)).collect()
}

/// Whether a row makes its trace one that may be found.
fn may_count(ready: &Ready<'_>, conditions: &Conditions, row: usize, trusts: bool) -> bool {
    match conditions.matching {
        Matching::PerSpan => ready.is_match(row, trusts),
        Matching::PerTrace => conditions.all() == 0 || ready.met(row) != 0,
    }
}

impl Newest<'_> {
    /// Whether nothing that starts there can be among the newest any more.
    fn is_beyond(&self, start_ns: u64) -> bool {
        self.found.len() >= self.limit
            && self.found.last().is_some_and(|last| start_ns < last.start_ns)
    }

    fn group(&mut self, place: Place, candidates: &Candidates) -> Result<(), ReadError> {
        let conditions = self.conditions;
        // What bitmaps say of values is so, and reading those is most of the work.
        let is_per_span = conditions.matching == Matching::PerSpan;
        let trusts = candidates.is_exact && is_per_span;
        let values = !trusts && conditions.has_values();
        // What is found is told of, and that takes its times.
        let want = Want { times: true, values, ..Want::default() };
        let Some(unpacked) = self.groups.get(place, want)? else { return Ok(()) };
        let rows = &unpacked.rows;
        let ready = conditions.ready(rows);
        let mut is_met = vec![false; rows.traces.len()];
        for row in candidates.rows.iter().map(|row| *row as usize) {
            if let Some(is) = is_met.get_mut(at(&rows.trace, row) as usize)
                && !*is
            {
                *is = row < rows.len() && may_count(&ready, conditions, row, trusts);
            }
        }
        let met = is_met.into_iter().zip(&unpacked.times_ns).zip(&rows.traces);
        let met = met.filter(|((is, _), _)| *is);
        let met = met.map(|((_, (start_ns, _)), id)| (*start_ns, *id)).collect();
        self.take(met)
    }

    /// Looks at traces, of which a part starts there.
    fn take(&mut self, mut met: Vec<(u64, TraceId)>) -> Result<(), ReadError> {
        met.sort_unstable_by(|a, b| b.cmp(a));
        for (start_ns, id) in met {
            if self.is_beyond(start_ns) {
                break;
            }
            if !self.seen.insert(id) || !self.view.is_shown(id) {
                continue;
            }
            let Some(found) = self.view.summary(id, &mut self.groups)? else { continue };
            if self.conditions.matching == Matching::PerTrace && !self.is_match(&found)? {
                continue;
            }
            let key = |found: &Found| (core::cmp::Reverse(found.start_ns), found.trace_id);
            let place = self.found.partition_point(|other| key(other) < key(&found));
            self.found.insert(place, found);
            self.found.truncate(self.limit);
        }
        Ok(())
    }

    /// Whether the spans of a trace meet all conditions together.
    fn is_match(&mut self, found: &Found) -> Result<bool, ReadError> {
        if !self.conditions.start.contains(found.start_ns) {
            return Ok(false);
        }
        let all = self.conditions.all();
        let mut met = 0;
        let mut add = |rows: &Rows, trace: u32| {
            let ready = self.conditions.ready(rows);
            for row in rows.of_trace(trace) {
                met |= ready.met(row);
            }
        };
        for unsealed in &self.view.unsealed {
            let table = unsealed.table();
            if let Some(trace) = table.trace_number(found.trace_id) {
                add(&table.rows, trace);
            }
        }
        let want = Want { times: true, values: true, ..Want::default() };
        for place in self.view.places_of(found.trace_id)? {
            let Some(group) = self.groups.get(place, want)? else { continue };
            let traces = group.rows.traces.iter().zip(0..);
            let number = traces.filter(|(id, _)| **id == found.trace_id).map(|(_, number)| number);
            number.for_each(|trace| add(&group.rows, trace));
        }
        Ok(met == all)
    }
}

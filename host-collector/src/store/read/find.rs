//! Searching: what starts latest first, and no further than it takes.

use super::View;
use super::conditions::{Conditions, Ready};
use crate::model::TraceId;
use crate::storage::{Found, Matching, ReadError, Search};
use crate::store::block::{Block, GROUPS, Spots};
use crate::store::codec::wire::narrow;
use crate::store::group::{ROWS, Want};
use crate::store::rows::{Rows, at};
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, BinaryHeap, HashSet};

/// The newest that were found so far.
#[derive(Debug)]
struct Newest<'a> {
    view: &'a View,
    conditions: &'a Conditions,
    limit: usize,
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
            if let Some((rows, is_exact)) = block.candidates(group)? {
                newest.group(block.block, group, &rows, is_exact)?;
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

    fn group(
        &mut self,
        block: &Block,
        group: u32,
        candidates: &RoaringBitmap,
        is_exact: bool,
    ) -> Result<(), ReadError> {
        // What bitmaps say of values is so, and reading those is most of the work.
        let trusts = is_exact && self.conditions.matching == Matching::PerSpan;
        let values = !trusts && self.conditions.has_values();
        let want = Want { times: true, ids: false, values };
        let Some(unpacked) = block.read(group, want)? else { return Ok(()) };
        let rows = &unpacked.rows;
        let ready = self.conditions.ready(rows);
        let base = group % GROUPS * narrow(ROWS);
        let mut is_met = vec![false; rows.traces.len()];
        for row in candidates.iter().map(|row| (row - base) as usize) {
            if let Some(is) = is_met.get_mut(at(&rows.trace, row) as usize)
                && !*is
            {
                *is = row < rows.len() && may_count(&ready, self.conditions, row, trusts);
            }
        }
        let met = is_met.into_iter().zip(&unpacked.times_ns).zip(&rows.traces);
        let met = met.filter(|((is, _), _)| *is);
        let met = met.map(|((_, (start_ns, _)), id)| (*start_ns, *id)).collect();
        drop(ready);
        self.take(met)
    }

    /// Looks at traces, of which a part starts there.
    fn take(&mut self, mut met: Vec<(u64, TraceId)>) -> Result<(), ReadError> {
        met.sort_unstable_by(|a, b| b.cmp(a));
        for (start_ns, id) in met {
            if self.is_beyond(start_ns) {
                break;
            }
            if !self.seen.insert(id) {
                continue;
            }
            let Some(found) = self.view.summary(id)? else { continue };
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
    fn is_match(&self, found: &Found) -> Result<bool, ReadError> {
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
        let want = Want { times: true, ids: false, values: true };
        self.view.groups_of(found.trace_id, want, false, |_, group, traces| {
            traces.iter().for_each(|trace| add(&group.rows, *trace));
        })?;
        Ok(met == all)
    }
}

/// A block on the way of a search.
struct Searched<'a> {
    block: &'a Block,
    matching: Matching,
    /// How many of its groups were passed.
    passed: usize,
    /// Where each condition's terms are, once that was looked for.
    spots: Option<Vec<Vec<Spots>>>,
    /// The rows of a page that may match, and whether they surely have the values.
    pages: BTreeMap<u32, (RoaringBitmap, bool)>,
}

impl<'a> Searched<'a> {
    fn new(block: &'a Block, matching: Matching) -> Self {
        Self { block, matching, passed: 0, spots: None, pages: BTreeMap::new() }
    }

    /// The latest start in the groups that are left.
    fn next_start_ns(&self) -> Option<u64> {
        let group = self.block.newest_first().get(self.passed)?;
        Some(self.block.about(*group).max_start_ns)
    }

    fn advance(&mut self) -> Option<u32> {
        let group = self.block.newest_first().get(self.passed).copied();
        self.passed += 1;
        group
    }

    /// Looks up the terms; says no if the block has nothing of a condition.
    fn resolve(&mut self, terms: &[Vec<u64>]) -> Result<bool, ReadError> {
        if self.spots.is_some() {
            return Ok(true);
        }
        // Of a trace that meets all conditions together each is met somewhere, so one will do.
        let needed = match self.matching {
            Matching::PerSpan => terms.len(),
            Matching::PerTrace => terms.len().min(1),
        };
        let mut all = Vec::new();
        for terms in terms.iter().take(needed) {
            let mut spots = Vec::new();
            for term in terms {
                let spot = self.block.spots(*term)?;
                if !spot.is_nowhere() {
                    spots.push(spot);
                }
            }
            if spots.is_empty() {
                return Ok(false);
            }
            all.push(spots);
        }
        self.spots = Some(all);
        Ok(true)
    }

    /// The rows of a group that may match, by their number in the page, and whether they surely
    /// have the values that are asked for.
    fn candidates(&mut self, group: u32) -> Result<Option<(RoaringBitmap, bool)>, ReadError> {
        let page = group / GROUPS;
        if !self.pages.contains_key(&page) {
            let rows = self.page(page)?;
            self.pages.insert(page, rows);
        }
        let Some((rows, is_exact)) = self.pages.get(&page) else { return Ok(None) };
        let from = group % GROUPS * narrow(ROWS);
        let count = self.block.about(group).rows;
        let mut of_group = RoaringBitmap::new();
        of_group.insert_range(from..from + count);
        of_group &= rows;
        Ok((!of_group.is_empty()).then_some((of_group, *is_exact)))
    }

    fn page(&self, page: u32) -> Result<(RoaringBitmap, bool), ReadError> {
        let mut rows = RoaringBitmap::new();
        let mut is_exact = true;
        rows.insert_range(0..1 << 16);
        for condition in self.spots.iter().flatten() {
            let mut any = RoaringBitmap::new();
            for spots in condition {
                let (some, is_known) = self.block.rows_in(spots, page)?;
                any |= some;
                is_exact &= is_known;
            }
            rows &= any;
            if rows.is_empty() {
                break;
            }
        }
        Ok((rows, is_exact))
    }
}

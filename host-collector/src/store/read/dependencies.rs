//! Which services called which, from parents and children in the frames of groups.

use super::View;
use crate::model::{StatusView, TraceId};
use crate::storage::{Dependency, ReadError, Window};
use crate::store::block::{Block, distinct, in_many_groups};
use crate::store::codec::hash;
use crate::store::deleted::Deleted;
use crate::store::group::{Unpacked, Want};
use crate::store::rows::{Rows, assemble, at};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;

/// Calls and failed ones by parent and child.
#[derive(Debug, Default)]
struct Calls(BTreeMap<(String, String), (u64, u64)>);

/// How often a shape's spans have a parent of another shape.
type Pairs = HashMap<(u32, u32), u64>;

impl Calls {
    fn add(&mut self, parent: &str, child: &str, count: u64, errors: u64) {
        let counts = self.0.entry((parent.to_owned(), child.to_owned())).or_default();
        counts.0 += count;
        counts.1 += errors;
    }

    fn pairs(&mut self, rows: &Rows, pairs: Pairs) {
        let service = |shape: u32| rows.service(rows.shapes.get(shape));
        for ((parent, child), count) in pairs {
            let errors = if rows.shapes.get(child).is_error() { count } else { 0 };
            self.add(service(parent), service(child), count, errors);
        }
    }
}

/// Traces that must be looked at whole, by the hash of their ids, and those that are not looked at.
struct Apart<'a> {
    deleted: &'a Deleted,
    /// Those of which more than one group has spans; none if that cannot be told.
    many: Option<HashSet<u32>>,
    /// Those that were met.
    met: BTreeSet<[u8; 16]>,
}

impl Apart<'_> {
    fn is_many(&self, id: &TraceId) -> bool {
        self.many.as_ref().is_none_or(|many| many.contains(&hash::of_trace(*id)))
    }
}

impl View {
    /// See [`Reader::dependencies`](crate::storage::Reader::dependencies).
    pub(in crate::store) fn dependencies(
        &self,
        window: Window,
    ) -> Result<Vec<Dependency>, ReadError> {
        let mut calls = Calls::default();
        let (deleted, many) = (&*self.deleted, self.in_many_groups()?);
        let mut apart = Apart { deleted, many, met: BTreeSet::new() };
        for unsealed in &self.unsealed {
            in_memory(&unsealed.table().rows, window, &mut calls, &mut apart);
        }
        for block in &self.blocks {
            for group in block.newest_first() {
                let about = block.about(*group);
                if about.max_start_ns < window.min || about.min_start_ns > window.max {
                    continue;
                }
                let want = Want { times: true, ..Want::default() };
                if let Some(unpacked) = block.read(*group, want)? {
                    in_group(&unpacked, window, &mut calls, &mut apart);
                }
            }
        }
        for id in apart.met {
            self.in_trace(TraceId(id), window, &mut calls)?;
        }
        let calls = calls.0.into_iter().map(|((parent, child), (calls, errors))| Dependency {
            parent,
            child,
            calls,
            errors,
        });
        Ok(calls.collect())
    }

    /// The hashes of traces that are in more than one group, or in memory and elsewhere.
    fn in_many_groups(&self) -> Result<Option<HashSet<u32>>, ReadError> {
        let blocks: Vec<&Block> = self.blocks.iter().map(|block| &**block).collect();
        let mut many = match in_many_groups(&blocks) {
            Ok(many) => many,
            // A table is damaged: then every trace is looked at whole.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(None),
            Err(error) => {
                let what = "the tables of traces".to_owned();
                return Err(ReadError { what, why: error.to_string() });
            }
        };
        let mut seen = HashSet::new();
        for unsealed in &self.unsealed {
            let table = unsealed.table();
            let hashes = table.rows.traces.iter().map(|id| hash::of_trace(*id));
            let here: HashSet<u32> = hashes.collect();
            let is_elsewhere = |hash: &u32| {
                seen.contains(hash) || self.blocks.iter().any(|block| block.may_have(*hash))
            };
            many.extend(here.iter().filter(|hash| is_elsewhere(hash)));
            seen.extend(here);
        }
        Ok(Some(many))
    }

    /// The calls of a trace, by looking at every span.
    fn in_trace(&self, id: TraceId, window: Window, calls: &mut Calls) -> Result<(), ReadError> {
        let chunk = assemble(self.pieces(id, false)?);
        let mut services: BTreeMap<[u8; 8], &str> = BTreeMap::new();
        for (resource, _, span) in chunk.spans() {
            services.entry(span.span_id().0).or_insert(resource.service_name());
        }
        for (resource, _, span) in chunk.spans() {
            let Some(parent) = span.parent_span_id() else { continue };
            if let Some(parent) = services.get(&parent.0)
                && window.contains(span.start_ns())
            {
                let errors = u64::from(matches!(span.status(), StatusView::Error(_)));
                calls.add(parent, resource.service_name(), 1, errors);
            }
        }
        Ok(())
    }
}

fn in_memory(rows: &Rows, window: Window, calls: &mut Calls, apart: &mut Apart<'_>) {
    let mut order: Vec<(u32, u32)> = rows.trace.iter().copied().zip(0..).collect();
    order.sort_unstable();
    let mut pairs = Pairs::new();
    for of_trace in order.chunk_by(|a, b| a.0 == b.0) {
        let Some(id) = of_trace.first().and_then(|(trace, _)| rows.traces.get(*trace as usize))
        else {
            continue;
        };
        if apart.deleted.has(*id) {
            continue;
        }
        if apart.is_many(id) {
            apart.met.insert(id.0);
            continue;
        }
        let some = distinct(rows, of_trace.iter().map(|(_, row)| *row as usize));
        let span = |row: &u32| at(&rows.span, *row as usize);
        for row in &some {
            let child = *row as usize;
            let parent = at(&rows.parent, child);
            if parent == [0; 8] || !window.contains(at(&rows.start_ns, child)) {
                continue;
            }
            let place = some.partition_point(|row| span(row) < parent);
            if let Some(row) = some.get(place).filter(|row| span(row) == parent) {
                let shapes = (at(&rows.shape, *row as usize), at(&rows.shape, child));
                *pairs.entry(shapes).or_default() += 1;
            }
        }
    }
    calls.pairs(rows, pairs);
}

fn in_group(group: &Unpacked, window: Window, calls: &mut Calls, apart: &mut Apart<'_>) {
    let rows = &group.rows;
    let is_apart: Vec<bool> = rows.traces.iter().map(|id| apart.is_many(id)).collect();
    let is_deleted: Vec<bool> = rows.traces.iter().map(|id| apart.deleted.has(*id)).collect();
    let mut pairs = Pairs::new();
    for (parent, child) in group.parent_rows().into_iter().zip(0_u32..) {
        let row = child as usize;
        let trace = at(&rows.trace, row) as usize;
        if !window.contains(at(&rows.start_ns, row)) || at(&is_deleted, trace) {
            continue;
        }
        if at(&is_apart, trace) {
            apart.met.extend(rows.traces.get(trace).map(|id| id.0));
        } else if let Some(parent) = parent {
            let shapes = (at(&rows.shape, parent as usize), at(&rows.shape, row));
            *pairs.entry(shapes).or_default() += 1;
        }
    }
    calls.pairs(rows, pairs);
}

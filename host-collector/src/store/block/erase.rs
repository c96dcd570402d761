//! A group without what some of its traces said.
//!
//! Its rows keep their places, since bitmaps name them: those of traces that are gone say nothing any
//! more, and their trace has an id of zeros, which no trace has.

use super::Block;
use super::catalog::Catalog;
use super::footer::About;
use crate::model::TraceId;
use crate::store::codec::Damaged;
use crate::store::codec::wire::narrow;
use crate::store::deleted::Deleted;
use crate::store::group::{Member, Packed, Packer, Part, Unpacked, Want, parent};
use crate::store::rows::at;
use crate::store::rows::shape::HEAD;
use std::io;

/// What is made of the groups of a block, of which some traces are gone.
pub(super) struct Eraser<'a> {
    gone: &'a Deleted,
    packer: Packer,
    /// What lists show of what is left.
    pub(super) catalog: Catalog,
}

impl<'a> Eraser<'a> {
    pub(super) fn new(gone: &'a Deleted) -> Self {
        Self { gone, packer: Packer::default(), catalog: Catalog::default() }
    }

    /// A group anew; none if there is nothing to erase in it, or nobody can read it.
    pub(super) fn group(&mut self, block: &Block, about: About) -> io::Result<Option<Packed>> {
        let mut group = Unpacked::default();
        if about.rows == 0 {
            return Ok(None);
        }
        if let Err(Damaged) = block.unpack(about, &mut group, Want::ALL)? {
            return Ok(None);
        }
        let is_gone: Vec<bool> = group.rows.traces.iter().map(|id| self.gone.has(*id)).collect();
        let of_row = |row: usize| at(&is_gone, at(&group.rows.trace, row) as usize);
        self.catalog.add(&group.rows, |row| !of_row(row));
        // Those that were erased before have nothing left.
        let mut traces = group.rows.traces.iter().zip(&is_gone);
        let is_new = traces.any(|(id, is_gone)| *is_gone && id.0 != [0; 16]);
        Ok(is_new.then(|| self.without(group, &is_gone)))
    }

    fn without(&mut self, mut group: Unpacked, is_gone: &[bool]) -> Packed {
        let parent_rows = group.parent_rows();
        let (rows, times_ns) = (&mut group.rows, &group.times_ns);
        for (id, is_gone) in rows.traces.iter_mut().zip(is_gone) {
            if *is_gone {
                *id = TraceId([0; 16]);
            }
        }
        let nothing = rows.shapes.push(&[0; HEAD]);
        let mut members: Vec<Member> = Vec::with_capacity(rows.len());
        for (row, (parent_row, code)) in parent_rows.iter().zip(&group.parents).enumerate() {
            let trace = at(&rows.trace, row);
            let mut parent = parent_row.map_or(*code, |row| u64::from(row) + parent::HERE);
            if at(is_gone, trace as usize) {
                parent = parent::NONE;
                let from_ns = at(times_ns, trace as usize).0;
                put(&mut rows.shape, row, nothing);
                put(&mut rows.span, row, [0; 8]);
                put(&mut rows.start_ns, row, from_ns);
                put(&mut rows.took_ns, row, 0);
            }
            // What stands together and has one shape is a run, as it was.
            let rank = members.last().map_or(0, |last| {
                let is_alike = at(&rows.shape, last.row as usize) == at(&rows.shape, row);
                if is_alike { last.rank } else { last.rank + 1 }
            });
            members.push(Member { row: narrow(row), trace, rank, parent });
        }
        let part = |(trace, is_gone): (usize, &bool)| {
            let (start_ns, end_ns) = at(times_ns, trace);
            let end_ns = if *is_gone { start_ns } else { end_ns };
            Part { trace: narrow(trace), start_ns, end_ns }
        };
        let parts: Vec<Part> = is_gone.iter().enumerate().map(part).collect();
        self.packer.pack(rows, &parts, &members)
    }
}

fn put<T>(list: &mut [T], index: usize, value: T) {
    if let Some(slot) = list.get_mut(index) {
        *slot = value;
    }
}

//! The columns of a page.

use super::head::Head;
use super::{Event, Gap, Link, Page, Row, ShapeError, Stretch};
use crate::varint::unzigzag;
use std::collections::HashMap;

/// Columns that are not read yet.
pub(super) struct Columns<'a> {
    columns: HashMap<String, &'a [u8]>,
    first: u64,
    count: usize,
    /// How many rows the whole trace has.
    all: u64,
    /// How many strings and processes there are.
    strings: usize,
    processes: usize,
}

/// Numbers of a column, one after the other.
struct Numbers<'a> {
    name: &'static str,
    rest: &'a [u8],
}

impl Numbers<'_> {
    fn next(&mut self) -> Result<u64, ShapeError> {
        let malformed = ShapeError::Column(self.name);
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let Some((byte, rest)) = self.rest.split_first() else { return Err(malformed) };
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            let shifted = bits << shift;
            if shifted >> shift != bits {
                return Err(malformed);
            }
            number |= shifted;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(malformed)
    }

    fn signed(&mut self) -> Result<i64, ShapeError> {
        self.next().map(unzigzag)
    }

    /// A place in a list that is so long.
    fn place(&mut self, length: usize) -> Result<u32, ShapeError> {
        let place = u32::try_from(self.next()?).ok().filter(|place| (*place as usize) < length);
        place.ok_or(ShapeError::Column(self.name))
    }

    /// Whether all was read.
    fn end(&self) -> Result<(), ShapeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(ShapeError::Column(self.name)) }
    }
}

impl<'a> Columns<'a> {
    pub(super) fn new(head: &Head, columns: HashMap<String, &'a [u8]>) -> Result<Self, ShapeError> {
        // Each row has eight bytes of an id, so that nobody can claim more than there are.
        let ids = columns.get("id").map_or(0, |ids| ids.len());
        let count = usize::try_from(head.rows).unwrap_or(usize::MAX);
        if count.checked_mul(8) != Some(ids) {
            return Err(ShapeError::Column("id"));
        }
        let (strings, processes) = (head.strings.len(), head.processes.len());
        Ok(Self { columns, first: head.first, count, all: head.spans, strings, processes })
    }

    fn numbers(&self, name: &'static str) -> Result<Numbers<'a>, ShapeError> {
        let rest = self.columns.get(name).ok_or(ShapeError::Missing(name))?;
        Ok(Numbers { name, rest })
    }

    /// Reads them; `open` are the starts of the spans above where the page begins, and then of those above
    /// where it ends.
    pub(super) fn page(&self, open: &mut Vec<i64>) -> Result<Page, ShapeError> {
        let ids = self.columns.get("id").copied().unwrap_or_default();
        let [mut depths, mut starts] = [self.numbers("depth")?, self.numbers("start")?];
        let [mut durations, mut own] = [self.numbers("duration")?, self.numbers("self")?];
        let [mut names, mut processes] = [self.numbers("name")?, self.numbers("process")?];
        let [mut kinds, mut flags] = [self.numbers("kind")?, self.numbers("flags")?];
        let mut rows = Vec::with_capacity(self.count);
        for id in ids.as_chunks::<8>().0 {
            let depth = depths.next()?;
            // A child stands behind its parent.
            let level = usize::try_from(depth).ok().filter(|level| *level <= open.len());
            let level = level.ok_or(ShapeError::Column("depth"))?;
            open.truncate(level);
            let parent = open.last().copied().unwrap_or(0);
            let start = parent.saturating_add(starts.signed()?);
            open.push(start);
            rows.push(Row {
                id: *id,
                depth: u32::try_from(depth).map_err(|_| ShapeError::Column("depth"))?,
                start,
                duration: durations.next()?,
                own: own.next()?,
                name: names.place(self.strings)?,
                process: processes.place(self.processes)?,
                kind: kinds.next()?,
                flags: flags.next()?,
            });
        }
        [depths, starts, durations, own, names, processes, kinds, flags]
            .iter()
            .try_for_each(Numbers::end)?;
        let critical =
            self.list("critical.row", ["critical.from", "critical.duration"], |row, at| {
                let [from, duration] = at;
                Ok(Stretch { row, from: from.next()?, duration: duration.next()? })
            })?;
        let events = self.list("event.row", ["event.at", "event.name"], |row, at| {
            let [at, name] = at;
            Ok(Event { row, at: at.signed()?, name: name.place(self.strings)? })
        })?;
        let gaps = self.list("gap.row", ["gap.from", "gap.to", "gap.records"], |row, at| {
            let [from, to, records] = at;
            let (from, to) = (from.signed()?, to.signed()?);
            Ok(Gap { row, from, to, records: records.next()? })
        })?;
        let others = ["link.to", "link.type", "link.trace", "link.span"];
        let links = self.list("link.row", others, |row, at| {
            let [to, kind, trace, span] = at;
            let is_here = |to: &u64| *to <= self.all;
            let to = Some(to.next()?).filter(is_here).ok_or(ShapeError::Column(to.name))?;
            Ok(Link {
                row,
                to: to.checked_sub(1),
                kind: kind.place(self.strings)?,
                trace: trace.place(self.strings)?,
                span: span.place(self.strings)?,
            })
        })?;
        Ok(Page { head: Head::default(), rows, critical, events, links, gaps })
    }

    /// A list: of which row each thing is, and what else it says.
    fn list<T, const N: usize>(
        &self,
        row: &'static str,
        others: [&'static str; N],
        mut one: impl FnMut(u64, &mut [Numbers<'a>; N]) -> Result<T, ShapeError>,
    ) -> Result<Vec<T>, ShapeError> {
        let mut list = Vec::new();
        if !self.columns.contains_key(row) {
            // A later collector may leave out what is empty.
            return Ok(list);
        }
        let mut distances = self.numbers(row)?;
        let mut missing = None;
        let mut others = others.map(|name| {
            self.numbers(name).unwrap_or_else(|error| {
                missing.get_or_insert(error);
                Numbers { name, rest: &[] }
            })
        });
        if let Some(error) = missing {
            return Err(error);
        }
        let mut at = 0_u64;
        while !distances.rest.is_empty() {
            at = at.saturating_add(distances.next()?);
            let is_here = at.checked_sub(self.first).is_some_and(|place| place < self.count as u64);
            if !is_here {
                return Err(ShapeError::Column(row));
            }
            list.push(one(at, &mut others)?);
        }
        others.iter().try_for_each(Numbers::end)?;
        Ok(list)
    }
}

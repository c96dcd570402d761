//! A group becomes rows again, as much of them as is needed.

use super::{ROWS, SECTIONS, column, parent};
use crate::model::TraceId;
use crate::store::codec::{Damaged, Reader, bits, wire::narrow};
use crate::store::rows::shape::HEAD;
use crate::store::rows::{Op, Rows, Type, at};

/// Which sections are needed besides the frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Want {
    pub(in crate::store) times: bool,
    /// Those of spans, and of parents that are not in the group.
    pub(in crate::store) ids: bool,
    /// Those of all parents; it takes `ids`.
    pub(in crate::store) parents: bool,
    /// It takes `times`, where there are events.
    pub(in crate::store) values: bool,
}

impl Want {
    pub(in crate::store) const ALL: Self =
        Self { times: true, ids: true, parents: true, values: true };

    /// Which sections are needed.
    fn sections(self) -> [bool; SECTIONS] {
        [true, self.times || self.values, self.ids || self.parents, self.values]
    }
}

/// A group's rows, and what its frame knows besides.
#[derive(Debug, Default)]
pub(in crate::store) struct Unpacked {
    pub(in crate::store) rows: Rows,
    /// Of each trace the earliest start and the latest end, in nanoseconds.
    pub(in crate::store) times_ns: Vec<(u64, u64)>,
    /// What each row's parent is.
    pub(in crate::store) parents: Vec<u64>,
    /// The parents that are not in the group, by the rows that have one.
    away: Vec<[u8; 8]>,
    /// Which sections are unpacked.
    has: [bool; SECTIONS],
    /// How many rows each shape has; they stand in this order.
    runs: Vec<usize>,
}

/// Unpacks sections; those that are not wanted are empty.
#[cfg(test)]
pub(in crate::store) fn unpack(
    sections: [&[u8]; SECTIONS],
    want: Want,
) -> Result<Unpacked, Damaged> {
    let mut group = Unpacked::default();
    group.add(sections, want)?;
    Ok(group)
}

impl Unpacked {
    /// Which sections are wanted and not unpacked yet.
    pub(in crate::store) fn lacks(&self, want: Want) -> [bool; SECTIONS] {
        let mut lacks = want.sections();
        lacks.iter_mut().zip(self.has).for_each(|(lacks, has)| *lacks &= !has);
        lacks
    }

    /// Unpacks those sections that it [lacks](Self::lacks). Where one is damaged, the group is.
    pub(in crate::store) fn add(
        &mut self,
        sections: [&[u8]; SECTIONS],
        want: Want,
    ) -> Result<(), Damaged> {
        let [frame, times, ids, values] = sections;
        let lacks = self.lacks(want);
        if lacks[0] {
            self.frame(frame)?;
        }
        if lacks[1] {
            self.times(times)?;
        }
        if lacks[2] {
            self.ids(ids)?;
        }
        if want.parents && self.rows.parent.is_empty() {
            self.all_parents()?;
        }
        if lacks[3] {
            self.values(values)?;
        }
        self.has.iter_mut().zip(lacks).for_each(|(has, is_new)| *has |= is_new);
        Ok(())
    }

    /// For each row whose parent is not in the group: its number, what its parent is, and the
    /// parent's id.
    pub(in crate::store) fn away(&self) -> impl Iterator<Item = (usize, u64, [u8; 8])> {
        let rows = self.parents.iter().copied().enumerate().filter(|(_, code)| is_away(*code));
        rows.zip(&self.away).map(|((row, code), id)| (row, code, *id))
    }

    fn frame(&mut self, section: &[u8]) -> Result<(), Damaged> {
        let reader = &mut Reader::new(section);
        let count = reader.size()?;
        let traces = reader.count(16)?;
        let shapes = reader.count(HEAD)?;
        let texts = reader.count(1)?;
        if count > ROWS || traces > count || shapes > count {
            return Err(Damaged);
        }
        let rows = &mut self.rows;
        for _ in 0..traces {
            rows.traces.push(TraceId(reader.array()?));
        }
        let (mut starts, mut lengths) = (Vec::new(), Vec::new());
        bits::get(reader, traces, &mut starts)?;
        bits::get(reader, traces, &mut lengths)?;
        let times = starts.iter().zip(&lengths);
        self.times_ns =
            times.map(|(start, length)| (*start, start.wrapping_add(*length))).collect();
        for _ in 0..texts {
            rows.texts.push(reader.bytes()?);
        }
        let mut words = Vec::new();
        for number in 0..shapes {
            let length = reader.size()?;
            words.clear();
            for _ in 0..3 {
                words.push(reader.small()?);
            }
            let [kind, status] = reader.array()?;
            words.push(u32::from_le_bytes([kind, status, 0, 0]));
            words.push(reader.small()?);
            for _ in 0..reader.count(1)? {
                words.push(reader.small()?);
            }
            rows.shapes.push(&words);
            if length > count - rows.shape.len() {
                return Err(Damaged);
            }
            rows.shape.resize(rows.shape.len() + length, narrow(number));
            self.runs.push(length);
        }
        if rows.shape.len() != count {
            return Err(Damaged);
        }
        let mut column = Vec::new();
        for length in &self.runs {
            bits::get(reader, *length, &mut column)?;
        }
        for trace in column {
            let trace = u32::try_from(trace).map_err(|_| Damaged)?;
            if trace as usize >= traces {
                return Err(Damaged);
            }
            rows.trace.push(trace);
        }
        for length in &self.runs {
            bits::get(reader, *length, &mut self.parents)?;
        }
        Ok(())
    }

    fn times(&mut self, section: &[u8]) -> Result<(), Damaged> {
        let reader = &mut Reader::new(section);
        let rows = &mut self.rows;
        for length in &self.runs {
            bits::get(reader, *length, &mut rows.start_ns)?;
            bits::get(reader, *length, &mut rows.took_ns)?;
        }
        for (start_ns, trace) in rows.start_ns.iter_mut().zip(&rows.trace) {
            let (from, _) = at(&self.times_ns, *trace as usize);
            *start_ns = start_ns.wrapping_add(from);
        }
        Ok(())
    }

    /// For each row its first sibling by the trace's order: `places[trace]` begins a trace's rows.
    fn by_trace(&self) -> (Vec<usize>, Vec<u32>) {
        let mut begins = vec![0; self.rows.traces.len() + 1];
        for trace in &self.rows.trace {
            if let Some(count) = begins.get_mut(*trace as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for count in &mut begins {
            sum += *count;
            *count = sum;
        }
        let mut next = begins.clone();
        let mut rows = vec![0; self.rows.len()];
        for (row, trace) in self.rows.trace.iter().enumerate() {
            if let Some(place) = next.get_mut(*trace as usize) {
                if let Some(slot) = rows.get_mut(*place) {
                    *slot = narrow(row);
                }
                *place += 1;
            }
        }
        (begins, rows)
    }

    /// For each row the row of its parent, where that is in the group.
    pub(in crate::store) fn parent_rows(&self) -> Vec<Option<u32>> {
        let (begins, by_trace) = self.by_trace();
        let find = |(trace, code): (&u32, &u64)| {
            let place = usize::try_from(code.checked_sub(parent::HERE)?).ok()?;
            let begin = *begins.get(*trace as usize)?;
            let end = *begins.get(*trace as usize + 1)?;
            by_trace.get(begin..end)?.get(place).copied()
        };
        self.rows.trace.iter().zip(&self.parents).map(find).collect()
    }

    fn ids(&mut self, section: &[u8]) -> Result<(), Damaged> {
        let reader = &mut Reader::new(section);
        for _ in 0..self.rows.len() {
            self.rows.span.push(reader.array()?);
        }
        let mut distinct = Vec::new();
        for _ in 0..reader.count(8)? {
            distinct.push(reader.array::<8>()?);
        }
        let count = self.parents.iter().filter(|code| is_away(**code)).count();
        let mut which = Vec::new();
        bits::get(reader, count, &mut which)?;
        for which in which {
            let which = usize::try_from(which).map_err(|_| Damaged)?;
            self.away.push(at(&distinct, which));
        }
        Ok(())
    }

    fn all_parents(&mut self) -> Result<(), Damaged> {
        let mut away = self.away.iter();
        for (code, row) in self.parents.iter().zip(self.parent_rows()) {
            let id = match (*code, row) {
                (parent::NONE, _) => [0; 8],
                (parent::AWAY | parent::BESIDE, _) => *away.next().ok_or(Damaged)?,
                (_, Some(row)) => at(&self.rows.span, row as usize),
                (_, None) => return Err(Damaged),
            };
            self.rows.parent.push(id);
        }
        Ok(())
    }

    fn values(&mut self, section: &[u8]) -> Result<(), Damaged> {
        let reader = &mut Reader::new(section);
        let rows = &mut self.rows;
        for _ in 0..reader.count(1)? {
            rows.texts.push(reader.bytes()?);
        }
        let mut column: Vec<u64> = Vec::new();
        let mut row = 0;
        for (length, number) in self.runs.iter().zip(0..) {
            let shape = rows.shapes.get(number);
            let ops: Vec<(usize, Op)> = shape.placed().collect();
            let width = shape.values();
            let from = rows.values.len();
            // Every column of the run takes a byte and two for each 128 of its rows.
            let least = width * (1 + 2 * length.div_ceil(128));
            if reader.rest().len() < least {
                return Err(Damaged);
            }
            rows.values.resize(from + width * length, 0);
            for (place, op) in ops {
                for more in 0..op.kind().values() {
                    column.clear();
                    column::get(reader, *length, &mut column)?;
                    let slots = rows.values.iter_mut().skip(from + place + more).step_by(width);
                    for ((slot, value), offset) in slots.zip(&column).zip(row..) {
                        *slot = match op.kind() {
                            Type::Event => value.wrapping_add(at(&rows.start_ns, offset)),
                            _ => *value,
                        };
                    }
                }
            }
            for offset in 0..*length {
                rows.first.push(narrow(from + offset * width));
            }
            row += length;
        }
        Ok(())
    }
}

/// Whether a parent is not in the group.
fn is_away(code: u64) -> bool {
    [parent::AWAY, parent::BESIDE].contains(&code)
}

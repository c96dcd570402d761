//! Rows become a group.

use super::{SECTIONS, column, parent};
use crate::store::codec::{bits, section, wire};
use crate::store::rows::{Rows, Shape, Type, at};
use wire::{put_bytes, put_varint};

/// A row that goes into a group.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Member {
    /// In the rows that it comes from.
    pub(in crate::store) row: u32,
    /// Which trace of the group it belongs to.
    pub(in crate::store) trace: u32,
    /// Its shape, as a number by which shapes are sorted.
    pub(in crate::store) rank: u32,
    /// What its parent is, where it is not a row of the group.
    pub(in crate::store) parent: u64,
}

/// A trace that has rows in a group.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Part {
    /// In the rows that it comes from.
    pub(in crate::store) trace: u32,
    /// The earliest start and the latest end of its rows here, in nanoseconds.
    pub(in crate::store) start_ns: u64,
    pub(in crate::store) end_ns: u64,
}

/// The sections of a group, one behind the other.
#[derive(Debug, Default)]
pub(in crate::store) struct Packed {
    pub(in crate::store) bytes: Vec<u8>,
    pub(in crate::store) lengths: [u32; SECTIONS],
}

/// Makes groups of rows. It is kept for its room.
#[derive(Debug, Default)]
pub(in crate::store) struct Packer {
    /// For each text of the rows its number in the group, and in which group it got that.
    texts: Vec<(u32, u32)>,
    group: u32,
    used: Vec<u32>,
    column: Vec<u64>,
    section: Vec<u8>,
    /// For each row that was packed its place among those of its trace.
    places: Vec<u32>,
}

impl Packer {
    /// The number of a text in the group.
    fn text(&mut self, text: u32) -> u32 {
        if text == 0 {
            return 0;
        }
        let index = text as usize;
        if self.texts.len() <= index {
            self.texts.resize(index + 1, (0, 0));
        }
        let Some(known) = self.texts.get_mut(index) else { return 0 };
        if known.0 != self.group {
            self.used.push(text);
            *known = (self.group, wire::narrow(self.used.len()));
        }
        known.1
    }

    /// Packs `members`, which are sorted by rank, then trace.
    pub(in crate::store) fn pack(
        &mut self,
        rows: &Rows,
        parts: &[Part],
        members: &[Member],
    ) -> Packed {
        self.group += 1;
        self.used.clear();
        let mut packed = Packed::default();
        let runs: Vec<&[Member]> = members.chunk_by(|a, b| a.rank == b.rank).collect();
        self.frame(rows, parts, members, &runs);
        let frame_texts = self.used.len();
        self.end_section(&mut packed, 0);
        self.times(rows, parts, &runs);
        self.end_section(&mut packed, 1);
        self.ids(rows, members);
        self.end_section(&mut packed, 2);
        self.values(rows, &runs, frame_texts);
        self.end_section(&mut packed, 3);
        packed
    }

    fn end_section(&mut self, packed: &mut Packed, number: usize) {
        let before = packed.bytes.len();
        section::put(&mut packed.bytes, &self.section);
        self.section.clear();
        if let Some(length) = packed.lengths.get_mut(number) {
            *length = wire::narrow(packed.bytes.len() - before);
        }
    }

    fn frame(&mut self, rows: &Rows, parts: &[Part], members: &[Member], runs: &[&[Member]]) {
        let mut out = core::mem::take(&mut self.section);
        let mut shapes = Vec::new();
        for run in runs {
            let number = run.first().map_or(0, |member| at(&rows.shape, member.row as usize));
            self.put_shape(&mut shapes, rows.shapes.get(number), run.len());
        }
        for count in [members.len(), parts.len(), runs.len(), self.used.len()] {
            put_varint(&mut out, count as u64);
        }
        for part in parts {
            let id = rows.traces.get(part.trace as usize).map_or([0; 16], |id| id.0);
            out.extend_from_slice(&id);
        }
        self.fill(parts.iter().map(|part| part.start_ns));
        bits::put(&mut out, &self.column);
        self.fill(parts.iter().map(|part| part.end_ns.wrapping_sub(part.start_ns)));
        bits::put(&mut out, &self.column);
        self.used.iter().for_each(|text| put_bytes(&mut out, rows.texts.get(*text)));
        out.append(&mut shapes);
        for run in runs {
            self.fill(run.iter().map(|member| member.trace.into()));
            bits::put(&mut out, &self.column);
        }
        self.section = out;
        self.parents(rows, parts, members, runs);
    }

    fn fill(&mut self, values: impl Iterator<Item = u64>) {
        self.column.clear();
        self.column.extend(values);
    }

    /// Parents by the place that they have among the rows of their trace.
    fn parents(&mut self, rows: &Rows, parts: &[Part], members: &[Member], runs: &[&[Member]]) {
        if self.places.len() < rows.len() {
            self.places.resize(rows.len(), 0);
        }
        let mut counts = vec![0_u32; parts.len()];
        for member in members {
            let count = counts.get_mut(member.trace as usize);
            let place = self.places.get_mut(member.row as usize);
            if let (Some(count), Some(place)) = (count, place) {
                *place = *count;
                *count += 1;
            }
        }
        for run in runs {
            self.column.clear();
            for member in *run {
                // Above HERE it is the row of the parent, so far.
                let code = match member.parent.checked_sub(parent::HERE) {
                    Some(row) => {
                        let row = usize::try_from(row).unwrap_or(usize::MAX);
                        u64::from(at(&self.places, row)) + parent::HERE
                    }
                    None => member.parent,
                };
                self.column.push(code);
            }
            bits::put(&mut self.section, &self.column);
        }
    }

    fn put_shape(&mut self, out: &mut Vec<u8>, shape: Shape<'_>, rows: usize) {
        put_varint(out, rows as u64);
        for text in [shape.resource(), shape.scope(), shape.name()] {
            put_varint(out, self.text(text).into());
        }
        out.extend_from_slice(&[shape.kind(), shape.status()]);
        put_varint(out, shape.flags().into());
        put_varint(out, shape.ops().count() as u64);
        for op in shape.ops() {
            put_varint(out, u64::from(self.text(op.text())) << 4 | op.kind() as u64);
        }
    }

    fn times(&mut self, rows: &Rows, parts: &[Part], runs: &[&[Member]]) {
        for run in runs {
            self.column.clear();
            for member in *run {
                let from = parts.get(member.trace as usize).map_or(0, |part| part.start_ns);
                self.column.push(at(&rows.start_ns, member.row as usize).wrapping_sub(from));
            }
            bits::put(&mut self.section, &self.column);
            self.fill(run.iter().map(|member| at(&rows.took_ns, member.row as usize)));
            bits::put(&mut self.section, &self.column);
        }
    }

    fn ids(&mut self, rows: &Rows, members: &[Member]) {
        let out = &mut self.section;
        members.iter().for_each(|member| out.extend(at(&rows.span, member.row as usize)));
        let foreign = members.iter().filter(|m| [parent::AWAY, parent::BESIDE].contains(&m.parent));
        let foreign: Vec<[u8; 8]> =
            foreign.map(|member| at(&rows.parent, member.row as usize)).collect();
        let mut distinct = foreign.clone();
        distinct.sort_unstable();
        distinct.dedup();
        put_varint(out, distinct.len() as u64);
        distinct.iter().for_each(|id| out.extend_from_slice(id));
        self.column.clear();
        let which = |id: &[u8; 8]| distinct.binary_search(id).unwrap_or_default() as u64;
        self.column.extend(foreign.iter().map(which));
        bits::put(out, &self.column);
    }

    fn values(&mut self, rows: &Rows, runs: &[&[Member]], frame_texts: usize) {
        let mut columns = Vec::new();
        let mut column = core::mem::take(&mut self.column);
        for run in runs {
            let number = run.first().map_or(0, |member| at(&rows.shape, member.row as usize));
            for (place, op) in rows.shapes.get(number).placed() {
                for more in 0..op.kind().values() {
                    column.clear();
                    for member in *run {
                        let row = member.row as usize;
                        let value = at(rows.values_of(row), place + more);
                        column.push(match op.kind() {
                            Type::Event => value.wrapping_sub(at(&rows.start_ns, row)),
                            kind if kind.is_text() => {
                                self.text(u32::try_from(value).unwrap_or_default()).into()
                            }
                            _ => value,
                        });
                    }
                    let may_repeat = matches!(op.kind(), Type::Int | Type::Double);
                    column::put(&mut columns, &column, may_repeat);
                }
            }
        }
        self.column = column;
        let out = &mut self.section;
        put_varint(out, (self.used.len() - frame_texts) as u64);
        let texts = self.used.iter().skip(frame_texts);
        texts.for_each(|text| put_bytes(out, rows.texts.get(*text)));
        out.append(&mut columns);
    }
}

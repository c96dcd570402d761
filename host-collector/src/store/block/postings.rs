//! Which rows have a term: gathered while groups are packed, then written as bitmaps or places.
//!
//! Rows are counted in pages of 65,536, that is, 16 groups, whether these are full or not. So a
//! bitmap stays as it is when its block is merged into another: only its page gets another number.

use super::out::Out;
use super::sorted::{Sorted, put_checked};
use super::terms;
use crate::store::codec::hash;
use crate::store::codec::wire::narrow;
use crate::store::group::{Member, ROWS};
use crate::store::rows::{Rows, Type, at};
use hashbrown::HashTable;
use roaring::RoaringBitmap;
use std::io;

/// Groups in a page.
pub(in crate::store) const GROUPS: u32 = 16;

/// A term in fewer groups and rows has no bitmap: it is told in which groups it is. So whatever only
/// the spans of one trace have takes little.
const LEAST_GROUPS: u32 = 8;
const LEAST_ROWS: u32 = 64;

/// Rows of one page.
#[derive(Debug, Default)]
struct Page {
    single: Vec<(u32, u16)>,
    /// From a row up to another, which is not among them.
    ranges: Vec<(u32, u32, u32)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    rows: u32,
    groups: u32,
    last_group: u32,
}

/// Gathers terms.
#[derive(Debug, Default)]
pub(super) struct Postings {
    table: HashTable<u32>,
    hashes: Vec<u64>,
    /// In how many rows and groups each term is, and in which it was last.
    counts: Vec<Count>,
    pages: Vec<Page>,
    /// For each shape of the rows its terms.
    of_shape: Vec<Option<Vec<u32>>>,
    /// For each term the range that may go on: in which page, from where, to where.
    open: Vec<(u32, u32, u32)>,
    /// Terms of values by key and value.
    of_value: HashTable<(u32, u64, u32)>,
    of_duration: [Option<u32>; terms::BUCKETS as usize],
}

const CLOSED: u32 = u32::MAX;
/// Keys of terms of peers; no text has so high a number.
const PEER: u32 = u32::MAX - 15;

fn spread(a: u32, b: u64) -> u64 {
    (u64::from(a) << 32 ^ b)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(31)
        .wrapping_mul(0xff51_afd7_ed55_8ccd)
}

impl Postings {
    fn term(&mut self, hash: u64) -> u32 {
        let hashes = &self.hashes;
        let same = |term: &u32| hashes.get(*term as usize) == Some(&hash);
        if let Some(term) = self.table.find(hash, same) {
            return *term;
        }
        let term = narrow(self.hashes.len());
        self.hashes.push(hash);
        self.counts.push(Count { last_group: u32::MAX, ..Count::default() });
        self.open.push((CLOSED, 0, 0));
        let hashes = &self.hashes;
        self.table.insert_unique(hash, term, |term| at(hashes, *term as usize));
        term
    }

    /// Adds the rows of a group, which are sorted by shape.
    pub(super) fn add(&mut self, rows: &Rows, group: u32, members: &[Member]) {
        let page = group / GROUPS;
        while self.pages.len() <= page as usize {
            self.pages.push(Page::default());
        }
        let mut from = group % GROUPS * narrow(ROWS);
        for run in members.chunk_by(|a, b| a.rank == b.rank) {
            let shape = run.first().map_or(0, |member| at(&rows.shape, member.row as usize));
            self.run(rows, page, from, shape, run);
            from += narrow(run.len());
        }
    }

    fn run(&mut self, rows: &Rows, page: u32, from: u32, shape: u32, run: &[Member]) {
        let index = shape as usize;
        if self.of_shape.len() <= index {
            self.of_shape.resize(index + 1, None);
        }
        let known = self.of_shape.get_mut(index).and_then(Option::take);
        let known = known.unwrap_or_else(|| {
            let hashes = terms::of_shape(rows, rows.shapes.get(shape));
            hashes.into_iter().map(|hash| self.term(hash)).collect()
        });
        for term in &known {
            self.range(*term, page, from, from + narrow(run.len()));
        }
        if let Some(slot) = self.of_shape.get_mut(index) {
            *slot = Some(known);
        }
        let shape = rows.shapes.get(shape);
        let peer = terms::peer_of_shape(&rows.texts, shape);
        for (place, op) in terms::tags_of_shape(shape) {
            let kind = op.kind();
            let shown = terms::shown_key(kind);
            let key = shown.map_or_else(|| rows.texts.get(op.text()), str::as_bytes);
            let form = if shown.is_some() { Type::Str } else { kind };
            for (member, row) in run.iter().zip(from..) {
                let value = at(rows.values_of(member.row as usize), place);
                let term =
                    self.of_value(op.0, value, || terms::of_value(&rows.texts, key, form, value));
                self.one(term, page, row);
                if peer == Some((place, kind)) {
                    let text = || terms::text_of(&rows.texts, kind, value);
                    let term = self.of_value(PEER | kind as u32, value, || terms::peer(&text()));
                    self.one(term, page, row);
                }
            }
        }
        for (member, row) in run.iter().zip(from..) {
            let bucket = terms::bucket(at(&rows.took_ns, member.row as usize));
            let known = self.of_duration.get(usize::from(bucket)).copied().flatten();
            let term = known.unwrap_or_else(|| self.term(terms::duration(bucket)));
            if let Some(slot) = self.of_duration.get_mut(usize::from(bucket)) {
                *slot = Some(term);
            }
            self.one(term, page, row);
        }
    }

    fn of_value(&mut self, key: u32, value: u64, hash: impl FnOnce() -> u64) -> u32 {
        let spot = spread(key, value);
        let same = |known: &(u32, u64, u32)| known.0 == key && known.1 == value;
        if let Some((.., term)) = self.of_value.find(spot, same) {
            return *term;
        }
        let term = self.term(hash());
        self.of_value.insert_unique(spot, (key, value, term), |known| spread(known.0, known.1));
        term
    }

    fn count(&mut self, term: u32, group: u32, rows: u32) {
        if let Some(count) = self.counts.get_mut(term as usize) {
            count.rows = count.rows.saturating_add(rows);
            if count.last_group != group {
                count.last_group = group;
                count.groups += 1;
            }
        }
    }

    fn one(&mut self, term: u32, page: u32, row: u32) {
        self.count(term, page * GROUPS + row / narrow(ROWS), 1);
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        if let Some(page) = self.pages.get_mut(page as usize) {
            page.single.push((term, row));
        }
    }

    fn range(&mut self, term: u32, page: u32, from: u32, to: u32) {
        self.count(term, page * GROUPS + from / narrow(ROWS), to - from);
        let Some(open) = self.open.get_mut(term as usize) else { return };
        if open.0 == page && open.2 == from {
            open.2 = to;
            return;
        }
        let closed = core::mem::replace(open, (page, from, to));
        self.close(term, closed);
    }

    fn close(&mut self, term: u32, (page, from, to): (u32, u32, u32)) {
        if let Some(page) = self.pages.get_mut(page as usize) {
            page.ranges.push((term, from, to));
        }
    }

    /// Writes bitmaps, and gives the tables of both: bitmaps (term, page, offset, length), and
    /// groups (upper half of a term, group).
    pub(super) fn write(mut self, out: &mut Out) -> io::Result<(Sorted<4>, Sorted<2>)> {
        for (term, open) in core::mem::take(&mut self.open).into_iter().enumerate() {
            self.close(narrow(term), open);
        }
        let (mut bitmaps, mut places) = (Vec::new(), Vec::new());
        for (number, page) in core::mem::take(&mut self.pages).into_iter().enumerate() {
            self.page(out, number as u64, page, &mut bitmaps, &mut places)?;
        }
        bitmaps.sort_unstable();
        places.sort_unstable();
        places.dedup();
        let bitmaps = Sorted::write(out, bitmaps.into_iter().map(Ok))?;
        let places = Sorted::write(out, places.into_iter().map(Ok))?;
        Ok((bitmaps, places))
    }

    fn page(
        &self,
        out: &mut Out,
        number: u64,
        page: Page,
        bitmaps: &mut Vec<[u64; 4]>,
        places: &mut Vec<[u64; 2]>,
    ) -> io::Result<()> {
        let terms = self.hashes.len();
        let (begins, rows) = by_term(terms, &page.single);
        let mut ranges = page.ranges;
        ranges.sort_unstable();
        let mut ranges = ranges.as_slice();
        for (term, hash) in self.hashes.iter().enumerate() {
            let of_term = |range: &(u32, u32, u32)| range.0 as usize == term;
            let count = ranges.iter().take_while(|range| of_term(range)).count();
            let (own, rest) = ranges.split_at_checked(count).unwrap_or_default();
            ranges = rest;
            let single = rows.get(at(&begins, term)..at(&begins, term + 1)).unwrap_or_default();
            if own.is_empty() && single.is_empty() {
                continue;
            }
            let count = at(&self.counts, term);
            if count.groups < LEAST_GROUPS && count.rows < LEAST_ROWS {
                let group = |row: u32| number * u64::from(GROUPS) + u64::from(row) / ROWS as u64;
                let rows = own.iter().flat_map(|(_, from, to)| *from..*to);
                let rows = rows.chain(single.iter().map(|row| u32::from(*row)));
                places.extend(rows.map(|row| [hash::high(*hash).into(), group(row)]));
                continue;
            }
            let mut bitmap = RoaringBitmap::new();
            bitmap.extend(single.iter().map(|row| u32::from(*row)));
            for (_, from, to) in own {
                bitmap.insert_range(*from..*to);
            }
            bitmap.optimize();
            let mut bytes = Vec::with_capacity(bitmap.serialized_size());
            bitmap.serialize_into(&mut bytes)?;
            let (offset, length) = put_checked(out, &bytes)?;
            bitmaps.push([*hash, number, offset, length.into()]);
        }
        Ok(())
    }
}

/// Rows by term.
fn by_term(terms: usize, single: &[(u32, u16)]) -> (Vec<usize>, Vec<u16>) {
    let mut begins = vec![0; terms + 1];
    for (term, _) in single {
        if let Some(count) = begins.get_mut(*term as usize + 1) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for count in &mut begins {
        sum += *count;
        *count = sum;
    }
    let mut next = begins.clone();
    let mut rows = vec![0; single.len()];
    for (term, row) in single {
        if let Some(place) = next.get_mut(*term as usize) {
            if let Some(slot) = rows.get_mut(*place) {
                *slot = *row;
            }
            *place += 1;
        }
    }
    (begins, rows)
}

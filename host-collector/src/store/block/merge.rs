//! Blocks become one: their groups are copied as they are, and what finds them is put together.
//!
//! Nothing is unpacked where nothing is erased, so it costs little more than the copy; and memory does not
//! grow with the blocks: tables are read and written a chunk at a time.

use super::catalog::Catalog;
use super::erase::Eraser;
use super::footer::{About, Footer};
use super::out::Out;
use super::seal::{begin, end, put_section};
use super::sorted::{Sorted, put_checked};
use super::{Block, GROUPS};
use crate::store::codec::filter::Filter;
use crate::store::deleted::Deleted;
use crate::store::disk::{Disk, Input, read};
use crate::store::names::BlockName;
use core::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::io;

/// Bytes that are copied at a time.
const PIECE: usize = 256 << 10;

/// The rows of a table, one after the other.
struct Walk<'a, const N: usize> {
    table: &'a Sorted<N>,
    input: &'a dyn Input,
    chunk: usize,
    rows: std::vec::IntoIter<[u64; N]>,
}

impl<'a, const N: usize> Walk<'a, N> {
    fn new(table: &'a Sorted<N>, input: &'a dyn Input) -> Self {
        Self { table, input, chunk: 0, rows: Vec::new().into_iter() }
    }

    fn next(&mut self) -> io::Result<Option<[u64; N]>> {
        loop {
            if let Some(row) = self.rows.next() {
                return Ok(Some(row));
            }
            if self.chunk >= self.table.chunks() {
                return Ok(None);
            }
            let rows = self.table.read_chunk(self.input, self.chunk)?;
            self.rows = rows.map_err(|_| io::ErrorKind::InvalidData)?.into_iter();
            self.chunk += 1;
        }
    }
}

/// The rows of several tables in one order. `rebase` gives them the numbers that they get.
struct Merged<'a, const N: usize, F> {
    walks: Vec<Walk<'a, N>>,
    heads: BinaryHeap<Reverse<([u64; N], usize)>>,
    rebase: F,
}

impl<'a, const N: usize, F: Fn(usize, [u64; N]) -> [u64; N]> Merged<'a, N, F> {
    fn new(walks: Vec<Walk<'a, N>>, rebase: F) -> io::Result<Self> {
        let mut merged = Self { walks, heads: BinaryHeap::new(), rebase };
        (0..merged.walks.len()).try_for_each(|index| merged.advance(index))?;
        Ok(merged)
    }

    fn advance(&mut self, index: usize) -> io::Result<()> {
        let row = self.walks.get_mut(index).map_or(Ok(None), Walk::next)?;
        self.heads.extend(row.map(|row| Reverse(((self.rebase)(index, row), index))));
        Ok(())
    }
}

impl<const N: usize, F: Fn(usize, [u64; N]) -> [u64; N]> Iterator for Merged<'_, N, F> {
    type Item = io::Result<([u64; N], usize)>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((row, index)) = self.heads.pop()?;
        Some(self.advance(index).map(|()| (row, index)))
    }
}

/// Merges blocks, which must have the same time to keep, into one of that name.
///
/// [`io::ErrorKind::InvalidData`] tells that a table of one of them is damaged.
pub(in crate::store) fn merge(
    disk: &dyn Disk,
    name: BlockName,
    blocks: &[&Block],
) -> io::Result<()> {
    rewrite(disk, name, blocks, None)
}

/// Makes a block anew, and takes its place, without what traces say that are gone.
///
/// All of it is unpacked, one group after the other, to know what is left for lists.
pub(in crate::store) fn erase(disk: &dyn Disk, block: &Block, gone: &Deleted) -> io::Result<()> {
    rewrite(disk, block.name, &[block], Some(Eraser::new(gone)))
}

fn rewrite(
    disk: &dyn Disk,
    name: BlockName,
    blocks: &[&Block],
    mut eraser: Option<Eraser<'_>>,
) -> io::Result<()> {
    let mut out = begin(disk, name)?;
    let sealed = || blocks.iter().map(|block| block.footer.sealed_s);
    let mut footer = Footer {
        keep_s: name.keep_s,
        sealed_s: (
            sealed().map(|(first, _)| first).min().unwrap_or_default(),
            sealed().map(|(_, last)| last).max().unwrap_or_default(),
        ),
        traces: blocks.iter().map(|block| block.footer.traces).sum(),
        ..Footer::default()
    };
    let mut bases = Vec::new();
    for block in blocks {
        bases.push(footer.groups.len() as u64);
        copy_groups(&mut out, block, &mut footer.groups, eraser.as_mut())?;
        // Each block's pages stay whole.
        let pages = footer.groups.len().div_ceil(GROUPS as usize);
        footer.groups.resize(pages * GROUPS as usize, About::default());
    }
    let base = |index: usize| bases.get(index).copied().unwrap_or_default();
    let group = |index: usize, [hash, group]: [u64; 2]| [hash, group + base(index)];

    let rows = blocks.iter().map(|block| block.footer.by_trace.rows()).sum::<u64>();
    let mut filter = Filter::with_room(usize::try_from(rows).unwrap_or_default());
    let walks = blocks.iter().map(|block| Walk::new(&block.footer.by_trace, &*block.input));
    let traces = Merged::new(walks.collect(), group)?.map(|row| {
        let (row, _) = row?;
        filter.insert(u32::try_from(row[0]).unwrap_or_default());
        Ok(row)
    });
    footer.by_trace = Sorted::write(&mut out, traces)?;

    footer.bitmaps = bitmaps(&mut out, blocks, |index| base(index) / u64::from(GROUPS))?;
    let walks = blocks.iter().map(|block| Walk::new(&block.footer.places, &*block.input));
    let places = Merged::new(walks.collect(), group)?.map(|row| row.map(|(row, _)| row));
    footer.places = Sorted::write(&mut out, places)?;

    footer.filter = put_section(&mut out, &filter.to_bytes())?;
    let catalog = match eraser {
        Some(eraser) => eraser.catalog,
        None => catalog_of(blocks)?,
    };
    footer.catalog = put_section(&mut out, &catalog.to_bytes())?;
    end(disk, name, out, &footer)
}

/// The hashes of traces of which more than one group has spans, in any of the blocks.
pub(in crate::store) fn in_many_groups(blocks: &[&Block]) -> io::Result<HashSet<u32>> {
    let walks = blocks.iter().map(|block| Walk::new(&block.footer.by_trace, &*block.input));
    let mut many = HashSet::new();
    let mut before = None;
    for row in Merged::new(walks.collect(), |_, row| row)? {
        let ([hash, _], _) = row?;
        if before == Some(hash) {
            many.insert(u32::try_from(hash).unwrap_or_default());
        }
        before = Some(hash);
    }
    Ok(many)
}

fn catalog_of(blocks: &[&Block]) -> io::Result<Catalog> {
    let mut catalog = Catalog::default();
    for block in blocks {
        catalog.merge(block.catalog().map_err(|error| io::Error::other(error.why))?);
    }
    Ok(catalog)
}

fn copy_groups(
    out: &mut Out,
    block: &Block,
    groups: &mut Vec<About>,
    mut eraser: Option<&mut Eraser<'_>>,
) -> io::Result<()> {
    for about in &block.footer.groups {
        let mut moved = *about;
        moved.offset = out.at();
        let anew = eraser.as_mut().map(|eraser| eraser.group(block, *about)).transpose()?;
        if let Some(packed) = anew.flatten() {
            out.put(&packed.bytes)?;
            moved.lengths = packed.lengths;
            groups.push(moved);
            continue;
        }
        let length: u64 = about.lengths.iter().map(|length| u64::from(*length)).sum();
        let mut at = 0;
        while at < length {
            let piece = usize::try_from(length - at).unwrap_or(PIECE).min(PIECE);
            out.put(&read(&*block.input, about.offset + at, piece)?)?;
            at += piece as u64;
        }
        groups.push(moved);
    }
    Ok(())
}

fn bitmaps(out: &mut Out, blocks: &[&Block], base: impl Fn(usize) -> u64) -> io::Result<Sorted<4>> {
    let walks = blocks.iter().map(|block| Walk::new(&block.footer.bitmaps, &*block.input));
    let rebase = |index: usize, [term, page, offset, length]: [u64; 4]| {
        [term, page + base(index), offset, length]
    };
    let mut table = Vec::new();
    for row in Merged::new(walks.collect(), rebase)? {
        let ([term, page, offset, length], index) = row?;
        let Some(block) = blocks.get(index) else { continue };
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let mut bytes = Vec::new();
        let bitmap = block.bitmap(offset, length)?.map_err(|_| io::ErrorKind::InvalidData)?;
        bitmap.serialize_into(&mut bytes)?;
        let (offset, length) = put_checked(out, &bytes)?;
        table.push([term, page, offset, u64::from(length)]);
    }
    Sorted::write(out, table.into_iter().map(Ok))
}

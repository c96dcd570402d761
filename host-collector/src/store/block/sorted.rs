//! Tables of numbers that are sorted by the first, in chunks of which one or two are read to find one.
//!
//! ```text
//! | checksum 4 | count (varint) | first column | second column | ...
//! ```
//!
//! A fence for each chunk is held in memory: its first key, and where it stands.

use super::out::Out;
use crate::store::codec::wire::{narrow, put_varint};
use crate::store::codec::{Damaged, Reader, bits, hash};
use crate::store::disk::{Input, read};
use std::io;

/// Rows in a chunk.
const CHUNK: usize = 128;

#[derive(Clone, Copy, Debug)]
struct Fence {
    key: u64,
    offset: u64,
    length: u32,
}

/// Where the chunks of a table with `N` columns are.
#[derive(Clone, Debug, Default)]
pub(super) struct Sorted<const N: usize> {
    fences: Vec<Fence>,
    rows: u64,
}

fn seal(chunk: &mut [u8], offset: u64) {
    if let Some((sum, content)) = chunk.split_first_chunk_mut::<4>() {
        *sum = hash::short(content, offset).to_le_bytes();
    }
}

/// The content of a chunk that stood at `offset`.
pub(super) fn checked(chunk: &[u8], offset: u64) -> Result<&[u8], Damaged> {
    let (sum, content) = chunk.split_first_chunk::<4>().ok_or(Damaged)?;
    if hash::short(content, offset) == u32::from_le_bytes(*sum) {
        Ok(content)
    } else {
        Err(Damaged)
    }
}

/// Writes `content` behind its checksum, and says where.
pub(super) fn put_checked(out: &mut Out, content: &[u8]) -> io::Result<(u64, u32)> {
    let offset = out.at();
    let mut chunk = vec![0; 4];
    chunk.extend_from_slice(content);
    seal(&mut chunk, offset);
    out.put(&chunk)?;
    Ok((offset, narrow(chunk.len())))
}

impl<const N: usize> Sorted<N> {
    /// Writes rows that come sorted.
    pub(super) fn write(
        out: &mut Out,
        rows: impl Iterator<Item = io::Result<[u64; N]>>,
    ) -> io::Result<Self> {
        let mut table = Self::default();
        let mut held = Vec::with_capacity(CHUNK);
        for row in rows {
            held.push(row?);
            if held.len() == CHUNK {
                table.chunk(out, &held)?;
                held.clear();
            }
        }
        if !held.is_empty() {
            table.chunk(out, &held)?;
        }
        Ok(table)
    }

    fn chunk(&mut self, out: &mut Out, rows: &[[u64; N]]) -> io::Result<()> {
        let mut content = Vec::new();
        put_varint(&mut content, rows.len() as u64);
        for column in 0..N {
            let value = |row: &[u64; N]| row.get(column).copied().unwrap_or_default();
            bits::put(&mut content, &rows.iter().map(value).collect::<Vec<_>>());
        }
        let (offset, length) = put_checked(out, &content)?;
        let key = rows.first().map_or(0, |row| row.first().copied().unwrap_or_default());
        self.fences.push(Fence { key, offset, length });
        self.rows += rows.len() as u64;
        Ok(())
    }

    /// How many rows it has.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// How many chunks it has.
    pub(super) fn chunks(&self) -> usize {
        self.fences.len()
    }

    /// The fences, as they stand in the footer.
    pub(super) fn put(&self, to: &mut Vec<u8>) {
        put_varint(to, self.rows);
        put_varint(to, self.fences.len() as u64);
        let mut column = |value: &dyn Fn(&Fence) -> u64| {
            bits::put(to, &self.fences.iter().map(value).collect::<Vec<_>>());
        };
        column(&|fence| fence.key);
        column(&|fence| fence.offset);
        column(&|fence| fence.length.into());
    }

    pub(super) fn get(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let rows = reader.varint()?;
        let count = reader.size()?;
        let mut columns = [Vec::new(), Vec::new(), Vec::new()];
        for column in &mut columns {
            bits::get(reader, count, column)?;
        }
        let [keys, offsets, lengths] = columns;
        let fences = keys.into_iter().zip(offsets).zip(lengths);
        let fences = fences.map(|((key, offset), length)| {
            Ok(Fence { key, offset, length: u32::try_from(length).map_err(|_| Damaged)? })
        });
        Ok(Self { rows, fences: fences.collect::<Result<_, Damaged>>()? })
    }

    /// The rows of a chunk.
    pub(super) fn read_chunk(
        &self,
        input: &dyn Input,
        index: usize,
    ) -> io::Result<Result<Vec<[u64; N]>, Damaged>> {
        let Some(fence) = self.fences.get(index) else { return Ok(Ok(Vec::new())) };
        let bytes = match read(input, fence.offset, fence.length as usize) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Err(Damaged)),
            read => read?,
        };
        Ok(checked(&bytes, fence.offset).and_then(rows_of))
    }

    /// All rows of a key.
    ///
    /// Damage is told, since then nobody knows whether there are any.
    pub(super) fn find(
        &self,
        input: &dyn Input,
        key: u64,
    ) -> io::Result<Result<Vec<[u64; N]>, Damaged>> {
        let above = self.fences.partition_point(|fence| fence.key < key);
        let mut found = Vec::new();
        for index in above.saturating_sub(1)..self.fences.len() {
            if self.fences.get(index).is_some_and(|fence| fence.key > key) {
                break;
            }
            let rows = match self.read_chunk(input, index)? {
                Ok(rows) => rows,
                Err(damaged) => return Ok(Err(damaged)),
            };
            let first = |row: &[u64; N]| row.first().copied().unwrap_or_default();
            let from = rows.partition_point(|row| first(row) < key);
            found.extend(rows.iter().skip(from).take_while(|row| first(row) == key));
        }
        Ok(Ok(found))
    }
}

fn rows_of<const N: usize>(content: &[u8]) -> Result<Vec<[u64; N]>, Damaged> {
    let reader = &mut Reader::new(content);
    let count = reader.size()?;
    if count > CHUNK {
        return Err(Damaged);
    }
    let mut rows = vec![[0; N]; count];
    let mut column = Vec::new();
    for index in 0..N {
        column.clear();
        bits::get(reader, count, &mut column)?;
        for (row, value) in rows.iter_mut().zip(&column) {
            if let Some(slot) = row.get_mut(index) {
                *slot = *value;
            }
        }
    }
    Ok(rows)
}

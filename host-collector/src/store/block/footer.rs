//! The end of a block: what is in it and where, twice, since without it nothing is found.
//!
//! ```text
//! | footer, a section | footer, again | tail 32 | tail, again |
//! tail: | magic "spanblk\n" | version 4 | length of a footer 4 | checksum of these 8 | 0 8 |
//! ```

use super::out::Out;
use super::sorted::Sorted;
use crate::store::codec::wire::{narrow, put_varint};
use crate::store::codec::{Damaged, Reader, bits, hash, section};
use crate::store::disk::{Input, read};
use crate::store::group::SECTIONS;
use std::io;

/// What a block begins and ends with.
pub(super) const MAGIC: [u8; 8] = *b"spanblk\n";

/// The version of the format that is written, and the only one so far.
pub(in crate::store) const VERSION: u32 = 1;

const TAIL: usize = 32;

/// A place in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) length: u32,
}

/// What is known of a group without reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct About {
    pub(super) offset: u64,
    pub(super) lengths: [u32; SECTIONS],
    /// 0 if there is no such group, but only its number.
    pub(in crate::store) rows: u32,
    /// The log that its spans came from: groups of one log have no span twice.
    pub(in crate::store) log: u64,
    /// Earliest and latest start of a span, latest end, in nanoseconds.
    pub(in crate::store) min_start_ns: u64,
    pub(in crate::store) max_start_ns: u64,
    pub(in crate::store) max_end_ns: u64,
}

/// The footer.
#[derive(Clone, Debug, Default)]
pub(super) struct Footer {
    /// How long spans of this block are kept, in seconds; 0: as the store says.
    pub(super) keep_s: u64,
    /// When the first and the last of its spans were sealed, in seconds since the Unix epoch.
    pub(super) sealed_s: (u64, u64),
    pub(super) traces: u64,
    pub(super) groups: Vec<About>,
    pub(super) by_trace: Sorted<2>,
    pub(super) bitmaps: Sorted<4>,
    pub(super) places: Sorted<2>,
    pub(super) filter: Place,
    pub(super) catalog: Place,
}

/// Why a file is no block that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    Damaged,
    Version(u32),
}

impl Footer {
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for number in [self.keep_s, self.sealed_s.0, self.sealed_s.1, self.traces] {
            put_varint(&mut out, number);
        }
        put_varint(&mut out, self.groups.len() as u64);
        let mut column = |value: &dyn Fn(&About) -> u64| {
            bits::put(&mut out, &self.groups.iter().map(value).collect::<Vec<_>>());
        };
        column(&|group| group.offset);
        for section in 0..SECTIONS {
            column(&|group| group.lengths.get(section).copied().unwrap_or_default().into());
        }
        column(&|group| group.rows.into());
        column(&|group| group.log);
        column(&|group| group.min_start_ns);
        column(&|group| group.max_start_ns);
        column(&|group| group.max_end_ns);
        self.by_trace.put(&mut out);
        self.bitmaps.put(&mut out);
        self.places.put(&mut out);
        for place in [self.filter, self.catalog] {
            put_varint(&mut out, place.offset);
            put_varint(&mut out, place.length.into());
        }
        out
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let reader = &mut Reader::new(bytes);
        let keep_s = reader.varint()?;
        let sealed_s = (reader.varint()?, reader.varint()?);
        let traces = reader.varint()?;
        let count = reader.size()?;
        let mut columns = Vec::new();
        for _ in 0..SECTIONS + 6 {
            let mut column = Vec::new();
            bits::get(reader, count, &mut column)?;
            columns.push(column);
        }
        let number = |column: usize, group: usize| {
            columns.get(column).and_then(|column| column.get(group)).copied().unwrap_or_default()
        };
        let small = |column, group| u32::try_from(number(column, group)).map_err(|_| Damaged);
        let mut groups = Vec::new();
        for group in 0..count {
            let mut lengths = [0; SECTIONS];
            for (section, length) in lengths.iter_mut().enumerate() {
                *length = small(1 + section, group)?;
            }
            let next = 1 + SECTIONS;
            groups.push(About {
                offset: number(0, group),
                lengths,
                rows: small(next, group)?,
                log: number(next + 1, group),
                min_start_ns: number(next + 2, group),
                max_start_ns: number(next + 3, group),
                max_end_ns: number(next + 4, group),
            });
        }
        let by_trace = Sorted::get(reader)?;
        let bitmaps = Sorted::get(reader)?;
        let places = Sorted::get(reader)?;
        let mut place = || Ok(Place { offset: reader.varint()?, length: reader.small()? });
        let (filter, catalog) = (place()?, place()?);
        let footer =
            Self { keep_s, sealed_s, traces, groups, by_trace, bitmaps, places, filter, catalog };
        Ok(footer)
    }

    /// Ends a file with it.
    pub(super) fn write(&self, out: &mut Out) -> io::Result<()> {
        let mut footer = Vec::new();
        section::put(&mut footer, &self.to_bytes());
        let mut tail = Vec::new();
        tail.extend_from_slice(&MAGIC);
        tail.extend_from_slice(&VERSION.to_le_bytes());
        tail.extend_from_slice(&narrow(footer.len()).to_le_bytes());
        tail.extend_from_slice(&hash::checksum(&tail, 0).to_le_bytes());
        tail.resize(TAIL, 0);
        for part in [&footer, &footer, &tail, &tail] {
            out.put(part)?;
        }
        Ok(())
    }

    /// Reads the end of a file.
    pub(super) fn read(input: &dyn Input) -> io::Result<Result<Self, Unreadable>> {
        let length = input.length()?;
        let Some(tails) = length.checked_sub(2 * TAIL as u64) else {
            return Ok(Err(Unreadable::Damaged));
        };
        let bytes = read(input, tails, 2 * TAIL)?;
        let mut why = Unreadable::Damaged;
        for tail in bytes.chunks(TAIL) {
            match of_tail(tail) {
                Ok(length) => {
                    for copy in [1, 2] {
                        let Some(offset) = tails.checked_sub(copy * u64::from(length)) else {
                            continue;
                        };
                        let bytes = read(input, offset, length as usize)?;
                        let content = section::get(&bytes);
                        if let Ok(footer) = content.and_then(|bytes| Self::from_bytes(&bytes)) {
                            return Ok(Ok(footer));
                        }
                    }
                }
                Err(unreadable) if why == Unreadable::Damaged => why = unreadable,
                Err(_) => {}
            }
        }
        Ok(Err(why))
    }
}

impl Footer {
    /// Whether both copies of it are whole, and both tails.
    pub(super) fn are_both_whole(input: &dyn Input) -> io::Result<bool> {
        let Some(tails) = input.length()?.checked_sub(2 * TAIL as u64) else { return Ok(false) };
        let bytes = read(input, tails, 2 * TAIL)?;
        let (one, other) = bytes.split_at_checked(TAIL).unwrap_or_default();
        let (Ok(length), true) = (of_tail(one), one == other) else { return Ok(false) };
        let Some(footers) = tails.checked_sub(2 * u64::from(length)) else { return Ok(false) };
        let bytes = read(input, footers, 2 * length as usize)?;
        let (one, other) = bytes.split_at_checked(length as usize).unwrap_or_default();
        Ok(one == other && section::get(one).is_ok() && tails_end(&read(input, tails, TAIL)?))
    }
}

/// Whether a tail ends with zeros.
fn tails_end(tail: &[u8]) -> bool {
    tail.iter().skip(24).all(|byte| *byte == 0)
}

fn of_tail(tail: &[u8]) -> Result<u32, Unreadable> {
    let parse = || {
        let mut reader = Reader::new(tail);
        let (magic, version, length) = (reader.array::<8>()?, reader.u32()?, reader.u32()?);
        let sum = reader.u64()?;
        let content = tail.get(..16).ok_or(Damaged)?;
        if magic != MAGIC || hash::checksum(content, 0) != sum {
            return Err(Damaged);
        }
        Ok((version, length))
    };
    match parse() {
        Ok((VERSION, length)) => Ok(length),
        Ok((version, _)) => Err(Unreadable::Version(version)),
        Err(Damaged) => Err(Unreadable::Damaged),
    }
}

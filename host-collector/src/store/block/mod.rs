//! A block: spans that are sealed, and what finds them. It does not change any more.
//!
//! ```text
//! | head 16 | groups | table of traces | bitmaps, their table | table of places | filter | catalog | footer |
//! ```
//!
//! Whatever finds spans only says where they may be: whoever reads looks at the rows themselves.
//! So where a part of it is damaged, all rows are looked at, and nothing is lost but time.

pub(super) mod catalog;
mod check;
mod footer;
mod merge;
mod out;
mod plan;
mod postings;
pub(super) mod seal;
mod sorted;
pub(super) mod terms;

#[cfg(test)]
mod tests;

pub(super) use footer::About;
pub(super) use merge::{in_many_groups, merge};
pub(super) use plan::distinct;
pub(super) use postings::GROUPS;
pub(super) use seal::seal;

use super::codec::filter::Filter;
use super::codec::wire::narrow;
use super::codec::{Damaged, hash, section};
use super::damage::Damages;
use super::disk::{Disk, Input, read};
use super::group::{Unpacked, Want, unpack};
use super::names::BlockName;
use crate::model::TraceId;
use crate::storage::ReadError;
use catalog::Catalog;
use footer::{Footer, Place, Unreadable};
use roaring::RoaringBitmap;
use std::borrow::Cow;
use std::io;
use std::sync::Arc;

/// Why a block cannot be opened.
#[derive(Debug)]
pub(super) enum OpenError {
    Io(io::Error),
    Damaged,
    /// It is of that version of the format.
    Version(u32),
}

/// A block that is open.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) name: BlockName,
    /// How long the file is.
    pub(super) bytes: u64,
    file: String,
    input: Arc<dyn Input>,
    footer: Footer,
    filter: Option<Filter>,
    /// Its groups, those first whose spans start last.
    newest_first: Vec<u32>,
    damages: Damages,
}

/// Where a term is.
#[derive(Debug, Default)]
pub(super) struct Spots {
    /// Page, offset and length of bitmaps, by page.
    bitmaps: Vec<(u64, u64, u32)>,
    /// Groups of which each row may have it.
    groups: Vec<u64>,
    /// Nobody knows: every row may have it.
    pub(super) anywhere: bool,
}

impl Spots {
    /// Whether no row has it.
    pub(super) fn is_nowhere(&self) -> bool {
        !self.anywhere && self.bitmaps.is_empty() && self.groups.is_empty()
    }
}

impl Block {
    pub(super) fn open(
        disk: &dyn Disk,
        name: BlockName,
        damages: Damages,
    ) -> Result<Self, OpenError> {
        let file = name.to_name();
        let input = disk.open(&file).map_err(OpenError::Io)?;
        let bytes = input.length().map_err(OpenError::Io)?;
        let footer = Footer::read(&*input).map_err(OpenError::Io)?.map_err(|why| match why {
            Unreadable::Damaged => OpenError::Damaged,
            Unreadable::Version(version) => OpenError::Version(version),
        })?;
        let number = |group: &u32| footer.groups.get(*group as usize);
        let count = narrow(footer.groups.len());
        let mut newest_first: Vec<u32> =
            (0..count).filter(|group| number(group).is_some_and(|about| about.rows > 0)).collect();
        newest_first
            .sort_by_key(|group| core::cmp::Reverse(number(group).map(|about| about.max_start_ns)));
        let mut block =
            Self { name, bytes, file, input, footer, filter: None, newest_first, damages };
        block.filter = match block.section(block.footer.filter).map_err(OpenError::Io)? {
            Ok(bytes) => Filter::from_bytes(&bytes).ok(),
            Err(Damaged) => None,
        };
        if block.filter.is_none() {
            let slow = "traces are found more slowly, and nothing is lost";
            block.damages.note(&block.file, block.footer.filter.offset, slow);
        }
        Ok(block)
    }

    fn section(&self, place: Place) -> io::Result<Result<Vec<u8>, Damaged>> {
        match read(&*self.input, place.offset, place.length as usize) {
            Ok(bytes) => Ok(section::get(&bytes).map(Cow::into_owned)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Err(Damaged)),
            Err(error) => Err(error),
        }
    }

    fn failed(&self, error: &io::Error) -> ReadError {
        ReadError { what: self.file.clone(), why: error.to_string() }
    }

    pub(super) fn about(&self, group: u32) -> About {
        self.footer.groups.get(group as usize).copied().unwrap_or_default()
    }

    /// Its groups, those first whose spans start last.
    pub(super) fn newest_first(&self) -> &[u32] {
        &self.newest_first
    }

    /// How many spans it has.
    pub(super) fn spans(&self) -> u64 {
        self.footer.groups.iter().map(|group| u64::from(group.rows)).sum()
    }

    /// How many traces it has; parts that came far apart count each.
    pub(super) fn traces(&self) -> u64 {
        self.footer.traces
    }

    /// When its first and its last spans were sealed, in seconds since the Unix epoch.
    pub(super) fn sealed_s(&self) -> (u64, u64) {
        self.footer.sealed_s
    }

    /// Whether it may have spans of a trace whose id has the same low half.
    pub(super) fn may_have(&self, hash: u32) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.may_have(hash))
    }

    /// The groups that may have spans of a trace whose id has the same low half.
    pub(super) fn groups_of(&self, trace: TraceId) -> Result<Vec<u32>, ReadError> {
        let hash = hash::of_trace(trace);
        if !self.may_have(hash) {
            return Ok(Vec::new());
        }
        let found = self.footer.by_trace.find(&*self.input, hash.into());
        match found.map_err(|error| self.failed(&error))? {
            Ok(rows) => {
                let groups = rows.iter().filter_map(|[_, group]| u32::try_from(*group).ok());
                Ok(groups.collect())
            }
            Err(Damaged) => {
                self.slow(0, "its table of traces");
                Ok(self.newest_first.clone())
            }
        }
    }

    fn slow(&self, offset: u64, what: &str) {
        let lost = format!("{what} cannot be read, so it is searched whole; nothing is lost");
        self.damages.note(&self.file, offset, &lost);
    }

    /// Where a term is.
    pub(super) fn spots(&self, term: u64) -> Result<Spots, ReadError> {
        let failed = |error: io::Error| self.failed(&error);
        let bitmaps = self.footer.bitmaps.find(&*self.input, term).map_err(failed)?;
        let hash = hash::high(term).into();
        let places = self.footer.places.find(&*self.input, hash).map_err(failed)?;
        let (Ok(bitmaps), Ok(places)) = (bitmaps, places) else {
            self.slow(1, "a table of terms");
            return Ok(Spots { anywhere: true, ..Spots::default() });
        };
        let bitmap = |[_, page, offset, length]: [u64; 4]| {
            (page, offset, u32::try_from(length).unwrap_or(u32::MAX))
        };
        Ok(Spots {
            bitmaps: bitmaps.into_iter().map(bitmap).collect(),
            groups: places.into_iter().map(|[_, group]| group).collect(),
            anywhere: false,
        })
    }

    /// The rows of a page that may have the term, and whether all of them do.
    pub(super) fn rows_in(
        &self,
        spots: &Spots,
        page: u32,
    ) -> Result<(RoaringBitmap, bool), ReadError> {
        let mut rows = RoaringBitmap::new();
        let mut is_exact = true;
        if spots.anywhere {
            rows.insert_range(0..1 << 16);
            return Ok((rows, false));
        }
        for (_, offset, length) in spots.bitmaps.iter().filter(|spot| spot.0 == u64::from(page)) {
            match self.bitmap(*offset, *length).map_err(|error| self.failed(&error))? {
                Ok(bitmap) => rows |= bitmap,
                Err(Damaged) => {
                    self.slow(*offset, "a bitmap");
                    rows.insert_range(0..1 << 16);
                    is_exact = false;
                }
            }
        }
        let group_rows = narrow(super::group::ROWS);
        for group in &spots.groups {
            if *group / u64::from(GROUPS) == u64::from(page) {
                let from =
                    u32::try_from(group % u64::from(GROUPS)).unwrap_or_default() * group_rows;
                rows.insert_range(from..from + group_rows);
                is_exact = false;
            }
        }
        Ok((rows, is_exact))
    }

    fn bitmap(&self, offset: u64, length: u32) -> io::Result<Result<RoaringBitmap, Damaged>> {
        let bytes = match read(&*self.input, offset, length as usize) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Err(Damaged)),
            read => read?,
        };
        let content = sorted::checked(&bytes, offset);
        Ok(content.and_then(|bytes| RoaringBitmap::deserialize_from(bytes).map_err(|_| Damaged)))
    }

    /// A group's rows; none if it is damaged.
    pub(super) fn read(&self, group: u32, want: Want) -> Result<Option<Unpacked>, ReadError> {
        let about = self.about(group);
        if about.rows == 0 {
            return Ok(None);
        }
        match self.unpack(about, want).map_err(|error| self.failed(&error))? {
            Ok(unpacked) => Ok(Some(unpacked)),
            Err(Damaged) => {
                let lost = format!("{} spans cannot be read", about.rows);
                self.damages.note(&self.file, about.offset, &lost);
                Ok(None)
            }
        }
    }

    fn unpack(&self, about: About, want: Want) -> io::Result<Result<Unpacked, Damaged>> {
        let mut sections: [Vec<u8>; 4] = Default::default();
        let mut offset = about.offset;
        for ((number, length), bytes) in about.lengths.iter().enumerate().zip(&mut sections) {
            if want.section(number) {
                match self.section(Place { offset, length: *length })? {
                    Ok(content) => *bytes = content,
                    Err(damaged) => return Ok(Err(damaged)),
                }
            }
            offset += u64::from(*length);
        }
        Ok(unpack(sections.each_ref().map(Vec::as_slice), want))
    }

    /// What lists show; empty if it is damaged.
    pub(super) fn catalog(&self) -> Result<Catalog, ReadError> {
        let place = self.footer.catalog;
        let bytes = self.section(place).map_err(|error| self.failed(&error))?;
        match bytes.and_then(|bytes| Catalog::from_bytes(&bytes)) {
            Ok(catalog) => Ok(catalog),
            Err(Damaged) => {
                let lost = "services and operations that only this block knows are not listed";
                self.damages.note(&self.file, place.offset, lost);
                Ok(Catalog::default())
            }
        }
    }
}

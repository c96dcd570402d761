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
mod erase;
mod footer;
mod merge;
mod out;
mod plan;
mod postings;
pub(super) mod seal;
mod sorted;
mod spots;
pub(super) mod terms;

#[cfg(test)]
mod tests;

pub(super) use footer::About;
pub(super) use merge::{erase, in_many_groups, merge};
pub(super) use plan::distinct;
pub(super) use postings::GROUPS;
pub(super) use seal::seal;
pub(super) use spots::{InPage, Pages, Spots};

use super::codec::filter::Filter;
use super::codec::wire::narrow;
use super::codec::{Damaged, hash, section};
use super::damage::Damages;
use super::disk::{Disk, Input, read};
use super::group::{SECTIONS, Unpacked, Want};
use super::names::BlockName;
use super::rows::is_like;
use crate::model::TraceId;
use crate::storage::ReadError;
use catalog::Catalog;
use footer::{Footer, Place, Unreadable};
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

    fn bytes(&self, offset: u64, length: u64) -> io::Result<Result<Vec<u8>, Damaged>> {
        match read(&*self.input, offset, usize::try_from(length).unwrap_or(usize::MAX)) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Err(Damaged)),
            read => read.map(Ok),
        }
    }

    fn section(&self, place: Place) -> io::Result<Result<Vec<u8>, Damaged>> {
        let bytes = self.bytes(place.offset, place.length.into())?;
        Ok(bytes.and_then(|bytes| section::get(&bytes).map(Cow::into_owned)))
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

    /// Whether it has spans of a trace that an id may mean.
    pub(super) fn has_like(&self, id: TraceId) -> Result<bool, ReadError> {
        for group in self.groups_of(id)? {
            let unpacked = self.read(group, Want::default())?;
            let mut traces = unpacked.iter().flat_map(|unpacked| &unpacked.rows.traces);
            if traces.any(|other| is_like(*other, id)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn slow(&self, offset: u64, what: &str) {
        let lost = format!("{what} cannot be read, so it is searched whole; nothing is lost");
        self.damages.note(&self.file, offset, &lost);
    }

    /// A group's rows; none if it is damaged.
    pub(super) fn read(&self, group: u32, want: Want) -> Result<Option<Unpacked>, ReadError> {
        let mut unpacked = Unpacked::default();
        Ok(self.complete(group, &mut unpacked, want)?.then_some(unpacked))
    }

    /// Unpacks what a group lacks; says no if it is damaged, and not to be used any more.
    pub(super) fn complete(
        &self,
        group: u32,
        unpacked: &mut Unpacked,
        want: Want,
    ) -> Result<bool, ReadError> {
        let about = self.about(group);
        if about.rows == 0 {
            return Ok(false);
        }
        match self.unpack(about, unpacked, want).map_err(|error| self.failed(&error))? {
            Ok(()) => Ok(true),
            Err(Damaged) => {
                let lost = format!("{} spans cannot be read", about.rows);
                self.damages.note(&self.file, about.offset, &lost);
                Ok(false)
            }
        }
    }

    fn unpack(
        &self,
        about: About,
        unpacked: &mut Unpacked,
        want: Want,
    ) -> io::Result<Result<(), Damaged>> {
        let lacks = unpacked.lacks(want);
        let mut ends = about.offset;
        let stands = about.lengths.map(|length| {
            let from = ends;
            ends += u64::from(length);
            from..ends
        });
        // To read what is between as well costs less than to ask the disk again.
        let asked = || stands.iter().zip(lacks).filter(|(_, is)| *is).map(|(stands, _)| stands);
        let from = asked().next().map_or(0, |first| first.start);
        let until = asked().next_back().map_or(from, |last| last.end);
        let bytes = match self.bytes(from, until - from)? {
            Ok(bytes) => bytes,
            Err(damaged) => return Ok(Err(damaged)),
        };
        let mut sections: [Cow<'_, [u8]>; SECTIONS] = Default::default();
        for ((section, stands), is_lacking) in sections.iter_mut().zip(&stands).zip(lacks) {
            if !is_lacking {
                continue;
            }
            let place = |offset: u64| usize::try_from(offset - from).unwrap_or(usize::MAX);
            let stored = bytes.get(place(stands.start)..place(stands.end)).unwrap_or_default();
            match section::get(stored) {
                Ok(content) => *section = content,
                Err(damaged) => return Ok(Err(damaged)),
            }
        }
        Ok(unpacked.add(sections.each_ref().map(|content| &**content), want))
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

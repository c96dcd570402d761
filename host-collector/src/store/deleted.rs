//! Traces that somebody deleted.
//!
//! Nobody is shown them from then on, also not what comes of them later. Their bytes go with the next
//! work on the files: see `upkeep`.
//!
//! ```text
//! | magic "spandel\n" | version u32 = 1 | 0 u32 | section: trace id 16, seconds u64 | ... |
//! ```
//!
//! The file is written anew each time, and takes its name when it is on the disk.

use super::codec::{Damaged, Reader, section};
use super::damage::Damages;
use super::disk::{Disk, read};
use super::names::{DELETED, DELETED_UNFINISHED};
use super::options::OpenError;
use super::rows::is_like;
use crate::model::TraceId;
use std::collections::{HashMap, VecDeque};
use std::io;

const MAGIC: [u8; 8] = *b"spandel\n";
const VERSION: u32 = 1;

/// Traces that are known to be deleted at most; of more, those are forgotten that were deleted first.
pub(super) const MOST: usize = 10_000;

/// So many seconds after it was deleted a trace is erased, with all others that were by then.
pub(super) const SETTLE_S: u64 = 60;

/// A trace that was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: TraceId,
    /// When, in seconds since the Unix epoch.
    pub(super) at_s: u64,
    /// Counts those of this process, from 1.
    pub(super) number: u64,
}

/// All that were deleted, as of one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Deleted {
    entries: VecDeque<Entry>,
    /// The number of the last that there was.
    last: u64,
    /// Those that count by the low halves of their ids.
    by_low: HashMap<u64, Vec<TraceId>>,
}

impl Deleted {
    /// What the file says; nothing if there is none.
    pub(super) fn load(disk: &dyn Disk, damages: &Damages) -> Result<Self, OpenError> {
        let failed = |why| OpenError::of(disk, DELETED, why);
        let input = match disk.open(DELETED) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            opened => opened.map_err(failed)?,
        };
        let length = usize::try_from(input.length().map_err(failed)?).unwrap_or(usize::MAX);
        let bytes = read(&*input, 0, length).map_err(failed)?;
        match parse(&bytes) {
            Ok(list) => Ok(Self::listed(list.into_iter())),
            Err(Unreadable::Version(version)) => {
                Err(OpenError::Version { store: disk.name(), file: DELETED.to_owned(), version })
            }
            Err(Unreadable::Damaged) => {
                damages.note(DELETED, 0, "traces that were deleted and not erased are seen again");
                Ok(Self::default())
            }
        }
    }

    fn of(entries: VecDeque<Entry>, last: u64) -> Self {
        let mut by_low: HashMap<u64, Vec<TraceId>> = HashMap::new();
        for entry in &entries {
            by_low.entry(entry.id.low()).or_default().push(entry.id);
        }
        Self { entries, last, by_low }
    }

    /// Those of a file, which begin to count anew.
    fn listed(list: impl Iterator<Item = (TraceId, u64)>) -> Self {
        let entries = list.zip(1..).map(|((id, at_s), number)| Entry { id, at_s, number });
        let entries: VecDeque<Entry> = entries.collect();
        let last = entries.len() as u64;
        Self::of(entries, last)
    }

    /// The same with one more, for which the first goes if there are too many; none if it is there already.
    pub(super) fn with(&self, id: TraceId, now_s: u64) -> Option<Self> {
        if self.entries.iter().any(|entry| entry.id == id) {
            return None;
        }
        let (mut entries, number) = (self.entries.clone(), self.last + 1);
        entries.push_back(Entry { id, at_s: now_s, number });
        if entries.len() > MOST {
            entries.pop_front();
        }
        Some(Self::of(entries, number))
    }

    /// The same without those that `is_gone` says yes to; none if there are none such.
    pub(super) fn without(&self, is_gone: impl Fn(&Entry) -> bool) -> Option<Self> {
        let left: VecDeque<Entry> =
            self.entries.iter().filter(|entry| !is_gone(entry)).copied().collect();
        (left.len() < self.entries.len()).then(|| Self::of(left, self.last))
    }

    /// Whether a trace was deleted, or erased: then its spans have an id of zeros.
    ///
    /// Ids match as those of traces that are asked for: 64 bits may be missing.
    pub(super) fn has(&self, id: TraceId) -> bool {
        id.0 == [0; 16]
            || self
                .by_low
                .get(&id.low())
                .is_some_and(|known| known.iter().any(|other| is_like(*other, id)))
    }

    /// Those with higher numbers than `after`, up to `until`.
    pub(super) fn between(&self, after: u64, until: u64) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| (after + 1..=until).contains(&entry.number))
    }

    /// The number of the last that is old enough to be erased.
    pub(super) fn settled(&self, now_s: u64) -> u64 {
        let is_settled = |entry: &&Entry| entry.at_s.saturating_add(SETTLE_S) <= now_s;
        self.entries.iter().rev().find(is_settled).map_or(0, |entry| entry.number)
    }

    /// The number of the one that is forgotten next; none as long as there is room for another.
    pub(super) fn next_forgotten(&self) -> Option<u64> {
        self.entries.front().filter(|_| self.entries.len() >= MOST).map(|entry| entry.number)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.entries.len()
    }

    /// Writes the file, and returns when it is on the disk.
    pub(super) fn save(&self, disk: &dyn Disk) -> io::Result<()> {
        let mut content = Vec::with_capacity(self.entries.len() * 24);
        for entry in &self.entries {
            content.extend_from_slice(&entry.id.0);
            content.extend_from_slice(&entry.at_s.to_le_bytes());
        }
        let mut bytes = [&MAGIC[..], &VERSION.to_le_bytes(), &[0; 4]].concat();
        section::put(&mut bytes, &content);
        let mut out = disk.create(DELETED_UNFINISHED)?;
        out.append(&bytes)?;
        out.sync()?;
        drop(out);
        disk.rename(DELETED_UNFINISHED, DELETED)?;
        disk.sync_names()
    }
}

/// Why a file cannot be read.
enum Unreadable {
    Damaged,
    Version(u32),
}

impl From<Damaged> for Unreadable {
    fn from(_: Damaged) -> Self {
        Self::Damaged
    }
}

fn parse(bytes: &[u8]) -> Result<Vec<(TraceId, u64)>, Unreadable> {
    let reader = &mut Reader::new(bytes);
    let (magic, version, _) = (reader.array::<8>()?, reader.u32()?, reader.u32()?);
    if magic != MAGIC {
        return Err(Unreadable::Damaged);
    }
    if version != VERSION {
        return Err(Unreadable::Version(version));
    }
    let content = section::get(reader.rest())?;
    let reader = &mut Reader::new(&content);
    let mut entries = Vec::new();
    while !reader.rest().is_empty() {
        entries.push((TraceId(reader.array()?), reader.u64()?));
    }
    Ok(entries)
}

/// Whether what stands in the file is what was written.
pub(super) fn is_whole(disk: &dyn Disk) -> Result<bool, OpenError> {
    let damages = Damages::default();
    Deleted::load(disk, &damages)?;
    Ok(damages.count() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::{Memory, whole};
    use proptest::prelude::*;

    fn id(high: u64, low: u64) -> TraceId {
        TraceId((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
    }

    #[test]
    fn what_is_deleted_is_known_to_the_next_process() {
        let disk = Memory::default();
        let damages = Damages::default();
        assert_eq!(Deleted::load(&disk, &damages).unwrap().len(), 0);
        let some = Deleted::default().with(id(1, 7), 100).unwrap().with(id(0, 8), 200).unwrap();
        assert!(some.with(id(1, 7), 300).is_none(), "it is there already");
        some.save(&disk).unwrap();
        let again = Deleted::load(&disk, &damages).unwrap();
        assert_eq!(again.entries, some.entries);
        assert!(again.has(id(1, 7)) && again.has(id(0, 7)) && again.has(id(9, 8)));
        assert!(!again.has(id(2, 7)) && !again.has(id(1, 9)) && again.has(id(0, 0)));
        assert_eq!((again.settled(159), again.settled(160), again.settled(260)), (0, 1, 2));
        assert!(again.without(|_| false).is_none());
        let fewer = again.without(|entry| entry.id == id(1, 7)).unwrap();
        assert!(!fewer.has(id(1, 7)) && fewer.has(id(0, 8)) && damages.count() == 0);
    }

    #[test]
    fn any_change_of_the_file_is_seen_and_a_later_version_is_refused() {
        let disk = Memory::default();
        Deleted::default().with(id(1, 7), 100).unwrap().save(&disk).unwrap();
        let bytes = whole(&disk, DELETED);
        let loaded = |bytes: &[u8]| {
            let mut out = disk.create(DELETED).unwrap();
            out.append(bytes).unwrap();
            let damages = Damages::default();
            Deleted::load(&disk, &damages).map(|deleted| (deleted.len(), damages.count()))
        };
        for length in 0..bytes.len() {
            assert_eq!(loaded(&bytes[..length]).unwrap(), (0, 1), "{length} bytes");
        }
        for place in (0..8).chain(16..bytes.len()) {
            let mut other = bytes.clone();
            other[place] ^= 1;
            assert_eq!(loaded(&other).unwrap(), (0, 1), "byte {place}");
        }
        let mut later = bytes.clone();
        later[8] = 2;
        let refused = loaded(&later).unwrap_err().to_string();
        assert!(refused.contains("has deleted, which is of version 2"), "{refused}");
    }

    proptest! {
        #[test]
        fn whatever_stands_in_the_file_is_a_list_or_damage(
            content: Vec<u8>,
            cut in 0_usize..24,
        ) {
            prop_assert!(matches!(parse(&content), Err(Unreadable::Damaged)));
            let mut bytes = [&MAGIC[..], &VERSION.to_le_bytes(), &[0; 4]].concat();
            section::put(&mut bytes, &content[..content.len() - cut.min(content.len())]);
            let entries = parse(&bytes).map(|entries| entries.len()).ok();
            let length = content.len() - cut.min(content.len());
            prop_assert_eq!(entries, length.is_multiple_of(24).then_some(length / 24));
        }
    }

    #[test]
    fn of_too_many_the_first_are_forgotten() {
        let many = Deleted::listed((1..=MOST as u64).map(|low| (id(1, low), 5)));
        let more = many.with(id(2, 1), 6).unwrap();
        assert_eq!(more.len(), MOST);
        assert!(!more.has(id(1, 1)) && more.has(id(2, 1)) && more.has(id(1, 2)));
    }
}

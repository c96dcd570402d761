//! The table of what frames refer to by number: call sites and static strings that were used.

use crate::site::Table;
use crate::wire::{Define, FragmentOf};

/// Something that a definition explains.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// A string's address, or a site's number.
    key: usize,
    /// A string's length, or [`SITE`].
    len: u16,
    /// [`DUE`] or [`DEFINED`].
    state: u16,
}

const SITE: u16 = u16::MAX;
/// The definition is to go up; it went.
const DUE: u16 = 1;
const DEFINED: u16 = 0;

impl Entry {
    /// An entry that is not used yet. Neither a string's address nor a site's number is 0.
    pub(crate) const UNUSED: Self = Self { key: 0, len: 0, state: DEFINED };

    const fn site(id: u16) -> Self {
        Self { key: id as usize, len: SITE, state: DUE }
    }

    /// Has the definition go up again, if it is one.
    fn ask(&mut self) {
        if self.key != 0 {
            self.state = DUE;
        }
    }
}

/// The table.
#[derive(Debug)]
pub(crate) struct Names {
    /// Those that are used come first.
    entries: &'static mut [Entry],
    /// The site that was used last of those that found no room. It is defined whenever it was
    /// another before.
    spare: Entry,
    /// The next entry to be defined again.
    turn: u16,
    /// What found no room.
    full: u32,
}

impl Names {
    /// A table in this memory, less than 2^16 entries long.
    pub(crate) fn new(entries: &'static mut [Entry]) -> Self {
        Self { entries, spare: Entry { len: SITE, ..Entry::UNUSED }, turn: 0, full: 0 }
    }

    /// Strings that went in full, and sites that were defined once more, since there was no room.
    pub(crate) fn full(&self) -> u32 {
        self.full
    }

    /// Has everything that is in the table go up again.
    #[cfg(feature = "retained")]
    pub(crate) fn ask_all(&mut self) {
        self.entries.iter_mut().for_each(Entry::ask);
    }

    /// Forgets all: the numbers are another session's from now on.
    #[cfg(feature = "retained")]
    pub(crate) fn clear(&mut self) {
        self.entries.fill(Entry::UNUSED);
        (self.spare, self.turn, self.full) = (Entry { len: SITE, ..Entry::UNUSED }, 0, 0);
    }

    /// The number, address and length of a name; none of a site.
    #[cfg(feature = "retained")]
    #[expect(clippy::cast_possible_truncation, reason = "numbers have 16 bits")]
    pub(crate) fn name_at(&self, index: usize) -> Option<(u16, usize, usize)> {
        let entry = self.entries.get(index).filter(|entry| entry.len != SITE)?;
        Some((index as u16, entry.key, entry.len.into()))
    }

    /// Notes that a site is used.
    pub(crate) fn use_site(&mut self, id: u16) {
        if self.find_or_add(id.into(), SITE).is_none() && self.spare.key != id.into() {
            self.spare = Entry::site(id);
            self.full = self.full.wrapping_add(1);
        }
    }

    /// The number of a static string; none where the table is full.
    ///
    /// # Safety
    /// The string is static.
    #[expect(clippy::cast_possible_truncation, reason = "no longer than that")]
    pub(crate) unsafe fn use_name(&mut self, address: usize, len: usize) -> Option<u16> {
        let index = if len < SITE.into() { self.find_or_add(address, len as u16) } else { None };
        if index.is_none() {
            self.full = self.full.wrapping_add(1);
        }
        index
    }

    fn find_or_add(&mut self, key: usize, len: u16) -> Option<u16> {
        for (at, entry) in (0..).zip(self.entries.iter_mut()) {
            if entry.key == 0 {
                *entry = Entry { key, len, state: DUE };
            }
            if entry.key == key && entry.len == len {
                return Some(at);
            }
        }
        None
    }

    /// Asks for a definition again. A number that names none is ignored.
    #[inline(never)]
    pub(crate) fn ask(&mut self, is_name: bool, id: u16, table: Table) {
        if is_name {
            let entry = self.entries.get_mut(usize::from(id));
            return entry.filter(|entry| entry.len != SITE).map_or((), Entry::ask);
        }
        let is_it = |entry: &&mut Entry| entry.key == id.into() && entry.len == SITE;
        if let Some(entry) = self.entries.iter_mut().find(is_it) {
            entry.ask();
        } else if self.spare.state == DEFINED && table.content(id).is_some() {
            // One at a time: whoever still misses another asks again.
            self.spare = Entry::site(id);
        }
    }

    /// Has a share of the definitions go up again: all of them in ten calls, and sooner where the table
    /// is not full, so that a link that loses most frames gets them through while spans wait.
    pub(crate) fn rotate(&mut self) {
        for _ in 0..=self.entries.len() / 8 {
            let turn = usize::from(self.turn);
            self.turn += 1;
            if let Some(entry) = self.entries.get_mut(turn).filter(|entry| entry.key != 0) {
                entry.ask();
            } else {
                self.turn = 0;
                self.spare.ask();
            }
        }
    }

    /// The first definition that is to go up, if one is.
    #[inline(never)]
    pub(crate) fn due(&self) -> Option<usize> {
        let mut all = self.entries.iter().chain([&self.spare]);
        all.position(|entry| entry.state == DUE)
    }

    /// The definition that is due at an index.
    #[expect(clippy::cast_possible_truncation, reason = "numbers have 16 bits")]
    pub(crate) fn definition(&self, index: usize, table: Table) -> Define<'static> {
        let entry = self.entries.get(index).unwrap_or(&self.spare);
        let is_name = entry.len != SITE;
        let (id, bytes) = if is_name {
            let pointer = core::ptr::with_exposed_provenance(entry.key);
            // SAFETY: whoever added the entry promised that the string is static.
            let bytes = unsafe { core::slice::from_raw_parts(pointer, usize::from(entry.len)) };
            (index as u16, bytes)
        } else {
            // What is in the table was a site.
            let id = entry.key as u16;
            (id, table.content(id).unwrap_or(&[]))
        };
        Define { is_name, by_address: false, id, bytes }
    }

    /// What a fragment of the definition at an index is of.
    #[expect(clippy::cast_possible_truncation, reason = "numbers have 16 bits")]
    pub(crate) fn fragment_of(&self, index: usize) -> FragmentOf {
        match self.entries.get(index).unwrap_or(&self.spare) {
            Entry { key, len: SITE, .. } => FragmentOf::Site(*key as u16),
            _ => FragmentOf::Name(index as u16),
        }
    }

    /// Notes that the definition at an index went up.
    pub(crate) fn defined(&mut self, index: usize) {
        self.entries.get_mut(index).unwrap_or(&mut self.spare).state = DEFINED;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::boxed::Box;

    #[test]
    fn few_definitions_go_up_again_with_each_hello() {
        let mut names = Names::new(Box::leak(Box::new([const { Entry::UNUSED }; 64])));
        names.use_site(1);
        for _ in 0..3 {
            names.entries[0].state = DEFINED;
            names.rotate();
            assert_eq!(names.due(), Some(0));
        }
    }
}

//! The table of what frames refer to by number: call sites and static strings that were used.

use crate::site::Table;
use heapless::Vec;

/// Something that a definition explains.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// A string's address, or a site's number.
    key: usize,
    /// A string's length, or [`SITE`].
    len: u16,
    /// Bytes of the definition that went up, or [`DEFINED`].
    sent: u16,
}

const SITE: u16 = u16::MAX;
const DEFINED: u16 = u16::MAX;

/// The table; `N` is its size.
#[derive(Debug)]
pub(crate) struct Names<const N: usize> {
    entries: Vec<Entry, N>,
    /// The next entry to be defined again.
    turn: usize,
    /// Strings that found no room.
    full: u32,
}

/// A definition that is to go up, and how much of it went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    pub(crate) index: usize,
    pub(crate) is_name: bool,
    pub(crate) id: u16,
    pub(crate) bytes: &'static [u8],
    pub(crate) sent: usize,
}

impl<const N: usize> Names<N> {
    pub(crate) const fn new() -> Self {
        Self { entries: Vec::new(), turn: 0, full: 0 }
    }

    /// Strings that went inline since there was no room.
    pub(crate) fn full(&self) -> u32 {
        self.full
    }

    /// Notes that a site is used.
    pub(crate) fn use_site(&mut self, id: u16) {
        // Where there is no room the collector asks for the definition.
        let _ = self.find_or_add(usize::from(id), SITE);
    }

    /// The number of a static string; none where the table is full.
    ///
    /// # Safety
    /// The string is static.
    #[expect(clippy::cast_possible_truncation, reason = "N is below 2^16")]
    pub(crate) unsafe fn use_name(&mut self, address: usize, len: usize) -> Option<u16> {
        let known = u16::try_from(len).ok().filter(|len| *len < SITE);
        let index = known.and_then(|len| self.find_or_add(address, len));
        if index.is_none() {
            self.full = self.full.wrapping_add(1);
        }
        index.map(|index| index as u16)
    }

    fn find_or_add(&mut self, key: usize, len: u16) -> Option<usize> {
        let known = self.entries.iter().position(|e| e.key == key && e.len == len);
        known.or_else(|| {
            self.entries.push(Entry { key, len, sent: 0 }).ok()?;
            Some(self.entries.len() - 1)
        })
    }

    /// Asks for a definition again. A number that names none is ignored.
    pub(crate) fn ask(&mut self, is_name: bool, id: u16, table: Table) {
        if is_name {
            if let Some(entry) = self.entries.get_mut(usize::from(id)).filter(|e| e.len != SITE) {
                entry.sent = 0;
            }
        } else if table.content(id).is_some()
            && let Some(index) = self.find_or_add(usize::from(id), SITE)
            && let Some(entry) = self.entries.get_mut(index)
        {
            entry.sent = 0;
        }
    }

    /// Has a share of the definitions go up again: all of them in ten calls.
    pub(crate) fn rotate(&mut self) {
        for _ in 0..self.entries.len().div_ceil(10) {
            self.turn = if self.turn < self.entries.len() { self.turn } else { 0 };
            if let Some(entry) = self.entries.get_mut(self.turn).filter(|e| e.sent == DEFINED) {
                entry.sent = 0;
            }
            self.turn += 1;
        }
    }

    /// The first definition that is to go up.
    pub(crate) fn due(&mut self, table: Table) -> Option<Due> {
        loop {
            let index = self.entries.iter().position(|entry| entry.sent != DEFINED)?;
            let entry = self.entries.get_mut(index)?;
            let is_name = entry.len != SITE;
            #[expect(clippy::cast_possible_truncation, reason = "both are below 2^16")]
            let id = if is_name { index as u16 } else { entry.key as u16 };
            let bytes = if is_name {
                // SAFETY: whoever added the entry promised that the string is static.
                Some(unsafe {
                    core::slice::from_raw_parts(
                        core::ptr::with_exposed_provenance(entry.key),
                        usize::from(entry.len),
                    )
                })
            } else {
                table.content(id)
            };
            match bytes {
                Some(bytes) => {
                    return Some(Due { index, is_name, id, bytes, sent: usize::from(entry.sent) });
                }
                // Not a site after all: nothing to say about it.
                None => entry.sent = DEFINED,
            }
        }
    }

    /// Notes how much of a definition went up.
    pub(crate) fn sent(&mut self, due: &Due, upto: usize) {
        if let Some(entry) = self.entries.get_mut(due.index) {
            let whole = upto >= due.bytes.len();
            entry.sent = if whole { DEFINED } else { u16::try_from(upto).unwrap_or(DEFINED) };
        }
    }
}

//! Baggage, as pairs of texts: counts of what was carried, and lists in one header.

use super::escape::{Plus, Room, escape, unescape};
use super::text::{is_token, trim};
use super::{TextReader, TextWriter};
use heapless::Vec;

/// What became of baggage that was to be carried, in items.
///
/// An item that is left out is left out whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "items may have been left out"]
pub struct Carried {
    /// Carried.
    pub items: u16,
    /// Left out, as there was no room for them, or they are over a limit of the format.
    pub no_room: u16,
    /// Left out, as they are not of the form, or the form cannot hold them.
    pub malformed: u16,
}

impl Carried {
    /// Whether nothing was left out.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.no_room == 0 && self.malformed == 0
    }

    /// Counts an item that was carried, or found no room.
    pub(super) fn count(&mut self, is_carried: bool) {
        let count = if is_carried { &mut self.items } else { &mut self.no_room };
        *count = count.saturating_add(1);
    }

    /// Counts an item that is not of the form.
    pub(super) fn count_malformed(&mut self) {
        self.malformed = self.malformed.saturating_add(1);
    }

    /// Reads a value with escapes and gives it to `sink`.
    pub(super) fn unescape(
        &mut self,
        key: &str,
        value: &str,
        plus: Plus,
        sink: &mut (impl TextWriter + ?Sized),
    ) {
        let mut room = Room::new();
        let value = unescape(value, plus, &mut room);
        self.count(value.is_some_and(|value| sink.set(key, value).is_ok()));
    }
}

/// Sets `header` to the items, `key=value` with commas between them, where it has any.
pub(super) fn inject_list<const N: usize>(
    header: &str,
    items: &(impl TextReader + ?Sized),
    writer: &mut (impl TextWriter + ?Sized),
    is_fit: impl Fn(&str) -> bool,
) -> Carried {
    let mut carried = Carried::default();
    let mut list = Vec::<u8, N>::new();
    items.each(&mut |key, value| {
        if !is_token(key) || !is_fit(value) {
            return carried.count_malformed();
        }
        let before = list.len();
        let is_written = (before == 0 || list.push(b',').is_ok())
            && list.extend_from_slice(key.as_bytes()).is_ok()
            && list.push(b'=').is_ok()
            && escape(value, &mut list).is_some();
        if !is_written {
            list.truncate(before);
        }
        carried.count(is_written);
    });
    let list = core::str::from_utf8(&list).unwrap_or_default();
    if !list.is_empty() && writer.set(header, list).is_err() {
        carried.no_room = carried.no_room.saturating_add(carried.items);
        carried.items = 0;
    }
    carried
}

/// Key and value of a member of a list, without the space around them; none if it has no `=`.
pub(super) fn member(text: &str) -> Option<(&str, &str)> {
    text.split_once('=').map(|(key, value)| (trim(key), trim(value)))
}

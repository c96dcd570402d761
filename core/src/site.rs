//! Call sites: what is known at compile time, in a table that the linker makes.
//!
//! `span!` makes a static for its operation name and keys in the section `spandrel_sites`. A record
//! holds 16 bits of the static's address, which name it because the section is short; on the wire
//! it is the distance from the section's start, so no pointer leaks. Linkers give the bounds of a
//! section whose name is an identifier as symbols, without a change to any linker script.

/// The table's size is a multiple of this, as is each entry's distance from its start, in bytes.
pub const SITE_UNIT: usize = 4;

/// The most bytes of entries that 16 bits of an address can tell apart.
pub const MAX_TABLE_BYTES: usize = SITE_UNIT << 16;

/// A call site in the table: its length in two bytes, then name and keys, each with its length in
/// one byte before it, and zeros up to a multiple of four bytes.
#[derive(Debug)]
#[repr(C, align(4))]
pub struct Site<const LEN: usize>([u8; LEN]);

/// The start of a [`Site`] of whatever length.
#[derive(Debug)]
#[repr(C, align(4))]
pub struct SiteStart(u32);

/// The size of the [`Site`] with these strings.
#[must_use]
pub const fn site_len(strings: &[&str]) -> usize {
    (content_len(strings) + 2).next_multiple_of(SITE_UNIT)
}

/// A key that is written as an identifier: a raw one, as keywords need it, is what follows `r#`.
#[must_use]
pub const fn key(identifier: &str) -> &str {
    if let [b'r', b'#', name @ ..] = identifier.as_bytes()
        && let Ok(name) = core::str::from_utf8(name)
    {
        return name;
    }
    identifier
}

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
const fn content_len(strings: &[&str]) -> usize {
    let (mut len, mut at) = (0, 0);
    while at < strings.len() {
        len += 1 + strings[at].len();
        at += 1;
    }
    len
}

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
impl<const LEN: usize> Site<LEN> {
    /// The site with a name and keys; evaluated at compile time.
    ///
    /// # Panics
    /// Where a string is longer than 255 bytes, there are more than eight keys, or `LEN` is not
    /// [`site_len`].
    #[must_use]
    pub const fn new(strings: &[&str]) -> Self {
        assert!(LEN == site_len(strings));
        // The name, the keys, and where the call is.
        assert!(strings.len() <= 2 + crate::wire::MAX_VALUES, "at most eight tags in one call");
        let len = content_len(strings);
        let mut bytes = [0; LEN];
        bytes[0] = len.to_le_bytes()[0];
        bytes[1] = len.to_le_bytes()[1];
        let (mut to, mut at) = (2, 0);
        while at < strings.len() {
            let string = strings[at].as_bytes();
            assert!(string.len() <= 255, "a name or key is at most 255 bytes long");
            bytes[to] = string.len().to_le_bytes()[0];
            to += 1;
            let mut from = 0;
            while from < string.len() {
                bytes[to] = string[from];
                (to, from) = (to + 1, from + 1);
            }
            at += 1;
        }
        Self(bytes)
    }

    /// What stands for the site in calls.
    #[inline(always)]
    #[must_use]
    pub const fn start(&'static self) -> &'static SiteStart {
        // SAFETY: a site is at least four bytes long and aligned alike.
        unsafe { &*core::ptr::from_ref(self).cast::<SiteStart>() }
    }
}

#[cfg(feature = "enable")]
impl SiteStart {
    /// Sixteen bits of the address, which is a multiple of four.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "the low bits name the site")]
    pub(crate) fn bits(&'static self) -> u32 {
        (core::ptr::from_ref(self).addr() as u32) >> 2 & 0xffff
    }
}

#[cfg(all(feature = "enable", not(loom)))]
pub use table::NO_SITE;
#[cfg(all(feature = "enable", not(loom)))]
pub(crate) use table::{Table, table};

#[cfg(all(feature = "enable", not(loom)))]
mod table {
    use super::{MAX_TABLE_BYTES, SITE_UNIT, SiteStart};

    // The table must have an entry, else no linker makes the symbols of its bounds.
    crate::__site_static!(NONE, &[""]);
    /// Stands for "no site" where the name is not known at compile time.
    pub const NO_SITE: &SiteStart = NONE.start();

    #[cfg(not(miri))]
    unsafe extern "C" {
        #[cfg_attr(target_vendor = "apple", link_name = "\u{1}section$start$__DATA$spandrel_sites")]
        #[cfg_attr(not(target_vendor = "apple"), link_name = "__start_spandrel_sites")]
        static START: u32;
        #[cfg_attr(target_vendor = "apple", link_name = "\u{1}section$end$__DATA$spandrel_sites")]
        #[cfg_attr(not(target_vendor = "apple"), link_name = "__stop_spandrel_sites")]
        static STOP: u32;
    }

    /// The sites of this program.
    #[derive(Clone, Copy)]
    pub(crate) struct Table(&'static [u8]);

    /// Miri has no linker: there sites have numbers, and nothing is known of them.
    #[cfg(miri)]
    pub(crate) fn table() -> Table {
        Table(&[])
    }

    #[cfg(not(miri))]
    pub(crate) fn table() -> Table {
        let (start, stop) = (&raw const START, &raw const STOP);
        let len = stop.addr().wrapping_sub(start.addr());
        // SAFETY: the linker put the sites between the symbols; they are bytes that never change.
        Table(unsafe { core::slice::from_raw_parts(start.cast(), len) })
    }

    impl Table {
        /// Whether 16 bits of an address tell all entries apart.
        pub(crate) fn is_told_apart(self) -> bool {
            self.0.len() < MAX_TABLE_BYTES
        }

        /// All of it.
        #[cfg(feature = "retained")]
        pub(crate) fn bytes(self) -> &'static [u8] {
            self.0
        }

        /// Sixteen bits of where it begins, as records hold them of sites.
        #[cfg(feature = "retained")]
        pub(crate) fn start_bits(self) -> u32 {
            #[expect(clippy::cast_possible_truncation, reason = "the low bits name a site")]
            let start = (self.0.as_ptr().addr() / SITE_UNIT) as u32;
            start & 0xffff
        }

        /// Whether the entry is there that stands for no site. To ask keeps it in programs that have no other:
        /// without one the linker would not make the symbols of the table's bounds.
        pub(crate) fn has_none(self) -> bool {
            let none = core::ptr::from_ref(NO_SITE).addr();
            cfg!(miri) || none.wrapping_sub(self.0.as_ptr().addr()) < self.0.len()
        }

        /// The length in units.
        #[expect(clippy::cast_possible_truncation, reason = "else there is no drain to ask")]
        pub(crate) fn units(self) -> u16 {
            (self.0.len() / SITE_UNIT) as u16
        }

        /// The number on the wire of the site whose bits a record holds; 0 where it is no site.
        #[expect(clippy::cast_possible_truncation, reason = "modulo 2^16 on purpose")]
        pub(crate) fn id(self, bits: u32) -> u16 {
            if bits == NO_SITE.bits() {
                return 0;
            }
            let start = (self.0.as_ptr().addr() / SITE_UNIT) as u16;
            (bits as u16).wrapping_sub(start).wrapping_add(1)
        }

        /// What the site is, as a definition says it; none where the number is not of a site.
        ///
        /// Only the starts of entries count: the table is walked, nothing else is ever read.
        pub(crate) fn content(self, id: u16) -> Option<&'static [u8]> {
            let wanted = usize::from(id.checked_sub(1)?) * SITE_UNIT;
            let mut at = 0;
            while at < wanted {
                at += self.entry(at)?.1;
            }
            (at == wanted).then(|| self.entry(at)).flatten().map(|(content, _)| content)
        }

        /// The first site with this number or a greater one; none behind the last. What is no site, such as the
        /// entry that is always there, is not counted.
        pub(crate) fn next_from(self, id: u16) -> Option<u16> {
            let mut at = 0;
            while let Some((_, len)) = self.entry(at) {
                let found = u16::try_from(at / SITE_UNIT + 1).ok()?;
                if found >= id && found != self.none() {
                    return Some(found);
                }
                at += len;
            }
            None
        }

        /// The number that the entry which is no site would have.
        #[expect(clippy::cast_possible_truncation, reason = "modulo 2^16 on purpose")]
        fn none(self) -> u16 {
            let start = (self.0.as_ptr().addr() / SITE_UNIT) as u16;
            (NO_SITE.bits() as u16).wrapping_sub(start).wrapping_add(1)
        }

        /// The operation name of the site with this number; none where there is none.
        pub(crate) fn name_of(self, id: u16) -> Option<&'static str> {
            self.content(id).map(|content| Self::name_in(Some(content)))
        }

        /// The operation name of a site that reads like this one.
        pub(crate) fn name_like(self, name: &str) -> Option<&'static str> {
            let mut id = 0;
            loop {
                id = self.next_from(id)?;
                if let Some(found) = self.name_of(id).filter(|found| *found == name) {
                    return Some(found);
                }
                id = id.checked_add(1)?;
            }
        }

        /// The operation name of a site that this program uses just now, which is not looked for.
        pub(crate) fn name_of_own(self, bits: u32) -> &'static str {
            let at = usize::from(self.id(bits).wrapping_sub(1)) * SITE_UNIT;
            Self::name_in(self.entry(at).map(|(content, _)| content))
        }

        /// The operation name of the site whose bits a record holds; empty where there is none.
        pub(crate) fn name(self, bits: u32) -> &'static str {
            Self::name_in(self.content(self.id(bits)))
        }

        fn name_in(content: Option<&'static [u8]>) -> &'static str {
            let name = content.and_then(|content| {
                let (len, rest) = content.split_first()?;
                core::str::from_utf8(rest.get(..usize::from(*len))?).ok()
            });
            name.unwrap_or("")
        }

        fn entry(self, at: usize) -> Option<(&'static [u8], usize)> {
            let (len, rest) = self.0.get(at..)?.split_first_chunk::<2>()?;
            let len = usize::from(u16::from_le_bytes(*len));
            Some((rest.get(..len)?, (len + 2).next_multiple_of(SITE_UNIT)))
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn more_than_16_bits_tell_apart_is_said() {
            static MOST: [u8; MAX_TABLE_BYTES - SITE_UNIT] = [0; _];
            static TOO_MANY: [u8; MAX_TABLE_BYTES] = [0; _];

            assert!(Table(&MOST).is_told_apart() && Table(&MOST).units() == u16::MAX);
            assert!(!Table(&TOO_MANY).is_told_apart());
        }

        /// Only the start of an entry is a site, whatever number is asked for.
        #[test]
        fn content_is_that_of_an_entry() {
            static ENTRIES: [u8; 20] = *b"\x06\0\x05short\x0a\0\x04name\x04key!";

            let table = Table(&ENTRIES);
            assert_eq!(table.content(1), Some(&b"\x05short"[..]));
            assert_eq!(table.content(3), Some(&b"\x04name\x04key!"[..]));
            assert!([0, 2, 4, 5, 6, u16::MAX].iter().all(|id| table.content(*id).is_none()));
        }
    }
}

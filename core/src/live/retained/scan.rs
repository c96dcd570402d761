//! The look at a ring that a reset left: how far its records can be read, and what the table of open spans
//! says of the rest.
//!
//! Below `head` every boundary is valid at every instant. Memory that was damaged may say otherwise: then the ring
//! ends before the damage.

use super::super::open::SLOT_WORDS;
use super::super::record;
use super::super::ring::{COMMITTED, Committed, PAD, Ring, SHORT, len_of};
use super::super::sync::Ordering;
use super::super::time::Moment;

/// What there is between the oldest record and the newest.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    /// Where it begins and ends.
    pub(super) tail: u32,
    pub(super) head: u32,
    /// Records.
    pub(super) records: u32,
    /// Those behind the last end that was given.
    pub(super) newest: u32,
    /// Records that were not committed.
    pub(super) unfinished: u32,
    /// How many of the ends that were given are there, in their order.
    pub(super) ends: usize,
    /// It ends before the newest record.
    pub(super) is_damaged: bool,
}

impl Ring<'_> {
    /// Looks at all records from `tail` on. Those that nobody will ever commit are made such that are skipped.
    /// `ends` are where the records of boots end. Calls `f` with each record, and whether it is behind all ends.
    pub(super) fn scan(
        self,
        tail: u32,
        ends: &[u32],
        mut f: impl FnMut(&Committed<'_>, bool),
    ) -> Found {
        #[expect(clippy::cast_possible_truncation, reason = "no ring has 2^32 words")]
        let len = self.words.len() as u32;
        let head = self.head();
        if tail > len || head > len {
            return Found { is_damaged: true, ..Found::default() };
        }
        let mut found = Found { tail, ..Found::default() };
        let (mut at, mut has_turned) = (tail, false);
        loop {
            while ends.get(found.ends) == Some(&at) {
                found.ends += 1;
                found.newest = 0;
            }
            found.head = at;
            if at == head {
                return found;
            }
            let stop = if head > at { head } else { len };
            let word = self.words.get(at as usize);
            let first = word.map_or(PAD, |word| word.load(Ordering::Relaxed));
            if first == PAD && head < at && !has_turned {
                (at, has_turned) = (0, true);
                continue;
            }
            let next = at.saturating_add(len_of(first));
            let words = self.words.get(at as usize..next as usize);
            let (Some(word), Some(words)) = (word, words.filter(|words| words.len() > 1)) else {
                return Found { is_damaged: true, ..found };
            };
            // One that is reserved says its length and nothing else.
            let is_reserved = first & !(0xff << super::super::ring::LEN_SHIFT) == 0;
            if first == PAD || next > stop || first & COMMITTED == 0 && !is_reserved {
                return Found { is_damaged: true, ..found };
            }
            if is_reserved {
                word.store(first | record::KIND_VOID | COMMITTED, Ordering::Relaxed);
                found.unfinished += 1;
            } else if !is_void(first) {
                found.records += 1;
                found.newest += 1;
                f(&Committed::new(first, words), found.ends == ends.len());
            }
            at = next;
        }
    }
}

/// Whether a record is one that nobody committed before a reset.
pub(crate) fn is_void(first: u32) -> bool {
    first & (SHORT | record::KIND_MASK) == record::KIND_VOID
}

/// A word of a record's head, which always holds something.
fn word(record: &Committed<'_>, at: usize) -> u32 {
    // SAFETY: only asked for words that every record of its kind has.
    unsafe { record.word(at) }.unwrap_or(0)
}

/// When what a record says came to its end, if it says when.
pub(super) fn latest(record: &Committed<'_>) -> Option<Moment> {
    let first = record.first();
    if is_span(first) {
        let half_wraps = match first & SHORT {
            0 => word(record, record::WIDE_WORDS - 1) >> 16,
            _ => word(record, 2),
        };
        return Some(Moment::of(half_wraps, word(record, 1)));
    }
    let is_log = first & record::KIND_MASK == record::KIND_LOG;
    is_log.then(|| match first & record::COMPACT {
        0 => Moment::of(word(record, 3), word(record, 4)),
        _ => Moment::of(word(record, 2), word(record, 3)),
    })
}

fn is_span(first: u32) -> bool {
    first & SHORT != 0 || first & record::KIND_MASK == record::KIND_WIDE
}

/// Whether a record is of the span with these words in its slot, and this number if it has one: a reset came
/// before the slot was given back.
pub(super) fn is_of(record: &Committed<'_>, own: Option<u32>, slot: &[u32; 5]) -> bool {
    let first = record.first();
    if !is_span(first) {
        return false;
    }
    let [slot_first, _, start, parent, trace] = *slot;
    let number = if first & SHORT != 0 { 0 } else { word(record, record::WIDE_WORDS - 2) };
    if let Some(own) = own {
        return number == own;
    }
    let [end, _, record_start, record_parent, record_trace] =
        [1, 2, 3, 4, 5].map(|at| word(record, at));
    let same_site = (first ^ slot_first) & 0xffff == 0;
    let is_same = number == 0 && same_site;
    // Where no tick has passed it may as well be the next one of many alike, which is open.
    is_same && end != start && [record_start, record_parent, record_trace] == [start, parent, trace]
}

const _: () = assert!(SLOT_WORDS > 5);

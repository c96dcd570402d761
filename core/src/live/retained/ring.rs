//! The ring as one reads it who does not free a record before its frame has gone.

use super::super::mask::with;
use super::super::ring::{COMMITTED, Committed, PAD, Ring, len_of};
use super::super::sync::Ordering;

/// What is at a place in the ring.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Look<'a> {
    /// The end that was asked for.
    End,
    /// A record that is not committed yet.
    Busy,
    /// A record, and where the next one begins.
    Record(Committed<'a>, u32),
}

impl<'a> Ring<'a> {
    /// What is at `at`, the start of a record, where `end` is the end of records.
    ///
    /// For the one consumer alone, from the oldest record on.
    pub(crate) fn look(self, at: u32, end: u32) -> Look<'a> {
        let mut at = at;
        for _ in 0..2 {
            if at == end {
                return Look::End;
            }
            let word = self.words.get(at as usize).map_or(PAD, |word| word.load(Ordering::Acquire));
            if word == PAD {
                at = 0;
                continue;
            }
            let next = at.saturating_add(len_of(word));
            return match self.words.get(at as usize..next as usize) {
                Some(words) if word & COMMITTED != 0 => {
                    Look::Record(Committed::new(word, words), next)
                }
                _ => Look::Busy,
            };
        }
        Look::End
    }

    /// Where the newest record ends.
    pub(crate) fn head(self) -> u32 {
        with(|_| self.positions.head.load(Ordering::Relaxed))
    }

    /// Frees everything before `tail`, the start of a record or their end. For the one consumer alone.
    #[expect(clippy::cast_possible_truncation, reason = "no ring has 2^32 words")]
    pub(crate) fn release_to(self, tail: u32) {
        let positions = self.positions;
        with(|_| {
            let is_wrapped = positions.head.load(Ordering::Relaxed) < tail;
            let limit = if is_wrapped { tail - 1 } else { self.words.len() as u32 };
            positions.tail.store(tail, Ordering::Relaxed);
            positions.limit.store(limit, Ordering::Relaxed);
        });
    }

    /// Has the newest record end here, and the oldest begin there, whatever was said before. Before anything
    /// is recorded.
    pub(super) fn set(self, tail: u32, head: u32) {
        with(|_| self.positions.head.store(head, Ordering::Relaxed));
        self.release_to(tail);
    }

    /// As many records as so far found no room.
    pub(super) fn set_dropped(self, count: u32) {
        with(|_| self.positions.dropped.store(count, Ordering::Relaxed));
    }
}

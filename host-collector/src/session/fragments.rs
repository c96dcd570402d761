//! Records that are longer than their device's frames: they come in fragments, in any order.

use spandrel::wire::{DecodeError, Fragment, Record, decode_fragments};
use std::collections::BTreeMap;

/// No session may fill more memory with fragments.
const MOST_BYTES: usize = 64 * 1024;

/// The fragments of a session whose others have not come, by the numbers of their records.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    held: BTreeMap<u64, Held>,
    weight: usize,
}

#[derive(Debug)]
struct Held {
    is_first: bool,
    is_last: bool,
    bytes: Vec<u8>,
    last_number: u64,
}

impl Held {
    fn weight(&self) -> usize {
        size_of::<Self>() + 64 + self.bytes.len()
    }
}

/// All that the fragments of one record hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Whole {
    /// The number of the first.
    pub(super) number: u64,
    last_number: u64,
    bytes: Vec<u8>,
}

impl Whole {
    /// The record.
    pub(super) fn record(&self) -> Result<Record<'_>, DecodeError> {
        decode_fragments(&self.bytes, self.number, self.last_number)
    }
}

impl Fragments {
    /// Adds the fragment that has the number of a record, from a frame with this last number of a
    /// span; gives the whole if that was all that was missing.
    pub(super) fn insert(
        &mut self,
        number: u64,
        fragment: &Fragment<'_>,
        last_number: u64,
    ) -> Option<Whole> {
        let Fragment { is_first, is_last, bytes } = *fragment;
        let held = Held { is_first, is_last, bytes: bytes.to_vec(), last_number };
        self.weight += held.weight();
        if let Some(before) = self.held.insert(number, held) {
            self.weight -= before.weight();
        }
        let whole = self.take_whole(number);
        while self.weight > MOST_BYTES
            && let Some((_, oldest)) = self.held.pop_first()
        {
            self.weight -= oldest.weight();
        }
        whole
    }

    /// Takes the record that a fragment is of, if all of it is there.
    fn take_whole(&mut self, number: u64) -> Option<Whole> {
        let first = self.run(self.held.range(..=number).rev(), |held| held.is_first)?;
        let last = self.run(self.held.range(number..), |held| held.is_last)?;
        let last_number = self.held.get(&first)?.last_number;
        let mut bytes = Vec::new();
        for number in first..=last {
            let held = self.held.remove(&number)?;
            self.weight -= held.weight();
            bytes.extend_from_slice(&held.bytes);
        }
        Some(Whole { number: first, last_number, bytes })
    }

    /// The number where fragments that follow each other end as they should.
    fn run<'a>(
        &self,
        held: impl Iterator<Item = (&'a u64, &'a Held)>,
        is_end: impl Fn(&Held) -> bool,
    ) -> Option<u64> {
        let mut before: Option<u64> = None;
        for (number, held) in held {
            if before.is_some_and(|before| before.abs_diff(*number) != 1) {
                return None;
            }
            if is_end(held) {
                return Some(*number);
            }
            before = Some(*number);
        }
        None
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fragment(ends: [bool; 2], bytes: &[u8]) -> Fragment<'_> {
        Fragment { is_first: ends[0], is_last: ends[1], bytes }
    }

    fn whole(number: u64, last_number: u64, bytes: &[u8]) -> Option<Whole> {
        Some(Whole { number, last_number, bytes: bytes.to_vec() })
    }

    #[test]
    fn fragments_come_in_any_order_beside_those_of_other_records() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.insert(7, &fragment([true, false], b"first of another"), 9), None);
        assert_eq!(fragments.insert(6, &fragment([false, true], b"c"), 3), None);
        assert_eq!(fragments.insert(4, &fragment([true, false], b"a"), 1), None);
        assert_eq!(fragments.insert(4, &fragment([true, false], b"a"), 1), None);
        assert_eq!(fragments.insert(5, &fragment([false, false], b"b"), 2), whole(4, 1, b"abc"));
        assert_eq!(
            fragments.insert(8, &fragment([true, true], b"alone"), 2),
            whole(8, 2, b"alone")
        );
        assert_eq!(
            fragments.insert(8, &fragment([false, true], b", last"), 2),
            whole(7, 9, b"first of another, last")
        );
        assert_eq!(fragments.weight(), 0);
    }

    #[test]
    fn what_one_is_missing_of_is_no_record() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.insert(4, &fragment([true, false], b"a"), 1), None);
        assert_eq!(fragments.insert(6, &fragment([false, true], b"c"), 1), None);
        assert_eq!(fragments.insert(7, &fragment([false, true], b"d"), 1), None);
        assert_eq!(fragments.insert(u64::MAX, &fragment([false, false], b"e"), 1), None);
        assert_eq!(fragments.insert(0, &fragment([false, false], b"f"), 1), None);
    }

    proptest! {
        #[test]
        fn no_flood_of_fragments_fills_the_memory(
            flood in prop::collection::vec((0..90_u64, any::<[bool; 2]>(), 0..3000_usize), 0..300),
        ) {
            let mut fragments = Fragments::default();
            for (number, ends, length) in flood {
                fragments.insert(number, &fragment(ends, &vec![0; length]), 5);
                prop_assert!(fragments.weight() <= MOST_BYTES);
            }
            let held: usize = fragments.held.values().map(Held::weight).sum();
            prop_assert_eq!(fragments.weight(), held);
        }
    }
}

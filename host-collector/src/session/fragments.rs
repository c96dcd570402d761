//! Records that are longer than their device's frames: they come in fragments, in any order, and one
//! that comes again may be cut elsewhere.

use super::weight::{other, room};
use serde::{Deserialize, Serialize};
use spandrel::wire::{DecodeError, Fragment, FragmentOf, Record, decode_fragments};
use std::collections::BTreeMap;

/// No session may fill more memory with fragments.
const MOST_BYTES: usize = 64 * 1024;

/// Which record or definition fragments are of. Those of definitions have no number: what they say is
/// always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Of(FragmentOf, u64);

/// The fragments of a session whose others have not come.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Fragments {
    held: BTreeMap<Of, Held>,
    /// What came first among all goes first.
    by_age: BTreeMap<u64, Of>,
    next_order: u64,
    weight: usize,
}

/// What of one came so far.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    order: u64,
    /// By where they begin; they may overlap.
    pieces: BTreeMap<u32, Vec<u8>>,
    /// Where the last one ends.
    end: Option<u32>,
    weight: usize,
}

/// All that the fragments of one record hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Whole {
    /// The number of the record, or of the one behind the definition.
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
    /// Adds a fragment that came at this number, in a frame with this last number of a span; gives
    /// the whole if that was all that was missing.
    pub(super) fn insert(
        &mut self,
        number: u64,
        fragment: &Fragment<'_>,
        last_number: u64,
    ) -> Option<Whole> {
        let of = match fragment.of {
            FragmentOf::Record => Of(fragment.of, number),
            FragmentOf::Site(_) | FragmentOf::Name(_) => Of(fragment.of, 0),
        };
        let order = self.next_order;
        let held = self.held.entry(of).or_insert_with(|| Held::new(order));
        if held.order == order {
            self.next_order += 1;
            self.by_age.insert(order, of);
            self.weight += held.weight;
        }
        let before = held.weight;
        held.insert(fragment);
        self.weight += held.weight - before;
        let bytes = held.whole();
        if bytes.is_some() {
            self.forget(of);
        }
        while self.weight > MOST_BYTES
            && let Some(oldest) = self.by_age.first_key_value().map(|(_, of)| *of)
        {
            self.forget(oldest);
        }
        bytes.map(|bytes| Whole { number, last_number, bytes })
    }

    /// Forgets the fragments of records below a number: they were given up.
    pub(super) fn forget_below(&mut self, number: u64) {
        let end = Of(FragmentOf::Record, number);
        while let Some(of) = self.held.range(..end).next().map(|(of, _)| *of) {
            self.forget(of);
        }
    }

    fn forget(&mut self, of: Of) {
        if let Some(held) = self.held.remove(&of) {
            self.by_age.remove(&held.order);
            self.weight -= held.weight;
        }
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }
}

impl Held {
    fn new(order: u64) -> Self {
        Self {
            order,
            pieces: BTreeMap::new(),
            end: None,
            weight: other::<(Of, Self)>() + other::<Of>(),
        }
    }

    fn insert(&mut self, fragment: &Fragment<'_>) {
        let Fragment { offset, is_last, bytes, .. } = *fragment;
        if is_last {
            let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            self.end = Some(offset.saturating_add(len));
        }
        let before = self.pieces.get(&offset).map_or(0, Vec::len);
        if bytes.len() > before || before == 0 {
            let place = if before == 0 { room(&self.pieces) + 16 } else { 0 };
            self.weight += bytes.len() - before + place;
            self.pieces.insert(offset, bytes.to_vec());
        }
    }

    /// All bytes from the first to the last, if they are there.
    fn whole(&self) -> Option<Vec<u8>> {
        let end = usize::try_from(self.end?).ok()?;
        let mut bytes = Vec::with_capacity(end.min(MOST_BYTES));
        for (offset, piece) in &self.pieces {
            let known = bytes.len().checked_sub(usize::try_from(*offset).ok()?)?;
            bytes.extend_from_slice(piece.get(known..).unwrap_or(&[]));
        }
        (bytes.len() >= end).then(|| {
            bytes.truncate(end);
            bytes
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fragment(offset: u32, is_last: bool, bytes: &[u8]) -> Fragment<'_> {
        Fragment { of: FragmentOf::Record, offset, is_last, bytes }
    }

    fn whole(number: u64, last_number: u64, bytes: &[u8]) -> Option<Whole> {
        Some(Whole { number, last_number, bytes: bytes.to_vec() })
    }

    #[test]
    fn fragments_come_in_any_order_beside_those_of_other_records() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.insert(7, &fragment(0, false, b"first of another"), 9), None);
        assert_eq!(fragments.insert(4, &fragment(2, true, b"c"), 3), None);
        assert_eq!(fragments.insert(4, &fragment(0, false, b"a"), 1), None);
        assert_eq!(fragments.insert(4, &fragment(0, false, b"a"), 1), None);
        assert_eq!(fragments.insert(4, &fragment(1, false, b"b"), 2), whole(4, 2, b"abc"));
        assert_eq!(fragments.insert(8, &fragment(0, true, b"alone"), 2), whole(8, 2, b"alone"));
        assert_eq!(
            fragments.insert(7, &fragment(16, true, b", last"), 2),
            whole(7, 2, b"first of another, last")
        );
        assert_eq!(fragments.weight(), 0);
    }

    #[test]
    fn what_comes_again_may_be_cut_elsewhere() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.insert(4, &fragment(0, false, b"abcd"), 1), None);
        assert_eq!(fragments.insert(4, &fragment(6, true, b"ghi"), 1), None);
        assert_eq!(fragments.insert(4, &fragment(0, false, b"abc"), 1), None);
        assert_eq!(fragments.insert(4, &fragment(3, false, b"defg"), 1), whole(4, 1, b"abcdefghi"));
    }

    #[test]
    fn definitions_are_told_apart_by_what_they_define() {
        let mut fragments = Fragments::default();
        let of = |of, offset, is_last, bytes| Fragment { of, offset, is_last, bytes };
        let (site, name) = (FragmentOf::Site(3), FragmentOf::Name(3));
        assert_eq!(fragments.insert(4, &of(site, 0, false, b"a"), 1), None);
        assert_eq!(fragments.insert(4, &of(name, 1, true, b"d"), 1), None);
        // One that began in another rotation goes on in this one.
        assert_eq!(fragments.insert(90, &of(site, 1, true, b"b"), 1), whole(90, 1, b"ab"));
        assert_eq!(fragments.insert(90, &of(name, 0, false, b"c"), 1), whole(90, 1, b"cd"));
    }

    #[test]
    fn what_was_given_up_is_forgotten() {
        let mut fragments = Fragments::default();
        fragments.insert(4, &fragment(0, false, b"a"), 1);
        fragments.insert(5, &fragment(0, false, b"a"), 1);
        fragments.forget_below(5);
        assert_eq!(fragments.insert(4, &fragment(1, true, b"b"), 1), None);
        assert_eq!(fragments.insert(5, &fragment(1, true, b"b"), 1), whole(5, 1, b"ab"));
    }

    proptest! {
        #[test]
        fn no_flood_of_fragments_fills_the_memory(
            flood in prop::collection::vec(
                (0..90_u64, prop_oneof![0..9_u32, any::<u32>()], any::<bool>(), 0..3000_usize),
                0..300,
            ),
        ) {
            let mut fragments = Fragments::default();
            for (number, offset, is_last, length) in flood {
                fragments.insert(number, &fragment(offset, is_last, &vec![0; length]), 5);
                prop_assert!(fragments.weight() <= MOST_BYTES);
            }
            let held: usize = fragments.held.values().map(|held| held.weight).sum();
            prop_assert_eq!(fragments.weight(), held);
            prop_assert_eq!(fragments.held.len(), fragments.by_age.len());
        }
    }
}

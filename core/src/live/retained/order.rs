//! [`Order`]: which note is of which boot, in one word.

/// Boots of which there can be a note: the one that runs, three before it, and room for the next.
pub(super) const NOTES: usize = 5;
/// Boots before the one that runs that are kept; where there are more, those in the middle are given up.
pub(super) const MOST_EARLIER: usize = 3;

/// The boots in the order of time, by their notes; the last is the one that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    notes: [u8; NOTES],
    len: usize,
    /// The state of the one that runs was made new: what it says is its own.
    pub(super) has_begun: bool,
}

impl Order {
    const BEGUN: u32 = 1 << 15;
    const LEN_SHIFT: u32 = 12;
    const CHECK: u32 = 0x5ac3;

    pub(super) fn pack(self) -> u32 {
        // Four notes at most, of three bits each: with the one that runs there are never more.
        let notes = self.earlier().iter().copied().chain([self.live()]);
        let notes = notes.enumerate().fold(0, |sum, (at, note)| sum | u32::from(note) << (3 * at));
        let begun = if self.has_begun { Self::BEGUN } else { 0 };
        #[expect(clippy::cast_possible_truncation, reason = "four at most")]
        let word = notes | begun | (self.len as u32 - 1) << Self::LEN_SHIFT;
        word | (word ^ Self::CHECK) << 16
    }

    pub(super) fn unpack(word: u32) -> Option<Self> {
        let (low, check) = (word & 0xffff, word >> 16);
        if low ^ Self::CHECK != check {
            return None;
        }
        let len = (low >> Self::LEN_SHIFT & 3) as usize + 1;
        let mut notes = [0; NOTES];
        let mut seen = 0_u8;
        for (at, note) in notes.iter_mut().enumerate().take(len) {
            *note = (low >> (3 * at) & 7) as u8;
            if usize::from(*note) >= NOTES || seen >> *note & 1 != 0 {
                return None;
            }
            seen |= 1 << *note;
        }
        Some(Self { notes, len, has_begun: low & Self::BEGUN != 0 })
    }

    /// Those before the one that runs, the oldest first.
    pub(crate) fn earlier(&self) -> &[u8] {
        self.notes.get(..self.len - 1).unwrap_or(&[])
    }

    /// The one that runs.
    pub(crate) fn live(&self) -> u8 {
        self.notes.get(self.len - 1).copied().unwrap_or(0)
    }

    /// The oldest.
    pub(crate) fn oldest(&self) -> u8 {
        let [oldest, ..] = self.notes;
        oldest
    }

    /// A note that is none of these.
    pub(super) fn free(earlier: &[u8], last: u8) -> u8 {
        #[expect(clippy::cast_possible_truncation, reason = "there are few")]
        let mut all = 0..NOTES as u8;
        all.find(|note| *note != last && !earlier.contains(note)).unwrap_or(0)
    }

    /// These boots, and the one that runs.
    pub(super) fn of(earlier: &[u8], live: u8) -> Self {
        let mut order = Self { notes: [0; NOTES], len: 0, has_begun: false };
        let kept = earlier.iter().take(MOST_EARLIER).chain([&live]);
        for (to, note) in order.notes.iter_mut().zip(kept) {
            *to = *note;
            order.len += 1;
        }
        order
    }

    /// The same, of a boot whose state is its own.
    pub(super) fn begun(self) -> Self {
        Self { has_begun: true, ..self }
    }

    /// All but the oldest: its records were sent.
    pub(crate) fn without_oldest(self) -> Self {
        let rest = self.earlier().get(1..).unwrap_or(&[]);
        Self { has_begun: self.has_begun, ..Self::of(rest, self.live()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_order_is_one_word() {
        let mut order = Order::of(&[], 0);
        for boots in 0..10_u8 {
            assert_eq!(Order::unpack(order.pack()), Some(order));
            let earlier = [order.earlier(), &[order.live()]].concat();
            let next = Order::free(&earlier, order.live());
            assert!(!earlier.contains(&next));
            order = Order { has_begun: boots % 2 == 0, ..Order::of(&earlier, next) };
            assert_eq!((order.live(), order.earlier()), (next, &earlier[..]));
            if order.earlier().len() == MOST_EARLIER {
                order = order.without_oldest();
                assert_eq!(order.oldest(), earlier[1]);
            }
        }
    }

    proptest! {
        #[test]
        fn any_word_is_an_order_or_none(word: u32, flip in 0..32_u32) {
            if let Some(order) = Order::unpack(word) {
                prop_assert_eq!(Order::unpack(order.pack()), Some(order));
                prop_assert!(order.earlier().len() <= MOST_EARLIER);
            }
            prop_assert_eq!(Order::unpack(Order::of(&[], 2).pack() ^ 1 << flip), None);
        }
    }
}

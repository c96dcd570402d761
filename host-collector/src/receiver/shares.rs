//! Room that is shared: whoever fills it leaves as much for the others.
//!
//! Each may take as much as is still free. So one alone gets half, two a third each, and whoever comes
//! later always finds something.

use core::hash::Hash;
use std::collections::HashMap;

/// Room for something, and who has how much of it.
#[derive(Debug)]
pub(crate) struct Shares<K> {
    most: usize,
    taken: usize,
    by: HashMap<K, usize>,
}

impl<K: Eq + Hash> Shares<K> {
    /// Room for `most`.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, taken: 0, by: HashMap::new() }
    }

    /// Takes `amount` for somebody; false where that is more than a share.
    pub(crate) fn take(&mut self, who: K, amount: usize) -> bool {
        let free = self.most.saturating_sub(self.taken);
        let mine = self.by.get(&who).copied().unwrap_or(0);
        let fits = mine.saturating_add(amount) <= free;
        if fits {
            self.taken += amount;
            *self.by.entry(who).or_default() += amount;
        }
        fits
    }

    /// Gives back what was taken.
    pub(crate) fn give_back(&mut self, who: &K, amount: usize) {
        self.taken = self.taken.saturating_sub(amount);
        if let Some(mine) = self.by.get_mut(who) {
            *mine = mine.saturating_sub(amount);
            if *mine == 0 {
                self.by.remove(who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whoever_takes_all_that_it_can_leaves_room_for_others() {
        let mut shares = Shares::new(1_000);
        while shares.take("flood", 10) {}
        assert_eq!(shares.taken, 500);
        while shares.take("second", 10) {}
        assert_eq!(shares.taken, 750);
        assert!(shares.take("third", 100));
        shares.give_back(&"flood", 10);
        assert!(!shares.take("flood", 10));
    }

    proptest! {
        #[test]
        fn what_is_given_back_is_free(steps in prop::collection::vec((0..5_u8, 1..200_usize, any::<bool>()), 0..200)) {
            let (mut shares, mut held) = (Shares::new(1_000), Vec::new());
            for (who, amount, takes) in steps {
                if takes && shares.take(who, amount) {
                    held.push((who, amount));
                } else if let Some((who, amount)) = held.pop() {
                    shares.give_back(&who, amount);
                }
                prop_assert_eq!(shares.taken, held.iter().map(|(_, amount)| amount).sum::<usize>());
                prop_assert!(shares.taken <= 1_000);
            }
            held.iter().for_each(|(who, amount)| shares.give_back(who, *amount));
            prop_assert!(shares.taken == 0 && shares.by.is_empty());
        }
    }
}

//! Sessions in the order in which they go: the next is the oldest of whoever has most of them.
//!
//! So a flood of sessions from one address pushes out its own, whatever their number.

use super::Key;
use crate::receiver::Origin;
use core::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Sessions of one kind.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    by_origin: HashMap<Origin, BTreeMap<u64, Key>>,
    /// How many each has, and when its oldest was used: the last is the next to go.
    order: BTreeSet<(usize, Reverse<u64>, Origin)>,
    len: usize,
}

impl Shelf {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds a session, by the number of its last use.
    pub(super) fn insert(&mut self, used: u64, key: Key) {
        self.change(key.peer.origin(), |sessions| {
            sessions.insert(used, key);
        });
        self.len += 1;
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, used: u64, origin: &Origin) -> Option<Key> {
        let key = self.change(origin.clone(), |sessions| sessions.remove(&used));
        self.len -= usize::from(key.is_some());
        key
    }

    /// Takes out the next to go.
    pub(super) fn pop(&mut self) -> Option<Key> {
        let (_, Reverse(oldest), origin) = self.order.last()?;
        let (oldest, origin) = (*oldest, origin.clone());
        self.remove(oldest, &origin)
    }

    /// Takes out the oldest of one origin.
    pub(super) fn pop_of(&mut self, origin: &Origin) -> Option<Key> {
        let oldest = *self.by_origin.get(origin)?.first_key_value()?.0;
        self.remove(oldest, origin)
    }

    /// All sessions with the number of their last use.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Key)> {
        self.by_origin.values().flatten().map(|(used, key)| (*used, key))
    }

    fn change<T>(
        &mut self,
        origin: Origin,
        change: impl FnOnce(&mut BTreeMap<u64, Key>) -> T,
    ) -> T {
        let place = |sessions: &BTreeMap<u64, Key>, origin: &Origin| {
            let oldest = *sessions.first_key_value()?.0;
            Some((sessions.len(), Reverse(oldest), origin.clone()))
        };
        let sessions = self.by_origin.entry(origin.clone()).or_default();
        let before = place(sessions, &origin);
        let result = change(sessions);
        let after = place(sessions, &origin);
        if after.is_none() {
            self.by_origin.remove(&origin);
        }
        if before != after {
            before.map(|before| self.order.remove(&before));
            after.map(|after| self.order.insert(after));
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receiver::Peer;

    fn key(host: u8, number: u8) -> Key {
        Key { peer: Peer::Udp(([10, 0, 0, host], 9).into()), tag: [number; 4] }
    }

    #[test]
    fn the_oldest_of_whoever_has_most_goes_first() {
        let mut shelf = Shelf::default();
        let keys = [key(1, 0), key(2, 0), key(3, 0), key(2, 1), key(2, 2), key(3, 1)];
        for (used, key) in (0..).zip(&keys) {
            shelf.insert(used, key.clone());
        }
        assert_eq!(shelf.iter().count(), shelf.len());
        // 1 has one, 2 has three, 3 has two.
        let order = [1, 2, 3, 0, 4, 5].map(|place: usize| keys[place].clone());
        assert_eq!(core::iter::from_fn(|| shelf.pop()).collect::<Vec<_>>(), order);
        assert!(shelf.len() == 0 && shelf.order.is_empty() && shelf.by_origin.is_empty());
    }

    #[test]
    fn the_oldest_of_one_origin_can_be_taken() {
        let mut shelf = Shelf::default();
        shelf.insert(1, key(1, 0));
        shelf.insert(2, key(2, 0));
        shelf.insert(3, key(2, 1));
        assert_eq!(shelf.pop_of(&key(2, 9).peer.origin()), Some(key(2, 0)));
        assert_eq!(shelf.remove(1, &key(1, 0).peer.origin()), Some(key(1, 0)));
        assert_eq!(shelf.pop_of(&key(1, 0).peer.origin()), None);
        assert_eq!(shelf.len(), 1);
    }
}

//! The sessions that are known: bounded in number and in bytes, the one unheard of longest goes.

use super::Session;
use crate::receiver::Peer;
use std::collections::{BTreeMap, HashMap};

/// Sessions that said who they are.
const MOST_SESSIONS: usize = 4096;
/// Those that did not yet. They go first: anybody can make frames with new tags by the thousand.
const MOST_STRANGERS: usize = 512;
const MOST_BYTES: usize = 256 << 20;

/// What a session is found by: two boards that are given one identity still have two addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) peer: Peer,
    pub(crate) tag: [u8; 4],
}

#[derive(Debug)]
struct Slot {
    session: Session,
    used: u64,
    weight: usize,
    is_stranger: bool,
}

/// The sessions.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: HashMap<Key, Slot>,
    /// The peers that have a session of this tag.
    tags: HashMap<[u8; 4], Vec<Peer>>,
    known: BTreeMap<u64, Key>,
    strangers: BTreeMap<u64, Key>,
    uses: u64,
    weight: usize,
}

impl Table {
    /// Does something with a session, which is made if there is none.
    pub(crate) fn with<T>(
        &mut self,
        key: Key,
        make: impl FnOnce() -> Session,
        act: impl FnOnce(&mut Session) -> T,
    ) -> T {
        let used = self.uses;
        self.uses += 1;
        let slot = self.slots.entry(key.clone()).or_insert_with(|| {
            self.tags.entry(key.tag).or_default().push(key.peer.clone());
            Slot { session: make(), used, weight: 0, is_stranger: true }
        });
        let queue = if slot.is_stranger { &mut self.strangers } else { &mut self.known };
        queue.remove(&slot.used);
        let result = act(&mut slot.session);
        slot.used = used;
        slot.is_stranger = slot.session.source().is_none();
        let queue = if slot.is_stranger { &mut self.strangers } else { &mut self.known };
        queue.insert(used, key);
        self.weight = self.weight - slot.weight + slot.session.weight();
        slot.weight = slot.session.weight();
        result
    }

    /// Does something with every session, the one unheard of longest first.
    pub(crate) fn for_each(&mut self, mut act: impl FnMut(&Key, &mut Session)) {
        for key in self.strangers.values().chain(self.known.values()) {
            let Some(slot) = self.slots.get_mut(key) else { continue };
            act(key, &mut slot.session);
            self.weight = self.weight - slot.weight + slot.session.weight();
            slot.weight = slot.session.weight();
        }
    }

    /// A session, if it is known.
    pub(crate) fn get_mut(&mut self, key: &Key) -> Option<&mut Session> {
        self.slots.get_mut(key).map(|slot| &mut slot.session)
    }

    /// Gives a session of the same tag another key, if there is one that `is_same`; its key of before.
    pub(crate) fn take_over(
        &mut self,
        key: &Key,
        is_same: impl Fn(&Session) -> bool,
    ) -> Option<Key> {
        if self.slots.contains_key(key) {
            return None;
        }
        let peers = self.tags.get_mut(&key.tag)?;
        let slots = &self.slots;
        let peer = peers.iter_mut().find(|peer| {
            let old = Key { peer: (**peer).clone(), tag: key.tag };
            slots.get(&old).is_some_and(|slot| is_same(&slot.session))
        })?;
        let old = Key { peer: core::mem::replace(peer, key.peer.clone()), tag: key.tag };
        let slot = self.slots.remove(&old)?;
        let queue = if slot.is_stranger { &mut self.strangers } else { &mut self.known };
        queue.insert(slot.used, key.clone());
        self.slots.insert(key.clone(), slot);
        Some(old)
    }

    /// Takes out a session that there is no room for; none once all is within its bounds.
    pub(crate) fn pop_surplus(&mut self) -> Option<(Key, Session)> {
        let is_full = self.weight > MOST_BYTES;
        let stranger = (is_full || self.strangers.len() > MOST_STRANGERS)
            .then(|| self.strangers.pop_first())
            .flatten();
        let known = || {
            (is_full || self.known.len() > MOST_SESSIONS).then(|| self.known.pop_first()).flatten()
        };
        let (_, key) = stranger.or_else(known)?;
        let slot = self.slots.remove(&key)?;
        if let Some(peers) = self.tags.get_mut(&key.tag) {
            peers.retain(|peer| *peer != key.peer);
            if peers.is_empty() {
                self.tags.remove(&key.tag);
            }
        }
        self.weight -= slot.weight;
        Some((key, slot.session))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Key {
        let tag = u32::try_from(number).unwrap().to_le_bytes();
        Key { peer: Peer::Udp("127.0.0.1:1".parse().unwrap()), tag }
    }

    #[test]
    fn strangers_are_few_and_the_oldest_goes() {
        let mut table = Table::default();
        for number in 0..MOST_STRANGERS + 3 {
            table.with(key(number), || Session::new(true, 0), |_| ());
        }
        table.with(key(0), || panic!("it is known"), |_| ());
        let gone: Vec<_> =
            core::iter::from_fn(|| table.pop_surplus()).map(|(key, _)| key).collect();
        assert_eq!(gone, [key(1), key(2), key(3)]);
        let mut left = 0;
        table.for_each(|_, _| left += 1);
        assert_eq!(left, MOST_STRANGERS);
        assert!(table.weight >= left * size_of::<Session>());
        assert_eq!(table.tags.len(), left);
    }

    #[test]
    fn a_session_that_moves_is_found_at_its_new_place_alone() {
        let mut table = Table::default();
        let (old, mut new) = (key(1), key(1));
        new.peer = Peer::Serial("/dev/ttyACM0".into());
        table.with(old.clone(), || Session::new(true, 5), |_| ());
        assert_eq!(table.take_over(&old, |_| true), None);
        assert_eq!(table.take_over(&new, |_| false), None);
        assert_eq!(table.take_over(&new, |session| session.first_ns() == 5), Some(old.clone()));
        assert!(table.get_mut(&old).is_none());
        table.with(new.clone(), || panic!("it is known"), |_| ());
        let mut seen = Vec::new();
        table.for_each(|key, _| seen.push(key.clone()));
        assert_eq!(seen, [new]);
        assert_eq!((table.slots.len(), table.strangers.len()), (1, 1));
    }
}

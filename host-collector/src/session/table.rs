//! The sessions that are known: bounded in number and in bytes, the one unheard of longest goes.

use super::Session;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

/// Sessions that said who they are.
const MOST_SESSIONS: usize = 4096;
/// Those that did not yet. They go first: anybody can make frames with new tags by the thousand.
const MOST_STRANGERS: usize = 512;
const MOST_BYTES: usize = 256 << 20;

/// What a session is found by: two boards that are given one identity still have two addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) peer: SocketAddr,
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
        let slot = self.slots.entry(key).or_insert_with(|| Slot {
            session: make(),
            used,
            weight: 0,
            is_stranger: true,
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
    pub(crate) fn for_each(&mut self, mut act: impl FnMut(Key, &mut Session)) {
        for key in self.strangers.values().chain(self.known.values()) {
            let Some(slot) = self.slots.get_mut(key) else { continue };
            act(*key, &mut slot.session);
            self.weight = self.weight - slot.weight + slot.session.weight();
            slot.weight = slot.session.weight();
        }
    }

    /// A session, if it is known.
    pub(crate) fn get_mut(&mut self, key: &Key) -> Option<&mut Session> {
        self.slots.get_mut(key).map(|slot| &mut slot.session)
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
        self.weight -= slot.weight;
        Some((key, slot.session))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Options;

    fn key(number: usize) -> Key {
        let tag = u32::try_from(number).unwrap().to_le_bytes();
        Key { peer: "127.0.0.1:1".parse().unwrap(), tag }
    }

    #[test]
    fn strangers_are_few_and_the_oldest_goes() {
        let mut table = Table::default();
        for number in 0..MOST_STRANGERS + 3 {
            table.with(key(number), || Session::new(Options::default(), 0), |_| ());
        }
        table.with(key(0), || panic!("it is known"), |_| ());
        let gone: Vec<_> =
            core::iter::from_fn(|| table.pop_surplus()).map(|(key, _)| key).collect();
        assert_eq!(gone, [key(1), key(2), key(3)]);
        let mut left = 0;
        table.for_each(|_, _| left += 1);
        assert_eq!(left, MOST_STRANGERS);
        assert!(table.weight >= left * size_of::<Session>());
    }
}

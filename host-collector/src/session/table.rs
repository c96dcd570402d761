//! The sessions that are known: bounded in number and in bytes.
//!
//! Where there is no room for one more, whoever has most loses its oldest: a flood pushes out itself.

use super::Session;
use super::shelf::Shelf;
use crate::receiver::{Origin, Peer};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// Sessions that said who they are.
pub(crate) const MOST_SESSIONS: usize = 4096;
/// Those that did not yet. They go first: anybody can make frames with new tags by the thousand.
pub(crate) const MOST_STRANGERS: usize = 512;
/// Bytes that all of them hold, about.
pub(crate) const MOST_BYTES: usize = 256 << 20;
/// Weights of origins are compared in steps of 2^16 bytes, so that few frames change their order.
const WEIGHT_STEP: u32 = 16;

/// What a session is found by: two boards that are given one identity still have two addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) peer: Peer,
    pub(crate) tag: [u8; 4],
    /// Whether its frames are sealed. No other can put anything into such a session.
    pub(crate) is_sealed: bool,
}

#[derive(Debug)]
struct Slot {
    session: Box<Session>,
    used: u64,
    weight: usize,
    rank: Rank,
}

/// How much a session has shown of itself; the least go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rank {
    /// It has not said who it is.
    Stranger,
    /// It said so.
    Known,
    /// And it answered, so it is where its frames say that they are from.
    Answered,
}

impl Rank {
    fn of(session: &Session) -> Self {
        match (session.source().is_some(), session.has_answered()) {
            (false, _) => Self::Stranger,
            (true, false) => Self::Known,
            (true, true) => Self::Answered,
        }
    }
}

/// The sessions.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: HashMap<Key, Slot>,
    /// The peers that have a session of this tag, sealed or not.
    tags: HashMap<([u8; 4], bool), Vec<Peer>>,
    /// The sessions of each rank.
    shelves: [Shelf; 3],
    weights: Weights,
    uses: u64,
}

/// How many bytes the sessions of each origin hold.
#[derive(Debug, Default)]
struct Weights {
    all: usize,
    by_origin: HashMap<Origin, usize>,
    order: BTreeSet<(usize, Origin)>,
}

impl Weights {
    fn change(&mut self, origin: &Origin, before: usize, after: usize) {
        if before == after {
            return;
        }
        self.all = self.all - before + after;
        let weight = self.by_origin.entry(origin.clone()).or_default();
        let steps = *weight >> WEIGHT_STEP;
        *weight = *weight - before + after;
        let new_steps = *weight >> WEIGHT_STEP;
        let is_gone = *weight == 0;
        if is_gone {
            self.by_origin.remove(origin);
        }
        if steps != new_steps {
            self.order.remove(&(steps, origin.clone()));
            if new_steps != 0 {
                self.order.insert((new_steps, origin.clone()));
            }
        }
    }

    /// Whoever holds most.
    fn heaviest(&self) -> Option<&Origin> {
        self.order.last().map(|(_, origin)| origin)
    }
}

impl Table {
    /// Does something with a session, which is made if there is none.
    pub(crate) fn with<T>(
        &mut self,
        key: Key,
        make: impl FnOnce() -> Session,
        act: impl FnOnce(&mut Session) -> T,
    ) -> T {
        let uses = self.uses;
        let newest = self.slots.get_mut(&key).filter(|slot| slot.used + 1 == uses);
        if let Some(slot) = newest {
            // It need not move.
            let result = act(&mut slot.session);
            let before = core::mem::replace(&mut slot.weight, slot.session.weight());
            if before != slot.weight {
                self.weights.change(&key.peer.origin(), before, slot.weight);
            }
            let (rank, now) = (slot.rank, Rank::of(&slot.session));
            if rank != now {
                slot.rank = now;
                shelf(&mut self.shelves, rank).remove(slot.used, &key.peer.origin());
                shelf(&mut self.shelves, now).insert(slot.used, key);
            }
            return result;
        }
        let used = self.uses;
        self.uses += 1;
        let origin = key.peer.origin();
        let shelves = &mut self.shelves;
        let slot = self.slots.entry(key.clone()).or_insert_with(|| {
            self.tags.entry((key.tag, key.is_sealed)).or_default().push(key.peer.clone());
            let session = Box::new(make());
            Slot { session, used, weight: 0, rank: Rank::Stranger }
        });
        shelf(shelves, slot.rank).remove(slot.used, &origin);
        let result = act(&mut slot.session);
        (slot.used, slot.rank) = (used, Rank::of(&slot.session));
        shelf(shelves, slot.rank).insert(used, key);
        let before = core::mem::replace(&mut slot.weight, slot.session.weight());
        self.weights.change(&origin, before, slot.weight);
        result
    }

    /// Does something with every session, the one unheard of longest first.
    pub(crate) fn for_each(&mut self, mut act: impl FnMut(&Key, &mut Session)) {
        let mut keys: Vec<_> = self.shelves.iter().flat_map(Shelf::iter).collect();
        keys.sort_unstable_by_key(|(used, _)| *used);
        for (_, key) in keys {
            let Some(slot) = self.slots.get_mut(key) else { continue };
            act(key, &mut slot.session);
            let before = core::mem::replace(&mut slot.weight, slot.session.weight());
            self.weights.change(&key.peer.origin(), before, slot.weight);
        }
    }

    /// Every session, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &Session)> {
        self.slots.iter().map(|(key, slot)| (key, &*slot.session))
    }

    /// About how many bytes all hold.
    pub(crate) fn weight(&self) -> usize {
        self.weights.all
    }

    /// A session, if it is known.
    pub(crate) fn get_mut(&mut self, key: &Key) -> Option<&mut Session> {
        self.slots.get_mut(key).map(|slot| &mut *slot.session)
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
        let peers = self.tags.get_mut(&(key.tag, key.is_sealed))?;
        let slots = &self.slots;
        let peer = peers.iter_mut().find(|peer| {
            let old = Key { peer: (**peer).clone(), ..key.clone() };
            slots.get(&old).is_some_and(|slot| is_same(&slot.session))
        })?;
        let old = Key { peer: core::mem::replace(peer, key.peer.clone()), ..key.clone() };
        let slot = self.slots.remove(&old)?;
        let shelf = shelf(&mut self.shelves, slot.rank);
        shelf.remove(slot.used, &old.peer.origin());
        shelf.insert(slot.used, key.clone());
        self.weights.change(&old.peer.origin(), slot.weight, 0);
        self.weights.change(&key.peer.origin(), 0, slot.weight);
        self.slots.insert(key.clone(), slot);
        Some(old)
    }

    /// Takes out a session that there is no room for; none once all is within its bounds.
    pub(crate) fn pop_surplus(&mut self) -> Option<(Key, Session)> {
        let key = self.next_to_go()?;
        let slot = self.take_out(&key)?;
        Some((key, *slot.session))
    }

    /// Forgets a session.
    pub(crate) fn remove(&mut self, key: &Key) {
        if let Some(slot) = self.take_out(key) {
            shelf(&mut self.shelves, slot.rank).remove(slot.used, &key.peer.origin());
        }
    }

    /// Takes a session out of all but its shelf.
    fn take_out(&mut self, key: &Key) -> Option<Slot> {
        let slot = self.slots.remove(key)?;
        if let Some(peers) = self.tags.get_mut(&(key.tag, key.is_sealed)) {
            peers.retain(|peer| *peer != key.peer);
            if peers.is_empty() {
                self.tags.remove(&(key.tag, key.is_sealed));
            }
        }
        self.weights.change(&key.peer.origin(), slot.weight, 0);
        Some(slot)
    }

    fn next_to_go(&mut self) -> Option<Key> {
        let [strangers, known, answered] = &mut self.shelves;
        if strangers.len() > MOST_STRANGERS {
            return strangers.pop();
        }
        if known.len() + answered.len() > MOST_SESSIONS {
            return known.pop().or_else(|| answered.pop());
        }
        if self.weights.all <= MOST_BYTES {
            return None;
        }
        match self.weights.heaviest() {
            Some(heaviest) => self.shelves.iter_mut().find_map(|shelf| shelf.pop_of(heaviest)),
            None => self.shelves.iter_mut().find_map(Shelf::pop),
        }
    }
}

fn shelf(shelves: &mut [Shelf; 3], rank: Rank) -> &mut Shelf {
    let [strangers, known, answered] = shelves;
    match rank {
        Rank::Stranger => strangers,
        Rank::Known => known,
        Rank::Answered => answered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Options;

    fn key(number: usize) -> Key {
        let tag = u32::try_from(number).unwrap().to_le_bytes();
        Key { peer: Peer::Udp("127.0.0.1:1".parse().unwrap()), tag, is_sealed: false }
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
        assert!(table.weights.all >= left * size_of::<Session>());
        assert_eq!(table.tags.len(), left);
    }

    #[test]
    fn an_address_with_many_sessions_loses_its_own() {
        let mut table = Table::default();
        let mut other = key(0);
        other.peer = Peer::Udp("127.0.0.2:1".parse().unwrap());
        table.with(other.clone(), || Session::new(Options::default(), 0), |_| ());
        for number in 0..3 * MOST_STRANGERS {
            table.with(key(number), || Session::new(Options::default(), 0), |_| ());
            while let Some((gone, _)) = table.pop_surplus() {
                assert_ne!(gone, other);
            }
        }
        assert_eq!(table.slots.len(), MOST_STRANGERS);
        assert_eq!(table.weights.by_origin.len(), 2);
    }

    #[test]
    fn a_session_that_moves_is_found_at_its_new_place_alone() {
        let mut table = Table::default();
        let (old, mut new) = (key(1), key(1));
        new.peer = Peer::Serial("/dev/ttyACM0".into());
        table.with(old.clone(), || Session::new(Options::default(), 5), |_| ());
        assert_eq!(table.take_over(&old, |_| true), None);
        assert_eq!(table.take_over(&new, |_| false), None);
        assert_eq!(table.take_over(&new, |session| session.first_ns() == 5), Some(old.clone()));
        assert!(table.get_mut(&old).is_none());
        table.with(new.clone(), || panic!("it is known"), |_| ());
        let mut seen = Vec::new();
        table.for_each(|key, _| seen.push(key.clone()));
        assert_eq!(seen, [new]);
        assert_eq!((table.slots.len(), table.shelves[0].len()), (1, 1));
    }
}

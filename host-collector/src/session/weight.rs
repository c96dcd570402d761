//! How much memory a session takes: what bounds all of them together counts with.

use super::Session;
use crate::model::Resource;
use spandrel::wire;
use std::collections::BTreeMap;

impl Session {
    /// About how many bytes it holds, itself included; rather too many than too few.
    ///
    /// Every summand has a bound of its own: `docs/limits.md` has them all.
    pub(crate) fn weight(&self) -> usize {
        let process = self.resource.as_ref().map_or(0, |(_, process)| Resource::weight(process));
        let notes: usize = self.notes.iter().map(|note| note.len() + 48).sum();
        size_of::<Self>()
            + self.assembly.weight()
            + self.definitions.weight()
            + self.known.weight()
            + self.pieces.weight()
            + self.fragments.weight()
            + self.gaps.weight()
            + self.controls.weight()
            + self.parents.weight()
            + self.placements.weight()
            + self.identity.as_ref().map_or(0, |identity| identity.clock.weight())
            + self.early_clock.capacity() * size_of::<wire::Clock>()
            + self.resets.weight()
            + self.description.as_ref().map_or(0, |said| said.weight())
            + process
            + notes
            + BESIDE
    }
}

/// Pings that were not answered, and the session's places in the tables that it is found by.
const BESIDE: usize = 2304;

/// What a hash table takes that has room for so many: an eighth more, and a byte for each.
pub(crate) const fn table<T>(capacity: usize) -> usize {
    (capacity + capacity / 7 + 1) * (size_of::<T>() + 1)
}

/// What a tree of these values takes for its first one: a node has room for eleven.
const fn first<T>() -> usize {
    11 * (size_of::<u64>() + size_of::<T>()) + 32
}

/// What it takes for each other one, since its nodes may be half empty.
pub(super) const fn other<T>() -> usize {
    5 * (size_of::<u64>() + size_of::<T>()) / 2
}

/// What one more takes.
pub(super) fn room<K, T>(tree: &BTreeMap<K, T>) -> usize {
    if tree.is_empty() { first::<T>() } else { other::<T>() }
}

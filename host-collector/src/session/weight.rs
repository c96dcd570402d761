//! How much memory a session takes: what bounds all of them together counts with.

use super::Session;
use crate::model::Resource;

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
            + self.pieces.weight()
            + self.fragments.weight()
            + self.gaps.weight()
            + self.parents.weight()
            + self.placements.weight()
            + self.description.as_ref().map_or(0, |said| said.weight())
            + process
            + notes
            + BESIDE
    }
}

/// Pings that were not answered, and the session's places in the tables that it is found by.
const BESIDE: usize = 1536;

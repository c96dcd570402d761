//! A session put aside, to be gone on with by this collector later, or by another.

use super::Session;
use crate::pipeline::Options;
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, HashMap};

impl Session {
    /// Goes on with a session that was put aside; how is for whoever does it to say.
    pub(crate) fn resumed(self, options: Options) -> Self {
        Self { options, ..self }
    }

    /// The number of the packet after the newest that it has taken: with that it goes on.
    pub(crate) fn next_packet(&self) -> u64 {
        self.window.end()
    }
}

/// Writes a map by its keys, so that equal sessions are equal bytes.
pub(super) fn in_order<K: Serialize + Ord, V: Serialize, S: Serializer>(
    map: &HashMap<K, V>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    map.iter().collect::<BTreeMap<_, _>>().serialize(serializer)
}

//! Traces by their ids, of which the high half may be missing.

use super::Table;
use crate::model::TraceId;
use crate::store::codec::wire::narrow;

impl Table {
    pub(super) fn trace(&mut self, id: TraceId) -> u32 {
        let (traces, seed) = (&mut self.rows.traces, &self.seed);
        let hash = |id: TraceId| seed.hash(&id.low().to_le_bytes());
        let same = |number: &u32| traces.get(*number as usize) == Some(&id);
        if let Some(number) = self.traces.find(hash(id), same) {
            return *number;
        }
        let number = narrow(traces.len());
        traces.push(id);
        self.traces.insert_unique(hash(id), number, |number| {
            traces.get(*number as usize).map_or(0, |id| hash(*id))
        });
        number
    }

    /// The number of a trace, if it is there.
    pub(crate) fn trace_number(&self, id: TraceId) -> Option<u32> {
        let hash = self.seed.hash(&id.low().to_le_bytes());
        let same = |number: &u32| self.rows.traces.get(*number as usize) == Some(&id);
        self.traces.find(hash, same).copied()
    }

    /// The numbers of the traces that an id may mean.
    pub(crate) fn traces_like(&self, id: TraceId) -> Vec<u32> {
        let hash = self.seed.hash(&id.low().to_le_bytes());
        let like = |number: &&u32| {
            self.rows.traces.get(**number as usize).is_some_and(|other| is_like(*other, id))
        };
        self.traces.iter_hash(hash).filter(like).copied().collect()
    }
}

/// Whether two ids may be of one trace: 64 bits of them may be missing.
pub(crate) fn is_like(one: TraceId, other: TraceId) -> bool {
    one.low() == other.low() && (one == other || one.is_short() || other.is_short())
}

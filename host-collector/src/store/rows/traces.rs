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
    let is_half = |id: TraceId| id.0.starts_with(&[0; 8]);
    one.low() == other.low() && (one == other || is_half(one) || is_half(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_64_bits_is_like_all_with_that_lower_half() {
        let id =
            |high: u64, low: u64| TraceId((u128::from(high) << 64 | u128::from(low)).to_be_bytes());
        assert!(is_like(id(0, 7), id(9, 7)) && is_like(id(9, 7), id(0, 7)));
        assert!(is_like(id(9, 7), id(9, 7)));
        assert!(!is_like(id(8, 7), id(9, 7)) && !is_like(id(0, 7), id(9, 8)));
    }
}

//! One placement in time for one trace.
//!
//! The estimate of a clock improves while the spans of a trace come in. Placed by different
//! estimates they would contradict each other on their own device, where the order is known for
//! sure; so a session's spans of one trace are placed alike, for as long as drift does not matter.

use super::clock::Placement;
use crate::model::TraceId;
use std::collections::{HashMap, VecDeque};

/// After this time the clock may have drifted by a millisecond: a new placement is more honest.
const KEPT_NS: u64 = 10_000_000_000;
/// No more traces are remembered than this.
const MOST: usize = 1024;

/// The placements of the traces of the last seconds.
#[derive(Debug, Default)]
pub(super) struct Placements {
    by_trace: HashMap<TraceId, Placement>,
    by_age: VecDeque<(u64, TraceId)>,
}

impl Placements {
    /// The placement of a trace: the one it had, or from now on this one.
    pub(super) fn of(&mut self, trace: TraceId, current: Placement, now_ns: u64) -> Placement {
        while let Some((since_ns, oldest)) = self.by_age.front()
            && (now_ns.saturating_sub(*since_ns) > KEPT_NS || self.by_age.len() > MOST)
        {
            self.by_trace.remove(oldest);
            self.by_age.pop_front();
        }
        let placement = self.by_trace.entry(trace).or_insert_with(|| {
            self.by_age.push_back((now_ns, trace));
            current
        });
        placement.aged(now_ns)
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        super::weight::table::<(TraceId, Placement)>(self.by_trace.capacity())
            + self.by_age.capacity() * size_of::<(u64, TraceId)>()
    }

    /// Forgets all: the clock by which they were placed was set.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placement(offset_ns: i128, at_ns: u64) -> Placement {
        Placement { offset_ns, error_ns: Some(500), at_ns }
    }

    #[test]
    fn a_trace_keeps_its_placement_for_a_while() {
        let mut placements = Placements::default();
        let trace = TraceId([1; 16]);
        let second_ns = 1_000_000_000;
        assert_eq!(placements.of(trace, placement(1, 0), 0).offset_ns, 1);
        let later = placements.of(trace, placement(2, second_ns), second_ns);
        assert_eq!((later.offset_ns, later.error_ns), (1, Some(500 + 100_000)));
        assert_eq!(placements.of(trace, placement(3, 0), KEPT_NS + 1).offset_ns, 3);
    }

    #[test]
    fn a_flood_of_traces_is_bounded() {
        let mut placements = Placements::default();
        for trace in 0..5_000_u128 {
            placements.of(TraceId(trace.to_be_bytes()), placement(0, 0), 0);
        }
        assert!(placements.by_trace.len() <= MOST + 1);
        assert_eq!(placements.by_trace.len(), placements.by_age.len());
    }
}

//! One placement in time for one trace.
//!
//! The estimate of a clock improves while the spans of a trace come in. Placed by different
//! estimates they would contradict each other on their own device, where the order is known for
//! sure; so a session's spans of one trace are placed on one line, for as long as drift does not matter,
//! or until the clock steps.

use crate::clock::Placement;
use crate::model::TraceId;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};

/// After this time the clock may have drifted by a millisecond: a new placement is more honest.
const KEPT_NS: u64 = 10_000_000_000;
/// No more traces are remembered than this.
const MOST: usize = 1024;

/// The placements of the traces of the last seconds.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Placements {
    #[serde(serialize_with = "super::saved::in_order")]
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
        if !placement.is_of_one_stretch(&current) {
            *placement = current;
        }
        *placement
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
    use crate::clock::ClockEstimate;
    use spandrel::wire::ClockEvent;

    /// A placement by an arrival `late_ns` after the device's clock was 0.
    fn placement(late_ns: u64) -> Placement {
        let mut clock = ClockEstimate::new(1_000_000_000);
        clock.arrived(0, late_ns);
        clock.placement(late_ns).unwrap()
    }

    #[test]
    fn a_trace_keeps_its_placement_for_a_while() {
        let mut placements = Placements::default();
        let trace = TraceId([1; 16]);
        let second_ns = 1_000_000_000;
        let [first, second, third] = [1, 2, 3].map(placement);
        assert_eq!(placements.of(trace, first, 0), first);
        assert_eq!(placements.of(trace, second, second_ns), first);
        assert_eq!(placements.of(trace, third, KEPT_NS + 1), third);
    }

    #[test]
    fn a_step_of_the_clock_ends_it() {
        let mut placements = Placements::default();
        let mut clock = ClockEstimate::new(1_000_000_000);
        clock.arrived(0, 5);
        let before = clock.placement(5).unwrap();
        clock.told(10, &ClockEvent::Stepped, 20);
        let behind = clock.placement(20).unwrap();
        placements.of(TraceId([1; 16]), before, 0);
        assert_eq!(placements.of(TraceId([1; 16]), behind, 0), behind);
    }

    #[test]
    fn a_flood_of_traces_is_bounded() {
        let mut placements = Placements::default();
        for trace in 0..5_000_u128 {
            placements.of(TraceId(trace.to_be_bytes()), placement(0), 0);
        }
        assert!(placements.by_trace.len() <= MOST + 1);
        assert_eq!(placements.by_trace.len(), placements.by_age.len());
    }
}

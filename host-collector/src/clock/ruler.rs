//! Placing many moments: what is the same for all of them is worked out once.

use super::fit::NearLine;
use super::ticks::NearScale;
use super::{ClockEstimate, Placement};

/// A clock and a placement; it places to the nanosecond as [`ClockEstimate::place`] does.
#[derive(Debug)]
pub(crate) struct Ruler<'a> {
    clock: &'a ClockEstimate,
    placement: Placement,
    near: Option<Near>,
}

/// What places moments that are not far from one.
#[derive(Clone, Copy, Debug)]
struct Near {
    line: NearLine,
    scale: NearScale,
    /// From here on both hold, for so many ticks more.
    from_ticks: u64,
    reach: u64,
}

impl Near {
    #[inline(always)]
    fn place(&self, ticks: u64) -> Option<u64> {
        let is_near = ticks.wrapping_sub(self.from_ticks) <= self.reach;
        is_near.then(|| self.line.place(self.scale.ns(ticks)).cast_unsigned())
    }
}

impl ClockEstimate {
    /// What places moments by a placement, most of them around `ticks`.
    pub(crate) fn ruler(&self, placement: Placement, ticks: u64) -> Ruler<'_> {
        let is_current = placement.segment == self.current.id;
        let near = || {
            let scale = self.timeline.scale_near(ticks)?;
            let line = placement.line.near(scale.ns(ticks))?;
            let [first, last] = scale.range();
            let from_ticks = self.current.from_ticks.max(first);
            let reach = last.checked_sub(from_ticks)?;
            let holds = [from_ticks, last].iter().all(|end| line.holds(scale.ns(*end)));
            holds.then_some(Near { line, scale, from_ticks, reach })
        };
        Ruler { clock: self, placement, near: is_current.then(near).flatten() }
    }
}

impl Ruler<'_> {
    /// See [`ClockEstimate::place`].
    #[inline(always)]
    pub(crate) fn place(&self, ticks: u64) -> u64 {
        if let Some(placed) = self.near.as_ref().and_then(|near| near.place(ticks)) {
            return placed;
        }
        self.place_anywhere(ticks)
    }

    #[cold]
    fn place_anywhere(&self, ticks: u64) -> u64 {
        self.clock.place(ticks, &self.placement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Exchange;
    use proptest::prelude::*;
    use spandrel::wire::ClockEvent;

    proptest! {
        /// For clocks of any rate, with pauses, changes and steps, and moments near and far.
        #[test]
        fn it_places_as_the_clock_does(
            hz in prop_oneof![Just(64_000_000_u32), Just(32_768), Just(1_000_000_000), any::<u32>()],
            told in prop::collection::vec((any::<u32>(), 0..4_u8, any::<u32>()), 0..4),
            answered in prop::collection::vec((any::<u32>(), 0..1_000_000_u64), 0..6),
            around: u32,
            moments in prop::collection::vec(prop_oneof![any::<u32>().prop_map(u64::from), any::<u64>()], 1..20),
        ) {
            const EPOCH_NS: u64 = 1_700_000_000_000_000_000;
            let mut clock = ClockEstimate::new(hz);
            clock.arrived(0, EPOCH_NS);
            for (ticks, late_ns) in answered {
                let arrived_ns = EPOCH_NS + clock.device_ns(ticks.into()) + late_ns;
                let ticks = u64::from(ticks);
                clock.exchanged(&Exchange {
                    sent_ns: arrived_ns - 2 * late_ns - 10_000,
                    received_ticks: ticks,
                    answered_ticks: ticks,
                    arrived_ns,
                });
            }
            let before = clock.placement(EPOCH_NS).unwrap();
            for (ticks, kind, number) in told {
                let event = match kind {
                    0 => ClockEvent::Paused { ns: number.into() },
                    1 => ClockEvent::Rate { hz: number },
                    _ => ClockEvent::Stepped,
                };
                clock.told(ticks.into(), &event, EPOCH_NS);
            }
            let now = clock.placement(EPOCH_NS + 1).unwrap();
            for placement in [before, now] {
                let ruler = clock.ruler(placement, around.into());
                let near = (0..3).map(|more| u64::from(around) + more * 1_000);
                for ticks in moments.iter().copied().chain(near) {
                    let ticks = &ticks;
                    prop_assert_eq!(ruler.place(*ticks), clock.place(*ticks, &placement));
                }
            }
        }
    }
}

//! Where a session's ticks lie in time, and how sure that is.
//!
//! Two sources. An exchange of four time stamps bounds the offset from both sides: the shortest
//! round trip wins, and half of it is the error. Arrivals bound it from one side: nothing arrives
//! before it was sent, so the earliest arrival of the last seconds is nearest to the truth. A
//! device's rate is taken to be what it says; what it may be off by is added to the error as time
//! goes by.

/// How far two quartz clocks may part, in parts per million.
const DRIFT_PPM: u64 = 100;
/// The earliest arrival counts for this time at least, and for twice as long at most: a clock
/// without a quartz may lose a second in a hundred.
const ARRIVALS_NS: u64 = 5_000_000_000;

/// Where ticks are placed: nanoseconds since the Unix epoch are those of the device and `offset_ns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    /// May be negative.
    pub(super) offset_ns: i128,
    /// By how much it may be wrong; none where it is known from one side only.
    pub(super) error_ns: Option<u64>,
    /// When it was known.
    pub(super) at_ns: u64,
}

impl Placement {
    /// The same placement, as sure as it is later.
    pub(super) fn aged(self, now_ns: u64) -> Self {
        let drift_ns = drift_ns(self.at_ns, now_ns);
        let error_ns = self.error_ns.map(|error_ns| error_ns.saturating_add(drift_ns));
        Self { error_ns, at_ns: now_ns.max(self.at_ns), ..self }
    }

    fn contradicts(&self, other: &Self) -> bool {
        let [Some(error_ns), Some(other_ns)] = [self.error_ns, other.error_ns] else {
            return false;
        };
        let apart_ns = self.offset_ns.abs_diff(other.offset_ns);
        apart_ns > u128::from(error_ns) + u128::from(other_ns)
    }
}

/// What is known of a session's clock.
#[derive(Debug)]
pub(super) struct ClockEstimate {
    hz: u32,
    exchange: Option<Placement>,
    exchanges: u32,
    /// The earliest arrivals of this stretch of time and of the one before.
    arrivals: [Option<Placement>; 2],
    arrivals_since_ns: u64,
}

impl ClockEstimate {
    /// A clock of `hz` ticks a second, which is not 0.
    pub(super) fn new(hz: u32) -> Self {
        Self {
            hz: hz.max(1),
            exchange: None,
            exchanges: 0,
            arrivals: [None; 2],
            arrivals_since_ns: 0,
        }
    }

    /// Ticks of the device as nanoseconds.
    pub(super) fn ns(&self, ticks: u64) -> u64 {
        let ns = u128::from(ticks) * 1_000_000_000 / u128::from(self.hz);
        u64::try_from(ns).unwrap_or(u64::MAX)
    }

    /// A moment of the device, in nanoseconds since the Unix epoch.
    pub(super) fn place(&self, ticks: u64, placement: &Placement) -> u64 {
        let ns = i128::from(self.ns(ticks)).saturating_add(placement.offset_ns);
        u64::try_from(ns.max(0)).unwrap_or(u64::MAX)
    }

    /// Something sent at `ticks`, or later, arrived at `rx_ns`.
    pub(super) fn arrived(&mut self, ticks: u64, rx_ns: u64) {
        let offset_ns = i128::from(rx_ns) - i128::from(self.ns(ticks));
        let age_ns = rx_ns.saturating_sub(self.arrivals_since_ns);
        if age_ns >= ARRIVALS_NS {
            let [latest, _] = self.arrivals;
            let before = latest.filter(|_| age_ns < 2 * ARRIVALS_NS);
            self.arrivals = [None, before];
            self.arrivals_since_ns = rx_ns;
        }
        let [latest, _] = &mut self.arrivals;
        if latest.is_none_or(|best| offset_ns < best.offset_ns) {
            *latest = Some(Placement { offset_ns, error_ns: None, at_ns: rx_ns });
        }
    }

    /// A ping left at `sent_ns` and was received at `received_ticks`; its answer left at
    /// `answered_ticks` and arrived at `rx_ns`. False where that cannot be.
    pub(super) fn exchanged(
        &mut self,
        sent_ns: u64,
        received_ticks: u64,
        answered_ticks: u64,
        rx_ns: u64,
    ) -> bool {
        let (received_ns, answered_ns) = (self.ns(received_ticks), self.ns(answered_ticks));
        let (Some(round_ns), Some(busy_ns)) =
            (rx_ns.checked_sub(sent_ns), answered_ns.checked_sub(received_ns))
        else {
            return false;
        };
        let Some(travel_ns) = round_ns.checked_sub(busy_ns) else { return false };
        let earliest_ns = i128::from(sent_ns) - i128::from(received_ns);
        let found = Placement {
            offset_ns: earliest_ns + i128::from(travel_ns / 2),
            error_ns: Some(travel_ns.div_ceil(2)),
            at_ns: rx_ns,
        };
        self.exchanges = self.exchanges.saturating_add(1);
        let best = self.exchange.map(|best| best.aged(rx_ns));
        // Where both cannot be true the rate is not what it was taken for: the newer one is.
        if best.is_none_or(|best| found.error_ns <= best.error_ns || found.contradicts(&best)) {
            self.exchange = Some(found);
        }
        true
    }

    /// How many exchanges there were.
    pub(super) fn exchanges(&self) -> u32 {
        self.exchanges
    }

    /// The best placement; none before anything arrived.
    pub(super) fn placement(&self, now_ns: u64) -> Option<Placement> {
        let earliest = self.arrivals.into_iter().flatten().min_by_key(|best| best.offset_ns);
        self.exchange.map(|best| best.aged(now_ns)).or(earliest)
    }

    /// The host's clock was set.
    pub(super) fn host_stepped(&mut self, step_ns: i64) {
        self.arrivals_since_ns = self.arrivals_since_ns.saturating_add_signed(step_ns);
        let placements = self.arrivals.iter_mut().chain([&mut self.exchange]);
        for placement in placements.flatten() {
            placement.offset_ns += i128::from(step_ns);
            placement.at_ns = placement.at_ns.saturating_add_signed(step_ns);
        }
    }
}

fn drift_ns(from_ns: u64, to_ns: u64) -> u64 {
    to_ns.saturating_sub(from_ns) / 1_000_000 * DRIFT_PPM
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EPOCH_NS: u64 = 1_700_000_000_000_000_000;

    #[test]
    fn the_earliest_arrival_counts() {
        let mut clock = ClockEstimate::new(1_000_000);
        clock.arrived(1_000_000, EPOCH_NS + 1_005_000_000);
        clock.arrived(2_000_000, EPOCH_NS + 2_001_000_000);
        clock.arrived(3_000_000, EPOCH_NS + 3_007_000_000);
        let placement = clock.placement(EPOCH_NS).unwrap();
        assert_eq!(clock.place(0, &placement), EPOCH_NS + 1_000_000);
        assert_eq!(placement.error_ns, None);
    }

    #[test]
    fn a_clock_without_a_quartz_is_followed() {
        let mut clock = ClockEstimate::new(1_000_000);
        for second in 0..100 {
            // It loses ten milliseconds a second.
            clock.arrived(second * 990_000, EPOCH_NS + second * 1_000_000_000);
            let now_ns = EPOCH_NS + second * 1_000_000_000;
            let placed = clock.place(second * 990_000, &clock.placement(now_ns).unwrap());
            assert!(placed.abs_diff(now_ns) <= 100_000_000);
        }
        let second = 1_000_000_000;
        for _ in 0..2 {
            assert!(clock.exchanged(EPOCH_NS, 0, 0, EPOCH_NS + 10));
            assert!(clock.exchanged(EPOCH_NS + second, 990_000, 990_000, EPOCH_NS + second + 20));
            let placement = clock.placement(EPOCH_NS + second + 20).unwrap();
            assert_eq!(clock.place(990_000, &placement), EPOCH_NS + second + 10);
        }
    }

    #[test]
    fn contradictions_are_refused() {
        let mut clock = ClockEstimate::new(1_000_000_000);
        assert!(!clock.exchanged(10, 5, 5, 9), "arrived before it left");
        assert!(!clock.exchanged(10, 5, 4, 20), "answered before it was received");
        assert!(!clock.exchanged(10, 0, 11, 20), "busy for longer than the round trip");
        assert_eq!(clock.placement(0), None);
        assert!(clock.exchanged(10, 0, 10, 20));
    }

    #[test]
    fn an_old_exchange_is_replaced_by_a_worse_one_in_the_end() {
        let mut clock = ClockEstimate::new(1_000_000_000);
        assert!(clock.exchanged(0, 0, 0, 1_000));
        assert!(clock.exchanged(1_000_000, 1_000_000, 1_000_000, 1_004_000));
        assert_eq!(clock.placement(1_004_000).unwrap().error_ns, Some(500 + 100));
        let second = 1_000_000_000;
        assert!(clock.exchanged(second, second, second, second + 4_000));
        assert_eq!(clock.placement(second + 4_000).unwrap().error_ns, Some(2_000));
    }

    #[test]
    fn a_set_host_clock_moves_the_session_along() {
        let mut clock = ClockEstimate::new(1_000_000_000);
        clock.arrived(0, EPOCH_NS);
        clock.host_stepped(-5);
        let placement = clock.placement(EPOCH_NS).unwrap();
        assert_eq!(clock.place(7, &placement), EPOCH_NS + 2);
    }

    proptest! {
        /// Exchanges with any delays over a clock that drifts: the truth is within the error.
        #[test]
        fn the_truth_lies_within_the_stated_error(
            offset_ns in 0..EPOCH_NS,
            ppm in -90..=90_i64,
            exchanges in prop::collection::vec((1..2_000_000_000_u64, 0..5_000_000_u64, 0..1_000_u64, 0..5_000_000_u64), 1..20),
        ) {
            let mut clock = ClockEstimate::new(1_000_000_000);
            let device = |host_ns: u64| {
                let since = i128::from(host_ns) - i128::from(offset_ns);
                u64::try_from(since + since * i128::from(ppm) / 1_000_000).unwrap()
            };
            let mut now_ns = offset_ns + 1;
            for (pause, there, busy, back) in exchanges {
                now_ns += pause;
                let (received, answered) = (now_ns + there, now_ns + there + busy);
                let arrived = answered + back;
                prop_assert!(clock.exchanged(now_ns, device(received), device(answered), arrived));
                now_ns = arrived;
                let placement = clock.placement(now_ns).unwrap();
                let placed = clock.place(device(now_ns), &placement);
                // The rate itself is off by some ppm of the time that has passed in an exchange.
                let slack = 2 + (there + busy + back) / 5_000;
                prop_assert!(placed.abs_diff(now_ns) <= placement.error_ns.unwrap() + slack);
                clock.arrived(device(now_ns), now_ns + back);
            }
        }

        #[test]
        fn any_numbers_are_placed_somewhere(hz: u32, numbers: [u64; 6], step: i64) {
            let mut clock = ClockEstimate::new(hz);
            let [a, b, c, d, e, f] = numbers;
            clock.arrived(a, b);
            clock.exchanged(a, b, c, d);
            clock.host_stepped(step);
            let placement = clock.placement(e).unwrap();
            let _ = (clock.place(f, &placement), placement.aged(f));
        }
    }
}

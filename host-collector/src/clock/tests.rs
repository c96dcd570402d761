//! A clock that is told this and that.

use super::*;
use proptest::prelude::*;
use spandrel::wire::ClockEvent;

const SECOND: u64 = 1_000_000_000;
const EPOCH: u64 = 1_700_000_000 * SECOND;
const HZ: u32 = 1_000_000_000;

/// An exchange at `at_ns` since the epoch; the device's clock shows so many nanoseconds when the host's
/// shows `late_ns` more.
fn exchange(at_ns: u64, late_ns: u64, ways_ns: [u64; 2]) -> Exchange {
    let [there, back] = ways_ns;
    let ticks = at_ns + there - late_ns;
    Exchange {
        sent_ns: EPOCH + at_ns,
        received_ticks: ticks,
        answered_ticks: ticks,
        arrived_ns: EPOCH + at_ns + there + back,
    }
}

/// Exchanges of 100 us each way, every 100 ms of some seconds.
fn exchanges(
    clock: &mut ClockEstimate,
    seconds: core::ops::Range<u64>,
    late_ns: u64,
) -> Vec<Taken> {
    let times = (seconds.start * 10..seconds.end * 10).map(|tenth| tenth * SECOND / 10);
    let exchange = |at_ns| exchange(at_ns, late_ns, [100_000; 2]);
    times.map(|at_ns| clock.exchanged(&exchange(at_ns)).unwrap()).collect()
}

/// Where a moment is placed, after the epoch, and the error.
fn place(clock: &ClockEstimate, ticks: u64, now_ns: u64) -> (u64, Option<u64>) {
    let placement = clock.placement(EPOCH + now_ns).unwrap();
    (clock.place(ticks, &placement) - EPOCH, clock.error_ns(ticks, &placement))
}

#[test]
fn one_exchange_bounds_the_offset_by_half_the_round_trip_and_less_with_time() {
    let mut clock = ClockEstimate::new(HZ);
    assert_eq!(clock.placement(EPOCH), None);
    assert_eq!(clock.exchanged(&exchange(SECOND, 0, [300_000, 100_000])), Some(Taken::Used));
    let ticks = SECOND + 300_000;
    let (placed, error) = place(&clock, ticks, ticks);
    assert_eq!(placed, SECOND + 200_000);
    assert!((200_000..200_010).contains(&error.unwrap()), "{error:?}");
    let (placed, error) = place(&clock, 11 * SECOND, 11 * SECOND);
    assert_eq!(placed, 11 * SECOND - 100_000);
    assert!((200_000 + 1_500_000..200_000 + 1_600_000).contains(&error.unwrap()), "{error:?}");
    assert_eq!(clock.placement(EPOCH + SECOND).unwrap().sync(), Sync::Exchange);
}

#[test]
fn what_cannot_be_is_refused() {
    let mut clock = ClockEstimate::new(HZ);
    let mut refused = |sent_ns, received_ticks, answered_ticks, arrived_ns| {
        let exchange = Exchange { sent_ns, received_ticks, answered_ticks, arrived_ns };
        clock.exchanged(&exchange).is_none()
    };
    assert!(refused(10, 5, 5, 9), "arrived before it left");
    assert!(refused(10, 5, 4, 20), "answered before it was received");
    assert!(refused(10, 0, 20, 20), "busy for longer than the round trip");
    assert!(!refused(10, 0, 10, 20));
    assert_eq!(clock.exchanges(), 1);
}

#[test]
fn without_exchanges_the_earliest_arrival_counts_and_nothing_bounds_it() {
    let mut clock = ClockEstimate::new(HZ);
    for (second, late_ns) in [(1, 5_000_000), (2, 1_000_000), (3, 7_000_000)] {
        clock.arrived(second * SECOND, EPOCH + second * SECOND + late_ns);
    }
    assert_eq!(place(&clock, 0, 3 * SECOND), (1_000_000, None));
    assert_eq!(clock.placement(EPOCH).unwrap().sync(), Sync::Arrival);
    assert_eq!(clock.drift_ppm(), None);
}

#[test]
fn arrivals_tell_the_rate_in_the_end() {
    for ppm in [-20_000_i64, -90, 0, 140, 10_000] {
        let mut clock = ClockEstimate::new(HZ);
        let host_ns =
            |ticks: u64| ticks.saturating_add_signed(ticks.cast_signed() / 1_000_000 * ppm);
        let mut worst_ns = 0;
        for tenth in 0..600_u64 {
            let ticks = tenth * SECOND / 10;
            let late_ns = tenth * 7_654_321 % 2_000_000;
            clock.arrived(ticks, EPOCH + host_ns(ticks) + late_ns);
            let (placed, _) = place(&clock, ticks, host_ns(ticks));
            if tenth > 100 {
                worst_ns = worst_ns.max(placed.abs_diff(host_ns(ticks)));
            }
        }
        assert!(worst_ns < 500_000, "{ppm}: {worst_ns}");
    }
}

#[test]
fn a_step_that_is_not_told_is_noticed_and_what_was_before_stays() {
    let mut clock = ClockEstimate::new(HZ);
    let taken = exchanges(&mut clock, 1..10, 0);
    assert!(taken.iter().all(|taken| *taken == Taken::Used));
    // It stood still for half a second.
    let taken = exchanges(&mut clock, 11..20, SECOND / 2);
    assert_eq!(taken.iter().filter(|taken| **taken == Taken::Contradicted).count(), 1);
    assert_eq!(clock.contradictions(EPOCH + 20 * SECOND), 1);
    for (ticks, true_ns) in [(5 * SECOND, 5 * SECOND), (15 * SECOND, 15 * SECOND + SECOND / 2)] {
        let (placed, error) = place(&clock, ticks, 20 * SECOND);
        assert!(
            placed.abs_diff(true_ns) <= error.unwrap() && error.unwrap() < 400_000,
            "{error:?}"
        );
    }
    // In between it may be either.
    let (_, error) = place(&clock, 10 * SECOND, 20 * SECOND);
    assert!((SECOND / 2..SECOND).contains(&error.unwrap()), "{error:?}");
}

#[test]
fn a_pause_explains_a_contradiction_when_its_record_comes() {
    let mut clock = ClockEstimate::new(HZ);
    exchanges(&mut clock, 1..10, 0);
    let taken = clock.exchanged(&exchange(12 * SECOND, 2 * SECOND, [100_000; 2]));
    assert_eq!(taken, Some(Taken::Contradicted));
    let now_ns = EPOCH + 12 * SECOND;
    assert_eq!(clock.contradictions(now_ns), 0, "nobody is told yet");
    let pause = ClockEvent::Paused { ns: 2 * SECOND };
    assert_eq!(clock.told(9_950_000_000, &pause, now_ns), Taken::Used);
    assert_eq!(clock.told(9_950_000_000, &pause, now_ns), Taken::Ignored);
    assert_eq!(clock.contradictions(now_ns + 60 * SECOND), 0);
    for (ticks, true_ns) in [(9 * SECOND, 9 * SECOND), (10 * SECOND, 12 * SECOND)] {
        let (placed, error) = place(&clock, ticks, 12 * SECOND);
        assert!(
            placed.abs_diff(true_ns) <= error.unwrap() && error.unwrap() < 1_000_000,
            "{error:?}"
        );
    }
}

#[test]
fn a_step_that_is_told_begins_anew_and_only_order_is_known_until_something_comes() {
    let mut clock = ClockEstimate::new(HZ);
    exchanges(&mut clock, 1..10, 0);
    let now_ns = 10 * SECOND;
    let stepped =
        |clock: &mut ClockEstimate| clock.told(now_ns, &ClockEvent::Stepped, EPOCH + now_ns);
    assert_eq!(stepped(&mut clock), Taken::Used);
    assert_eq!(stepped(&mut clock), Taken::Ignored);
    let (placed, error) = place(&clock, now_ns, now_ns);
    assert_eq!((placed, error), (now_ns, None));
    clock.arrived(now_ns + SECOND, EPOCH + 20 * SECOND);
    assert_eq!(place(&clock, now_ns + SECOND, 20 * SECOND), (20 * SECOND, None));
    assert_eq!(
        clock.exchanged(&exchange(21 * SECOND, 9 * SECOND, [100_000; 2])),
        Some(Taken::Used)
    );
    let (placed, error) = place(&clock, 12 * SECOND, 21 * SECOND);
    assert!(placed.abs_diff(21 * SECOND) <= error.unwrap() && error.unwrap() < 1_000_000);
    let (placed, error) = place(&clock, 5 * SECOND, 21 * SECOND);
    assert!(placed.abs_diff(5 * SECOND) <= error.unwrap() && error.unwrap() < 1_000_000);
    assert_eq!(clock.contradictions(u64::MAX), 0);
}

#[test]
fn a_wall_clock_bounds_where_nothing_else_does_and_is_not_used_where_it_is_wrong() {
    let wall = |unix_ns| ClockEvent::Wall { unix_ns, error_ns: 1_000_000 };
    let mut clock = ClockEstimate::new(HZ);
    assert_eq!(clock.told(SECOND, &wall(EPOCH + SECOND), EPOCH), Taken::Used);
    assert_eq!(clock.placement(EPOCH).unwrap().sync(), Sync::Wall);
    let (placed, error) = place(&clock, SECOND, SECOND);
    assert_eq!(placed, SECOND);
    assert!((1_000_000..1_000_100).contains(&error.unwrap()), "{error:?}");

    // It was set.
    assert_eq!(clock.told(2 * SECOND, &wall(EPOCH + 60 * SECOND), EPOCH), Taken::Used);
    assert_eq!(place(&clock, 2 * SECOND, 60 * SECOND).0, 60 * SECOND);

    assert_eq!(clock.exchanged(&exchange(2 * SECOND, 0, [100_000; 2])), Some(Taken::WallRefused));
    exchanges(&mut clock, 2..4, 0);
    let now_ns = EPOCH + 4 * SECOND;
    assert_eq!(clock.placement(now_ns).unwrap().sync(), Sync::Exchange);
    let (before, error) = place(&clock, 4 * SECOND, 4 * SECOND);
    assert_eq!(clock.told(4 * SECOND, &wall(EPOCH + 7 * SECOND), now_ns), Taken::WallRefused);
    assert_eq!(place(&clock, 4 * SECOND, 4 * SECOND), (before, error));
    assert_eq!(clock.contradictions(u64::MAX), 0);
}

#[test]
fn a_clock_that_is_not_aligned_goes_on_from_its_first_arrival() {
    let mut clock = ClockEstimate::raw(HZ);
    clock.arrived(SECOND, EPOCH + 3 * SECOND);
    clock.arrived(2 * SECOND, EPOCH + 3 * SECOND + 5);
    exchanges(&mut clock, 3..4, 0);
    assert_eq!(place(&clock, 10 * SECOND, 4 * SECOND), (12 * SECOND, None));
    assert_eq!(clock.placement(EPOCH).unwrap().sync(), Sync::None);
}

#[test]
fn a_host_clock_that_is_set_takes_all_along() {
    let mut clock = ClockEstimate::new(HZ);
    exchanges(&mut clock, 1..3, 0);
    exchanges(&mut clock, 4..6, SECOND / 2);
    let before: Vec<_> = [2, 5].map(|second| place(&clock, second * SECOND, 6 * SECOND)).into();
    let step_ns = 3600 * SECOND;
    clock.host_stepped(step_ns.cast_signed(), EPOCH + 6 * SECOND + step_ns);
    for (second, (placed, error)) in [2, 5].into_iter().zip(before) {
        let found = place(&clock, second * SECOND, 6 * SECOND + step_ns);
        assert_eq!(found, (placed + step_ns, error));
    }
}

#[test]
fn a_clock_that_steps_with_every_exchange_is_bounded() {
    let mut clock = ClockEstimate::new(HZ);
    for index in 0..2_000 {
        let late_ns = index % 2 * SECOND / 4;
        clock.exchanged(&exchange((10 + index) * SECOND, late_ns, [100_000; 2]));
    }
    assert_eq!(clock.contradictions(u64::MAX), 1_999);
    assert!(clock.weight() < 64 * 1024, "{}", clock.weight());
}

#[derive(Clone, Debug)]
enum Act {
    Arrived(u64, u64),
    Exchanged(Exchange),
    Told(u64, ClockEvent),
    HostStepped(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let number = || prop_oneof![0..100_u64, any::<u64>(), EPOCH..EPOCH + 1_000_000];
    let event = prop_oneof![
        number().prop_map(|ns| ClockEvent::Paused { ns }),
        any::<u32>().prop_map(|hz| ClockEvent::Rate { hz }),
        Just(ClockEvent::Stepped),
        (number(), number()).prop_map(|(unix_ns, error_ns)| ClockEvent::Wall { unix_ns, error_ns }),
    ];
    let exchange = (number(), number(), 0..9_u64, 0..1_000_000_u64).prop_map(
        |(sent_ns, received_ticks, busy, way)| Exchange {
            sent_ns,
            received_ticks,
            answered_ticks: received_ticks.saturating_add(busy),
            arrived_ns: sent_ns.saturating_add(way),
        },
    );
    prop_oneof![
        1 => (number(), number()).prop_map(|(ticks, rx_ns)| Act::Arrived(ticks, rx_ns)),
        3 => exchange.prop_map(Act::Exchanged),
        1 => (number(), event).prop_map(|(ticks, event)| Act::Told(ticks, event)),
        1 => any::<i64>().prop_map(Act::HostStepped),
    ]
}

proptest! {
    #[test]
    fn whatever_is_told_everything_is_placed_somewhere(
        hz: u32,
        acts in prop::collection::vec(act(), 0..40),
        ticks: [u64; 2],
        now_ns: u64,
    ) {
        let mut clock = ClockEstimate::new(hz);
        for act in acts {
            match act {
                Act::Arrived(ticks, rx_ns) => clock.arrived(ticks, rx_ns),
                Act::Exchanged(exchange) => { clock.exchanged(&exchange); }
                Act::Told(ticks, event) => { clock.told(ticks, &event, now_ns); }
                Act::HostStepped(step_ns) => clock.host_stepped(step_ns, now_ns),
            }
            if let Some(placement) = clock.placement(now_ns) {
                for ticks in ticks {
                    let _ = (clock.place(ticks, &placement), clock.error_ns(ticks, &placement));
                }
            }
            let _ = (clock.drift_ppm(), clock.contradictions(now_ns));
        }
        prop_assert!(clock.weight() < 1 << 17);
    }

    /// What the device knows for sure is never turned round.
    #[test]
    fn order_is_kept_on_one_line(ppm in -140..140_i64, a in 0..100 * SECOND, more in 0..1_000_u64) {
        let mut clock = ClockEstimate::new(HZ);
        for second in 1..20_u64 {
            let ticks = second * SECOND;
            let host_ns = EPOCH + ticks.saturating_add_signed(second.cast_signed() * ppm * 1_000);
            clock.exchanged(&Exchange {
                sent_ns: host_ns - 1_000,
                received_ticks: ticks,
                answered_ticks: ticks,
                arrived_ns: host_ns + 1_000,
            });
        }
        let placement = clock.placement(EPOCH + 20 * SECOND).unwrap();
        prop_assert!(clock.place(a, &placement) <= clock.place(a + more, &placement));
    }
}

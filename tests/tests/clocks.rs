//! The truth is inside the bound that the collector states for a device's clock, always.

use spandrel_tests::faults::clocks::{ClockCase, ClockOutcome, Trouble, call, simulate};

/// Of the figures; there are fewer for what only shows that troubles are seen through.
const SEEDS: u64 = 500;
const FEW_SEEDS: u64 = 60;

fn run(seeds: u64, case: impl Fn(u64) -> ClockCase) -> Vec<ClockOutcome> {
    let outcome = |seed| {
        let case = case(seed);
        let outcome = simulate(seed, &case);
        assert_eq!(outcome.outside, 0, "seed {seed}: {:?}\n{case:#?}", outcome.first_outside);
        assert!(outcome.asked > 500, "seed {seed}: {outcome:?}");
        outcome
    };
    (0..seeds).map(outcome).collect()
}

#[test]
fn the_truth_is_inside_the_bound_whatever_the_link_does() {
    for outcome in run(SEEDS, ClockCase::drawn) {
        assert_eq!(outcome.contradictions, 0);
        let (_, doubt_ppm) = outcome.drift_ppm.unwrap();
        assert!(doubt_ppm <= 150.0);
    }
}

/// The bounds after 5 s, the narrowest first.
fn bounds(case: impl Fn(u64) -> ClockCase) -> Vec<u64> {
    let outcomes = run(SEEDS, case);
    let mut bounds: Vec<_> = outcomes.iter().map(|o| o.bound_after_5s_ns.unwrap()).collect();
    bounds.sort_unstable();
    bounds
}

#[test]
fn a_near_device_is_known_to_200_us_after_5_s() {
    let all = bounds(|seed| ClockCase { jitter_ns: 500_000, ..ClockCase::near(seed) });
    let worst_ns = *all.last().unwrap();
    println!("1 ms of jitter there and back: after 5 s all are known to {worst_ns} ns");
    assert!(worst_ns <= 200_000);

    let all = bounds(ClockCase::near);
    let [half_ns, most_ns] = [all.len() / 2, all.len() * 98 / 100].map(|place| all[place]);
    let worst_ns = *all.last().unwrap();
    println!(
        "1 ms each way: half are known to {half_ns} ns, 98 % to {most_ns} ns, all to {worst_ns} ns"
    );
    // A hundred exchanges tell no more: by chance there may be no short way in the last second.
    assert!(half_ns <= 120_000 && most_ns <= 200_000 && worst_ns <= 240_000);
}

#[test]
fn nobody_is_warned_where_the_truth_has_no_contradiction() {
    for seed in 0..SEEDS {
        let (calls, warnings) = call(seed);
        assert!(calls > 20, "seed {seed}: {calls}");
        assert!(warnings.is_empty(), "{warnings:?}");
    }
}

#[test]
fn a_pause_and_a_new_rate_that_are_told_change_nothing() {
    for trouble in [
        Trouble::Paused { ns: 3_000_000_000, is_told: true },
        Trouble::Rate { hz: 16_000_000 },
        Trouble::Rate { hz: 80_000_000 },
    ] {
        let case = |seed| ClockCase { trouble: Some(trouble), ..ClockCase::near(seed) };
        for outcome in run(FEW_SEEDS, case) {
            assert_eq!(outcome.contradictions, 0, "{trouble:?}");
        }
    }
}

#[test]
fn a_pause_that_is_not_told_is_noticed_and_counted_once() {
    let trouble = Some(Trouble::Paused { ns: 700_000_000, is_told: false });
    for outcome in run(FEW_SEEDS, |seed| ClockCase { trouble, ..ClockCase::near(seed) }) {
        assert_eq!(outcome.contradictions, 1);
        assert!(outcome.last_bound_ns.unwrap() < 2_000_000, "{outcome:?}");
    }
}

#[test]
fn a_clock_without_a_quartz_is_followed_once_that_is_known() {
    for ppm in [-20_000.0, -3_000.0, 500.0, 30_000.0] {
        let case = ClockCase { ppm, wander_ppm: 0.0, ..ClockCase::near(1) };
        let outcome = simulate(1, &case);
        let (found_ppm, doubt_ppm) = outcome.drift_ppm.unwrap();
        assert!((found_ppm - ppm).abs() <= doubt_ppm + ppm * ppm / 1e6, "{found_ppm} {doubt_ppm}");
        // The first exchanges after the first contradict a quartz, and nothing afterwards.
        assert!((1..=2).contains(&outcome.contradictions), "{outcome:?}");
        assert!(outcome.last_bound_ns.unwrap() < 10_000_000, "{outcome:?}");
    }
}

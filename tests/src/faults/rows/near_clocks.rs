//! Near devices: how well is their clock known after five seconds, and is nobody warned who is well?

use anyhow::{Context as _, Result};

use super::{Outcome, Row, Run};
use crate::faults::clocks::{ClockCase, call, simulate};

pub(super) const ROW: Row = Row {
    name: "near-clocks",
    case: "clocks: 50 us each way and up to 1 ms of jitter, 20 exchanges/s for 5 s; calls between devices",
    asked: "bound <= 200 us, the truth inside; no warning of what is well",
    run,
};

const ASKED_NS: u64 = 200_000;

fn run(run: &Run) -> Result<Outcome> {
    let seeds = run.of(500, 20);
    let first = run.seed.wrapping_mul(seeds);
    let seeds = first..first + seeds;
    let mut faults = Vec::new();
    let mut bounds = |jitter_ns: Option<u64>| -> Result<Vec<u64>> {
        let mut bounds = Vec::new();
        for seed in seeds.clone() {
            let near = ClockCase::near(seed);
            let case = ClockCase { jitter_ns: jitter_ns.unwrap_or(near.jitter_ns), ..near };
            let outcome = simulate(seed, &case);
            if outcome.outside != 0 {
                faults.push(format!("seed {seed}: {:?}", outcome.first_outside));
            }
            bounds.push(outcome.bound_after_5s_ns.context("a clock without a bound")?);
        }
        bounds.sort_unstable();
        Ok(bounds)
    };
    // Of the whole way there and back, and of each way by itself.
    let (both, each) = (bounds(Some(500_000))?, bounds(None)?);
    let us = |bounds: &[u64], percent: usize| {
        bounds.get(bounds.len() * percent / 100).or(bounds.last()).map_or(0, |ns| ns / 1_000)
    };
    let mut calls = 0;
    for seed in seeds {
        let (count, warnings) = call(seed);
        calls += count;
        faults.extend(warnings);
    }
    let mut outcome = Outcome::new(format!(
        "1 ms there and back: at worst {} us; 1 ms each way: half {} us, 98 % {} us, at worst {} us; \
         {calls} calls without a warning",
        us(&both, 100),
        us(&each, 50),
        us(&each, 98),
        us(&each, 100)
    ));
    outcome.faults = faults;
    outcome.holds("a bound of 1 ms there and back", both.last().is_some_and(|ns| *ns <= ASKED_NS));
    outcome.holds("98 % of the bounds of 1 ms each way", us(&each, 98) <= ASKED_NS / 1_000);
    Ok(outcome)
}

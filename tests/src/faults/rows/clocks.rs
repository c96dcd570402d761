//! Clocks that are off, behind links that jitter and are slower one way: the truth lies within what is stated.

use anyhow::Result;

use super::{Outcome, Row, Run};
use crate::faults::board::Quartz;
use crate::faults::farm::{Farm, MILLISECOND, SECOND, Setup};
use crate::faults::host::Host;
use crate::faults::link::Faults;
use crate::faults::work::{Verdict, Work};
use crate::random::Random;

pub(super) const ROW: Row = Row {
    name: "clocks",
    case: "clocks: offsets to 10 s, 100 ppm off, jitter 0-20 ms, asymmetry 0-5 ms, 500 seeds",
    asked: "the true time of each span is inside the stated bound, always",
    run,
};

/// The clock keeps to whole microseconds at both ends of a span.
const TOLERANCE_NS: u64 = 2_000;

/// A device of the case.
fn setup(random: &mut Random) -> Setup {
    let ppb = i32::try_from(random.within(-100_000..100_001)).unwrap_or_default();
    let quartz = Quartz { hz: 1_000_000, ppb, first_ticks: random.below(10_000_000) };
    let jitter_ns = random.below(20 * MILLISECOND);
    // One way may be slower than the other by so much.
    let [up, down] = [0, 1].map(|_| {
        let delay_ns = 20_000 + random.below(5 * MILLISECOND);
        Faults { delay_ns, jitter_ns, ..Faults::NONE }
    });
    Setup { quartz, up, down, ..Setup::default() }
}

fn run(run: &Run) -> Result<Outcome> {
    let seeds = run.of(500, 12);
    let (mut faults, mut spans, mut worst_share, mut bounds_ns) = (Vec::new(), 0, 0.0_f64, vec![]);
    for part in 0..seeds {
        let mut random = Random::of(run.seed, part);
        let mut farm = Farm::new(Host::new(true), random.word());
        let device = farm.add::<1024, 16>(&setup(&mut random), |tracer| tracer);
        let mut work = Work::with_tolerance(TOLERANCE_NS);
        for _ in 0..16 {
            farm.pass(SECOND / 2);
            work.round(&mut farm, device);
        }
        farm.pass(3 * SECOND);
        farm.finish();
        let verdict = Verdict::of(&work, &farm.host.batches());
        let mut wrong = verdict.faults();
        if verdict.whole != work.recorded.spans || verdict.bounds_ns.is_empty() {
            wrong.push(format!("{} spans came whole", verdict.whole));
        }
        faults.extend(wrong.into_iter().map(|fault| format!("clock {part}: {fault}")));
        spans += verdict.bounds_ns.len();
        worst_share = worst_share.max(verdict.worst_share);
        let late = verdict.bounds_ns.iter().filter(|(begun_ns, _)| *begun_ns >= 5 * SECOND);
        bounds_ns.extend(late.map(|(_, bound_ns)| *bound_ns));
    }
    bounds_ns.sort_unstable();
    let half_us = bounds_ns.get(bounds_ns.len() / 2).map_or(0, |bound_ns| bound_ns / 1_000);
    let mut outcome = Outcome::new(format!(
        "{seeds} clocks, {spans} spans with a bound, off by {:.0} % of it at most; half of the bounds after 5 s are within {half_us} us",
        worst_share * 100.0
    ));
    outcome.faults = faults;
    Ok(outcome)
}

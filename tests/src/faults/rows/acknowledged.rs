//! The same bad link, and a device that holds its records until they are acknowledged: nothing is lost.

use anyhow::Result;
use spandrel::Window;

use super::best_effort::BAD;
use super::{Outcome, Row, Run};
use crate::faults::farm::{Farm, MILLISECOND, SECOND, Setup};
use crate::faults::host::{Host, said};
use crate::faults::work::{Verdict, Work};

pub(super) const ROW: Row = Row {
    name: "acknowledged",
    case: "UDP, 30 % lost, 20 % doubled, 20 % reordered, 10,000 spans, acknowledged",
    asked: "0 lost, 0 doubled, all identical",
    run,
};

fn run(run: &Run) -> Result<Outcome> {
    let spans: u64 = run.of(10_000, 1_000);
    let mut farm = Farm::new(Host::new(true), run.seed);
    let window: &Window = Box::leak(Box::new(Window::new()));
    let setup = Setup { up: BAD, down: BAD, ..Setup::default() };
    let device = farm.add::<{ 1 << 14 }, 32>(&setup, |tracer| tracer.acknowledged(window));
    let mut work = Work::default();
    while work.recorded.spans < spans {
        work.round(&mut farm, device);
        farm.pass(4 * MILLISECOND);
    }
    farm.pass(20 * SECOND);
    farm.finish();

    let batches = farm.host.batches();
    let verdict = Verdict::of(&work, &batches);
    let last = batches.last().map(|batch| &batch.resource);
    let count = |tag| last.map_or(0, |process| said(process, tag));
    let [up, _] = farm.device(device).counts();
    let mut outcome = Outcome::new(format!(
        "{} of {} frames lost, {} doubled, {} held back; recorded {}; {} spans whole, {} in part, {} doubled",
        up.lost,
        up.pushed,
        up.doubled,
        up.held,
        work.recorded,
        verdict.whole,
        verdict.partial,
        verdict.doubled
    ));
    outcome.faults = verdict.faults();
    outcome.same("spans that came whole", verdict.whole, spans);
    outcome.same("came", verdict.came, work.recorded);
    outcome.same("lost on the way", count("lost.link"), 0);
    outcome.same("found the ring full", count("lost.ring_full"), 0);
    outcome.holds("the link lost nothing: this shows nothing", up.lost > up.pushed / 5);
    Ok(outcome)
}

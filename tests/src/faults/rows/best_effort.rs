//! A bad link and nobody who repeats anything: what is lost is lost, and known to the last record.

use anyhow::Result;

use super::{Outcome, Row, Run};
use crate::faults::farm::{Farm, MILLISECOND, SECOND, Setup};
use crate::faults::host::{Host, said};
use crate::faults::link::Faults;
use crate::faults::work::{Passed, SPANS_OF_ROUND, Verdict, Work};

pub(super) const ROW: Row = Row {
    name: "best-effort",
    case: "UDP, 30 % lost, 20 % doubled, 20 % reordered, 10,000 spans, best effort",
    asked: "lost + received = recorded, exactly, per kind",
    run,
};

pub(super) const BAD: Faults =
    Faults { delay_ns: MILLISECOND, jitter_ns: MILLISECOND, ..Faults::bad(0.3, 0.2, 0.2) };

fn run(run: &Run) -> Result<Outcome> {
    let spans: u64 = run.of(10_000, 1_000);
    let mut farm = Farm::new(Host::new(true), run.seed);
    let device = farm.add::<4096, 32>(&Setup::default(), |tracer| tracer);
    let passed = Passed::watch(farm.device(device));

    // The first and the last frame arrive: a collector cannot miss what came before the one or
    // behind the other.
    let mut work = Work::default();
    work.round(&mut farm, device);
    farm.pass(SECOND);
    farm.device(device).set_faults(BAD, BAD);
    while work.recorded.spans < spans - 2 * SPANS_OF_ROUND {
        work.round(&mut farm, device);
        farm.pass(MILLISECOND);
    }
    farm.pass(5 * SECOND);
    farm.device(device).set_faults(Faults::NONE, Faults::NONE);
    farm.pass(15 * SECOND);
    for _ in 0..2 {
        work.round(&mut farm, device);
        farm.pass(5 * SECOND);
    }
    farm.finish();

    let (batches, passed) = (farm.host.batches(), passed.borrow());
    let verdict = Verdict::of(&work, &batches);
    let last = batches.last().map(|batch| &batch.resource);
    let said_lost = last.map_or(0, |process| said(process, "lost.link"));
    let [up, _] = farm.device(device).counts();
    let mut outcome = Outcome::new(format!(
        "{} of {} frames lost, {} doubled, {} held back; recorded {}; lost {}; {} spans whole, {} in part",
        up.lost,
        up.pushed,
        up.doubled,
        up.held,
        work.recorded,
        passed.lost,
        verdict.whole,
        verdict.partial
    ));
    outcome.faults = verdict.faults();
    outcome.same("spans recorded", work.recorded.spans, spans);
    outcome.same("sent", passed.sent, work.recorded);
    outcome.same("came", verdict.came, passed.shown());
    outcome.same("spans that came", verdict.came.spans, (work.recorded - passed.lost).spans);
    outcome.same("records that the collector says are lost", said_lost, passed.lost.total());
    let stats = farm.host.stats();
    outcome.same("dropped by the collector", stats.dropped, 0);
    // An answer to a ping that was doubled comes a second time, and is counted as nonsense.
    outcome.same("malformed", stats.malformed, 0);
    outcome.holds("the link lost nothing: this shows nothing", passed.lost.spans > spans / 10);
    Ok(outcome)
}

//! A link that takes nothing for a minute: the ring fills, and what it could not take is known.

use anyhow::Result;
use spandrel::{Tracer, Window};

use super::{Outcome, Row, Run};
use crate::faults::farm::{Farm, MILLISECOND, SECOND, Setup};
use crate::faults::host::{Host, said};
use crate::faults::work::{Passed, Verdict, Work};

pub(super) const OLDEST: Row = Row {
    name: "link-down-oldest",
    case: "link down for 60 s with a full ring, then up; the oldest are kept",
    asked: "counted loss = real loss; the oldest are kept",
    run: |run| try_it(run, false),
};

pub(super) const NEWEST: Row = Row {
    name: "link-down-newest",
    case: "link down for 60 s with a full ring, then up; the newest are kept",
    asked: "counted loss = real loss; the newest are kept",
    run: |run| try_it(run, true),
};

/// What the frame holds that waits for the link all the time, in rounds: it was filled before.
const IN_FRAME: usize = 40;

fn equip(tracer: Tracer, newest: bool) -> Tracer {
    if newest { tracer.keep_newest(Box::leak(Box::new(Window::new()))) } else { tracer }
}

fn try_it(run: &Run, newest: bool) -> Result<Outcome> {
    let down_s = run.of(60, 10);
    let mut farm = Farm::new(Host::new(true), run.seed);
    let device = farm.add::<2048, 32>(&Setup::default(), |tracer| equip(tracer, newest));
    let passed = Passed::watch(farm.device(device));
    let mut work = Work::default();
    let mut rounds = |farm: &mut Farm, span_ns: u64| {
        let end_ns = farm.now_ns() + span_ns;
        while farm.now_ns() < end_ns {
            work.round(farm, device);
            farm.pass(10 * MILLISECOND);
        }
        work.rounds()
    };
    rounds(&mut farm, SECOND);
    farm.pass(SECOND);
    farm.device(device).set_open(false);
    let before = rounds(&mut farm, MILLISECOND) - 1;
    let end = rounds(&mut farm, down_s * SECOND);
    farm.device(device).set_open(true);
    farm.pass(2 * SECOND);
    rounds(&mut farm, SECOND);
    farm.pass(5 * SECOND);
    farm.finish();

    let (batches, passed) = (farm.host.batches(), passed.borrow());
    let verdict = Verdict::of(&work, &batches);
    let last = batches.last().map(|batch| &batch.resource);
    let count = |tag| last.map_or(0, |process| said(process, tag));
    let kept = verdict.rounds.range(before..end).count();
    let real = (work.recorded - passed.sent).total();
    let (full, evicted) = (count("lost.ring_full"), count("lost.evicted"));
    let mut outcome = Outcome::new(format!(
        "{} rounds while it was down, {kept} kept; {real} of {} records lost; counted {full} for a full ring, {evicted} given up",
        end - before,
        work.recorded.total(),
    ));
    outcome.faults = verdict.faults();
    outcome.same("counted", full + evicted, real);
    outcome.same("came", verdict.came, passed.shown());
    outcome.same("lost on the way", count("lost.link"), 0);
    // A round has records of several lengths, so near the edge a shorter one may still find room.
    let (side, allowed) = if newest {
        (verdict.rounds.range(end - kept..end).count(), IN_FRAME)
    } else {
        (verdict.rounds.range(before..before + kept).count(), 2)
    };
    outcome.holds("those that are kept are others", kept > 50 && kept - side <= allowed);
    outcome.holds("it gave up none", !newest || evicted > 100);
    outcome.holds("the ring was never full: this shows nothing", real > 100);
    let outside = (0..before).chain(end..work.rounds());
    outcome.holds("all else came", outside.into_iter().all(|n| verdict.rounds.contains(&n)));
    Ok(outcome)
}

//! A collector that is killed under load and started again: what it has not acknowledged, the next one gets.

use std::collections::HashSet;

use anyhow::Result;
use spandrel::Window;

use super::{Outcome, Row, Run};
use crate::faults::farm::{Farm, MILLISECOND, SECOND, Setup};
use crate::faults::host::{Host, said};
use crate::faults::link::Faults;
use crate::faults::work::{Verdict, Work};
use crate::random::Random;

pub(super) const ROW: Row = Row {
    name: "killed",
    case: "collector killed with -9 and started again under load, 3 devices, acknowledged",
    asked: "every span that was not acknowledged arrives; the next one misses none",
    run,
};

const DEVICES: usize = 3;
/// Frames and acknowledgements are under way when a collector ends.
const GOOD: Faults = Faults { delay_ns: MILLISECOND, jitter_ns: 2 * MILLISECOND, ..Faults::NONE };
/// Nothing gets through.
const DEAF: Faults = Faults { loss: 1.0, ..Faults::NONE };

/// Has every device record a round every 8 ms.
fn load(farm: &mut Farm, work: &mut Work, span_ns: u64) {
    let end_ns = farm.now_ns() + span_ns;
    while farm.now_ns() < end_ns {
        for device in 0..DEVICES {
            work.round(farm, device);
        }
        farm.pass(8 * MILLISECOND);
    }
}

/// Spans that were recorded and never came.
fn missing(work: &Work, verdict: &Verdict) -> u64 {
    work.recorded.spans - (verdict.came.spans - verdict.doubled)
}

fn run(run: &Run) -> Result<Outcome> {
    let kills = run.of(20, 3);
    let mut random = Random::new(run.seed);
    let mut farm = Farm::new(Host::new(true), run.seed);
    for _ in 0..DEVICES {
        let window: &Window = Box::leak(Box::new(Window::new()));
        let setup = Setup { up: GOOD, down: GOOD, ..Setup::default() };
        farm.add::<{ 1 << 14 }, 32>(&setup, |tracer| tracer.acknowledged(window));
    }
    let mut work = Work::default();
    // All that each of them handed on, and what it lacked of what was recorded before its end.
    let (mut lives, mut died_with) = (Vec::new(), 0);
    for _ in 0..kills {
        load(&mut farm, &mut work, 2 * SECOND);
        // What it acknowledged it hands on meanwhile; what it gets from now on it cannot acknowledge.
        for device in 0..DEVICES {
            farm.device(device).set_faults(GOOD, DEAF);
        }
        load(&mut farm, &mut work, 3 * SECOND + random.below(SECOND / 5));
        // Nothing of it is finished or handed on.
        let killed = core::mem::replace(&mut farm.host, Host::new(true));
        lives.push(killed.batches());
        died_with += missing(&work, &Verdict::of(&work, &lives.concat()));
        // Nobody listens until the next one has begun.
        for device in 0..DEVICES {
            farm.device(device).set_faults(DEAF, DEAF);
        }
        load(&mut farm, &mut work, SECOND / 2);
        for device in 0..DEVICES {
            farm.device(device).set_faults(GOOD, GOOD);
        }
    }
    load(&mut farm, &mut work, 2 * SECOND);
    farm.pass(20 * SECOND);
    farm.finish();
    lives.push(farm.host.batches());

    let all = lives.concat();
    let lost = all.iter().map(|batch| said(&batch.resource, "lost.link")).max();
    let mut verdict = Verdict::of(&work, &all);
    let missing = missing(&work, &verdict);
    // Of what came to the one that was killed the next one cannot know.
    let doubled = core::mem::take(&mut verdict.doubled);
    // One collector may have acknowledged a log, and the next one get the span: it says that it lacks it.
    let (warned, well): (Vec<_>, Vec<_>) =
        all.iter().flat_map(|batch| &batch.spans).partition(|span| !span.warnings.is_empty());
    let whole: HashSet<_> = well.iter().map(|span| span.span_id).collect();
    let in_part = warned.iter().filter(|span| !whole.contains(&span.span_id)).count();
    let mut outcome = Outcome::new(format!(
        "{kills} kills; recorded {}; {died_with} spans died with a collector; of all {missing} missing, \
         {in_part} only in part; {doubled} came to two collectors, {} of them in part to one",
        work.recorded, verdict.partial,
    ));
    outcome.faults = verdict.faults();
    outcome.same("spans that never came", missing, 0);
    outcome.same("spans that came only in part", in_part, 0);
    outcome.same("lost on the way", lost.unwrap_or(u64::MAX), 0);
    outcome.holds("none died with a collector: this shows nothing", died_with > 0);
    outcome.holds("none came twice: this shows nothing", doubled > 0);
    Ok(outcome)
}

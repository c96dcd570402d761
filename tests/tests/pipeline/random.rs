//! What goes into a tracer comes out of the collector: the same spans, or a count of what was lost.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use spandrel_collector::model::{Span, SpanId, Value};

use crate::program::{Any, Step, step};
use crate::recorded::Recorded;
use crate::world::{Fate, World, fate, is_made};

/// Enough for any program of these tests: nothing is lost on the device.
const RING: usize = 1 << 16;
const TINY_RING: usize = 96;
/// Room for all names that the programs use; or so little that most strings travel in full, and
/// most call sites are defined again and again.
const MANY_NAMES: usize = 64;
const FEW_NAMES: usize = 3;

/// Everything that was recorded came, just as it was.
fn check_whole<const NAMES: usize>(
    steps: &[Step],
    mtu: usize,
    downlink: bool,
    start: u32,
) -> Result<(), TestCaseError> {
    let mut world = World::new::<RING, NAMES>(mtu, downlink, start, Vec::new());
    let program = world.run(steps);
    let losses = world.device.losses();
    prop_assert_eq!((losses.ring_full, losses.tag_cut), (0, 0));
    let mut spans = world.spans()?;
    let (asked, others): (Vec<_>, Vec<_>) =
        program.finished.iter().partition(|recorded| recorded.span_id.is_some());
    for recorded in asked.into_iter().chain(others) {
        let found = recorded.take(&mut spans).map_err(TestCaseError::fail)?;
        prop_assert!(found.warnings.is_empty(), "{:?}", found);
    }
    prop_assert!(spans.is_empty(), "nobody recorded {:?}", spans);
    prop_assert_eq!(world.said_lost(), 0);

    let batches = world.collector.batches();
    let process = &batches.last().expect("the last span came").resource;
    prop_assert_eq!(&*process.service_name, "bench");
    let tag = |key: &str| process.attributes.iter().find(|tag| &*tag.key == key).map(|t| &t.value);
    prop_assert_eq!(tag("board"), Some(&Value::from("none")));
    prop_assert_eq!(tag("pins"), Some(&Value::Int(48)));
    prop_assert_eq!(tag("device.build"), Some(&Value::from("cafe")));
    let sync = if downlink { "exchange" } else { "arrival" };
    prop_assert_eq!(tag("clock.sync"), Some(&Value::from(sync)));
    Ok(())
}

/// How many records the steps make, where all of them find room.
fn records_of(steps: &[Step]) -> u64 {
    let mut world = World::new::<RING, MANY_NAMES>(1400, false, 5, Vec::new());
    world.run(steps);
    assert_eq!(world.device.losses().ring_full, 0);
    world.sent_records
}

/// Lost and received is what was recorded, exactly, and for each way in which a record can be lost.
fn check_records(steps: &[Step], world: &World) -> Result<(), TestCaseError> {
    let (losses, stats) = (world.device.losses(), world.collector.pipeline.stats());
    let no_room = u64::from(losses.ring_full) + u64::from(losses.evicted);
    prop_assert_eq!(records_of(steps), world.sent_records + no_room, "on the device: {:?}", losses);
    prop_assert_eq!(stats.records_lost, world.lost_records, "on the way: {}", stats);
    prop_assert_eq!(stats.records + stats.records_lost, world.sent_records, "{}", stats);
    prop_assert_eq!(stats.records, stats.records_used + stats.records_dropped, "here: {}", stats);
    prop_assert_eq!(world.said_lost(), world.lost_records);
    Ok(())
}

/// What stands for what was lost is where it was lost: in traces that there are, and in its place.
fn check_made(world: &World, spans: &HashMap<SpanId, Span>) -> Result<(), TestCaseError> {
    let all = world.collector.spans();
    let made: Vec<_> = all.iter().filter(|span| is_made(span)).collect();
    prop_assert_eq!(made.len() as u64, world.collector.pipeline.stats().made);
    let lost = world.lost_records + u64::from(world.device.losses().ring_full);
    prop_assert!(made.is_empty() || lost > 0 || !world.is_in_time(), "{:?}", made);
    for span in made {
        let is_of_trace = |other: &&Span| other.trace_id == span.trace_id;
        prop_assert!(
            spans.values().filter(is_of_trace).count() > 0,
            "a trace of its own: {:?}",
            span
        );
        prop_assert_eq!(span.duration_ns(), 1);
        match &*span.name {
            "gap" => prop_assert!(!spans.contains_key(&span.span_id)),
            "missing" => {
                let is_child = |other: &Span| other.parent_span_id == Some(span.span_id);
                prop_assert!(all.iter().any(is_child), "a parent of none: {:?}", span);
            }
            _ => prop_assert!(false, "{:?}", span),
        }
    }
    Ok(())
}

/// Every span came, or is accounted for; what came is true.
fn check_lossy<const WORDS: usize>(
    steps: &[Step],
    mtu: usize,
    downlink: bool,
    fates: Vec<Fate>,
) -> Result<(), TestCaseError> {
    let mut world = World::new::<WORDS, MANY_NAMES>(mtu, downlink, 5, fates);
    let program = world.run(steps);
    let losses = world.device.losses();
    let (spans, stats) = (world.spans()?, *world.collector.pipeline.stats());
    let recorded = &program.finished;
    let asked: HashMap<_, _> = recorded.iter().filter_map(|r| Some((r.span_id?, r))).collect();
    for span in spans.values() {
        let is_complete = span.warnings.is_empty();
        let compare = |recorded: &Recorded| recorded.compare(span, is_complete);
        if let Some(recorded) = asked.get(&span.span_id) {
            compare(recorded).map_err(TestCaseError::fail)?;
        } else {
            let mut others = recorded.iter().filter(|recorded| recorded.span_id.is_none());
            prop_assert!(others.any(|other| compare(other).is_ok()), "nobody recorded {:?}", span);
        }
    }
    let dropped = usize::try_from(stats.dropped).expect("few");
    let accounted = spans.len() + world.lost_spans + dropped;
    if losses.ring_full == 0 {
        prop_assert_eq!(accounted, recorded.len(), "{}", stats);
    } else {
        let missing = recorded.len() - accounted.min(recorded.len());
        prop_assert!(missing <= losses.ring_full as usize, "{} {:?}", stats, losses);
    }
    prop_assert_eq!((stats.malformed, stats.nonsense, stats.clashes), (0, 0, 0), "{}", stats);
    check_made(&world, &spans)?;
    check_records(steps, &world)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_recorded_comes_out(
        steps in steps(),
        mtu in prop_oneof![Just(48), 48..1400_usize],
        many_names in any::<bool>(),
        downlink in any::<bool>(),
        start in prop_oneof![Just(0), Just(u32::MAX - 50_000), any::<u32>()],
    ) {
        match many_names {
            true => check_whole::<MANY_NAMES>(&steps, mtu, downlink, start)?,
            false => check_whole::<FEW_NAMES>(&steps, mtu, downlink, start)?,
        }
    }

    #[test]
    fn what_is_lost_on_the_way_is_counted(
        steps in steps(),
        mtu in prop_oneof![Just(48), 48..600_usize],
        downlink in any::<bool>(),
        fates in prop::collection::vec(fate(), 0..60),
    ) {
        check_lossy::<RING>(&steps, mtu, downlink, fates)?;
    }

    #[test]
    fn what_a_tiny_ring_has_no_room_for_is_counted(
        steps in steps(),
        mtu in 48..600_usize,
        fates in prop::collection::vec(fate(), 0..30),
    ) {
        check_lossy::<TINY_RING>(&steps, mtu, false, fates)?;
    }
}

#[test]
fn every_record_of_a_long_run_has_one_number() {
    let mut world = World::new::<RING, MANY_NAMES>(508, true, 0, vec![Fate::Lost; 7]);
    let steps: Vec<_> = (0..2_000)
        .flat_map(|number| {
            let value = Any::I32(number);
            let start = Step::Start { form: 1, parent: 0, number, value, asks: number % 2 == 0 };
            [start, Step::Finish { which: 0 }, Step::Pass(1_000)]
        })
        .collect();
    let program = world.run(&steps);
    let spans = world.collector.spans();
    let ids: HashSet<_> =
        spans.iter().filter(|span| !is_made(span)).map(|span| span.span_id).collect();
    assert_eq!(ids.len() + world.lost_spans, program.finished.len());
    assert_eq!(world.said_lost(), world.lost_records);
    assert!(world.lost_spans > 100, "{}", world.lost_spans);
}

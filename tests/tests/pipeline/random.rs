//! What goes into a tracer comes out of the collector: the same spans, or a count of what was lost.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use spandrel_collector::model::Value;

use crate::program::{Any, Step, step};
use crate::world::{Fate, World, fate};

/// Enough for any program of these tests: nothing is lost on the device.
const RING: usize = 1 << 16;
const TINY_RING: usize = 96;
/// Names for all that the programs use, and so few that some strings travel in full.
const MANY_NAMES: usize = 64;
const FEW_NAMES: usize = 20;
/// In a frame of this length every record fits whole. What is cut in pieces counts as one in its
/// span, so on shorter links a loss among the pieces shows in the count of records only.
const WHOLE_MTU: usize = 281;

/// Everything that was recorded came, just as it was.
fn check_whole<const NAMES: usize>(
    steps: &[Step],
    mtu: usize,
    downlink: bool,
    start: u32,
) -> Result<(), TestCaseError> {
    let mut world = World::<NAMES>::new::<RING>(mtu, downlink, start, Vec::new());
    let program = world.run(steps);
    let losses = world.device.losses();
    prop_assert_eq!((losses.ring_full, losses.too_large), (0, 0));
    prop_assert!(mtu < 400 || losses.tag_cut == 0, "cut: {:?}", losses);
    let spans = world.spans()?;
    for recorded in &program.finished {
        let Some(found) = spans.get(&recorded.span_id) else {
            return Err(TestCaseError::fail(format!("missing: {recorded:?}")));
        };
        recorded.compare(found, true, losses.tag_cut > 0).map_err(TestCaseError::fail)?;
        prop_assert!(found.warnings.is_empty(), "{:?}", found);
    }
    prop_assert_eq!(spans.len(), program.finished.len());
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

/// Every span came, or is accounted for; what came is true.
fn check_lossy<const WORDS: usize>(
    steps: &[Step],
    mtu: usize,
    downlink: bool,
    fates: Vec<Fate>,
) -> Result<(), TestCaseError> {
    let mut world = World::<MANY_NAMES>::new::<WORDS>(mtu, downlink, 5, fates);
    let program = world.run(steps);
    let losses = world.device.losses();
    let (spans, stats) = (world.spans()?, *world.collector.pipeline.stats());
    let recorded: HashMap<_, _> = program.finished.iter().map(|r| (r.span_id, r)).collect();
    for span in spans.values() {
        let Some(recorded) = recorded.get(&span.span_id) else {
            return Err(TestCaseError::fail(format!("nobody recorded {span:?}")));
        };
        // What the ring had no room for is in no span's count of parts.
        let is_complete = span.warnings.is_empty() && losses.ring_full == 0 && mtu >= WHOLE_MTU;
        recorded.compare(span, is_complete, losses.tag_cut > 0).map_err(TestCaseError::fail)?;
    }
    let dropped = usize::try_from(stats.dropped).expect("few");
    let accounted = spans.len() + world.lost_spans + dropped;
    if losses.ring_full == 0 {
        prop_assert_eq!(accounted, recorded.len(), "{}", stats);
        prop_assert_eq!(world.said_lost(), world.lost_records);
    } else {
        let missing = recorded.len() - accounted.min(recorded.len());
        prop_assert!(missing <= losses.ring_full as usize, "{} {:?}", stats, losses);
    }
    prop_assert_eq!((stats.malformed, stats.nonsense, stats.clashes), (0, 0, 0), "{}", stats);
    Ok(())
}

/// Steps that use each call site once, so that it is strings alone that find no room for a number.
fn every_site() -> Vec<Step> {
    let start = |form, parent, value| Step::Start { form, parent, number: 0, value };
    let values = [
        Any::Bool(true),
        Any::I32(-1),
        Any::U32(1),
        Any::I64(-1),
        Any::U64(1),
        Any::F32(0.5),
        Any::F64(0.5),
        Any::Static("idle"),
        Any::Text("text".to_owned()),
    ];
    let forms =
        [(0, 0), (1, 3), (2, 3), (3, 2)].map(|(form, above)| (form, above, Any::Bool(true)));
    let starts = forms.into_iter().chain(values.map(|value| (4, 3, value)));
    let mut steps: Vec<_> = starts.map(|(form, above, value)| start(form, above, value)).collect();
    steps.push(Step::Tags { which: 0, number: 1, text: String::new() });
    steps.push(Step::Logs { which: 0, number: 1, text: String::new() });
    // A site is used when its record is sent, which that of a span is when it is finished.
    steps.extend(vec![Step::Finish { which: 0 }; steps.len()]);
    steps.push(Step::Send);
    steps
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
            false => {
                let steps = [every_site(), steps].concat();
                check_whole::<FEW_NAMES>(&steps, mtu, downlink, start)?;
            }
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
    let mut world = World::<MANY_NAMES>::new::<RING>(508, true, 0, vec![Fate::Lost; 7]);
    let steps: Vec<_> = (0..2_000)
        .flat_map(|number| {
            let value = Any::I32(number);
            let start = Step::Start { form: 1, parent: 0, number, value };
            [start, Step::Finish { which: 0 }, Step::Pass(1_000)]
        })
        .collect();
    let program = world.run(&steps);
    let ids: HashSet<_> = world.collector.spans().iter().map(|span| span.span_id).collect();
    assert_eq!(ids.len() + world.lost_spans, program.finished.len());
    assert_eq!(world.said_lost(), world.lost_records);
    assert!(world.lost_spans > 100, "{}", world.lost_spans);
}

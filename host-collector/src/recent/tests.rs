use super::*;
use crate::model::{Attribute, testing};
use proptest::prelude::*;

fn span(trace: u8, id: u8) -> Span {
    let span_id = SpanId([0, 0, 0, 0, 0, 0, 0, id]);
    Span::new(TraceId([trace; 16]), span_id, "read".into(), [u64::from(trace), 1_000])
}

fn batch(spans: Vec<Span>) -> Batch {
    let resource = Arc::new(Resource::new("sensor", Vec::new()));
    Batch { source: testing::source(1), resource, spans }
}

fn recent(spans: usize) -> Recent {
    Recent::new(Bounds { spans, bytes: 1 << 20 })
}

#[test]
fn a_late_span_joins_its_trace() {
    let mut recent = recent(100);
    recent.insert(batch(vec![span(1, 1), span(2, 1)]), 0);
    recent.insert(batch(vec![span(1, 2)]), 5);
    let lengths: Vec<_> = recent.traces().iter().map(|trace| trace.len()).collect();
    assert_eq!(lengths, [2, 1]);
    assert_eq!(recent.traces()[0].batches.len(), 1);
}

#[test]
fn a_double_is_one_span_and_a_different_content_is_another() {
    let mut recent = recent(100);
    recent.insert(batch(vec![span(1, 1), span(1, 1)]), 0);
    recent.insert(batch(vec![span(1, 1)]), 1);
    let version = recent.version();
    let tags = vec![Attribute::new("half", "server")];
    recent.insert(batch(vec![span(1, 1).with_tags(tags)]), 2);
    assert_eq!(recent.traces()[0].len(), 2);
    assert_eq!((version, recent.version()), (1, 2));
    assert_eq!(recent.counts().doubles, 2);
}

#[test]
fn the_trace_that_was_quiet_for_longest_goes() {
    let mut recent = recent(4);
    recent.insert(batch(vec![span(1, 1), span(2, 1), span(3, 1), span(4, 1)]), 0);
    recent.insert(batch(vec![span(1, 2)]), 1);
    let left: Vec<_> = recent.traces().iter().map(|trace| trace.id.0[0]).collect();
    assert_eq!(left, [1, 3, 4]);
    assert_eq!(recent.counts().evicted, (1, 1));
}

#[test]
fn one_trace_cannot_push_out_all_others() {
    let mut recent = recent(20);
    recent.insert(batch(vec![span(2, 1)]), 0);
    recent.insert(batch((0..50).map(|id| span(1, id)).collect()), 1);
    assert_eq!(recent.traces().len(), 2);
    assert_eq!(recent.counts().refused, 40);
}

#[test]
fn one_id_cannot_hold_any_number_of_spans() {
    let mut recent = recent(100);
    let versions = (0..50_i64).map(|n| span(1, 1).with_tags(vec![Attribute::new("n", n)]));
    recent.insert(batch(versions.collect()), 0);
    assert_eq!(recent.traces()[0].len(), MAX_PER_ID);
}

#[test]
fn a_quiet_trace_is_shown_once_and_again_when_more_comes() {
    let mut recent = recent(100);
    recent.insert(batch(vec![span(1, 1), span(1, 2)]), 10);
    assert!(recent.take_quiet(10).is_empty());
    assert_eq!(recent.take_quiet(11).iter().map(|quiet| quiet.late).collect::<Vec<_>>(), [None]);
    assert!(recent.take_quiet(100).is_empty());
    recent.insert(batch(vec![span(1, 2)]), 20);
    assert!(recent.take_quiet(100).is_empty(), "a double is nothing new");
    recent.insert(batch(vec![span(1, 3)]), 30);
    assert_eq!(
        recent.take_quiet(100).iter().map(|quiet| quiet.late).collect::<Vec<_>>(),
        [Some(1)]
    );
}

#[test]
fn a_process_is_described_as_it_was_last() {
    let mut recent = recent(100);
    recent.insert(batch(vec![span(1, 1)]), 0);
    let mut late = batch(vec![span(1, 2)]);
    late.resource = Arc::new(Resource::new("sensor", vec![Attribute::new("lost", 2_i64)]));
    recent.insert(late, 1);
    assert_eq!(recent.traces()[0].batches[0].resource.attributes.len(), 1);
}

proptest! {
    #[test]
    fn the_bounds_hold_and_every_span_is_accounted_for(
        traces in prop::collection::vec(testing::trace(), 0..12),
        spans in 2..20_usize,
    ) {
        let mut recent = recent(spans);
        let mut offered = 0;
        for (now, trace) in (0..).zip(traces) {
            offered += trace.len() as u64;
            trace.batches.into_iter().for_each(|batch| recent.insert(batch, now));
            let held: usize = recent.traces().iter().map(|trace| trace.len()).sum();
            prop_assert!(held <= spans);
            prop_assert_eq!(held, recent.spans);
            let counts = recent.counts();
            prop_assert_eq!(counts.kept + counts.doubles + counts.refused, offered);
            prop_assert_eq!(counts.kept - counts.evicted.1, held as u64);
        }
        let held = recent.traces().len();
        prop_assert_eq!(recent.by_arrival.len(), held);
        prop_assert!(recent.take_quiet(u64::MAX).len() <= held);
    }
}

//! Any program of spans.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Start { tags: u8, enter: bool },
    Tag,
    Log,
    Finish,
    Drain,
    Pass(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..5_u8, any::<bool>()).prop_map(|(tags, enter)| Step::Start { tags, enter }),
        1 => Just(Step::Tag),
        1 => Just(Step::Log),
        4 => Just(Step::Finish),
        1 => Just(Step::Drain),
        2 => (0..100_000_u32).prop_map(Step::Pass),
    ]
}

proptest! {
    /// Any program of spans, any ring, any size of frame: each record comes out right or counted.
    #[test]
    fn records_are_right_or_counted(
        steps in prop::collection::vec(step(), 1..120),
        mtu in 48..600_usize,
        remote in any::<bool>(),
    ) {
        let bench = Bench::new::<100>();
        let mut drain = bench.tracer.drain::<4>().unwrap();
        let mut seen = Seen::default();
        let mut open: Vec<(Span, TraceId, u32)> = Vec::new();
        let mut expected = HashMap::new();
        let context = SpanContext {
            trace_id: TraceId([3; 16]),
            span_id: crate::SpanId([4; 8]),
            flags: TraceFlags::SAMPLED,
        };
        let mut finish = |bench: &Bench, (span, trace, start): (Span, TraceId, u32)| {
            let (id, now) = (span.context().span_id, bench.now.load(Ordering::Relaxed));
            expected.insert(id, (trace, start, now - start));
            drop(span);
        };
        for step in steps {
            match step {
                Step::Start { tags, enter } => {
                    let parent = open.last().map(|(span, ..)| span);
                    let guard = parent.filter(|_| enter).map(Span::enter);
                    let parent = match parent {
                        Some(_) if enter => ChildOf::Active,
                        Some(parent) => ChildOf::Span(parent),
                        None if remote => ChildOf::Context(context),
                        None => ChildOf::Root,
                    };
                    let copied = "k".repeat(usize::from(tags) * 20);
                    let t = bench.tracer;
                    let span = match tags {
                        0 => span!(t, child_of: parent, "none"),
                        1 => span!(t, child_of: parent, "one", a = 1),
                        2 => span!(t, child_of: parent, "two", a = 1, b = "static"),
                        3 => span!(t, child_of: parent, "three", a = u64::MAX, b = 2.5, c = false),
                        _ => span!(t, child_of: parent, "long", a = Copied(&copied), b = 7_u8),
                    };
                    drop(guard);
                    let trace = span.context().trace_id;
                    open.push((span, trace, bench.now.load(Ordering::Relaxed)));
                }
                Step::Tag => open.iter().for_each(|(span, ..)| span.set_tag("late", 3)),
                Step::Log => open.iter().for_each(|(span, ..)| log!(span, event = "e", n = 1)),
                Step::Finish => if let Some(last) = open.pop() { finish(&bench, last) },
                Step::Drain => seen.drain(&mut drain, mtu),
                Step::Pass(ticks) => bench.pass(ticks),
            }
        }
        while let Some(last) = open.pop() {
            finish(&bench, last);
        }
        seen.drain(&mut drain, mtu);
        let mut apart = HashMap::new();
        for record in &seen.others {
            if let Record::Reference(reference) = record {
                apart.insert(reference.own, reference.trace);
            }
        }
        for span in &seen.spans {
            let id = crate::SpanId::expand(DEVICE, SESSION, span.own);
            let trace = match span.trace {
                TraceRef::Own(root) => TraceId::expand(DEVICE, SESSION, root),
                TraceRef::Remote(trace) => trace,
                TraceRef::Apart => apart[&span.own],
            };
            let (wanted, start, duration) = expected[&id];
            prop_assert_eq!(trace, wanted);
            prop_assert_eq!((span.start_ticks, span.duration_ticks), (start.into(), duration.into()));
        }
        prop_assert_eq!(seen.losses.too_large, 0);
        let lost = expected.len() - seen.spans.len();
        prop_assert!(lost as u32 <= seen.losses.ring_full);
    }
}

//! Any program of spans. It asks for no site's name, so that it runs under Miri too.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    /// `asks` for the context at once, which gives the span a number.
    Start {
        tags: u8,
        enter: bool,
        asks: bool,
    },
    Tag,
    Log,
    Finish,
    Drain,
    Pass(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let start = (0..5_u8, any::<bool>(), any::<bool>());
    prop_oneof![
        4 => start.prop_map(|(tags, enter, asks)| Step::Start { tags, enter, asks }),
        1 => Just(Step::Tag),
        1 => Just(Step::Log),
        4 => Just(Step::Finish),
        1 => Just(Step::Drain),
        2 => (0..100_000_u32).prop_map(Step::Pass),
    ]
}

/// A span that is open, its trace if that was asked for, and when it began.
type Open = (Span, Option<TraceId>, u32);

/// What came of the spans that are finished.
#[derive(Default)]
struct Finished {
    /// Trace, start and duration of those whose context was asked for.
    asked: HashMap<crate::SpanId, (TraceId, u32, u32)>,
    /// Start and duration of the others.
    others: Vec<(u32, u32)>,
}

impl Finished {
    fn finish(&mut self, bench: &Bench, (span, trace, start): Open) {
        let duration = bench.now.load(Ordering::Relaxed) - start;
        match trace {
            Some(trace) => {
                self.asked.insert(span.context().span_id, (trace, start, duration));
            }
            None => self.others.push((start, duration)),
        }
        drop(span);
    }
}

fn start(bench: &Bench, parent: ChildOf<'_>, tags: u8) -> Span {
    let (t, copied) = (bench.tracer, "k".repeat(usize::from(tags) * 20));
    match tags {
        0 if matches!(parent, ChildOf::Active) => span!(t, "none"),
        0 => span!(t, child_of: parent, "none"),
        1 => span!(t, child_of: parent, "one", a = 1),
        2 => span!(t, child_of: parent, "two", a = 1, b = "static"),
        3 => span!(t, child_of: parent, "three", a = u64::MAX, b = 2.5, c = false),
        _ => span!(t, child_of: parent, "long", a = Copied(&copied), b = 7_u8),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 6 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Any ring, any size of frame, with open spans that survive or without: each record comes out
    /// right or counted, and no slot stays taken.
    #[test]
    fn records_are_right_or_counted(
        steps in prop::collection::vec(step(), 1..120),
        mtu in 48..600_usize,
        remote in any::<bool>(),
        survive in any::<bool>(),
    ) {
        let bench = match survive {
            true => Bench::sized::<100, 3, 4>(|tracer| tracer),
            false => Bench::sized::<100, 0, 4>(|tracer| tracer),
        };
        let mut drain = bench.tracer.drain().unwrap();
        let mut seen = Seen::default();
        let mut open: Vec<Open> = Vec::new();
        let mut finished = Finished::default();
        let context = SpanContext::new(TraceId([3; 16]), crate::SpanId([4; 8]), TraceFlags::SAMPLED);
        for step in steps {
            match step {
                Step::Start { tags, enter, asks } => {
                    let parent = open.last().map(|(span, ..)| span);
                    let guard = parent.filter(|_| enter).map(Span::enter);
                    let parent = match parent {
                        Some(_) if enter => ChildOf::Active,
                        Some(parent) => ChildOf::Span(parent),
                        None if remote => ChildOf::Context(context),
                        None => ChildOf::Root,
                    };
                    let span = start(&bench, parent, tags);
                    drop(guard);
                    let trace = asks.then(|| span.context().trace_id);
                    open.push((span, trace, bench.now.load(Ordering::Relaxed)));
                }
                Step::Tag => open.iter().for_each(|(span, ..)| span.set_tag("late", 3)),
                Step::Log => open.iter().for_each(|(span, ..)| log!(span, event = "e", n = 1)),
                Step::Finish => {
                    if let Some(last) = open.pop() {
                        finished.finish(&bench, last);
                    }
                }
                Step::Drain => seen.drain(&mut drain, mtu),
                Step::Pass(ticks) => bench.pass(ticks),
            }
        }
        while let Some(last) = open.pop() {
            finished.finish(&bench, last);
        }
        seen.drain(&mut drain, mtu);
        prop_assert_eq!(bench.tracer.open_spans().count(), 0);
        let recorded = finished.asked.len() + finished.others.len();
        for span in &seen.spans {
            let head = span.head;
            let id = crate::SpanId::expand(DEVICE, SESSION, head.own);
            let times = (head.start_ticks as u32, head.duration_ticks as u32);
            if let Some((trace, start, duration)) = finished.asked.remove(&id) {
                let found = match head.trace {
                    TraceRef::Own(root) => TraceId::expand(DEVICE, SESSION, root),
                    TraceRef::Remote(trace) => trace,
                };
                prop_assert_eq!((found, times), (trace, (start, duration)));
            } else {
                let found = finished.others.iter().position(|other| *other == times);
                prop_assert!(found.is_some(), "nobody recorded {:?}", span);
                finished.others.swap_remove(found.unwrap());
            }
        }
        let lost = recorded - seen.spans.len();
        prop_assert!(lost as u32 <= seen.losses.ring_full);
    }
}

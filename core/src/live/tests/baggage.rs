//! Baggage goes to children and nobody else, and its room comes back.

use super::*;
use crate::{Baggage, BaggageError, BaggagePool};
use proptest::prelude::*;

fn bench<const ITEMS: usize>(adapt: impl FnOnce(Tracer) -> Tracer) -> Bench {
    let pool: &BaggagePool<ITEMS, 32> = Box::leak(Box::new(BaggagePool::new()));
    Bench::with::<4096>(|tracer| adapt(tracer).baggage(pool))
}

fn items(span: &Span) -> Vec<(&str, &str)> {
    span.baggage_items().collect()
}

#[test]
#[cfg_attr(miri, ignore = "asks for the names of call sites")]
fn children_have_what_their_parent_had() {
    let bench = bench::<8>(|t| t);
    let t = bench.tracer;
    let root = span!(t, "root", a = 1, s = "two");
    let before = span!(t, child_of: &root, "before");
    root.set_baggage_item("k", "v").unwrap();
    let _active = root.enter();
    let child = span!(t, "child", b = 2);
    child.set_baggage_item("own", "c").unwrap();
    child.set_baggage_item("k", "w").unwrap();
    let grandchild = span!(t, child_of: &child, "grandchild");
    assert_eq!(items(&before), []);
    assert_eq!(items(&root), [("k", "v")]);
    assert_eq!(items(&child), [("k", "w"), ("own", "c")]);
    drop(child);
    assert_eq!(items(&grandchild), [("k", "w"), ("own", "c")]);
    assert_eq!(grandchild.baggage_item("own"), Some("c"));
    assert_eq!(grandchild.baggage_item("other"), None);

    drop((grandchild, before));
    drop(_active);
    drop(root);
    let seen = Seen::of(&bench);
    let named = |name| seen.spans.iter().find(|span| seen.name(span) == name).unwrap();
    // Values go apart, and nothing of them is lost.
    let root = named("root");
    assert_eq!((root.head.parts, &root.values[..]), (2, &[][..]));
    assert_eq!(named("child").head.parent, Parent::Local(root.head.own));
    let logs = seen.others.iter().filter(|record| matches!(record, Record::Log(_)));
    assert_eq!(logs.count(), 3);
}

/// Set on the span that is active it is seen at once, also where that is nested.
#[test]
fn the_active_span_shows_its_baggage() {
    let bench = bench::<4>(|t| t);
    let root = span!(bench.tracer, "root");
    let _active = root.enter();
    root.set_baggage_item("a", "1").unwrap();
    let child = span!(bench.tracer, "child");
    let _inner = child.enter();
    child.set_baggage_item("b", "2").unwrap();
    let leaf = span!(bench.tracer, "leaf");
    assert_eq!(items(&leaf), [("b", "2"), ("a", "1")]);
    drop(_inner);
    assert_eq!(items(&span!(bench.tracer, "other")), [("a", "1")]);
}

#[test]
fn spans_that_are_not_recorded_hand_it_on() {
    let bench = bench::<4>(|t| t.sampler(Sampler::Never));
    let root = span!(bench.tracer, "root", a = 1);
    root.set_baggage_item("k", "v").unwrap();
    let _active = root.enter();
    let child = span!(bench.tracer, "child", a = 1);
    assert_eq!(items(&child), [("k", "v")]);
    assert!(!child.is_sampled());
    drop((child, _active));
    drop(root);
    // All of it is free again.
    let root = span!(bench.tracer, "root");
    for key in ["a", "b", "c", "d"] {
        root.set_baggage_item(key, "").unwrap();
    }
    assert!(Seen::of(&bench).spans.is_empty());
}

/// Remote traces take the words that values have elsewhere.
#[test]
fn remote_traces_have_it_too() {
    let bench = bench::<4>(|t| t);
    let t = bench.tracer;
    let remote = SpanContext::new(TraceId([1; 16]), crate::SpanId([2; 8]), TraceFlags::SAMPLED);
    let mut held = t.hold_baggage(&remote).unwrap();
    held.put("k", "v").unwrap();
    let context = SpanContext { baggage: held.handle(), ..remote };
    let entry = span!(t, child_of: context, "entry", a = 1, b = "two");
    drop(held);
    let _active = entry.enter();
    let child = span!(t, "child", a = 1);
    assert_eq!(items(&child), [("k", "v")]);
    assert_eq!(child.context().trace_id, remote.trace_id);
    assert_eq!(t.hold_baggage(&child.context()).unwrap().get("k"), Some("v"));
}

#[test]
fn what_has_no_room_is_counted_and_said() {
    let bench = bench::<2>(|t| t);
    let root = span!(bench.tracer, "root");
    let long = "x".repeat(33);
    assert_eq!(root.set_baggage_item(&long, ""), Err(BaggageError::TooLong));
    root.set_baggage_item("a", "1").unwrap();
    root.set_baggage_item("b", "2").unwrap();
    assert_eq!(root.set_baggage_item("c", "3"), Err(BaggageError::Full));
    assert_eq!(items(&root), [("b", "2"), ("a", "1")]);
    assert_eq!(bench.tracer.losses().baggage_full, 2);

    let context = root.context();
    assert!(!context.baggage.is_none());
    drop(root);
    assert_eq!(bench.tracer.hold_baggage(&context).unwrap_err(), BaggageError::Stale);
    let late = span!(bench.tracer, child_of: context, "late");
    assert_eq!(items(&late), []);
    // Another's baggage in the same place is not taken for it.
    let other = span!(bench.tracer, "other");
    other.set_baggage_item("z", "0").unwrap();
    assert_eq!(items(&span!(bench.tracer, child_of: context, "later")), []);
    assert_eq!(bench.tracer.losses().baggage_stale, 3);

    let without = Bench::new::<256>();
    let span = span!(without.tracer, "span");
    assert_eq!(span.set_baggage_item("a", "1"), Err(BaggageError::NoPool));
    assert_eq!(span.context().baggage, Baggage::NONE);
}

/// Threads take items from one pool and give them back, and what each finds is what it put there.
#[test]
fn threads_share_a_pool() {
    let bench = bench::<6>(|t| t.sampler(Sampler::Never));
    let tracer = bench.tracer;
    let rounds = if cfg!(miri) { 10 } else { 2000 };
    std::thread::scope(|scope| {
        for thread in ["one", "two", "three"] {
            scope.spawn(move || {
                for _ in 0..rounds {
                    let root = span!(tracer, "root");
                    if root.set_baggage_item("thread", thread).is_ok() {
                        let child = span!(tracer, child_of: root.context(), "child");
                        drop(root);
                        assert_eq!(items(&child), [("thread", thread)]);
                    }
                }
            });
        }
    });
    let root = span!(tracer, "root");
    (0..6).for_each(|_| root.set_baggage_item("k", "").unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 128 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Any tree of spans, each with a model of its baggage.
    #[test]
    fn each_span_has_its_own(steps in prop::collection::vec((0..4_u8, any::<u8>(), 0..3_u8), 0..60)) {
        let bench = bench::<12>(|t| t);
        let mut open: Vec<(Span, Vec<(u8, String)>)> = Vec::new();
        for (what, which, key) in steps {
            let at = usize::from(which) % open.len().max(1);
            match what {
                0 if open.len() < 8 => {
                    let (span, model) = match open.get(at) {
                        Some((parent, model)) => {
                            (span!(bench.tracer, child_of: parent, "child", a = 1), model.clone())
                        }
                        None => (span!(bench.tracer, "root"), Vec::new()),
                    };
                    open.push((span, model));
                }
                1 if !open.is_empty() => drop(open.swap_remove(at)),
                _ => if let Some((span, model)) = open.get_mut(at) {
                    let value = which.to_string();
                    let name = ["a", "bb", ""][usize::from(key)];
                    if span.set_baggage_item(name, &value).is_ok() {
                        model.retain(|(known, _)| *known != key);
                        model.insert(0, (key, value));
                    }
                }
            }
            for (span, model) in &open {
                let wanted = model.iter().map(|(key, value)| (["a", "bb", ""][usize::from(*key)], &**value));
                prop_assert!(span.baggage_items().eq(wanted));
            }
        }
        open.clear();
        let root = span!(bench.tracer, "root");
        (0..12).for_each(|_| root.set_baggage_item("k", "").unwrap());
    }
}

//! Whatever comes, in whatever order it is sealed, merged and opened again: answers are the naive one's.

use super::{Steps, chunk, ids};
use crate::model::{Kind, TraceId};
use crate::storage::{Found, Matching, Naive, Reader as _, Search, Tag, Window};
use crate::store::disk::Memory;
use crate::store::options::Options;
use crate::store::rows::tests::{
    KEYS, NAMES, Sketch, TEXTS, contents, expected, sketches, trace_id,
};
use crate::store::rows::{assemble, is_like};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
pub(super) enum Step {
    Append(Vec<Sketch>),
    Again(prop::sample::Index),
    Seal,
    Merge,
    Reopen,
    /// Deletes the trace of a number.
    Delete(u8),
    Erase,
}

/// Steps, with up to so many spans at once.
pub(super) fn steps(count: usize, spans: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => vec(sketches(), 1..=spans).prop_map(Step::Append),
        1 => any::<prop::sample::Index>().prop_map(Step::Again),
        2 => Just(Step::Seal),
        1 => Just(Step::Merge),
        1 => Just(Step::Reopen),
        1 => (0_u8..12).prop_map(Step::Delete),
        1 => Just(Step::Erase),
    ];
    vec(step, 1..=count)
}

fn windows() -> impl Strategy<Value = Window> {
    prop_oneof![
        2 => Just(Window::ALL),
        1 => (0_u64..2000, 0_u64..2000).prop_map(|(a, b)| Window { min: a.min(b), max: a.max(b) }),
        1 => (1_000_000_u64..1_100_000, 0_u64..50_000)
            .prop_map(|(min, length)| Window { min, max: min + length }),
    ]
}

prop_compose! {
    fn tags()(
        key in select([&KEYS[..], &["host", "span.kind", "otel.status_code", "read", "none"]].concat()),
        value in of(select(
            [&TEXTS[..], &["gateway", "server", "ERROR", "-2", "false", "[]", "", "1"]].concat(),
        )),
    ) -> Tag {
        Tag { key: key.to_owned(), value: value.map(str::to_owned) }
    }
}

prop_compose! {
    fn searches()(
        service in of(select(vec!["service-0", "service-1", "service-2", "SERVICE-1", "none"])),
        operation in prop::option::weighted(0.3, select([&NAMES[..], &["WRITE", "none"]].concat())),
        kind in prop::option::weighted(0.2, select(vec![Kind::Unspecified, Kind::Server, Kind::Client])),
        peer in prop::option::weighted(0.2, select([&TEXTS[..], &["IDLE"]].concat())),
        tags in vec(tags(), 0..3),
        (start, duration) in (windows(), windows()),
        failed in prop::option::weighted(0.2, any::<bool>()),
        limit in 0_usize..14,
        matching in select(vec![Matching::PerSpan, Matching::PerTrace]),
    ) -> Search {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Search {
            service: own(service), operation: own(operation), kind, peer: own(peer), tags, start,
            duration, failed, limit, matching,
        }
    }
}

/// Which of several roots that start at once counts is the store's own business, see [`roots`].
fn without_roots(mut found: Vec<Found>) -> Vec<Found> {
    for found in &mut found {
        found.root_service.clear();
        found.root_name.clear();
    }
    found
}

/// The roots: of several that start at once, the least by service and name.
fn roots(stored: &[Sketch]) -> BTreeMap<TraceId, (String, String)> {
    let mut roots: BTreeMap<TraceId, (u64, String, String)> = BTreeMap::new();
    for one in stored.iter().filter(|one| one.parent.is_none()) {
        let name = NAMES[usize::from(one.name)].to_owned();
        let root = (one.start_ns, one.service(), name);
        let known = roots.entry(TraceId(trace_id(one.trace))).or_insert_with(|| root.clone());
        if root < *known {
            *known = root;
        }
    }
    roots.into_iter().map(|(id, (_, service, name))| (id, (service, name))).collect()
}

/// Whether no id is there in two services, where either may be the parent that is meant.
fn are_parents_clear(stored: &[Sketch]) -> bool {
    let mut services: BTreeMap<(u8, u16), u8> = BTreeMap::new();
    stored
        .iter()
        .all(|one| *services.entry((one.trace, one.span)).or_insert(one.service) == one.service)
}

/// Whether a span is of no trace that was deleted.
pub(super) fn is_left(deleted: &BTreeSet<u8>, one: &Sketch) -> bool {
    let id = TraceId(trace_id(one.trace));
    !deleted.iter().any(|trace| is_like(TraceId(trace_id(*trace)), id))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn a_store_answers_as_a_list_of_all_spans_would(
        steps in steps(24, 8),
        searches in vec(searches(), 12),
        window in windows(),
    ) {
        let disk = Memory::default();
        let mut store = Steps::open(&disk, Options::default());
        let mut stored: Vec<Sketch> = Vec::new();
        let mut deleted = BTreeSet::new();
        for step in steps {
            match step {
                Step::Append(some) => {
                    store.append(&some).unwrap();
                    stored.extend(some);
                }
                Step::Again(index) if !stored.is_empty() => {
                    store.append(&[index.get(&stored).clone()]).unwrap();
                }
                Step::Again(_) => {}
                Step::Seal => store.seal().unwrap(),
                Step::Merge => store.merge().unwrap(),
                Step::Reopen => store = Steps::open(&disk, Options::default()),
                Step::Delete(trace) => {
                    store.delete(trace).unwrap();
                    deleted.insert(trace);
                }
                Step::Erase => store.erase().unwrap(),
            }
        }
        // Also what came later, and what has no more than a like id.
        stored.retain(|one| is_left(&deleted, one));
        prop_assert_eq!(store.all(ids()), expected(&stored));
        for trace in 0..12 {
            let id = TraceId(trace_id(trace));
            let like = stored.iter().filter(|one| is_like(TraceId(trace_id(one.trace)), id));
            let got = assemble(store.core.view().pieces(id, true).unwrap());
            prop_assert_eq!(contents(&got), expected(like));
        }
        let mut naive = Naive::default();
        naive.add(chunk(&stored));
        for search in searches {
            let found = store.core.view().find(&search).unwrap();
            let expected = naive.find(&search).unwrap();
            prop_assert_eq!(without_roots(found), without_roots(expected), "{:?}", search);
        }
        let roots = roots(&stored);
        for found in store.core.view().find(&Search { limit: 100, ..Search::default() }).unwrap() {
            let root = (found.root_service, found.root_name);
            let least = roots.get(&found.trace_id).cloned().unwrap_or_default();
            prop_assert_eq!(root, least);
        }
        if are_parents_clear(&stored) {
            let dependencies = store.core.view().dependencies(window).unwrap();
            prop_assert_eq!(dependencies, naive.dependencies(window).unwrap());
        }
    }
}

#[test]
fn a_trace_in_many_groups_has_each_span_and_each_call_once() {
    let disk = Memory::default();
    let mut store = Steps::open(&disk, Options::default());
    let spans: Vec<_> = (0..9000_u16)
        .map(|span| Sketch {
            // The first group has the parents of all its spans.
            parent: (span > 0).then_some(if span < 5000 { span / 2 } else { span - 5000 }),
            start_ns: 5 + u64::from(span),
            ..Sketch::plain(1, span)
        })
        .collect();
    store.append(&spans).unwrap();
    for _ in 0..2 {
        let view = store.core.view();
        let calls: Vec<_> = view.dependencies(Window::ALL).unwrap();
        assert_eq!(calls.iter().map(|of| of.calls).collect::<Vec<_>>(), [8999]);
        let found = view.find(&Search { limit: 5, ..Search::default() }).unwrap();
        let counts: Vec<_> = found.iter().map(|found| (found.spans, found.orphans)).collect();
        assert_eq!(counts, [(9000, 0)]);
        store.seal().unwrap();
    }
}

#[test]
fn a_parent_that_is_kept_for_another_time_than_its_child_is_there() {
    let keep_services_s = [("service-1".to_owned(), 1000)].into();
    let options = Options { keep_services_s, ..Options::default() };
    let mut store = Steps::open(&Memory::default(), options);
    let child = |span| Sketch { parent: Some(1), service: 1, ..Sketch::plain(1, span) };
    let spans: Vec<_> = [Sketch::plain(1, 1)].into_iter().chain((2..=9).map(child)).collect();
    store.append(&spans).unwrap();
    store.seal().unwrap();
    assert_eq!(store.core.view().blocks.len(), 2);
    let found = store.core.view().find(&Search { limit: 5, ..Search::default() }).unwrap();
    let counts: Vec<_> = found.iter().map(|found| (found.spans, found.orphans)).collect();
    assert_eq!(counts, [(9, 0)]);
}

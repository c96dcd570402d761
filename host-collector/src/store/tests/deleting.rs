//! What is deleted is gone: from answers at once, from the files soon.

use super::{Steps, ids};
use crate::model::TraceId;
use crate::storage::{Erase as _, Reader as _, Search, Window};
use crate::store::block::Block;
use crate::store::damage::Damages;
use crate::store::deleted::{MOST, SETTLE_S};
use crate::store::disk::{Disk as _, Memory, whole};
use crate::store::group::Want;
use crate::store::names::BlockName;
use crate::store::options::{Limits, Options};
use crate::store::rows::tests::{Sketch, chunk, expected, trace_id};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Spans of two traces, of which the second has a word that nobody else has.
pub(in crate::store) fn spans() -> Vec<Sketch> {
    let child = |trace, span| Sketch { parent: Some(1), ..Sketch::plain(trace, span) };
    let mut spans = vec![Sketch::plain(1, 1), Sketch { service: 2, ..Sketch::plain(2, 1) }];
    spans
        .extend((2..=6).flat_map(|span| [child(1, span), Sketch { service: 2, ..child(2, span) }]));
    spans
}

/// Whether any file has anything of a trace.
pub(in crate::store) fn is_in_files(disk: &Memory, trace: u8) -> bool {
    let id = trace_id(trace);
    let files = disk.list().unwrap();
    let is_in_block = |name| {
        let block = Block::open(disk, name, Damages::default()).unwrap();
        block.newest_first().iter().any(|group| {
            let rows = block.read(*group, Want::ALL).unwrap().unwrap().rows;
            let has_service = rows.shapes.iter().any(|shape| rows.service(shape) == "service-2");
            rows.traces.contains(&TraceId(id)) || (trace == 2 && has_service)
        })
    };
    files.iter().any(|(name, _)| match BlockName::parse(name) {
        Some(block) => is_in_block(block),
        None if name.starts_with("log-") => whole(disk, name).windows(16).any(|bytes| bytes == id),
        None => false,
    })
}

#[test]
fn what_is_deleted_is_neither_found_nor_counted_and_others_are_as_they_were() {
    let disk = Memory::default();
    let mut store = Steps::open(&disk, Options::default());
    store.append(&spans()).unwrap();
    let left: Vec<_> = spans().into_iter().filter(|one| one.trace == 1).collect();
    store.delete(2).unwrap();
    // In memory, sealed after it was deleted, and sealed before.
    for round in 0..3 {
        assert_eq!(store.all(ids()), expected(&left), "round {round}");
        let view = store.core.view();
        let found = view.find(&Search { limit: 9, ..Search::default() }).unwrap();
        assert_eq!(found.len(), 1);
        let calls: u64 = view.dependencies(Window::ALL).unwrap().iter().map(|of| of.calls).sum();
        assert_eq!(calls, 5);
        if round == 1 {
            // It comes again, and that is sealed with it.
            store.append(&spans()).unwrap();
        }
        store.seal().unwrap();
    }
}

#[test]
fn what_was_sealed_is_erased_from_the_block_and_bitmaps_still_find_the_others() {
    let disk = Memory::default();
    let mut store = Steps::open(&disk, Options::default());
    store.append(&spans()).unwrap();
    store.seal().unwrap();
    assert!(is_in_files(&disk, 2));
    store.delete(2).unwrap();
    assert!(!store.core.erase_some(1_000_000 + SETTLE_S - 1).unwrap(), "others may follow");
    store.erase().unwrap();
    assert!(!is_in_files(&disk, 2) && is_in_files(&disk, 1));
    let blocks = store.core.view().blocks;
    assert_eq!(blocks.len(), 1);
    let services = blocks[0].catalog().unwrap().services;
    assert_eq!(services, BTreeSet::from([Sketch::plain(1, 1).service()]), "lists know it no more");
    let (spans, damaged) = blocks[0].check().unwrap();
    assert_eq!((spans, damaged), (12, Vec::new()));
    let found = |service: Sketch| {
        let search = Search { service: Some(service.service()), limit: 9, ..Search::default() };
        store.core.view().find(&search).unwrap().len()
    };
    assert_eq!(found(Sketch::plain(1, 1)), 1);
    assert_eq!(found(Sketch { service: 2, ..Sketch::plain(2, 1) }), 0);
    // It is done once, and the next process has nothing to do either.
    let before = disk.list().unwrap();
    let mut store = Steps::open(&disk, Options::default());
    store.erase().unwrap();
    assert_eq!(disk.list().unwrap(), before);
}

#[test]
fn what_is_erased_stays_away_when_nobody_knows_that_it_was_deleted() {
    let disk = Memory::default();
    let mut store = Steps::open(&disk, Options::default());
    store.append(&spans()).unwrap();
    store.seal().unwrap();
    store.delete(2).unwrap();
    store.erase().unwrap();
    store.core.forget(|_| true).unwrap();
    let left: Vec<_> = spans().into_iter().filter(|one| one.trace == 1).collect();
    assert_eq!(store.all(ids()), expected(&left));
    let found = store.core.view().find(&Search { limit: 9, ..Search::default() }).unwrap();
    assert_eq!(found.iter().map(|found| found.spans).collect::<Vec<_>>(), [6]);
    // What comes then is there, and can be deleted again.
    store.append(&spans()).unwrap();
    store.seal().unwrap();
    assert_eq!(store.all(ids()), expected(&spans()));
    store.delete(2).unwrap();
    store.erase().unwrap();
    assert_eq!(store.all(ids()), expected(&left));
    assert!(!is_in_files(&disk, 2));
}

#[test]
fn a_log_with_what_was_deleted_ends_with_what_comes_next() {
    let disk = Memory::default();
    let mut store = Steps::open(&disk, Options::default());
    store.append(&spans()[..2]).unwrap();
    store.delete(2).unwrap();
    store.append(&[Sketch::plain(5, 1)]).unwrap();
    store.seal().unwrap();
    assert!(!is_in_files(&disk, 2) && is_in_files(&disk, 5));
}

#[test]
fn that_it_was_deleted_is_known_for_as_long_as_it_would_be_kept() {
    let options = Options { keep_s: Some(1000), ..Options::default() };
    let mut store = Steps::open(&Memory::default(), options);
    store.append(&spans()).unwrap();
    store.delete(2).unwrap();
    store.pass(1000);
    store.retain().unwrap();
    assert!(store.core.view().deleted.has(TraceId(trace_id(2))));
    store.pass(1);
    store.retain().unwrap();
    assert!(!store.core.view().deleted.has(TraceId(trace_id(2))));
}

#[test]
fn more_are_deleted_only_when_the_first_are_erased() {
    let disk = Memory::default();
    let mut steps = Steps::open(&disk, Options::default());
    steps.append(&spans()).unwrap();
    steps.seal().unwrap();
    for number in 0..MOST as u128 {
        assert!(steps.core.delete(TraceId((number + 1000).to_be_bytes()), 5).unwrap());
    }
    let more = TraceId([9; 16]);
    assert!(!steps.core.delete(more, 5).unwrap());
    steps.erase().unwrap();
    assert!(steps.core.delete(more, 5).unwrap());
}

#[test]
fn a_store_that_runs_deletes_and_shows_again_what_is_imported() {
    let limits = Limits { has_log: false, ..Limits::default() };
    let store = super::super::Store::on(Arc::new(Memory::default()), Options::default(), limits);
    let store = store.unwrap();
    crate::storage::Intake::offer(&store, chunk(&spans())).unwrap().wait().unwrap();
    let id = TraceId(trace_id(2));
    assert!(store.get(id).unwrap().is_some());
    store.delete(id).unwrap();
    store.delete(id).unwrap();
    assert_eq!(store.get(id), Ok(None));
    store.show_again(&chunk(&[Sketch::plain(1, 9)])).unwrap();
    assert_eq!(store.get(id), Ok(None));
    store.show_again(&chunk(&[Sketch::plain(2, 9)])).unwrap();
    assert!(store.get(id).unwrap().is_some());
    drop(store);
}

//! Full disks, read-only ones, damage, retention, and two collectors.

use super::{Steps, chunk, ids, small};
use crate::model::TraceId;
use crate::storage::{Intake as _, Reader as _, Refused, Search, Ticket};
use crate::store::Store;
use crate::store::disk::simulated::Simulated;
use crate::store::disk::{Disk as _, Memory};
use crate::store::names::BlockName;
use crate::store::options::{OpenError, Options};
use crate::store::rows::tests::{Sketch, Value, expected, sketches, trace_id};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;

fn span(trace: u8, span: u16, service: u8) -> Sketch {
    Sketch {
        service,
        name: 1,
        kind: 2,
        start_ns: 1_000_000 + u64::from(span),
        took_ns: 10,
        tags: vec![(0, Value::Str(1))],
        ..Sketch::plain(trace, span)
    }
}

fn some(from: u16, count: u8) -> Vec<Sketch> {
    (0..count).map(|number| span(number % 12, from + u16::from(number), 0)).collect()
}

#[test]
fn a_full_disk_refuses_and_takes_again_when_there_is_room() {
    let disk = Simulated::default();
    let mut store = Steps::open(&disk, Options::default());
    store.append(&some(0, 5)).unwrap();
    disk.room(Some(100));
    assert_eq!(store.append(&some(100, 5)).unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    assert_eq!(store.append(&some(200, 5)).unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    assert!(store.seal().is_err());
    assert_eq!(store.all(ids()), expected(&some(0, 5)));
    disk.room(None);
    store.append(&some(300, 5)).unwrap();
    store.seal().unwrap();
    let kept: Vec<_> = [some(0, 5), some(300, 5)].concat();
    assert_eq!(store.all(ids()), expected(&kept));
    drop(store);
    // What was refused may be there, since its bytes may have come whole; nothing else.
    let there = Steps::open(&disk, Options::default()).all(ids());
    assert!(expected(&kept).iter().all(|span| there.contains(span)));
    let sent = expected(&[kept, some(100, 5), some(200, 5)].concat());
    assert!(there.iter().all(|span| sent.contains(span)));
}

#[test]
fn tickets_tell_of_a_full_disk_and_of_room() {
    let disk = Simulated::default();
    let store = Store::on(Arc::new(disk.clone()), Options::default(), small()).unwrap();
    let offer = |sketches: &[Sketch]| store.offer(chunk(sketches)).and_then(Ticket::wait);
    assert_eq!(offer(&some(0, 5)), Ok(()));
    disk.room(Some(0));
    let Err(Refused::Disk(why)) = offer(&some(100, 5)) else { panic!("it was taken") };
    assert!(why.starts_with("the disk is full"), "{why}");
    disk.room(None);
    assert_eq!(offer(&some(200, 5)), Ok(()));
    store.close();
    assert_eq!(store.offer(chunk(&some(300, 1))).map(drop), Err(Refused::Closing));
    let found = store.find(&Search { limit: 100, ..Search::default() }).unwrap();
    assert_eq!(found.iter().map(|found| found.spans).sum::<u64>(), 10);
}

#[test]
fn a_read_only_folder_says_what_to_do() {
    let disk = Simulated::default();
    disk.read_only();
    let error = Steps::try_open(&disk, Options::default()).err().unwrap().to_string();
    assert!(error.contains("permission denied"), "{error}");
    assert!(error.contains("--store") && error.contains("--memory"), "{error}");
}

#[test]
fn the_second_collector_hears_who_has_the_store() {
    let path = std::env::temp_dir().join(format!("spandrel-store-{}", std::process::id()));
    let store = Store::open(&path, Options::default()).unwrap();
    store.offer(chunk(&some(0, 30))).unwrap().wait().unwrap();
    let error = Store::open(&path, Options::default()).unwrap_err();
    assert!(matches!(error, OpenError::InUse { by: Some(pid), .. } if pid == std::process::id()));
    drop(store);
    let store = Store::open(&path, Options::default()).unwrap();
    let got = store.get(TraceId(trace_id(1))).unwrap().unwrap();
    assert_eq!(got.len(), 3);
    drop(store);
    std::fs::remove_dir_all(&path).unwrap();
}

#[test]
fn a_newer_format_is_told_and_left_alone() {
    let disk = Memory::default();
    let head = [b"spanlog\n", &2_u32.to_le_bytes()[..], &[0; 4]].concat();
    disk.create("log-0000000001.spans").unwrap().append(&head).unwrap();
    let error = Steps::try_open(&disk, Options::default()).err().unwrap();
    assert!(matches!(error, OpenError::Version { version: 2, .. }), "{error}");
    assert_eq!(disk.list().unwrap().len(), 1);
}

#[test]
fn what_is_old_goes_and_services_have_times_of_their_own() {
    let disk = Memory::default();
    let options = Options {
        keep_s: Some(100),
        keep_services_s: [("service-1".to_owned(), 1000), ("service-2".to_owned(), 10)].into(),
        ..Options::default()
    };
    let mut store = Steps::open(&disk, options);
    let mixed: Vec<_> = (0..30_u8).map(|n| span(n % 12, n.into(), n % 3)).collect();
    store.append(&mixed).unwrap();
    store.seal().unwrap();
    let left = |keeps: &dyn Fn(u8) -> bool| expected(mixed.iter().filter(|one| keeps(one.service)));
    assert_eq!(store.all(ids()), left(&|_| true));
    for (seconds, services) in [(11, vec![0, 1]), (90, vec![1]), (900, vec![])] {
        store.pass(seconds);
        store.retain().unwrap();
        assert_eq!(store.all(ids()), left(&|service| services.contains(&service)));
    }
    assert_eq!(disk.list().unwrap(), []);
}

#[test]
fn a_store_that_is_too_large_loses_its_oldest_spans() {
    let disk = Memory::default();
    let mut store = Steps::open(&disk, Options::default());
    for round in 0..5 {
        store.append(&some(round * 100, 20)).unwrap();
        store.seal().unwrap();
        store.pass(10);
    }
    let bytes = store.core.lock().bytes();
    drop(store);
    let options = Options { most_bytes: Some(bytes / 2), ..Options::default() };
    let mut store = Steps::open(&disk, options);
    store.retain().unwrap();
    assert!(store.core.lock().bytes() <= bytes / 2);
    let there = store.all(ids());
    assert!(!there.is_empty());
    let newest: Vec<_> = (3..5).flat_map(|round| some(round * 100, 20)).collect();
    assert!(expected(&newest).iter().rev().take(there.len()).all(|one| there.contains(one)));
}

#[test]
fn a_block_whose_end_is_damaged_is_read_from_its_log_while_that_is_there() {
    let disk = Simulated::default();
    let mut store = Steps::open(&disk, Options::default());
    store.append(&some(0, 20)).unwrap();
    let name = BlockName { first: 1, last: 1, keep_s: 0, of: 1 }.to_name();
    // As if the collector ended when the block was there and its log, too.
    let mut log = Vec::new();
    disk.damage("log-0000000001.spans", |bytes| log = bytes.clone());
    store.seal().unwrap();
    drop(store);
    disk.create("log-0000000001.spans").unwrap().append(&log).unwrap();
    disk.damage(&name, |bytes| {
        let end = bytes.len();
        bytes[end - 64..].fill(0);
    });
    let store = Steps::open(&disk, Options::default());
    assert_eq!(store.all(ids()), expected(&some(0, 20)));
    assert_eq!(store.core.damages.count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn damage_anywhere_is_survived_and_invents_nothing(
        rounds in vec(vec(sketches(), 12..20), 1..4),
        places in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1_u8..), 1..6),
    ) {
        let disk = Simulated::default();
        let mut store = Steps::open(&disk, Options::default());
        for (number, round) in rounds.iter().enumerate() {
            store.append(round).unwrap();
            if number % 2 == 0 {
                store.seal().unwrap();
            }
        }
        drop(store);
        for (file, place, flip) in places {
            let files = disk.list().unwrap();
            let (name, length) = file.get(&files);
            let at = place.index(usize::try_from(*length).unwrap());
            disk.damage(name, |bytes| bytes[at] ^= flip);
        }
        // A version that is not known is refused, and nothing else.
        let Ok(mut store) = Steps::try_open(&disk, Options::default()) else { return Ok(()) };
        let sent = expected(rounds.iter().flatten());
        prop_assert!(store.all(ids()).iter().all(|span| sent.contains(span)));
        store.core.view().find(&Search { limit: 100, ..Search::default() }).unwrap();
        store.core.view().dependencies(crate::storage::Window::ALL).unwrap();
        store.seal().unwrap();
        store.merge().unwrap();
        prop_assert!(store.all(ids()).iter().all(|span| sent.contains(span)));
    }
}

#[test]
fn a_store_in_memory_answers_and_writes_no_file() {
    let store = Store::in_memory(1 << 20).unwrap();
    store.offer(chunk(&some(0, 30))).unwrap().wait().unwrap();
    assert_eq!(store.services().unwrap(), ["service-0"]);
    assert_eq!(store.get(TraceId(trace_id(5))).unwrap().unwrap().len(), 3);
    assert_eq!(store.values("state").unwrap(), ["busy"]);
    assert_eq!(store.counts().unsealed_spans, 30);
}

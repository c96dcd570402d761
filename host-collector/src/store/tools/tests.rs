//! What the tools say of random stores, whole and damaged.

use super::copy::backup_of;
use super::look::look_on;
use super::*;
use crate::model::{Chunk, TraceId};
use crate::storage::{Reader as _, Search};
use crate::store::assemble;
use crate::store::disk::Memory;
use crate::store::disk::simulated::Simulated;
use crate::store::rows::tests::{Sketch, expected, sketches, trace_id};
use crate::store::tests::{Steps, deleting, ids};
use proptest::collection::vec;
use proptest::prelude::*;

fn filled(disk: &Simulated, rounds: &[Vec<Sketch>]) {
    let mut store = Steps::open(disk, Options::default());
    for (number, round) in rounds.iter().enumerate() {
        store.append(round).unwrap();
        if number % 3 < 2 {
            store.seal().unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn copies_and_compact_stores_have_all_spans_and_a_check_finds_what_is_damaged(
        rounds in vec(vec(sketches(), 12..16), 1..7),
        place: prop::sample::Index,
    ) {
        let disk = Simulated::default();
        filled(&disk, &rounds);
        let all = expected(rounds.iter().flatten());
        let mut told = Vec::new();
        let report = check_of(&disk, &mut |done, all| told.push((done, all))).unwrap();
        prop_assert!(told.iter().all(|(done, all)| done < all), "{told:?}");
        prop_assert!(told.is_sorted());
        prop_assert_eq!(&report.damaged, &[]);
        prop_assert!(report.spans >= all.len() as u64);

        let copy = Memory::default();
        let bytes = backup_of(&disk, &copy, &mut |_, _| ()).unwrap();
        let info = info_of(&copy).unwrap();
        let of_blocks: u64 = info.blocks.iter().map(|block| block.bytes).sum();
        prop_assert_eq!(bytes, of_blocks + info.logs.iter().map(|log| log.1).sum::<u64>());
        prop_assert!(backup_of(&disk, &copy, &mut |_, _| ()).is_err());
        prop_assert_eq!(&Steps::open(&copy, Options::default()).all(ids()), &all);

        compact_of(Arc::new(copy.clone()), Options::default(), &mut |_, _| ()).unwrap();
        let compact = info_of(&copy).unwrap();
        prop_assert_eq!((compact.blocks.len(), compact.logs.len()), (1, 0));
        prop_assert_eq!(Steps::open(&copy, Options::default()).all(ids()), all);

        let name = compact.blocks[0].file.clone();
        let mut bytes = crate::store::disk::whole(&copy, &name);
        let at = 16 + place.index(bytes.len() - 16);
        bytes[at] ^= 0x10;
        copy.create(&name).unwrap().append(&bytes).unwrap();
        let report = check_of(&copy, &mut |_, _| ()).unwrap();
        prop_assert!(report.damaged.iter().all(|(file, _)| *file == name));
        prop_assert!(!report.damaged.is_empty());

        clear_of(&copy).unwrap();
        prop_assert_eq!(info_of(&copy).unwrap(), Info::default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_glance_shows_what_the_store_shows_and_takes_nothing(
        rounds in vec(vec(sketches(), 4..8), 1..5),
    ) {
        let disk = Simulated::default();
        filled(&disk, &rounds);
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        let glance = look_on(&shared).unwrap();
        // It is free to be taken, and shows the same.
        let core = Core::open(shared, Options::default(), Limits::default()).unwrap();
        for id in ids() {
            let count = |chunk: Option<Chunk>| chunk.map_or(0, |chunk| chunk.len());
            let pieces = core.view().pieces(id, true).unwrap();
            let stored = (!pieces.is_empty()).then(|| assemble(pieces));
            prop_assert_eq!(count(glance.get(id).unwrap()), count(stored));
        }
        let search = Search { limit: 1_000, ..Search::default() };
        prop_assert_eq!(glance.find(&search).unwrap(), core.view().find(&search).unwrap());
        let services = glance.services().unwrap();
        prop_assert!(glance.find(&search).unwrap().iter().flat_map(|found| &found.services).all(|of| services.contains(&of.name)));
    }
}

#[test]
fn whoever_compacts_checks_copies_looks_and_clears_knows_what_was_deleted() {
    let disk = Memory::default();
    let mut store = Steps::open(&disk, Options::default());
    store.append(&deleting::spans()).unwrap();
    store.seal().unwrap();
    store.delete(2).unwrap();
    drop(store);
    let copy = Memory::default();
    backup_of(&disk, &copy, &mut |_, _| {}).unwrap();
    for disk in [&disk, &copy] {
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        assert_eq!(look_on(&shared).unwrap().get(TraceId(trace_id(2))), Ok(None));
        assert!(deleting::is_in_files(disk, 2));
    }
    compact_of(Arc::new(disk.clone()), Options::default(), &mut |_, _| {}).unwrap();
    assert!(!deleting::is_in_files(&disk, 2));
    assert!(check_of(&disk, &mut |_, _| {}).unwrap().damaged.is_empty());
    assert!(info_of(&disk).unwrap().logs.is_empty());
    disk.create("deleted").unwrap().append(b"spandel\n").unwrap();
    let damaged = check_of(&disk, &mut |_, _| {}).unwrap().damaged;
    assert!(damaged[0].1.contains("seen again"), "{damaged:?}");
    clear_of(&disk).unwrap();
    assert!(disk.list().unwrap().iter().all(|(name, _)| name == "lock"));
}

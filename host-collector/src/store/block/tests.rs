//! What is sealed and merged comes back, and damage costs only what is damaged.

use super::*;
use crate::store::disk::{Memory, whole};
use crate::store::rows::tests::{Sketch, chunk, contents, expected, sketches, trace_id};
use crate::store::rows::{Piece, Table, assemble};
use proptest::collection::vec;
use proptest::prelude::*;

pub(super) fn name(first: u64, last: u64) -> BlockName {
    BlockName { first, last, keep_s: 0, of: 1 }
}

fn sealed(disk: &Memory, number: u64, sketches: &[Sketch]) -> Block {
    let mut table = Table::default();
    sketches.chunks(7).for_each(|some| table.take(&chunk(some)));
    let name = name(number, number);
    seal(disk, name, &table.rows, |_| true, 1000 + number).unwrap();
    Block::open(disk, name, Damages::default()).unwrap()
}

fn pieces(block: &Block) -> Vec<Piece> {
    let groups = block.newest_first().iter();
    let rows = groups.filter_map(|group| block.read(*group, Want::ALL).unwrap());
    rows.flat_map(|group| {
        (0..group.rows.len()).map(|row| group.rows.piece(row)).collect::<Vec<_>>()
    })
    .collect()
}

fn many() -> impl Strategy<Value = Vec<Sketch>> {
    vec(sketches(), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn spans_come_back_from_blocks_and_merged_blocks(a in many(), b in many(), c in many()) {
        let disk = Memory::default();
        let all = [a, b, c];
        let blocks: Vec<_> =
            all.iter().zip(1..).map(|(some, number)| sealed(&disk, number, some)).collect();
        for (block, some) in blocks.iter().zip(&all) {
            prop_assert_eq!(contents(&assemble(pieces(block))), expected(some));
            prop_assert_eq!(block.spans(), expected(some).len() as u64);
        }
        let merged = name(1, 3);
        merge(&disk, merged, &blocks.iter().collect::<Vec<_>>()).unwrap();
        let merged = Block::open(&disk, merged, Damages::default()).unwrap();
        prop_assert_eq!(contents(&assemble(pieces(&merged))), expected(all.iter().flatten()));
        for sketch in all.iter().flatten() {
            let id = TraceId(trace_id(sketch.trace));
            let mut of_trace = Vec::new();
            for group in merged.groups_of(id).unwrap() {
                let rows = merged.read(group, Want::ALL).unwrap().unwrap().rows;
                let is_it = |row: &usize| rows.traces[rows.trace[*row] as usize] == id;
                of_trace.extend((0..rows.len()).filter(is_it).map(|row| rows.piece(row)));
            }
            let wanted = all.iter().flatten().filter(|other| other.trace == sketch.trace);
            prop_assert_eq!(contents(&assemble(of_trace)), expected(wanted));
        }
        let mut catalog = Catalog::default();
        blocks.iter().for_each(|block| catalog.merge(block.catalog().unwrap()));
        prop_assert_eq!(merged.catalog().unwrap(), catalog);
    }

    #[test]
    fn what_has_a_term_is_found_by_it(some in vec(sketches(), 1..80)) {
        let block = sealed(&Memory::default(), 1, &some);
        for group in block.newest_first() {
            let rows = block.read(*group, Want::ALL).unwrap().unwrap().rows;
            for row in 0..rows.len() {
                let shape = rows.row(row).shape;
                let mut terms = terms::of_shape(&rows, shape);
                terms.push(terms::duration(terms::bucket(rows.row(row).took_ns)));
                let tags = terms::tags_of_shape(shape);
                for (place, op) in tags.filter(|(_, op)| op.kind().is_attribute()) {
                    let key = rows.texts.get(op.text());
                    let value = rows.row(row).values[place];
                    terms.push(terms::of_value(&rows.texts, key, op.kind(), value));
                }
                for term in terms {
                    let spots = block.spots(term).unwrap();
                    let page = group / GROUPS;
                    let mut pages = Pages::from([(page, InPage::none())]);
                    block.add_rows(&spots, &mut pages).unwrap();
                    let number = group % GROUPS * 4096 + u32::try_from(row).unwrap();
                    prop_assert!(pages[&page].rows.contains(number));
                }
            }
        }
    }

    #[test]
    fn a_flipped_byte_costs_at_most_one_group(
        some in vec(sketches(), 1..60),
        at: prop::sample::Index,
        flip in 1_u8..,
    ) {
        let disk = Memory::default();
        let name = sealed(&disk, 1, &some).name;
        let mut bytes = whole(&disk, &name.to_name());
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        disk.create(&name.to_name()).unwrap().append(&bytes).unwrap();
        let damages = Damages::default();
        let block = Block::open(&disk, name, damages.clone()).unwrap();
        let found = contents(&assemble(pieces(&block)));
        let all = expected(&some);
        if found.len() < all.len() {
            prop_assert_eq!(damages.count(), 1);
        } else {
            prop_assert_eq!(&found, &all);
        }
        for trace in 0..12 {
            let id = TraceId(trace_id(trace));
            let has = some.iter().any(|sketch| sketch.trace == trace);
            prop_assert!(!has || !block.groups_of(id).unwrap().is_empty());
        }
        let spots = block.spots(terms::service("service-1")).unwrap();
        let has = some.iter().any(|sketch| sketch.service == 1);
        prop_assert!(!has || !spots.is_nowhere());
        block.catalog().unwrap();
    }

    #[test]
    fn any_bytes_are_opened_without_harm(bytes in vec(any::<u8>(), 0..300)) {
        let disk = Memory::default();
        disk.create(&name(1, 1).to_name()).unwrap().append(&bytes).unwrap();
        prop_assert!(Block::open(&disk, name(1, 1), Damages::default()).is_err());
    }
}

#[test]
fn a_trace_of_many_spans_is_cut_into_groups_and_keeps_its_parents() {
    let mut table = Table::default();
    let spans: Vec<_> = (0..10_000_u16)
        .map(|span| Sketch {
            parent: (span > 0).then_some(span / 2),
            start_ns: 5 + u64::from(span),
            ..Sketch::plain(1, span)
        })
        .collect();
    spans.chunks(1000).for_each(|some| table.take(&chunk(some)));
    let disk = Memory::default();
    seal(&disk, name(1, 1), &table.rows, |_| true, 0).unwrap();
    let block = Block::open(&disk, name(1, 1), Damages::default()).unwrap();
    assert_eq!(block.groups_of(TraceId(trace_id(1))).unwrap().len(), 3);
    assert_eq!(contents(&assemble(pieces(&block))), expected(&spans));
}

#[test]
fn a_newer_version_is_told_and_not_touched() {
    let disk = Memory::default();
    let block = sealed(&disk, 1, &[]);
    let file = block.name.to_name();
    let mut bytes = whole(&disk, &file);
    for from in [bytes.len() - 64, bytes.len() - 32] {
        bytes[from + 8] = 2;
        let sum = hash::checksum(&bytes[from..from + 16], 0).to_le_bytes();
        bytes[from + 16..from + 24].copy_from_slice(&sum);
    }
    disk.create(&file).unwrap().append(&bytes).unwrap();
    let opened = Block::open(&disk, block.name, Damages::default());
    assert!(matches!(opened, Err(OpenError::Version(2))));
}

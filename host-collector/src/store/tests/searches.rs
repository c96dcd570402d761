//! What a search asks of the disk.

use super::super::block::{self, Block};
use super::super::damage::Damages;
use super::super::disk::{Disk, Held, Input, Locked, Memory, Output};
use super::super::names::BlockName;
use super::super::read::View;
use super::super::rows::Table;
use super::super::rows::tests::{Sketch, TEXTS, Value, chunk};
use crate::storage::{Search, Tag};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A disk that counts how often it is read.
#[derive(Clone, Debug, Default)]
struct Counting {
    disk: Memory,
    reads: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Counted {
    input: Arc<dyn Input>,
    reads: Arc<AtomicUsize>,
}

impl Input for Counted {
    fn length(&self) -> io::Result<u64> {
        self.input.length()
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.input.read_at(into, offset)
    }
}

impl Disk for Counting {
    fn name(&self) -> String {
        self.disk.name()
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Output>> {
        self.disk.create(name)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn Input>> {
        let (input, reads) = (self.disk.open(name)?, self.reads.clone());
        Ok(Arc::new(Counted { input, reads }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        self.disk.list()
    }

    fn sync_names(&self) -> io::Result<()> {
        self.disk.sync_names()
    }

    fn lock(&self) -> Result<Box<dyn Held>, Locked> {
        self.disk.lock()
    }
}

impl Counting {
    /// A block of so many logs, which has a page for each. Each is a trace of 140 spans, of which
    /// every other is idle, and the others are busy.
    fn block(&self, logs: u8) -> Block {
        let open = |name| Block::open(self, name, Damages::default()).unwrap();
        let mut blocks = Vec::new();
        for log in 1..=logs {
            let spans: Vec<_> = (0..140_u16)
                .map(|span| Sketch {
                    start_ns: u64::from(log) * 1000 + u64::from(span),
                    tags: vec![(0, Value::Str((span % 2).to_le_bytes()[0]))],
                    ..Sketch::plain(log, span)
                })
                .collect();
            let mut table = Table::default();
            table.take(&chunk(&spans));
            let name = BlockName { first: log.into(), last: log.into(), keep_s: 0, of: 1 };
            block::seal(self, name, &table.rows, |_| true, 0).unwrap();
            blocks.push(open(name));
        }
        let name = BlockName { first: 1, last: logs.into(), keep_s: 0, of: 1 };
        block::merge(self, name, &blocks.iter().collect::<Vec<_>>()).unwrap();
        open(name)
    }
}

fn search(values: &[&str], limit: usize) -> Search {
    let tag = |value: &&str| Tag { key: "state".to_owned(), value: Some((*value).to_owned()) };
    Search { tags: values.iter().map(tag).collect(), limit, ..Search::default() }
}

#[test]
fn a_search_that_finds_nothing_asks_the_disk_a_few_times_and_not_for_each_page() {
    let disk = Counting::default();
    let view = View { blocks: vec![Arc::new(disk.block(100))], ..View::default() };
    let before = disk.reads.load(Ordering::Relaxed);
    assert_eq!(view.find(&search(&TEXTS[..2], 20)).unwrap(), []);
    let reads = disk.reads.load(Ordering::Relaxed) - before;
    // 1, 2, 4, 8, 16 pages, then 32 at a time: eight times, for each of two tags.
    assert!(reads <= 8 * 2 + 10, "{reads}");
}

#[test]
fn pages_that_are_read_ahead_are_searched_to_the_last() {
    let view = View { blocks: vec![Arc::new(Counting::default().block(70))], ..View::default() };
    for value in &TEXTS[..2] {
        let found = view.find(&search(&[value], 100)).unwrap();
        let starts: Vec<u64> = found.iter().map(|found| found.start_ns).collect();
        assert_eq!(starts, (1..=70).rev().map(|log| log * 1000).collect::<Vec<_>>());
        assert!(found.iter().all(|found| found.spans == 140));
    }
}

#[test]
fn the_groups_of_one_trace_are_read_once_however_many_they_are() {
    let disk = Counting::default();
    let spans: Vec<_> = (0..40_000_u16)
        .map(|span| Sketch { start_ns: 5 + u64::from(span), ..Sketch::plain(1, span) })
        .collect();
    let mut table = Table::default();
    table.take(&chunk(&spans));
    let name = BlockName { first: 1, last: 1, keep_s: 0, of: 1 };
    block::seal(&disk, name, &table.rows, |_| true, 0).unwrap();
    let block = Block::open(&disk, name, Damages::default()).unwrap();
    let groups = block.newest_first().len();
    let view = View { blocks: vec![Arc::new(block)], ..View::default() };
    let before = disk.reads.load(Ordering::Relaxed);
    let service = Some("service-0".to_owned());
    let found = view.find(&Search { service, limit: 20, ..Search::default() }).unwrap();
    assert_eq!(found.iter().map(|found| found.spans).collect::<Vec<_>>(), [40_000]);
    let reads = disk.reads.load(Ordering::Relaxed) - before;
    assert_eq!(groups, 10);
    // Those that are known of a table of traces, of terms and of a bitmap come on top.
    assert!(reads <= groups * 2 + 6, "{reads}");
}

//! A collector in a thread: a hub with its links, and a pipeline; and what devices print.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use spandrel_collector::model::{Batch, Span, Value};
use spandrel_collector::pipeline::{Options, Pipeline, owned};
use spandrel_collector::receiver::stream::Text;
use spandrel_collector::receiver::{Feed, Hub};
use spandrel_collector::stats::Stats;

/// What must come is waited for so long.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Collector {
    batches: Arc<Mutex<Vec<Batch>>>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Stats>,
}

impl Collector {
    /// Starts it with the links that are started with its feed.
    pub(crate) fn start(links: impl FnOnce(&Feed)) -> Self {
        let batches = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (sink, flag) = (Arc::clone(&batches), Arc::clone(&stop));
        let hub = Hub::new();
        links(&hub.feed());
        let thread = thread::spawn(move || {
            let sink = |batch| sink.lock().expect("no test panics here").push(batch);
            let mut pipeline =
                Pipeline::new(Options { downlink: true, ..Options::default() }, owned(sink));
            hub.run(&mut pipeline, &flag);
            pipeline.finish(u64::MAX);
            *pipeline.stats()
        });
        Self { batches, stop, thread }
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        let batches = self.batches.lock().expect("no test panics here").clone();
        batches.into_iter().flat_map(|batch| batch.spans).collect()
    }

    /// The numbers that the spans of a name have as their tag `n`, each with how often it came.
    pub(crate) fn numbers(&self, name: &str) -> BTreeMap<i64, u32> {
        let mut numbers = BTreeMap::new();
        for span in self.spans().iter().filter(|span| &*span.name == name) {
            let tag = span.attributes.iter().find(|attribute| &*attribute.key == "n");
            let Some(Value::Int(number)) = tag.map(|tag| &tag.value) else {
                panic!("a span without its number: {span:?}")
            };
            *numbers.entry(*number).or_default() += 1;
        }
        numbers
    }

    /// Whether the clock of whoever sent last is known by exchanges.
    pub(crate) fn is_in_step(&self) -> bool {
        let batches = self.batches.lock().expect("no test panics here");
        let is_sync = |batch: &Batch| {
            let mut attributes = batch.resource.attributes.iter();
            attributes.any(|tag| &*tag.key == "clock.sync" && tag.value == Value::from("exchange"))
        };
        batches.last().is_some_and(is_sync)
    }

    /// Waits until something has come.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, is_there: impl Fn(&Self) -> bool) {
        let until = Instant::now() + LIMIT;
        while !is_there(self) {
            assert!(
                Instant::now() < until,
                "{what} is not there; {} spans are",
                self.spans().len()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn end(self) -> Stats {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("it does not panic")
    }
}

/// Keeps what a device prints.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("nobody panics").clone()
    }
}

impl Text for Kept {
    fn write(&mut self, bytes: &[u8]) {
        self.0.lock().expect("nobody panics").extend_from_slice(bytes);
    }
}

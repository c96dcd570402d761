//! The collector of a simulation: its pipeline, and what came out of it.

use core::cell::RefCell;
use core::fmt;
use std::rc::Rc;

use spandrel_collector::auth::Gate;
use spandrel_collector::model::{Batch, Resource, Span, Value};
use spandrel_collector::pipeline::{Options, Output, Pipeline, owned};
use spandrel_collector::stats::Stats;

/// What the host's clock shows when true time begins, in nanoseconds since 1970.
pub const EPOCH_NS: u64 = 1_700_000_000_000_000_000;

/// A pipeline that does nothing but what it is told, and all batches that came out of it.
pub struct Host {
    /// The pipeline itself.
    pub pipeline: Pipeline<Box<dyn FnMut(Output)>>,
    batches: Rc<RefCell<Vec<Batch>>>,
}

impl Host {
    /// A collector that has heard of nothing, and talks back if it has a `downlink`.
    #[must_use]
    pub fn new(downlink: bool) -> Self {
        let batches = Rc::new(RefCell::new(Vec::new()));
        let all = Rc::clone(&batches);
        let mut host = Self::with_sink(downlink, move |batch| all.borrow_mut().push(batch));
        host.batches = batches;
        host
    }

    /// One that hands what comes out to `sink` and keeps nothing.
    #[must_use]
    pub fn with_sink(downlink: bool, sink: impl FnMut(Batch) + 'static) -> Self {
        let options = Options { downlink, ..Options::default() };
        Self { pipeline: Pipeline::new(options, Box::new(owned(sink))), batches: Rc::default() }
    }

    /// The same with a gate before it.
    #[must_use]
    pub fn behind(self, gate: Gate) -> Self {
        Self { pipeline: self.pipeline.behind(gate), ..self }
    }

    /// What came so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        *self.pipeline.stats()
    }

    /// All batches that it kept.
    #[must_use]
    pub fn batches(&self) -> Vec<Batch> {
        self.batches.borrow().clone()
    }

    /// All spans of them.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.batches.borrow().iter().flat_map(|batch| batch.spans.iter().cloned()).collect()
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("pipeline", &self.pipeline).finish_non_exhaustive()
    }
}

/// A count that a process says of itself, such as `lost.link`; 0 where it says none.
#[must_use]
pub fn said(process: &Resource, tag: &str) -> u64 {
    let value = process.attributes.iter().find(|attribute| &*attribute.key == tag);
    match value.map(|attribute| &attribute.value) {
        Some(Value::Int(count)) => u64::try_from(*count).unwrap_or_default(),
        _ => 0,
    }
}

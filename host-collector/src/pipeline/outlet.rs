//! Where spans leave the sessions: as they are written, or owned as long as something must be told of them.

use super::expand::Expander;
use crate::causality::Causality;
use crate::model::{Batch, Chunk, Source};
use crate::stats::Stats;

/// Spans of one process, on their way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The device and boot they came from.
    pub source: Source,
    /// The spans; all are of one resource.
    pub chunk: Chunk,
}

impl Output {
    /// As owned spans, for what shows them.
    #[must_use]
    pub fn batches(&self) -> Vec<Batch> {
        Batch::of_chunk(self.source, &self.chunk)
    }
}

/// A sink of a pipeline for one that takes owned spans.
pub fn owned(mut sink: impl FnMut(Batch)) -> impl FnMut(Output) {
    move |output| output.batches().into_iter().for_each(&mut sink)
}

/// What waits to leave, and what is known of other spans.
#[derive(Debug, Default)]
pub(crate) struct Outlet {
    pub(crate) causality: Causality,
    pub(super) expander: Expander,
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
enum Waiting {
    /// Nothing is left to do.
    Ready(Output),
    /// Ids may have to be told, and times to be compared.
    Owned(Batch),
}

impl Outlet {
    pub(crate) fn hand_over(&mut self, output: Output) {
        self.waiting.push(Waiting::Ready(output));
    }

    pub(crate) fn hand_over_owned(&mut self, batch: Batch) {
        self.waiting.push(Waiting::Owned(batch));
    }

    /// How much waits.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Gives what can leave to `sink`.
    pub(super) fn flush(&mut self, now_ns: u64, stats: &mut Stats, sink: &mut impl FnMut(Output)) {
        let Self { causality, expander, waiting } = self;
        for next in waiting.drain(..) {
            match next {
                Waiting::Ready(output) => sink(output),
                Waiting::Owned(batch) => {
                    expander.hand_on(batch, now_ns, |batch| leave(batch, causality, stats, sink));
                }
            }
        }
        expander.take_waiting(now_ns, |batch| leave(batch, causality, stats, sink));
        stats.contradictions = causality.found();
    }

    /// The same, and nothing waits any longer, but for what is gone on with elsewhere.
    pub(super) fn finish(
        &mut self,
        goes_on: impl FnMut(&Source) -> bool,
        now_ns: u64,
        stats: &mut Stats,
        sink: &mut impl FnMut(Output),
    ) {
        self.flush(now_ns, stats, sink);
        let Self { causality, expander, .. } = self;
        expander.finish(goes_on, |batch| leave(batch, causality, stats, sink));
        stats.contradictions = causality.found();
    }

    /// About how many bytes it holds between two frames.
    pub(crate) fn weight(&self) -> usize {
        self.expander.weight()
            + self.causality.weight()
            + self.waiting.capacity() * size_of::<Waiting>()
    }
}

fn leave(
    mut batch: Batch,
    causality: &mut Causality,
    stats: &mut Stats,
    sink: &mut impl FnMut(Output),
) {
    causality.check(&mut batch);
    let (chunk, rejected) = batch.to_chunk();
    // A device may name any trace, also one that no format allows.
    stats.nonsense += rejected as u64;
    if !chunk.is_empty() {
        sink(Output { source: batch.source, chunk });
    }
}

//! Where spans go from every receiver: past the rules, to what keeps them and to every exporter.

use crate::exporter::Exports;
use crate::model::Chunk;
use crate::rules::{Ruled, Rules};
use crate::storage::{Intake, Refused, Ticket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Keeps spans and hands them to exporters, as far as rules leave them.
pub(super) struct Everywhere(Ruled);

impl Everywhere {
    pub(super) fn new(rules: Rules, exports: Arc<Exports>, keeper: Arc<dyn Intake>) -> Self {
        let both = Both { exports, keeper, turn: AtomicU64::new(0) };
        Self(Ruled::new(rules, Arc::new(both)))
    }
}

impl Intake for Everywhere {
    fn offer(&self, chunk: Chunk) -> Result<Ticket, Refused> {
        self.0.offer(chunk)
    }
}

struct Both {
    exports: Arc<Exports>,
    keeper: Arc<dyn Intake>,
    turn: AtomicU64,
}

impl Intake for Both {
    fn offer(&self, chunk: Chunk) -> Result<Ticket, Refused> {
        // What is refused comes again, and is not sent twice.
        let ticket = self.keeper.offer(chunk.clone())?;
        self.exports.offer(self.turn.fetch_add(1, Ordering::Relaxed), &chunk);
        Ok(ticket)
    }
}

//! Where spans go from every receiver: past the rules, to what keeps them and to every exporter.

use crate::exporter::Exports;
use crate::metrics::{Page, Source};
use crate::model::Chunk;
use crate::rules::{Ruled, Rules};
use crate::storage::{Intake, Refused, Ticket};
use std::sync::Arc;

/// Keeps spans and hands them to exporters, as far as rules leave them.
pub(super) struct Everywhere(Ruled);

impl Everywhere {
    pub(super) fn new(rules: Rules, exports: Arc<Exports>, keeper: Arc<dyn Intake>) -> Self {
        let both = Both { exports, keeper };
        Self(Ruled::new(rules, Arc::new(both)))
    }
}

impl Intake for Everywhere {
    fn offer(&self, chunk: Chunk) -> Result<Ticket, Refused> {
        self.0.offer(chunk)
    }
}

/// What rules took out.
impl Source for Everywhere {
    fn write(&self, page: &mut Page) {
        self.0.write(page);
    }
}

struct Both {
    exports: Arc<Exports>,
    keeper: Arc<dyn Intake>,
}

impl Intake for Both {
    fn offer(&self, chunk: Chunk) -> Result<Ticket, Refused> {
        // What is refused comes again, and is not sent twice.
        let ticket = self.keeper.offer(chunk.clone())?;
        self.exports.offer(&chunk);
        Ok(ticket)
    }
}

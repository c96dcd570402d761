//! Where spans go from every receiver: past the rules, to what keeps them, to every exporter, and to
//! whoever looks on.

use crate::exporter::Exports;
use crate::metrics::{Page, Source};
use crate::model::Chunk;
use crate::rules::{Ruled, Rules};
use crate::storage::{Intake, Refused, Ticket};
use crate::tap::Tap;
use std::sync::Arc;

/// Keeps spans and hands them to exporters and to whoever looks on, as far as rules leave them.
pub(super) struct Everywhere(Ruled);

impl Everywhere {
    pub(super) fn new(
        rules: Rules,
        exports: Arc<Exports>,
        keeper: Arc<dyn Intake>,
        tap: Tap,
    ) -> Self {
        let all = All { exports, keeper, tap };
        Self(Ruled::new(rules, Arc::new(all)))
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

struct All {
    exports: Arc<Exports>,
    keeper: Arc<dyn Intake>,
    tap: Tap,
}

impl Intake for All {
    fn offer(&self, chunk: Chunk) -> Result<Ticket, Refused> {
        // What is refused comes again, and is not sent twice.
        let ticket = self.keeper.offer(chunk.clone())?;
        self.exports.offer(&chunk);
        self.tap.offer(&chunk);
        Ok(ticket)
    }
}

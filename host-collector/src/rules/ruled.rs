//! [`Ruled`]: an intake behind rules.

use super::{Applied, Rules};
use crate::metrics::{Kind, Page, Source};
use crate::model::Chunk;
use crate::storage::{Intake, Refused, Ticket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What rules took out since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Spans that were dropped.
    pub dropped: u64,
    /// Values of attributes that were redacted.
    pub redacted: u64,
}

/// Hands on what rules leave.
pub struct Ruled {
    rules: Rules,
    next: Arc<dyn Intake>,
    dropped: AtomicU64,
    redacted: AtomicU64,
}

impl core::fmt::Debug for Ruled {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ruled").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl Ruled {
    /// Rules before an intake.
    #[must_use]
    pub fn new(rules: Rules, next: Arc<dyn Intake>) -> Self {
        Self { rules, next, dropped: AtomicU64::new(0), redacted: AtomicU64::new(0) }
    }

    /// What they took out.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let [dropped, redacted] =
            [&self.dropped, &self.redacted].map(|count| count.load(Ordering::Relaxed));
        Counts { dropped, redacted }
    }
}

impl Intake for Ruled {
    fn offer(&self, chunk: Chunk) -> Result<Ticket, Refused> {
        let Applied { chunk, dropped, redacted } = self.rules.apply(chunk);
        // What was dropped is dropped for good, so there is nothing to wait for.
        let all_went = chunk.is_empty() && dropped > 0;
        let ticket = if all_went { Ticket::kept() } else { self.next.offer(chunk)? };
        // What is refused comes again, and then counts.
        self.dropped.fetch_add(dropped, Ordering::Relaxed);
        self.redacted.fetch_add(redacted, Ordering::Relaxed);
        Ok(ticket)
    }
}

/// What a source may not send is counted where it comes in: at doors, and where datagrams are.
impl Source for Ruled {
    fn write(&self, page: &mut Page) {
        let Counts { dropped, redacted } = self.counts();
        page.family(
            "spandrel_rules_dropped_spans_total",
            Kind::Counter,
            "Spans that a rule dropped.",
        )
        .sample(&[], dropped);
        page.family(
            "spandrel_rules_redacted_values_total",
            Kind::Counter,
            "Values of attributes that a rule removed, replaced or hashed.",
        )
        .sample(&[], redacted);
    }
}

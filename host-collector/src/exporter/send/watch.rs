//! What reads an exporter's counts while it runs.

use super::Counts;
use super::queue::Queue;
use crate::storage::Spool;
use core::fmt;
use std::sync::Arc;

/// The counts of an exporter, from wherever they are asked for. Clones are the same.
#[derive(Clone)]
pub struct Watch {
    pub(super) name: Arc<str>,
    pub(super) queue: Arc<Queue>,
    pub(super) spool: Arc<dyn Spool>,
}

impl Watch {
    /// Where the exporter sends to.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What became of the spans so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts { spooled: self.spool.waiting(), ..self.queue.counts() }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("name", &self.name).finish_non_exhaustive()
    }
}

//! All exporters of a collector.

use super::metrics::ExportMetrics;
use super::plan::{Plan, PlanError};
use super::send::{Counts, Export, Limits};
use crate::model::Chunk;
use crate::storage::Spool;
use core::time::Duration;
use std::sync::Arc;

/// Exporters that run, each for itself.
#[derive(Debug, Default)]
pub struct Exports(Vec<Export>);

impl Exports {
    /// Starts all that are planned; `spool` gives each what it may spill to, by the plan's name.
    ///
    /// # Errors
    /// Where one cannot be started.
    pub fn start<E: From<PlanError>>(
        plans: Vec<Plan>,
        limits: Limits,
        spool: impl Fn(&str) -> Result<Arc<dyn Spool>, E>,
    ) -> Result<Self, E> {
        let start = |plan: Plan| {
            let spool = spool(&plan.name())?;
            Ok(plan.start(spool, limits)?)
        };
        plans.into_iter().map(start).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Offers a chunk to each. Never waits.
    pub fn offer(&self, chunk: &Chunk) {
        for export in &self.0 {
            export.offer(chunk);
        }
    }

    /// What shows their counts in `/metrics`, also when they have ended.
    #[must_use]
    pub fn metrics(&self) -> ExportMetrics {
        ExportMetrics(self.0.iter().map(Export::watch).collect())
    }

    /// Sends what waits and stops, within `grace` and half a second.
    #[must_use = "it says what was not delivered"]
    pub fn finish(&self, grace: Duration) -> Vec<(String, Counts)> {
        for export in &self.0 {
            export.close(grace);
        }
        self.0.iter().map(|export| (export.name().to_owned(), export.finish())).collect()
    }
}

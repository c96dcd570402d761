//! What sends the traces on.

use super::ServeError;
use crate::cli::Serve;
use crate::exporter::send::{Counts, Limits};
use crate::exporter::{Environment, Exports, plans, without_own_doors};
use crate::storage::{MemorySpool, Spool};
use crate::store::DiskSpool;
use std::path::Path;
use std::sync::Arc;

/// How much may wait in memory behind the queue of an exporter, where nothing is kept on a disk.
const SPOOL_BYTES: u64 = 48 << 20;

/// Starts what is asked for; what it cannot send is kept below `folder`, if there is one.
pub(super) fn start(options: &Serve, folder: Option<&Path>) -> Result<Exports, ServeError> {
    let environment = Environment::here()?;
    for warning in &environment.warnings {
        log::warn!("{warning}");
    }
    let doors = options.web.doors().into_iter().flat_map(|(_, places)| places);
    let own: Vec<_> = doors.chain([options.listen]).collect();
    let plans = without_own_doors(plans(&options.export, &environment)?, &own)?;
    let most = options.export.export_spool << 20;
    let spool = |name: &str| -> Result<Arc<dyn Spool>, ServeError> {
        Ok(match folder {
            Some(folder) if most > 0 => {
                Arc::new(DiskSpool::open(&folder.join("spool").join(name), most)?)
            }
            _ => Arc::new(MemorySpool::new(SPOOL_BYTES)),
        })
    };
    Exports::start(plans, Limits::default(), spool)
}

pub(super) fn tell(name: &str, counts: &Counts) {
    let Counts { delivered, rejected, dropped, undelivered, queued, spooled, .. } = *counts;
    let lost = undelivered + queued.spans;
    log::info!(
        exporter = name, delivered, rejected, dropped, undelivered = lost, kept = spooled.spans;
        "{name}: took {delivered} spans"
    );
    for (count, what) in [
        (rejected, "refused by it"),
        (dropped, "dropped because it did not keep up"),
        (lost, "not delivered before the end"),
        (spooled.spans, "kept for the next time"),
    ] {
        if count != 0 {
            log::warn!("{name}: {count} spans were {what}");
        }
    }
}

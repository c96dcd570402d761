//! The journal of devices that wait to be told that their spans are kept.

use super::ServeError;
use super::handover::Handover;
use crate::journal::{FileJournal, Running};
use crate::pipeline::{Output, Pipeline};
use crate::store::disk::Folder;
use std::path::Path;
use std::sync::Arc;

/// Goes on from the journal below the folder of the store, if there is to be one.
pub(super) fn open<S: FnMut(Output)>(
    mut pipeline: Pipeline<S>,
    folder: Option<&Path>,
    handover: Handover,
) -> Result<(Pipeline<S>, Option<Running>), ServeError> {
    let Some(folder) = folder.map(|folder| folder.join("journal")) else {
        return Ok((pipeline, None));
    };
    let refused = |source| ServeError::Journal { path: folder.clone(), source };
    let disk = Arc::new(Folder::make(&folder).map_err(refused)?);
    let mut damaged = 0_u64;
    let replay = |entry: &[u8]| {
        if let Err(why) = pipeline.replay(entry) {
            damaged += 1;
            log::debug!("{}: {why}", folder.display());
        }
    };
    let kept = handover.clone();
    let settled = Box::new(move || kept.settled());
    let (journal, running, found) = FileJournal::open(disk, replay, settled).map_err(refused)?;
    handover.follow(journal.noted());
    if found.entries > 0 {
        log::info!("going on with devices from {} entries of the journal", found.entries);
    }
    if found.unread_bytes > 0 {
        log::warn!(
            "{} bytes at ends of files of the journal in {} are no whole entries and are left out: what \
             was being written at a kill or a power cut, of which no device was told, or damage",
            found.unread_bytes,
            folder.display()
        );
    }
    if damaged > 0 {
        log::warn!(
            "{damaged} entries of the journal in {} make no sense: what devices had not finished then \
             may be incomplete",
            folder.display()
        );
    }
    Ok((pipeline.with_journal(Box::new(journal)), Some(running)))
}

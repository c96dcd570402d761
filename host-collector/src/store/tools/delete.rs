//! Deleting traces of a store that no collector has.

use super::{failed, folder};
use crate::model::TraceId;
use crate::store::core::Core;
use crate::store::disk::Disk;
use crate::store::options::{Limits, OpenError, Options};
use crate::store::threads::now_s;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Deletes traces, and says which of them were there. They are erased by the next work on the files.
///
/// # Errors
///
/// [`OpenError`], which says what to do.
pub fn delete(path: &Path, traces: &[TraceId]) -> Result<Vec<TraceId>, OpenError> {
    let disk = Arc::new(folder(path)?);
    let name = disk.name();
    let failed = |why| failed(name.clone(), "what was deleted", why);
    let core = Core::open(disk, Options::default(), Limits::default())?;
    let mut deleted = Vec::new();
    for id in traces {
        let there = core.view().pieces(*id, true).map_err(|why| failed(io::Error::other(why)))?;
        if there.is_empty() {
            continue;
        }
        if !core.delete(*id, now_s()).map_err(failed)? {
            let why = "too many are not erased yet: run `spandrel store compact` first";
            return Err(failed(io::Error::other(why)));
        }
        deleted.push(*id);
    }
    Ok(deleted)
}

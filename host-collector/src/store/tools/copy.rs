//! A copy of a store, also of one that is being written.

use super::{Progress, failed, files, folder, is_gone};
use crate::store::disk::{Disk, Folder, read};
use crate::store::options::OpenError;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Copies a store to a folder, which must be empty or not there. Says how many bytes.
///
/// What came before is in the copy; what comes meanwhile may be.
///
/// # Errors
///
/// [`OpenError`], which says what to do.
pub fn backup(path: &Path, to: &Path, progress: Progress<'_>) -> Result<u64, OpenError> {
    let copy =
        Folder::make(to).map_err(|why| failed(to.display().to_string(), "the folder", why))?;
    backup_of(&folder(path)?, &copy, progress)
}

pub(super) fn backup_of(
    disk: &dyn Disk,
    to: &dyn Disk,
    progress: Progress<'_>,
) -> Result<u64, OpenError> {
    let target = |what: &str, why| failed(to.name(), what, why);
    let there = to.list().map_err(|why| target("its files", why))?;
    if !there.is_empty() {
        let why = io::Error::new(io::ErrorKind::AlreadyExists, "it is not empty");
        return Err(target("the copy", why));
    }
    let mut copied: BTreeMap<String, u64> = BTreeMap::new();
    // What is sealed or merged meanwhile leaves its file and is in another: until nothing new is
    // there, and nothing was gone.
    loop {
        let mut is_whole = true;
        let there = files(disk)?;
        let all = there.values().sum();
        for file in there.into_keys() {
            progress(copied.values().sum(), all);
            if copied.contains_key(&file) {
                continue;
            }
            match copy(disk, to, &file) {
                Ok(bytes) => drop(copied.insert(file, bytes)),
                Err(error) if is_gone(&error) => is_whole = false,
                Err(error) => return Err(error),
            }
        }
        if is_whole && files(disk)?.keys().all(|file| copied.contains_key(file)) {
            break;
        }
    }
    to.sync_names().map_err(|why| target("its names", why))?;
    Ok(copied.values().sum())
}

fn copy(disk: &dyn Disk, to: &dyn Disk, file: &str) -> Result<u64, OpenError> {
    const PIECE: u64 = 1 << 20;

    let source = |why| failed(disk.name(), file, why);
    let target = |why| failed(to.name(), file, why);
    let input = disk.open(file).map_err(source)?;
    let length = input.length().map_err(source)?;
    let mut output = to.create(file).map_err(target)?;
    let mut at = 0;
    while at < length {
        let piece = (length - at).min(PIECE);
        let size = usize::try_from(piece).unwrap_or_default();
        let bytes = read(&*input, at, size).map_err(source)?;
        output.append(&bytes).map_err(target)?;
        at += piece;
    }
    output.sync().map_err(target)?;
    Ok(length)
}

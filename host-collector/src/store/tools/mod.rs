//! What a person does with a store: look at it, check it, make it smaller, copy it, delete traces, empty it.
//!
//! Looking, checking and copying also work while a collector has the store; the others need it for
//! themselves.

mod copy;
mod delete;
mod look;

pub use copy::backup;
pub use delete::delete;
pub use look::{Glance, look};

use crate::store::block::{Block, OpenError as BlockError};
use crate::store::core::Core;
use crate::store::damage::Damages;
use crate::store::deleted;
use crate::store::disk::{Disk, Folder, Locked};
use crate::store::log;
use crate::store::names::{self, BlockName};
use crate::store::options::{Limits, OpenError, Options};
use crate::store::threads::now_s;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// What a store has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Its blocks, the oldest first.
    pub blocks: Vec<BlockInfo>,
    /// Its logs, and how long they are.
    pub logs: Vec<(String, u64)>,
    /// The names of all services in blocks, sorted.
    pub services: Vec<String>,
}

/// What a block has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockInfo {
    /// The file.
    pub file: String,
    /// How long that is.
    pub bytes: u64,
    /// Its spans.
    pub spans: u64,
    /// Its traces; parts of one that came far apart count each.
    pub traces: u64,
    /// When the first and the last of its spans were sealed, in seconds since the Unix epoch.
    pub sealed_s: (u64, u64),
    /// Seconds that its spans are kept; none: as the store says.
    pub keep_s: Option<u64>,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Spans that were read.
    pub spans: u64,
    /// Files that were read.
    pub files: u64,
    /// What is damaged: the file, and what that means.
    pub damaged: Vec<(String, String)>,
}

fn folder(path: &Path) -> Result<Folder, OpenError> {
    Folder::at(path).map_err(|why| failed(path.display().to_string(), "the folder", why))
}

fn failed(store: String, what: &str, why: io::Error) -> OpenError {
    OpenError::Io { store, what: what.to_owned(), why }
}

/// Opens a block of a store that others may change; none if it is gone by now.
fn open(disk: &dyn Disk, file: &str, name: BlockName) -> Result<Result<Block, String>, OpenError> {
    match Block::open(disk, name, Damages::default()) {
        Ok(block) => Ok(Ok(block)),
        Err(BlockError::Damaged) => Ok(Err("its end is damaged: all of it is lost".to_owned())),
        Err(BlockError::Version(version)) => {
            Err(OpenError::Version { store: disk.name(), file: file.to_owned(), version })
        }
        Err(BlockError::Io(why)) => Err(failed(disk.name(), file, why)),
    }
}

fn is_gone(error: &OpenError) -> bool {
    matches!(error, OpenError::Io { why, .. } if why.kind() == io::ErrorKind::NotFound)
}

/// Whether a file has spans.
fn is_spans(name: &str) -> bool {
    BlockName::parse(name).is_some() || names::log_number(name).is_some()
}

/// The files that count, with their lengths.
fn files(disk: &dyn Disk) -> Result<BTreeMap<String, u64>, OpenError> {
    let all = disk.list().map_err(|why| failed(disk.name(), "its files", why))?;
    let leftovers: BTreeSet<String> =
        names::sort(all.iter().map(|(name, _)| name.as_str())).leftovers.into_iter().collect();
    let is_ours = |name: &str| is_spans(name) || name == names::DELETED;
    let all = all.into_iter().filter(|(name, _)| is_ours(name) && !leftovers.contains(name));
    Ok(all.collect())
}

/// Says what a store has.
///
/// # Errors
///
/// [`OpenError`], which says what to do.
pub fn info(path: &Path) -> Result<Info, OpenError> {
    info_of(&folder(path)?)
}

fn info_of(disk: &dyn Disk) -> Result<Info, OpenError> {
    let mut info = Info::default();
    let mut services = BTreeSet::new();
    for (file, bytes) in files(disk)? {
        let Some(name) = BlockName::parse(&file) else {
            info.logs.extend(names::log_number(&file).map(|_| (file, bytes)));
            continue;
        };
        match open(disk, &file, name) {
            Ok(Ok(block)) => {
                info.blocks.push(BlockInfo {
                    file,
                    bytes,
                    spans: block.spans(),
                    traces: block.traces(),
                    sealed_s: block.sealed_s(),
                    keep_s: Some(name.keep_s).filter(|keep_s| *keep_s > 0),
                });
                services.extend(block.catalog().unwrap_or_default().services);
            }
            // `check` tells of it.
            Ok(Err(_)) => {}
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(error),
        }
    }
    info.services = services.into_iter().collect();
    Ok(info)
}

/// Whoever wants to know how far long work is: so much is done, of so much; 0 where nobody knows of how much.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Reads everything, and says what is damaged.
///
/// # Errors
///
/// [`OpenError`], which says what to do.
pub fn check(path: &Path, progress: Progress<'_>) -> Result<Report, OpenError> {
    check_of(&folder(path)?, progress)
}

fn check_of(disk: &dyn Disk, progress: Progress<'_>) -> Result<Report, OpenError> {
    let mut report = Report::default();
    let files = files(disk)?;
    let (mut done, all) = (0, files.values().sum());
    for (file, bytes) in files {
        progress(done, all);
        done += bytes;
        let checked = match BlockName::parse(&file) {
            Some(name) => check_block(disk, &file, name, &mut report),
            None if file == names::DELETED => check_deleted(disk, &mut report),
            None => check_log(disk, &file, &mut report),
        };
        match checked {
            Ok(()) => report.files += 1,
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(report)
}

fn check_block(
    disk: &dyn Disk,
    file: &str,
    name: BlockName,
    report: &mut Report,
) -> Result<(), OpenError> {
    let block = match open(disk, file, name)? {
        Ok(block) => block,
        Err(lost) => {
            report.damaged.push((file.to_owned(), lost));
            return Ok(());
        }
    };
    let (spans, damaged) = block.check().map_err(|why| failed(disk.name(), file, why))?;
    report.spans += spans;
    report.damaged.extend(damaged.into_iter().map(|lost| (file.to_owned(), lost)));
    Ok(())
}

fn check_deleted(disk: &dyn Disk, report: &mut Report) -> Result<(), OpenError> {
    if !deleted::is_whole(disk)? {
        let lost = "traces that were deleted and not erased are seen again";
        report.damaged.push((names::DELETED.to_owned(), lost.to_owned()));
    }
    Ok(())
}

fn check_log(disk: &dyn Disk, file: &str, report: &mut Report) -> Result<(), OpenError> {
    let number = names::log_number(file).unwrap_or_default();
    let mut spans = 0;
    let replayed = log::replay(disk, file, number, |_, chunk| spans += chunk.len() as u64);
    let replayed = replayed.map_err(|why| match why {
        log::ReadError::Io(why) => failed(disk.name(), file, why),
        log::ReadError::Version(version) => {
            OpenError::Version { store: disk.name(), file: file.to_owned(), version }
        }
    })?;
    report.spans += spans;
    // What is torn at the end was never acknowledged.
    if replayed.damaged > 0 {
        let lost = format!("{} bytes are lost", replayed.damaged);
        report.damaged.push((file.to_owned(), lost));
    }
    Ok(())
}

/// Seals all logs, removes what is too old, merges blocks as far as they go, and erases what was deleted. Says how many bytes the store had and has.
///
/// # Errors
///
/// [`OpenError`], which says what to do.
pub fn compact(
    path: &Path,
    options: Options,
    progress: Progress<'_>,
) -> Result<(u64, u64), OpenError> {
    compact_of(Arc::new(folder(path)?), options, progress)
}

fn compact_of(
    disk: Arc<dyn Disk>,
    options: Options,
    progress: Progress<'_>,
) -> Result<(u64, u64), OpenError> {
    // How many blocks will be merged hangs on what becomes of those before.
    let mut done = 0;
    let mut step = || {
        done += 1;
        progress(done, 0);
    };
    let store = disk.name();
    let failed = |why| failed(store.clone(), "its blocks", why);
    let mut core = Core::open(disk, options, Limits::default())?;
    let before = core.lock().bytes();
    while core.seal_oldest(now_s()).map_err(failed)? {
        step();
    }
    core.retain(now_s()).map_err(failed)?;
    // All at once where they are many, then what is left in pairs.
    let largest = core.limits.sizes.last().copied().unwrap_or_default();
    core.limits.sizes = [largest; 2];
    for fan_in in [64, 16, 4, 2] {
        core.limits.fan_in = fan_in;
        while core.merge_some().map_err(failed)? {
            step();
        }
    }
    while core.erase_some(u64::MAX).map_err(failed)? {
        step();
    }
    let after = core.lock().bytes();
    Ok((before, after))
}

/// Removes all spans. Says how many bytes they took.
///
/// # Errors
///
/// [`OpenError`], which says what to do.
pub fn clear(path: &Path) -> Result<u64, OpenError> {
    clear_of(&folder(path)?)
}

fn clear_of(disk: &dyn Disk) -> Result<u64, OpenError> {
    let held = disk.lock().map_err(|locked| match locked {
        Locked::By(by) => OpenError::InUse { store: disk.name(), by },
        Locked::Failed(why) => failed(disk.name(), "its lock", why),
    })?;
    let mut bytes = 0;
    let mut files = disk.list().map_err(|why| failed(disk.name(), "its files", why))?;
    // What was deleted is known until nothing is left of it.
    files.sort_by_key(|(name, _)| name == names::DELETED);
    for (file, length) in files {
        if is_spans(&file) || names::is_unfinished(&file) || file == names::DELETED {
            disk.remove(&file).map_err(|why| failed(disk.name(), &file, why))?;
            bytes += length;
        }
    }
    disk.sync_names().map_err(|why| failed(disk.name(), "its names", why))?;
    drop(held);
    Ok(bytes)
}

#[cfg(test)]
mod tests;

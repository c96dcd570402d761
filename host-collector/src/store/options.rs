//! How a store is kept, and why it cannot be opened.

use super::disk::{Disk, Folder, Held, Locked};
use super::log::ReadError;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// How long and how much is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Bytes in all files; when there are more, what came first goes. None: no bound.
    pub most_bytes: Option<u64>,
    /// Seconds after which spans go, counted from when they came. None: no bound.
    pub keep_s: Option<u64>,
    /// Other times for single services, in seconds. 0 is as good as 1.
    pub keep_services_s: BTreeMap<String, u64>,
}

/// What bounds the store's own work. Tests have smaller ones.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// A log with so many rows, or whose rows take so many bytes, is sealed.
    pub(super) rows: usize,
    pub(super) weight: usize,
    /// So is one that is so long.
    pub(super) log_bytes: u64,
    /// Bytes of chunks that wait for the log.
    pub(super) waiting_bytes: usize,
    /// Logs that wait to be sealed; while there are so many, nothing is taken.
    pub(super) unsealed: usize,
    /// So many blocks of a size are merged.
    pub(super) fan_in: usize,
    /// Spans of a block at least for it to be of the second size, and of the third, which is not
    /// merged any more.
    pub(super) sizes: [u64; 2],
    /// Whether there is a log at all: without, nothing outlives the process.
    pub(super) has_log: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows: 120_000,
            weight: 24 << 20,
            log_bytes: 48 << 20,
            waiting_bytes: 16 << 20,
            unsealed: 2,
            fan_in: 8,
            sizes: [500_000, 4_000_000],
            has_log: true,
        }
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another collector has it.
    #[error(
        "the store in {store} is in use by {}: end it, or give another folder with --store",
        match by {
            Some(pid) => format!("process {pid}"),
            None => "another process".to_owned(),
        }
    )]
    InUse {
        /// The folder.
        store: String,
        /// The process that has it, where it is known.
        by: Option<u32>,
    },
    /// The system does not let us.
    #[error("the store in {store} cannot be opened: {what}: {why}{}", hint(.why))]
    Io {
        /// The folder.
        store: String,
        /// The file, or what was tried.
        what: String,
        /// What the system says.
        why: io::Error,
    },
    /// It was written by a collector of a later version.
    #[error(
        "the store in {store} has {file}, which is of version {version} of the format; this \
         collector knows version 1: use a newer one, or give another folder with --store"
    )]
    Version {
        /// The folder.
        store: String,
        /// The file.
        file: String,
        /// The version that it is of.
        version: u32,
    },
}

impl OpenError {
    /// What the system says of a part of the store on this disk.
    pub(super) fn of(disk: &dyn Disk, what: &str, why: io::Error) -> Self {
        Self::Io { store: disk.name(), what: what.to_owned(), why }
    }

    /// Why a log cannot be read.
    pub(super) fn of_log(disk: &dyn Disk, file: &str, why: ReadError) -> Self {
        match why {
            ReadError::Io(why) => Self::of(disk, file, why),
            ReadError::Version(version) => {
                Self::Version { store: disk.name(), file: file.to_owned(), version }
            }
        }
    }
}

/// The folder at `path`, which is made if it is not there.
pub(super) fn make(path: &Path) -> Result<Folder, OpenError> {
    Folder::make(path).map_err(|why| OpenError::Io {
        store: path.display().to_string(),
        what: "the folder".to_owned(),
        why,
    })
}

/// Takes a folder for this process.
pub(super) fn take(disk: &dyn Disk) -> Result<Box<dyn Held>, OpenError> {
    disk.lock().map_err(|locked| match locked {
        Locked::By(by) => OpenError::InUse { store: disk.name(), by },
        Locked::Failed(why) => OpenError::of(disk, "its lock", why),
    })
}

fn hint(why: &io::Error) -> &'static str {
    match why.kind() {
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::NotFound => {
            "; give a folder that can be written with --store, or keep nothing with --memory"
        }
        io::ErrorKind::StorageFull => "; make room, or give another folder with --store",
        _ => "",
    }
}

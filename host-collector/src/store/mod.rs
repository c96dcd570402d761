//! Spans on a disk: what is acknowledged is synced, and found again in milliseconds.
//!
//! What comes is written to a log, synced for all that wait at once, and held in memory as
//! rows. When there is enough of it, it is sealed into a block, which is compressed by
//! column and does not change any more; small blocks are merged into larger ones. Reading goes
//! over rows and blocks as if they were one, and shows a span once that was stored twice.
//!
//! | part | is |
//! |---|---|
//! | [`disk`] | the one seam to files, with one of memory and one for tests |
//! | `log` | chunks as they came, until they are sealed |
//! | `rows` | spans as rows of numbers |
//! | `codec`, `group`, `block` | how they are packed, and what finds them |
//! | `read` | searches, traces and dependencies |
//! | `deleted` | what nobody is to see any more |
//! | `archive` | a second store, for what a person wants to keep |
//! | `core`, `upkeep`, `threads` | what is done, and when |
//! | [`tools`] | what a person does with a store |
//!
//! `docs/store.md` has the format.

mod archive;
mod block;
mod codec;
mod core;
mod damage;
mod deleted;
pub mod disk;
mod group;
mod log;
mod names;
mod options;
mod read;
mod rows;
mod spool;
mod threads;
pub mod tools;
mod upkeep;

#[cfg(test)]
mod tests;

pub(crate) use archive::folder_in as archive_in;
pub use archive::{ArchiveFolder, ArchiveGlance};
pub use options::{OpenError, Options};
pub use spool::DiskSpool;

use crate::model::{Chunk, Kind, TraceId};
use crate::storage::{
    Dependency, Erase, EraseError, Found, Intake, Operation, ReadError, Reader, Refused, Search,
    Ticket, Window,
};
use block::catalog::Catalog;
use core::Core;
use disk::{Disk, Memory};
use options::Limits;
use read::View;
use rows::assemble;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use threads::Threads;

/// A store that is open. Dropping it writes what waits, and ends its threads.
#[derive(Debug)]
pub struct Store {
    threads: Mutex<Threads>,
    shared: Arc<threads::Shared>,
    /// What lists show of the blocks, and of which version of them.
    catalog: Mutex<Option<(u64, Arc<Catalog>)>>,
}

/// How much a store has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Bytes of its files.
    pub bytes: u64,
    /// Spans in blocks; doubles that came far apart count twice.
    pub sealed_spans: u64,
    /// Spans in memory, and in the log.
    pub unsealed_spans: u64,
    /// Blocks.
    pub blocks: u64,
    /// Logs that wait to be sealed.
    pub waiting_logs: u64,
    /// Places in files that were found damaged since it was opened.
    pub damaged: u64,
}

impl Store {
    /// Opens the store in a folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which says what to do.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let folder = options::make(path)?;
        Self::on(Arc::new(folder), options, Limits::default())
    }

    /// A store in memory: the newest spans that fit in `most_bytes`, as long as the process lives.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where its threads cannot be started.
    pub fn in_memory(most_bytes: u64) -> Result<Self, OpenError> {
        let options = Options { most_bytes: Some(most_bytes), ..Options::default() };
        let limits = Limits { has_log: false, ..Limits::default() };
        Self::on(Arc::new(Memory::default()), options, limits)
    }

    fn on(disk: Arc<dyn Disk>, options: Options, limits: Limits) -> Result<Self, OpenError> {
        let store = disk.name();
        let core = Core::open(disk, options, limits)?;
        let threads = Threads::start(core).map_err(|why| OpenError::Io {
            store,
            what: "its threads".to_owned(),
            why,
        })?;
        let shared = threads.shared.clone();
        Ok(Self { threads: Mutex::new(threads), shared, catalog: Mutex::default() })
    }

    fn core(&self) -> &Core {
        &self.shared.core
    }

    /// Writes what waits, and takes nothing more; what is there can still be read.
    pub fn close(&self) {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).end();
    }

    /// How much it has.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let state = self.core().lock();
        let unsealed = state.waiting.iter().chain([&state.active]);
        Counts {
            bytes: state.bytes(),
            sealed_spans: state.blocks.iter().map(|block| block.spans()).sum(),
            unsealed_spans: unsealed.map(|unsealed| unsealed.table().rows.len() as u64).sum(),
            blocks: state.blocks.len() as u64,
            waiting_logs: state.waiting.len() as u64,
            damaged: self.core().damages.count(),
        }
    }

    /// Shows those traces again that were deleted and of which a chunk has spans, as far as they are not
    /// erased; and what comes of them.
    ///
    /// # Errors
    ///
    /// [`EraseError`] where the disk does not take it.
    pub fn show_again(&self, chunk: &Chunk) -> Result<(), EraseError> {
        let deleted = self.core().lock().deleted.clone();
        let ids = chunk.spans().map(|(_, _, span)| span.trace_id());
        let lows: BTreeSet<u64> = ids.filter(|id| deleted.has(*id)).map(|id| id.low()).collect();
        let is_meant = |entry: &deleted::Entry| lows.contains(&entry.id.low());
        self.core().forget(is_meant).map_err(|error| EraseError::Disk(threads::text_of(&error)))
    }

    /// What lists show of the blocks.
    fn sealed_catalog(&self) -> Result<Arc<Catalog>, ReadError> {
        let (version, blocks) = {
            let state = self.core().lock();
            (state.version, state.blocks.clone())
        };
        let mut held = self.catalog.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, catalog)) = &*held
            && *of == version
        {
            return Ok(catalog.clone());
        }
        let mut catalog = Catalog::default();
        for block in blocks {
            catalog.merge(block.catalog()?);
        }
        let catalog = Arc::new(catalog);
        *held = Some((version, catalog.clone()));
        Ok(catalog)
    }

    fn unsealed_catalog(&self, with_values: bool) -> Catalog {
        unsealed_catalog(&self.core().view(), with_values)
    }
}

/// What lists show of what is in memory.
fn unsealed_catalog(view: &View, with_values: bool) -> Catalog {
    let mut catalog = Catalog::default();
    for unsealed in &view.unsealed {
        let table = unsealed.table();
        catalog.add_shapes(&table.rows);
        if with_values {
            catalog.add(&table.rows, |_| true);
        }
    }
    catalog
}

impl Intake for Store {
    fn offer(&self, chunk: Chunk) -> Result<Ticket, Refused> {
        self.shared.offer(chunk)
    }
}

impl Erase for Store {
    fn delete(&self, trace: TraceId) -> Result<(), EraseError> {
        match self.core().delete(trace, threads::now_s()) {
            Ok(true) => Ok(()),
            Ok(false) => Err(EraseError::Full),
            Err(error) => Err(EraseError::Disk(threads::text_of(&error))),
        }
    }
}

impl Reader for Store {
    fn services(&self) -> Result<Vec<String>, ReadError> {
        let mut services = self.unsealed_catalog(false).services;
        services.extend(self.sealed_catalog()?.services.iter().cloned());
        Ok(services.into_iter().collect())
    }

    fn operations(&self, service: &str, kind: Option<Kind>) -> Result<Vec<Operation>, ReadError> {
        let (sealed, unsealed) = (self.sealed_catalog()?, self.unsealed_catalog(false));
        let all = sealed.operations.iter().chain(&unsealed.operations);
        let wanted = all.filter(|(of, _, which)| of == service && kind.is_none_or(|k| k == *which));
        let operations: BTreeSet<Operation> =
            wanted.map(|(_, name, kind)| Operation { name: name.clone(), kind: *kind }).collect();
        Ok(operations.into_iter().collect())
    }

    fn peers(&self, service: &str) -> Result<Vec<String>, ReadError> {
        let (sealed, unsealed) = (self.sealed_catalog()?, self.unsealed_catalog(true));
        let all = sealed.peers.iter().chain(&unsealed.peers);
        let peers: BTreeSet<String> =
            all.filter(|(of, _)| of == service).map(|(_, peer)| peer.clone()).collect();
        Ok(peers.into_iter().collect())
    }

    fn values(&self, key: &str) -> Result<Vec<String>, ReadError> {
        let (sealed, unsealed) = (self.sealed_catalog()?, self.unsealed_catalog(true));
        let all = [sealed.values.get(key), unsealed.values.get(key)];
        let values: BTreeSet<String> = all.into_iter().flatten().flatten().cloned().collect();
        Ok(values.into_iter().collect())
    }

    fn get(&self, trace: TraceId) -> Result<Option<Chunk>, ReadError> {
        let pieces = self.core().view().pieces(trace, true)?;
        Ok((!pieces.is_empty()).then(|| assemble(pieces)))
    }

    fn find(&self, search: &Search) -> Result<Vec<Found>, ReadError> {
        self.core().view().find(search)
    }

    fn dependencies(&self, window: Window) -> Result<Vec<Dependency>, ReadError> {
        self.core().view().dependencies(window)
    }
}

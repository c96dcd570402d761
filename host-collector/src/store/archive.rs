//! A second store for the traces that a person wants to keep.
//!
//! Most collectors never have one, so that it costs nothing until there is something in it.

use super::tools::{Glance, look};
use super::{OpenError, Options, Store};
use crate::model::{Chunk, TraceId};
use crate::storage::{
    Archive, ArchiveError, Erase, EraseError, Intake as _, ReadError, Reader as _,
};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Where the archive of a store is.
pub(crate) fn folder_in(store: &Path) -> PathBuf {
    store.join("archive")
}

fn unread(why: &OpenError) -> ReadError {
    ReadError { what: "the archive".to_owned(), why: why.to_string() }
}

/// Traces in a store of their own, which removes nothing by itself.
#[derive(Debug)]
pub struct ArchiveFolder {
    folder: PathBuf,
    /// Once it is needed.
    store: Mutex<Option<Arc<Store>>>,
}

impl ArchiveFolder {
    /// The archive of the store in a folder; its own is made when the first trace is kept.
    #[must_use]
    pub fn of(store: &Path) -> Self {
        Self { folder: folder_in(store), store: Mutex::default() }
    }

    /// Writes what waits, and takes nothing more until it is asked for something again.
    pub fn close(&self) {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(store) = store {
            store.close();
        }
    }

    fn open(&self) -> Result<Arc<Store>, ReadError> {
        let mut place = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = &*place {
            return Ok(store.clone());
        }
        let store = Store::open(&self.folder, Options::default()).map_err(|why| unread(&why))?;
        Ok(place.insert(Arc::new(store)).clone())
    }
}

impl Archive for ArchiveFolder {
    fn get(&self, trace: TraceId) -> Result<Option<Chunk>, ReadError> {
        if !self.folder.is_dir() {
            return Ok(None);
        }
        self.open()?.get(trace)
    }

    fn keep(&self, chunk: Chunk) -> Result<(), ArchiveError> {
        let store = self.open()?;
        // Whoever keeps a trace that was deleted before wants it here.
        store.show_again(&chunk)?;
        Ok(store.offer(chunk)?.wait()?)
    }
}

impl Erase for ArchiveFolder {
    fn delete(&self, trace: TraceId) -> Result<(), EraseError> {
        // What was never kept may come to be kept, so nothing is said of it.
        if self.get(trace)?.is_none() { Ok(()) } else { self.open()?.delete(trace) }
    }
}

/// The same without taking it: a collector may have it meanwhile.
#[derive(Debug)]
pub struct ArchiveGlance {
    folder: PathBuf,
    /// What it had when it was asked first.
    glance: OnceLock<Glance>,
}

impl ArchiveGlance {
    /// The archive of the store in a folder, if it has one.
    #[must_use]
    pub fn of(store: &Path) -> Self {
        Self { folder: folder_in(store), glance: OnceLock::new() }
    }
}

impl Archive for ArchiveGlance {
    fn get(&self, trace: TraceId) -> Result<Option<Chunk>, ReadError> {
        if let Some(glance) = self.glance.get() {
            return glance.get(trace);
        }
        if !self.folder.is_dir() {
            return Ok(None);
        }
        let glance = look(&self.folder).map_err(|why| unread(&why))?;
        self.glance.get_or_init(|| glance).get(trace)
    }

    fn keep(&self, _: Chunk) -> Result<(), ArchiveError> {
        Err(ArchiveError::ReadOnly)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ChunkWriter;
    use std::fs;

    fn chunk(trace: u8) -> Chunk {
        let mut writer = ChunkWriter::default();
        writer.resource_spans(b"", "", |scopes| {
            scopes.scope_spans(b"", "", |spans| {
                spans.span_with(|out| {
                    out.bytes(1, &[trace; 16]);
                    out.bytes(2, &[1; 8]);
                });
            });
        });
        Chunk::check(writer.finish().into_bytes()).unwrap().chunk
    }

    #[test]
    fn a_trace_that_was_kept_is_there_in_the_next_process_and_nothing_is_made_for_who_only_asks() {
        let folder = std::env::temp_dir().join(format!("spandrel-archive-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let (archive, glance) = (ArchiveFolder::of(&folder), ArchiveGlance::of(&folder));
        assert_eq!(archive.get(TraceId([7; 16])), Ok(None));
        assert_eq!(glance.get(TraceId([7; 16])), Ok(None));
        assert!(!folder.exists());
        // Whoever keeps it twice has it once.
        archive.keep(chunk(7)).unwrap();
        archive.keep(chunk(7)).unwrap();
        // It is also read while it is held, and by whoever asks first.
        assert_eq!(glance.get(TraceId([7; 16])).unwrap().unwrap().len(), 1);
        assert_eq!(glance.get(TraceId([8; 16])), Ok(None));
        assert_eq!(glance.keep(chunk(8)), Err(ArchiveError::ReadOnly));
        archive.close();

        let again = ArchiveFolder::of(&folder);
        let got = again.get(TraceId([7; 16])).unwrap().unwrap();
        assert_eq!(got.len(), 1);
        assert_eq!(again.get(TraceId([8; 16])), Ok(None));
        again.delete(TraceId([7; 16])).unwrap();
        again.delete(TraceId([8; 16])).unwrap();
        assert_eq!(again.get(TraceId([7; 16])), Ok(None));
        // It is kept once more, and then it is there.
        again.keep(chunk(7)).unwrap();
        assert_eq!(again.get(TraceId([7; 16])).unwrap().unwrap().len(), 1);
        again.close();
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_cannot_be_opened_says_what_and_why() {
        let file = std::env::temp_dir().join(format!("spandrel-no-folder-{}", std::process::id()));
        fs::write(&file, "").unwrap();
        let archive = ArchiveFolder::of(&file);
        let refused = archive.keep(chunk(7)).unwrap_err().to_string();
        assert!(refused.starts_with("the store cannot read the archive: "), "{refused}");
        fs::remove_file(file).unwrap();
    }
}

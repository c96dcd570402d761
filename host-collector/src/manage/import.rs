//! `spandrel import`: files of traces into a store.

use crate::convert::{ConvertError, load, pieces};
use crate::rules::{self, Ruled, RulesError};
use crate::serve::{Keep, ServeError};
use crate::storage::{EraseError, Intake, Refused, Ticket};
use crate::store::{OpenError, Store};
use crate::terminal::Bar;
use clap::Args;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

/// Pieces that wait to be synced at once.
const MOST_WAITING: usize = 8;

/// Options of `spandrel import`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Import {
    /// What is read, as `spandrel convert` reads it; `-` is standard input.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Where it is kept.
    #[command(flatten)]
    pub keep: Keep,
    /// What of it is left out.
    #[command(flatten)]
    pub rules: rules::Options,
}

/// Why a file was not imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// There is no store to import into.
    #[error(
        "nothing outlives the program with --memory: leave it out, or name a folder with --store"
    )]
    Memory,
    /// The folder is not known.
    #[error(transparent)]
    Folder(#[from] ServeError),
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be forgotten that a trace was deleted.
    #[error(transparent)]
    Erase(#[from] EraseError),
    /// Rules cannot be used.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// A file cannot be read, or holds nothing that is known.
    #[error(transparent)]
    File(#[from] ConvertError),
    /// The store does not take it.
    #[error("{}: not all of it was kept", .path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: Refused,
    },
}

/// Imports files one after the other; gives how many spans were kept.
///
/// # Errors
/// The store or a file cannot be used; what was said of files before is kept.
pub fn import(options: &Import) -> Result<u64, ImportError> {
    let folder = options.keep.folder()?.ok_or(ImportError::Memory)?;
    let rules = options.rules.rules()?;
    let store = Arc::new(Store::open(&folder, options.keep.options())?);
    let ruled = Ruled::new(rules, store.clone());
    let mut kept = 0;
    for path in &options.files {
        let (chunk, rejected) = load(path)?;
        if rejected > 0 {
            log::warn!(rejected; "{}: {rejected} spans were left out: their ids are none", path.display());
        }
        // Whoever imports a trace that was deleted wants it back.
        store.show_again(&chunk)?;
        let mut waiting = VecDeque::new();
        let mut bar = Bar::new("importing");
        let (mut done, all) = (0, chunk.bytes().len() as u64);
        let refused = |source| ImportError::Refused { path: path.clone(), source };
        for piece in pieces(&chunk) {
            if waiting.len() >= MOST_WAITING {
                settle(&mut waiting).map_err(refused)?;
            }
            let ticket = loop {
                match ruled.offer(piece.clone()) {
                    // What waits is written, and then there is room.
                    Err(Refused::Full) if !waiting.is_empty() => {
                        settle(&mut waiting).map_err(refused)?;
                    }
                    other => break other.map_err(refused)?,
                }
            };
            waiting.push_back(ticket);
            done += piece.bytes().len() as u64;
            bar.at(done.min(all), all);
        }
        while !waiting.is_empty() {
            settle(&mut waiting).map_err(refused)?;
        }
        drop(bar);
        kept += chunk.len() as u64;
        log::info!(spans = chunk.len(); "{}: {} spans", path.display(), chunk.len());
    }
    let dropped = ruled.counts().dropped;
    store.close();
    Ok(kept - dropped.min(kept))
}

/// Waits for the oldest.
fn settle(waiting: &mut VecDeque<Ticket>) -> Result<(), Refused> {
    waiting.pop_front().map_or(Ok(()), Ticket::wait)
}

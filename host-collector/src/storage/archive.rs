//! Traces that a person wants to keep, whatever becomes of the others.

use super::{EraseError, ReadError, Refused};
use crate::model::{Chunk, TraceId};
use core::fmt;

/// Where single traces are kept for as long as somebody wants them. It blocks.
pub trait Archive: fmt::Debug + Send + Sync {
    /// All spans of a trace that was kept; none if it was not. Ids match as in
    /// [`Reader::get`](super::Reader::get).
    ///
    /// # Errors
    ///
    /// [`ReadError`] where something cannot be read.
    fn get(&self, trace: TraceId) -> Result<Option<Chunk>, ReadError>;

    /// Keeps spans. They are on the disk when this returns; what was there already is there once.
    ///
    /// # Errors
    ///
    /// [`ArchiveError`], which says what to do.
    fn keep(&self, chunk: Chunk) -> Result<(), ArchiveError>;
}

/// Why a trace was not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// It cannot be opened, or what is there cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It cannot be forgotten that it was deleted before.
    #[error(transparent)]
    Erase(#[from] EraseError),
    /// It is only read.
    #[error("the archive is only read here: ask the collector that has the store")]
    ReadOnly,
    /// It does not take the spans.
    #[error(transparent)]
    Refused(#[from] Refused),
}

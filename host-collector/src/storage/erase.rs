//! Deleting traces.

use super::ReadError;
use crate::model::TraceId;
use core::fmt;

/// Where traces are that can be deleted. It blocks.
pub trait Erase: fmt::Debug + Send + Sync {
    /// Deletes a trace, and all whose ids match as in [`Reader::get`](super::Reader::get). Nobody is shown
    /// it any more when this returns, also after a crash, and also not what comes of it later.
    ///
    /// # Errors
    ///
    /// [`EraseError`], which says what to do; the trace is as it was.
    fn delete(&self, trace: TraceId) -> Result<(), EraseError>;
}

/// Why a trace was not deleted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EraseError {
    /// More were deleted than can be erased at once.
    #[error(
        "too many traces were deleted that are not erased yet: try again in a minute, or remove all of them \
         with `spandrel store clear`"
    )]
    Full,
    /// The disk does not take it.
    #[error("the store cannot write what was deleted: {0}")]
    Disk(String),
    /// It cannot be opened.
    #[error(transparent)]
    Read(#[from] ReadError),
}

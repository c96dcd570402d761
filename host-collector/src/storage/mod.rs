//! What a store promises, as traits and plain types: nothing here knows how one is made.
//!
//! Doors and links hand spans to an [`Intake`] and wait for its [`Ticket`]; queries read from a
//! [`Reader`]. Both block, so that a store needs no runtime: whoever has one calls a reader where
//! blocking is allowed, and may await a ticket, which is a future without a runtime.

mod archive;
mod erase;
#[cfg(test)]
mod naive;
mod nowhere;
mod search;
mod spool;
mod ticket;

pub use archive::{Archive, ArchiveError};
pub use erase::{Erase, EraseError};
#[cfg(test)]
pub(crate) use naive::Naive;
pub use nowhere::Nowhere;
pub use search::{
    Dependency, Found, Matching, Operation, PEER_KEYS, Search, ServiceCount, Tag, Window,
};
pub use spool::{MemorySpool, Position, Spool, SpoolError, Spooled, Waiting};
pub use ticket::{Promise, Ticket};

use crate::model::{Chunk, Kind, TraceId};

/// Where spans go.
pub trait Intake: Send + Sync {
    /// Hands over spans. Those of a ticket that was kept are on the disk, and stay there.
    ///
    /// It does not wait: where there is no room, it refuses.
    ///
    /// # Errors
    ///
    /// [`Refused`], with what to tell whoever sent them; nothing of the chunk was kept.
    fn offer(&self, chunk: Chunk) -> Result<Ticket, Refused>;
}

/// Why spans were not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Too many wait already; it is worth trying again.
    #[error("the store has no room for more that waits: try again in a second")]
    Full,
    /// The disk does not take them. It is tried again by itself, so that they may come later.
    #[error("the store cannot write: {0}")]
    Disk(String),
    /// The collector is ending.
    #[error("the collector is ending")]
    Closing,
}

/// Where traces come from. It blocks.
pub trait Reader: Send + Sync {
    /// The names of all services, sorted, each once.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where something cannot be read.
    fn services(&self) -> Result<Vec<String>, ReadError>;

    /// The operations of a service, sorted by name, then kind; all kinds if none is asked for.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where something cannot be read.
    fn operations(&self, service: &str, kind: Option<Kind>) -> Result<Vec<Operation>, ReadError>;

    /// The services that spans of a service say they talked to, by the first of [`PEER_KEYS`]
    /// that they have; sorted, each once.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where something cannot be read.
    fn peers(&self, service: &str) -> Result<Vec<String>, ReadError>;

    /// Values that a tag has, as text, sorted, each once; of a tag with many values some.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where something cannot be read.
    fn values(&self, key: &str) -> Result<Vec<String>, ReadError>;

    /// All spans of a trace, each once; none if there is no such trace.
    ///
    /// Ids match leniently: where the high 64 bits of the asked or the stored id are 0, the low
    /// ones decide. So the answer can hold spans of more than one trace id.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where something cannot be read.
    fn get(&self, trace: TraceId) -> Result<Option<Chunk>, ReadError>;

    /// The traces that match, newest first: by the start of their earliest span, then by id.
    ///
    /// A limit means the newest of all that match. Each trace comes once, with all its spans
    /// counted, also those that do not match.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where something cannot be read.
    fn find(&self, search: &Search) -> Result<Vec<Found>, ReadError>;

    /// How often services called each other, in spans that started in the window; sorted.
    ///
    /// A call is a span whose parent is there, be it of the same service.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where something cannot be read.
    fn dependencies(&self, window: Window) -> Result<Vec<Dependency>, ReadError>;
}

/// Something could not be read.
///
/// What is damaged does not lead here: it is left out, counted, and named in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store cannot read {what}: {why}")]
pub struct ReadError {
    /// The file, or what else.
    pub what: String,
    /// What the system says.
    pub why: String,
}

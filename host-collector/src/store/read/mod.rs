//! Reading: what is in memory and what is in blocks, as if it were one.

mod conditions;
mod dependencies;
mod find;
mod groups;
mod pages;
mod parts;
mod summary;

use super::block::Block;
use super::deleted::Deleted;
use super::rows::Table;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// What is in one log and not sealed yet.
#[derive(Debug, Default)]
pub(super) struct Unsealed {
    /// The log's number.
    pub(super) log: u64,
    pub(super) table: RwLock<Table>,
    /// How long the log's file is.
    pub(super) bytes: AtomicU64,
}

impl Unsealed {
    pub(super) fn new(log: u64) -> Self {
        Self { log, ..Self::default() }
    }

    pub(super) fn table(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that can be read at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    pub(super) unsealed: Vec<Arc<Unsealed>>,
    pub(super) blocks: Vec<Arc<Block>>,
    /// Traces that are there and not shown.
    pub(super) deleted: Arc<Deleted>,
}

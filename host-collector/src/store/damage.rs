//! What was found damaged: counted, named in the log once, and read around.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Places that are remembered, so that each is named once.
const MOST: usize = 1024;

#[derive(Debug, Default)]
struct Shared {
    count: AtomicU64,
    seen: Mutex<BTreeSet<(String, u64)>>,
}

/// The damage of a store. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Damages(Arc<Shared>);

impl Damages {
    /// Notes that what stands at `offset` of a file cannot be read; `lost` says what that means.
    pub(super) fn note(&self, file: &str, offset: u64, lost: &str) {
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() < MOST && seen.insert((file.to_owned(), offset)) {
            self.0.count.fetch_add(1, Ordering::Relaxed);
            log::error!("the store's file {file} is damaged at byte {offset}: {lost}");
        }
    }

    /// How many places were found.
    pub(super) fn count(&self) -> u64 {
        self.0.count.load(Ordering::Relaxed)
    }
}

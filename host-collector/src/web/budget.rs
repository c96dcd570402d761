//! The bytes of requests and answers, at all doors together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What there is for all.
#[derive(Debug)]
pub(super) struct Budget {
    left: AtomicUsize,
}

/// There is not enough left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

impl Budget {
    pub(super) fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(bytes) })
    }

    /// A share of nothing, which can grow.
    pub(super) fn share(self: &Arc<Self>) -> Share {
        Share { budget: self.clone(), bytes: 0 }
    }

    pub(super) fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }
}

/// What one request has of it, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Share {
    /// Takes so much more.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let less = |left: usize| left.checked_sub(bytes);
        let taken = self.budget.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.map_err(|_| NoRoom)?;
        self.bytes += bytes;
        Ok(())
    }

    /// Gives back what is no longer held.
    pub(super) fn give(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.budget.left.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_comes_back() {
        let budget = Budget::new(10);
        let mut one = budget.share();
        let mut other = budget.share();
        assert_eq!((one.take(6), other.take(5), other.take(4)), (Ok(()), Err(NoRoom), Ok(())));
        assert_eq!(budget.left(), 0);
        one.give(2);
        drop(other);
        assert_eq!(budget.left(), 6);
        drop(one);
        assert_eq!(budget.left(), 10);
    }
}

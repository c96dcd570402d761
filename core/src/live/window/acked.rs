//! What above the oldest record was acknowledged.

use crate::wire::MAX_RANGES;
use core::ops::Range;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

/// Ranges of records, by the low bits of their numbers; empty ones are none. For the one drain alone:
/// nothing here is read while it is written.
#[derive(Debug)]
pub(crate) struct Acked([Pair; MAX_RANGES]);

/// Where a range begins, and its length.
#[derive(Debug)]
struct Pair {
    start: AtomicU32,
    len: AtomicU32,
}

impl Acked {
    pub(super) const fn new() -> Self {
        Self([const { Pair { start: AtomicU32::new(0), len: AtomicU32::new(0) } }; MAX_RANGES])
    }

    /// Forgets all.
    pub(crate) fn clear(&self) {
        self.0.iter().for_each(|pair| pair.len.store(0, Relaxed));
    }

    /// Adds a range, where there is room: what is forgotten is sent once more.
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are meant")]
    pub(crate) fn add(&self, range: &Range<u64>) {
        let free = self.0.iter().find(|pair| pair.len.load(Relaxed) == 0);
        if let Some(pair) = free {
            pair.start.store(range.start as u32, Relaxed);
            pair.len.store((range.end - range.start) as u32, Relaxed);
        }
    }

    /// Whether a record is in one of them.
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are meant")]
    pub(crate) fn has(&self, number: u64) -> bool {
        let low = number as u32;
        self.0
            .iter()
            .any(|pair| low.wrapping_sub(pair.start.load(Relaxed)) < pair.len.load(Relaxed))
    }
}

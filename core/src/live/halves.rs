//! Numbers of 64 bits where there are no atomics of that length.

use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

/// A number in two words, 0 at first. Who reads it while it is written may find halves of two.
#[derive(Debug)]
pub(crate) struct Halves {
    low: AtomicU32,
    high: AtomicU32,
}

impl Halves {
    pub(crate) const fn new() -> Self {
        Self { low: AtomicU32::new(0), high: AtomicU32::new(0) }
    }

    #[inline(always)]
    pub(crate) fn load(&self) -> u64 {
        u64::from(self.high.load(Relaxed)) << 32 | u64::from(self.low.load(Relaxed))
    }

    /// Within a critical section.
    #[expect(clippy::cast_possible_truncation, reason = "one half at a time")]
    pub(crate) fn store(&self, value: u64) {
        self.low.store(value as u32, Relaxed);
        self.high.store((value >> 32) as u32, Relaxed);
    }
}

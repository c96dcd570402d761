//! Atomics and words: the real ones, or loom's, which try every interleaving.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicU32, Ordering, compiler_fence};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, Ordering};

/// Loom knows no resets and reorders what the model allows anyway.
#[cfg(loom)]
pub(crate) fn compiler_fence(_: Ordering) {}

/// A word of the ring: the first of a record is atomic, the others are handed over by it.
#[cfg(not(loom))]
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Word(core::cell::UnsafeCell<u32>);

// SAFETY: first words are only touched as atomics; the others are written by the one who reserved
// them and read after the first word's commit, which releases and acquires them.
#[cfg(not(loom))]
unsafe impl Sync for Word {}

#[cfg(not(loom))]
impl Word {
    pub(crate) const fn new() -> Self {
        Self(core::cell::UnsafeCell::new(0))
    }

    #[inline(always)]
    fn as_atomic(&self) -> &AtomicU32 {
        // SAFETY: aligned, and valid as long as the borrow.
        unsafe { AtomicU32::from_ptr(self.0.get()) }
    }

    #[inline(always)]
    pub(crate) fn load(&self, order: Ordering) -> u32 {
        self.as_atomic().load(order)
    }

    #[inline(always)]
    pub(crate) fn store(&self, word: u32, order: Ordering) {
        self.as_atomic().store(word, order);
    }

    pub(crate) fn read_body(&self) -> u32 {
        // SAFETY: the record is committed, so nobody writes it.
        unsafe { self.0.get().read() }
    }

    /// # Safety
    /// The word is part of a record reserved by the caller and not committed.
    #[inline(always)]
    pub(crate) unsafe fn write_body(this: *const Self, word: u32) {
        // SAFETY: promised by the caller; `Word` is its cell.
        unsafe {
            core::cell::UnsafeCell::raw_get(this.cast::<core::cell::UnsafeCell<u32>>()).write(word);
        };
    }
}

#[cfg(loom)]
#[derive(Debug)]
pub(crate) struct Word {
    first: AtomicU32,
    body: loom::cell::UnsafeCell<u32>,
}

#[cfg(loom)]
impl Word {
    pub(crate) fn new() -> Self {
        Self { first: AtomicU32::new(0), body: loom::cell::UnsafeCell::new(0) }
    }

    pub(crate) fn load(&self, order: Ordering) -> u32 {
        self.first.load(order)
    }

    pub(crate) fn store(&self, word: u32, order: Ordering) {
        self.first.store(word, order);
    }

    pub(crate) fn read_body(&self) -> u32 {
        // SAFETY: loom reports a race where the commit did not order it.
        self.body.with(|body| unsafe { *body })
    }

    pub(crate) unsafe fn write_body(this: *const Self, word: u32) {
        // SAFETY: the pointer comes from a slice of words; loom reports a race.
        unsafe { (*this).body.with_mut(|body| *body = word) };
    }
}

// SAFETY: as above; loom checks it.
#[cfg(loom)]
unsafe impl Sync for Word {}

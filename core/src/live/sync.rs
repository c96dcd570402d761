//! Atomics and words: the real ones, or loom's, which try every interleaving.

#[cfg(not(loom))]
use core::mem::MaybeUninit;
#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicU32, Ordering, compiler_fence};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, Ordering};

/// Loom knows no resets and reorders what the model allows anyway.
#[cfg(loom)]
pub(crate) fn compiler_fence(_: Ordering) {}

/// A word of the ring: the first of a record is atomic, the others are handed over by it.
///
/// A short record has room for values that its span may not have, so a word may hold nothing.
#[cfg(not(loom))]
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Word(core::cell::UnsafeCell<MaybeUninit<u32>>);

// SAFETY: first words are only touched as atomics; the others are written by the one who reserved
// them and read after the first word's commit, which releases and acquires them.
#[cfg(not(loom))]
unsafe impl Sync for Word {}

#[cfg(not(loom))]
impl Word {
    pub(crate) const fn new() -> Self {
        Self(core::cell::UnsafeCell::new(MaybeUninit::new(0)))
    }

    #[inline(always)]
    fn as_atomic(&self) -> &AtomicU32 {
        // SAFETY: aligned, and valid as long as the borrow; first words are always written.
        unsafe { AtomicU32::from_ptr(self.0.get().cast()) }
    }

    #[inline(always)]
    pub(crate) fn load(&self, order: Ordering) -> u32 {
        self.as_atomic().load(order)
    }

    #[inline(always)]
    pub(crate) fn store(&self, word: u32, order: Ordering) {
        self.as_atomic().store(word, order);
    }

    /// # Safety
    /// The word is part of a committed record and holds something.
    pub(crate) unsafe fn read_body(&self) -> u32 {
        // SAFETY: promised by the caller; nobody writes what is committed.
        unsafe { self.0.get().read().assume_init() }
    }

    /// # Safety
    /// The word is part of a record reserved by the caller and not committed.
    #[inline(always)]
    pub(crate) unsafe fn write_body(this: *const Self, word: u32) {
        // SAFETY: promised by the caller; `Word` is its cell.
        unsafe { Self::cell(this).write(MaybeUninit::new(word)) };
    }

    /// Copies words, of which some may hold nothing, two by two: copied all at once they would want
    /// more registers than there are to spare.
    ///
    /// # Safety
    /// As for [`Word::write_body`], for `2 * PAIRS` words from this one on.
    #[inline(always)]
    pub(crate) unsafe fn copy_body<const PAIRS: usize>(this: *const Self, from: *const u32) {
        let from = from.cast::<[MaybeUninit<u32>; 2]>();
        let to = Self::cell(this).cast::<[MaybeUninit<u32>; 2]>();
        // No loop: where size counts the compiler would leave it one.
        const { assert!(PAIRS == 3 || PAIRS == 4) }
        // SAFETY: promised by the caller.
        unsafe {
            to.write(from.read());
            to.add(1).write(from.add(1).read());
            to.add(2).write(from.add(2).read());
            if PAIRS > 3 {
                to.add(3).write(from.add(3).read());
            }
        }
    }

    /// Copies a word, which may hold nothing.
    ///
    /// # Safety
    /// As for [`Word::write_body`].
    pub(crate) unsafe fn copy_word(this: *const Self, from: *const u32) {
        // SAFETY: promised by the caller.
        unsafe { Self::cell(this).write(from.cast::<MaybeUninit<u32>>().read()) };
    }

    #[inline(always)]
    fn cell(this: *const Self) -> *mut MaybeUninit<u32> {
        core::cell::UnsafeCell::raw_get(this.cast::<core::cell::UnsafeCell<MaybeUninit<u32>>>())
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

    pub(crate) unsafe fn read_body(&self) -> u32 {
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

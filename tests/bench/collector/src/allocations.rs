//! An allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static COUNT: AtomicU64 = AtomicU64::new(0);

/// The system's, with a count of what was asked of it.
#[derive(Debug)]
pub(crate) struct Counting;

/// How often memory was asked for so far; a block that grows counts each time.
pub(crate) fn count() -> u64 {
    COUNT.load(Relaxed)
}

// SAFETY: everything is done by the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // One thread at a time measures: an addition that another thread overtakes is no matter, and
        // costs no more than a load and a store.
        COUNT.store(COUNT.load(Relaxed) + 1, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.store(COUNT.load(Relaxed) + 1, Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(place, layout, size) }
    }
}

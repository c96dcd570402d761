//! How much memory a program holds, so that a bound that is stated can be held against it.

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::alloc::System;
use std::io::Write as _;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
/// What the program is at.
static NOTED: AtomicU64 = AtomicU64::new(0);
/// More than this is refused; by default nothing is.
static MOST: AtomicUsize = AtomicUsize::new(usize::MAX);

/// The system's allocator, counted: a program that wants it counted makes it its global allocator.
#[derive(Clone, Copy, Debug)]
pub struct Counted;

// SAFETY: all is done by the system's allocator; that memory is refused is allowed.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !grow(layout.size()) {
            return core::ptr::null_mut();
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !grow(layout.size()) {
            return core::ptr::null_mut();
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !grow(size) {
            return core::ptr::null_mut();
        }
        // SAFETY: the caller's promise.
        let moved = unsafe { System.realloc(block, layout, size) };
        // What was not moved is still there, and only it.
        LIVE.fetch_sub(if moved.is_null() { size } else { layout.size() }, Ordering::Relaxed);
        moved
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

fn grow(size: usize) -> bool {
    let live = LIVE.fetch_add(size, Ordering::Relaxed).saturating_add(size);
    let most = MOST.load(Ordering::Relaxed);
    if live > most {
        LIVE.fetch_sub(size, Ordering::Relaxed);
        let noted = NOTED.load(Ordering::Relaxed);
        // Standard error keeps nothing, so this takes no memory itself.
        let _ = writeln!(std::io::stderr(), "{size} bytes beyond {most} refused, at {noted}");
        return false;
    }
    PEAK.fetch_max(live, Ordering::Relaxed);
    true
}

/// Bytes that are allocated now; 0 where [`Counted`] is not the program's allocator.
#[must_use]
pub fn live_bytes() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// The most bytes that were allocated at one time since the last call of [`begin_peak`].
#[must_use]
pub fn peak_bytes() -> usize {
    PEAK.load(Ordering::Relaxed)
}

/// Forgets the peak so far; gives what is allocated now.
pub fn begin_peak() -> usize {
    let live = live_bytes();
    PEAK.store(live, Ordering::Relaxed);
    live
}

/// Notes what the program is at, so that it can say so where it ends for want of memory.
pub fn note(at: u64) {
    NOTED.store(at, Ordering::Relaxed);
}

/// Refuses whatever would be more than so many bytes in all, which ends the program.
pub fn refuse_above(bytes: usize) {
    MOST.store(bytes, Ordering::Relaxed);
}

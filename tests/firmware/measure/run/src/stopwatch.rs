//! A critical section that notes how long interrupts were masked.

use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use critical_section::{Impl, RawRestoreState, set_impl};
use measure_run::counter;

/// When interrupts were masked, in ticks. Written while they are.
static STARTED: AtomicU32 = AtomicU32::new(0);
/// The longest that they were, in ticks. Written while they are.
static LONGEST: AtomicU32 = AtomicU32::new(0);

const INTERRUPTS_ARE_MASKED: u32 = 1;

/// Forgets what was seen so far.
pub(crate) fn reset() {
    LONGEST.store(0, Relaxed);
}

/// The longest section since the last [`reset`], in instructions, a few of the stopwatch included.
pub(crate) fn longest() -> usize {
    // 25.6 ticks an instruction, rounded: reading the counter is off by up to one tick.
    (LONGEST.load(Relaxed) as usize * 10 + 128) / 256
}

struct Stopwatch;
set_impl!(Stopwatch);

// SAFETY: there is one core; interrupts stay masked from `acquire` to the outermost `release`.
unsafe impl Impl for Stopwatch {
    // The assembler text leaves the compiler no choice of what to put between the two readings: of
    // the stopwatch it is the same few instructions everywhere.
    #[inline(always)]
    unsafe fn acquire() -> RawRestoreState {
        let primask: u32;
        // SAFETY: masks interrupts, reads the counter, and writes what only the holder may.
        unsafe {
            asm!(
                "mrs {primask}, PRIMASK",
                "movw {started}, #:lower16:{STARTED}",
                "movt {started}, #:upper16:{STARTED}",
                "movw {now}, #:lower16:{COUNTER}",
                "movt {now}, #:upper16:{COUNTER}",
                "cpsid i",
                "ldr {now}, [{now}]",
                "str {now}, [{started}]",
                primask = out(reg) primask,
                started = out(reg) _,
                now = out(reg) _,
                STARTED = sym STARTED,
                COUNTER = const counter::ADDRESS,
                options(nostack, preserves_flags),
            );
        }
        primask
    }

    #[inline(always)]
    unsafe fn release(primask: RawRestoreState) {
        let ended: u32;
        // SAFETY: reads the counter.
        unsafe {
            asm!(
                "movw {ended}, #:lower16:{COUNTER}",
                "movt {ended}, #:upper16:{COUNTER}",
                "ldr {ended}, [{ended}]",
                ended = out(reg) ended,
                COUNTER = const counter::ADDRESS,
                options(nostack, preserves_flags),
            );
        }
        stop(ended, primask);
    }
}

/// Notes a section that ended, and unmasks interrupts if it was the outermost.
#[inline(never)]
fn stop(ended: u32, primask: u32) {
    // One section within another would restart the watch, and hide how long the outer one was.
    assert!(primask & INTERRUPTS_ARE_MASKED == 0, "nested critical sections");
    let length = ended.wrapping_sub(STARTED.load(Relaxed));
    LONGEST.store(LONGEST.load(Relaxed).max(length), Relaxed);
    // SAFETY: they were not masked before the section.
    unsafe { asm!("cpsie i", options(nostack, preserves_flags)) };
}

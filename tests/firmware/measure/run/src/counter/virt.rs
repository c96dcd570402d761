//! RISC-V: `minstret`, which counts instructions, under `-icount shift=0`.

use core::arch::asm;
use spandrel::Clock;

/// One instruction to read, in a function.
pub const CLOCK: Clock = Clock::mcycle(1_000_000);

/// Calls of what is measured in one go; also the records that a ring must hold between drains.
pub const CALLS: u32 = 1000;

/// The counter runs.
pub(super) fn start() {}

/// The counter, in instructions.
#[inline(always)]
#[must_use]
pub fn now() -> u32 {
    let instructions: u32;
    // SAFETY: reads a counter; machine mode may. It is not `nomem`, so that it stays where it is.
    unsafe { asm!("csrr {}, minstret", out(reg) instructions, options(nostack)) };
    instructions
}

/// So many instructions, in tenths.
#[must_use]
pub fn tenths(ticks: i64) -> i64 {
    ticks * 10
}

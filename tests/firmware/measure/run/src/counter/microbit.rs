//! Cortex-M0: `SysTick`, 24 bits that count down at 16 MHz, under `-icount shift=10`.
//!
//! An instruction takes 1024 ns then, which is 16.384 ticks, whatever the host does meanwhile.

use spandrel::Clock;

const CONTROL: *mut u32 = 0xE000_E010 as *mut u32;
const RELOAD: *mut u32 = 0xE000_E014 as *mut u32;
const CURRENT: *mut u32 = 0xE000_E018 as *mut u32;

/// By the processor's clock, without an interrupt.
const ENABLE: u32 = 1 << 0 | 1 << 2;
const LONGEST: u32 = 0x00ff_ffff;

/// One load to read. It counts down and has 24 bits, so durations are wrong; what is executed is not.
pub const CLOCK: Clock = {
    // SAFETY: a register of the architecture; reading it has no effect on what is read.
    unsafe { Clock::register(CURRENT, 16_000_000) }
};

/// Calls of what is measured in one go; also the records that a ring must hold between drains.
pub const CALLS: u32 = 200;

/// Starts the counter.
pub(super) fn start() {
    // SAFETY: the timer is this module's.
    unsafe {
        RELOAD.write_volatile(LONGEST);
        CURRENT.write_volatile(0);
        CONTROL.write_volatile(ENABLE);
    }
}

/// The counter, in 256ths of a tick, so that it turns as one of 32 bits does. A turn is a million
/// instructions: whatever is measured in one go takes less.
#[inline(always)]
#[must_use]
pub fn now() -> u32 {
    // SAFETY: a register of the architecture.
    (LONGEST - unsafe { CURRENT.read_volatile() }) << 8
}

/// Instructions that so much took, in tenths.
#[must_use]
pub fn tenths(ticks: i64) -> i64 {
    // 10 tenths / (16.384 * 256).
    (ticks * 10_000).div_euclid(4_194_304)
}

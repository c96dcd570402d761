//! Cortex-M4: FPGAIO COUNTER, 25 MHz, under `-icount shift=10`.
//!
//! An instruction takes 1024 ns then, which is 25.6 ticks, whatever the host does meanwhile.

use spandrel::Clock;

/// Where the counter is.
pub const ADDRESS: usize = 0x4002_8018;
/// Its rate.
const HZ: u32 = 25_000_000;

/// One load to read, as DWT CYCCNT is.
pub const CLOCK: Clock = {
    // SAFETY: FPGAIO COUNTER of the board; reading it changes nothing.
    unsafe { Clock::register(ADDRESS as *const u32, HZ) }
};

/// Calls of what is measured in one go; also the records that a ring must hold between drains.
pub const CALLS: u32 = 1000;

/// The counter runs.
pub(super) fn start() {}

/// The counter, in ticks. Always inlined, so that it is one load here too.
#[inline(always)]
#[must_use]
pub fn now() -> u32 {
    // SAFETY: a register of the board; reading it changes nothing.
    unsafe { (ADDRESS as *const u32).read_volatile() }
}

/// Instructions that so many ticks took, in tenths.
#[must_use]
pub fn tenths(ticks: i64) -> i64 {
    // 10 tenths / 25.6 ticks.
    (ticks * 100).div_euclid(256)
}

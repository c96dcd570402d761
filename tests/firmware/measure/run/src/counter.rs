//! The counter that counts instructions: FPGAIO COUNTER, 25 MHz, under `-icount shift=10`.
//!
//! An instruction takes 1024 ns then, which is 25.6 ticks, whatever the host does meanwhile.

use core::hint::black_box;

/// Where the counter is.
pub const ADDRESS: usize = 0x4002_8018;
/// Its rate.
pub const HZ: u32 = 25_000_000;

/// Calls of what is measured in one go; also the records that a ring must hold between drains.
pub const CALLS: u32 = 1000;
/// How often that is done, so that the ring wraps now and then as it does in life.
const ROUNDS: u32 = 8;

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

/// Calls `work` and `empty` equally often and says by how many tenths of an instruction one call of
/// `work` takes longer. `between` is called after every [`CALLS`] calls of `work`.
///
/// `loop_over` makes the calls: one function for both, so that the loop is the same.
pub fn difference<F: Copy>(
    work: F,
    empty: F,
    loop_over: impl Fn(F) -> u32,
    mut between: impl FnMut(),
) -> i64 {
    let mut ticks = 0;
    for _ in 0..ROUNDS {
        let worked = loop_over(black_box(work));
        between();
        ticks += i64::from(worked) - i64::from(loop_over(black_box(empty)));
    }
    let calls = i64::from(ROUNDS * CALLS);
    (tenths(ticks) + calls / 2).div_euclid(calls)
}

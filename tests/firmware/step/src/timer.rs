//! The one-shot timer whose interrupt comes at a chosen instruction, and the counter that tells which.

#[path = "../../timer.rs"]
mod board;

pub(crate) use board::{COUNTER, HZ, IRQ, stop};

/// The counter, in ticks. Always inlined, so that it is one load.
#[inline(always)]
pub(crate) fn now() -> u32 {
    // SAFETY: a register of the board; reading it changes nothing.
    unsafe { (COUNTER as *const u32).read_volatile() }
}

/// Sets the counter to what it is at the start of every run: then all of them are alike up to their
/// interrupt, also where code depends on the time, as the length of an encoded one does.
pub(crate) fn restart() {
    board::write(COUNTER, 1000);
}

/// Whole instructions that so many ticks took.
pub(crate) fn instructions(ticks: u32) -> u32 {
    (ticks * 10 + 128) / 256
}

/// Lets the timer fire once, so many instructions and a half from the moment when it is enabled.
///
/// The half keeps away from the borders of instructions, where rounding to ticks would decide.
#[inline(always)]
pub(crate) fn start(after: u32) {
    board::fire_in((after * 256).div_ceil(10) + 13);
}

//! The one-shot timer whose interrupt resets, and the counter that is the tracer's clock.

#[path = "../../timer.rs"]
mod board;

pub(crate) use board::{COUNTER, HZ, IRQ, stop};
use board::{CTRL, VALUE, write};

/// Lets the timer fire once, this many ticks from now, pauses left out.
pub(crate) fn start(ticks: u32) {
    board::fire_in(ticks);
}

/// Ticks that are left.
pub(crate) fn left() -> u32 {
    // SAFETY: a register of the board; reading it changes nothing.
    unsafe { core::ptr::with_exposed_provenance::<u32>(VALUE).read_volatile() }
}

/// Calls `f` while the timer stands still, if it runs.
pub(crate) fn pausing(f: impl FnOnce()) {
    // SAFETY: a register of the timer; reading it changes nothing.
    let runs = unsafe { core::ptr::with_exposed_provenance::<u32>(CTRL).read_volatile() };
    write(CTRL, 0);
    f();
    write(CTRL, runs);
}

//! What the measuring programs share: the counter, text to the host, a tracer's parts.
#![no_std]

pub mod console;
pub mod counter;
pub mod drained;

// Brings its critical section into the image where the feature `single-core` is on.
use cortex_m as _;
use spandrel::Clock;

/// The clock of every tracer here: one load to read, as DWT CYCCNT is.
pub const CLOCK: Clock = {
    // SAFETY: FPGAIO COUNTER of the board; reading it changes nothing.
    unsafe { Clock::register(counter::ADDRESS as *const u32, counter::HZ) }
};

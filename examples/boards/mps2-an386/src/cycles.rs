//! The free-running counter that stands in for DWT CYCCNT, which QEMU does not model: FPGAIO
//! COUNTER, one load to read, 25 MHz, wraps after 171.8 s.
//!
//! FPGAIO has two counters. COUNTER (offset 0x18) counts up once for every PRESCALE + 1 cycles of
//! the 25 MHz clock; with PRESCALE at its reset value of 0 that is every cycle. PSCNTR (0x20) is
//! the prescaler itself: with PRESCALE 0 it stands still. `src/bin/clock.rs` checks the rate.
//!
//! Under `-icount shift=S` one instruction takes 2^S ns, so the counter moves by 2^S / 40 each.

use crate::registers::Register;

/// Address of the counter, for code that must read it by a single load.
pub const CYCLES_ADDR: usize = 0x4002_8018;

/// Rate of the counter in counts per second.
pub const CYCLES_HZ: u32 = 25_000_000;

// SAFETY: FPGAIO COUNTER; reading it changes nothing.
const COUNTER: Register = unsafe { Register::at(CYCLES_ADDR) };

// SAFETY: FPGAIO PRESCALE, which affects the rate of COUNTER and nothing else.
const PRESCALE: Register = unsafe { Register::at(0x4002_801C) };

/// The counter's present value. Callable from any context.
#[inline(always)]
pub fn cycles() -> u32 {
    COUNTER.read()
}

/// Makes the counter run at [`CYCLES_HZ`], whatever ran before this program.
pub(crate) fn init() {
    PRESCALE.write(0);
}

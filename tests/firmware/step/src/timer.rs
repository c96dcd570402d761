//! The one-shot timer whose interrupt comes at a chosen instruction, and the counter that tells which.
//!
//! Both run at 25 MHz. Under `-icount shift=10` an instruction takes 1024 ns, which is 25.6 ticks.

/// Where the counter is: FPGAIO COUNTER.
pub(crate) const COUNTER: usize = 0x4002_8018;
/// Its rate, and the timer's.
pub(crate) const HZ: u32 = 25_000_000;

/// Number of the timer's interrupt.
pub(crate) const IRQ: u16 = 8;

const CTRL: usize = 0x4000_0000;
const VALUE: usize = 0x4000_0004;
const RELOAD: usize = 0x4000_0008;
const INTCLEAR: usize = 0x4000_000C;

const ENABLE_WITH_INTERRUPT: u32 = 1 << 0 | 1 << 3;

fn write(address: usize, value: u32) {
    // SAFETY: only called with registers of the timer and the counter, which are this module's.
    unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(value) }
}

/// The counter, in ticks. Always inlined, so that it is one load.
#[inline(always)]
pub(crate) fn now() -> u32 {
    // SAFETY: a register of the board; reading it changes nothing.
    unsafe { (COUNTER as *const u32).read_volatile() }
}

/// Sets the counter to what it is at the start of every run: then all of them are alike up to their
/// interrupt, also where code depends on the time, as the length of an encoded one does.
pub(crate) fn restart() {
    write(COUNTER, 1000);
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
    // It would go on from the reload value; a short one could run out in the handler, and storm.
    write(RELOAD, u32::MAX);
    write(VALUE, (after * 256).div_ceil(10) + 13);
    write(CTRL, ENABLE_WITH_INTERRUPT);
}

/// Stops the timer and takes its interrupt back.
pub(crate) fn stop() {
    write(CTRL, 0);
    write(INTCLEAR, 1);
}

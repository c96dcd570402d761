//! The one-shot timer of the mps2-an386, and its counter.
//!
//! Both run at 25 MHz. Under `-icount shift=10` an instruction takes 1024 ns, which is 25.6 ticks.

/// Where the counter is: FPGAIO COUNTER.
pub(crate) const COUNTER: usize = 0x4002_8018;
/// Its rate, and the timer's.
pub(crate) const HZ: u32 = 25_000_000;

/// Number of the timer's interrupt.
pub(crate) const IRQ: u16 = 8;

/// Its control register; it stands still while that is 0.
pub(crate) const CTRL: usize = 0x4000_0000;
/// The ticks that are left.
pub(crate) const VALUE: usize = 0x4000_0004;
const RELOAD: usize = 0x4000_0008;
const INTCLEAR: usize = 0x4000_000C;

const ENABLE_WITH_INTERRUPT: u32 = 1 << 0 | 1 << 3;

/// Writes one of these registers.
pub(crate) fn write(address: usize, value: u32) {
    // SAFETY: only called with registers of the timer and the counter, which nothing else writes.
    unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(value) }
}

/// Lets the timer fire once, this many ticks from the moment when it is enabled.
#[inline(always)]
pub(crate) fn fire_in(ticks: u32) {
    // It would go on from the reload value; a short one could run out in the handler, and storm.
    write(RELOAD, u32::MAX);
    write(VALUE, ticks);
    write(CTRL, ENABLE_WITH_INTERRUPT);
}

/// Stops the timer and takes its interrupt back.
pub(crate) fn stop() {
    write(CTRL, 0);
    write(INTCLEAR, 1);
}

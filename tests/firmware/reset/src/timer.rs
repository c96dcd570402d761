//! The one-shot timer whose interrupt resets, and the counter that is the tracer's clock.
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
    // SAFETY: only called with registers of the timer, which is this module's.
    unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(value) }
}

/// Lets the timer fire once, this many ticks from now, pauses left out.
pub(crate) fn start(ticks: u32) {
    // Once is enough, and it must not come again at once.
    write(RELOAD, u32::MAX);
    write(VALUE, ticks);
    write(CTRL, ENABLE_WITH_INTERRUPT);
}

/// Ticks that are left.
pub(crate) fn left() -> u32 {
    // SAFETY: a register of the board; reading it changes nothing.
    unsafe { core::ptr::with_exposed_provenance::<u32>(VALUE).read_volatile() }
}

/// Stops the timer and takes its interrupt back.
pub(crate) fn stop() {
    write(CTRL, 0);
    write(INTCLEAR, 1);
}

/// Calls `f` while the timer stands still, if it runs.
pub(crate) fn pausing(f: impl FnOnce()) {
    // SAFETY: a register of the timer; reading it changes nothing.
    let runs = unsafe { core::ptr::with_exposed_provenance::<u32>(CTRL).read_volatile() };
    write(CTRL, 0);
    f();
    write(CTRL, runs);
}

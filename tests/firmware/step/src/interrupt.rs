//! The interrupt that records, and what it saw of the instruction that it came behind.

use core::arch::naked_asm;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use spandrel::{log, span};

use crate::TRACER;
use crate::frames;
use crate::timer;

#[derive(Clone, Copy)]
struct Timer0;

// SAFETY: the number of the machine's NVIC input of the timer.
unsafe impl InterruptNumber for Timer0 {
    fn number(self) -> u16 {
        timer::IRQ
    }
}

/// What the last interrupt saw; written by it alone, read when the timer is stopped.
static COUNT: AtomicU32 = AtomicU32::new(0);
static TICKS: AtomicU32 = AtomicU32::new(0);
static PC: AtomicU32 = AtomicU32::new(0);
/// Whether it also drains.
static DRAINS: AtomicBool = AtomicBool::new(false);

/// What the interrupt saw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// When it came, by the counter.
    pub(crate) ticks: u32,
    /// The instruction that it came before.
    pub(crate) pc: u32,
    /// The half word before that one: of `cpsie i` where the interrupt had to wait for it.
    pub(crate) before: u16,
}

/// Lets the interrupt through, where the processor is not masked.
pub(crate) fn enable() {
    // SAFETY: no critical section relies on it being off.
    unsafe { NVIC::unmask(Timer0) };
}

/// Forgets what was seen, and says whether the next interrupt drains.
pub(crate) fn expect(drains: bool) {
    COUNT.store(0, Relaxed);
    DRAINS.store(drains, Relaxed);
}

/// What the interrupt saw, if it came.
///
/// # Panics
/// If it came twice: the timer is a one-shot.
pub(crate) fn seen() -> Option<Seen> {
    let count = COUNT.load(Relaxed);
    assert!(count <= 1, "the timer fired {count} times");
    let pc = PC.load(Relaxed);
    (count == 1).then(|| {
        // SAFETY: the instruction before the interrupted one lies in flash.
        let before = unsafe { *core::ptr::with_exposed_provenance::<u16>(pc as usize - 2) };
        Seen { ticks: TICKS.load(Relaxed), pc, before }
    })
}

/// Every interrupt's entry: cortex-m-rt's table names it. It hands over what the processor pushed.
///
/// # Safety
/// Only for the processor to call.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn DefaultHandler() {
    naked_asm!("mrs r0, msp", "b {handle}", handle = sym handle);
}

extern "C" fn handle(frame: *const u32) {
    const PC_AT: usize = 6;

    TICKS.store(timer::now(), Relaxed);
    timer::stop();
    // SAFETY: the processor pushed eight words at least, the program counter as the seventh.
    PC.store(unsafe { *frame.add(PC_AT) }, Relaxed);
    COUNT.store(COUNT.load(Relaxed) + 1, Relaxed);
    record();
    if DRAINS.load(Relaxed) {
        frames::drain();
    }
}

/// A root that is active, a child with tags and a log: nothing of the interrupted code's.
#[inline(never)]
fn record() {
    let tick = span!(TRACER, "tick");
    let active = tick.enter();
    span!(TRACER, "tock", count = 3, state = "on").finish();
    log!(tick, "beat");
    drop(active);
    tick.finish();
}

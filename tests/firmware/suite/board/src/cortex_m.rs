//! Cortex-M: an interrupt that no device uses, pended by software.

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use cortex_m_rt::{ExceptionFrame, exception};
use spandrel_suite::{Board, on_interrupt};

use crate::console::print;

pub(crate) use cortex_m_rt::entry;

const HARD_FAULT: i32 = 102;

pub(crate) const BOARD: Board = Board { interrupt: || NVIC::pend(Unused) };

#[derive(Clone, Copy)]
struct Unused;

// SAFETY: the machines' interrupt controllers have 32 inputs.
unsafe impl InterruptNumber for Unused {
    fn number(self) -> u16 {
        20
    }
}

/// Lets the interrupt through.
pub(crate) fn enable_interrupt() {
    // SAFETY: no critical section relies on it being off.
    unsafe { NVIC::unmask(Unused) };
}

// SAFETY: it touches nothing that the interrupted code relies on.
#[exception]
unsafe fn DefaultHandler(_: i16) {
    on_interrupt();
}

// SAFETY: cortex-m-rt calls it with the frame that the fault pushed; it never returns to the fault.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    print(format_args!("hard fault: pc={:#010x}", frame.pc()));
    semihosting::process::exit(HARD_FAULT)
}

//! Ends a program that cannot go on with one line and an exit code, so that whoever started QEMU
//! sees the failure at once and does not wait for a time-out.
//!
//! | what | code |
//! |---|---|
//! | panic, unexpected interrupt | 101 |
//! | hard fault | 102 |

use core::panic::PanicInfo;

use cortex_m_rt::{ExceptionFrame, exception};

use crate::interrupts;
use crate::println;
use crate::registers::Register;

const PANIC: i32 = 101;
const HARD_FAULT: i32 = 102;

// SAFETY: the Configurable Fault Status Register of the Cortex-M4; reading it changes nothing.
const CFSR: Register = unsafe { Register::at(0xE000_ED28) };

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    cortex_m::interrupt::disable();
    println!("{info}");
    crate::exit(PANIC)
}

// SAFETY: cortex-m-rt calls it with the frame that the fault pushed; it never returns to the fault.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    println!("hard fault: pc={:#010x} cfsr={:#010x}", frame.pc(), CFSR.read());
    crate::exit(HARD_FAULT)
}

// SAFETY: it only calls what `interrupts::attach` was given, which has no state shared without a
// lock.
#[exception]
unsafe fn DefaultHandler(irq: i16) {
    match interrupts::attached(irq) {
        Some(handler) => handler(),
        None => {
            println!("unexpected interrupt {irq}");
            crate::exit(PANIC)
        }
    }
}

//! Hands each device interrupt to the function that was attached to it. The vector table of a crate
//! without a device description sends all of them to one handler; a table filled at run time keeps
//! the drivers that a program does not use out of its image.

use core::cell::Cell;

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use critical_section::Mutex;

/// The interrupts that this board support crate knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// CMSDK UART0 received a byte.
    Uart0Rx = 0,
    /// CMSDK TIMER0, free for the program.
    Timer0 = 8,
    /// CMSDK TIMER1, used by the time driver.
    Timer1 = 9,
    /// The LAN9118 Ethernet controller.
    Ethernet = 13,
}

// SAFETY: the numbers are those of the machine's NVIC inputs and each is given once.
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self as u16
    }
}

const TABLE_LEN: usize = Interrupt::Ethernet as usize + 1;

type Slot = Cell<Option<fn()>>;

static TABLE: Mutex<[Slot; TABLE_LEN]> = Mutex::new([const { Slot::new(None) }; TABLE_LEN]);

/// Calls `handler` whenever `interrupt` fires, in place of whatever was attached before.
///
/// All interrupts have the same priority unless the program changes it, so handlers do not nest.
pub fn attach(interrupt: Interrupt, handler: fn()) {
    critical_section::with(|cs| {
        if let Some(slot) = TABLE.borrow(cs).get(usize::from(interrupt.number())) {
            slot.set(Some(handler));
        }
    });
    // SAFETY: the handler is in place, and no critical section relies on this interrupt being
    // masked.
    unsafe { NVIC::unmask(interrupt) };
}

/// The handler attached to the interrupt number `irq`.
pub(crate) fn attached(irq: i16) -> Option<fn()> {
    let index = usize::try_from(irq).ok()?;
    critical_section::with(|cs| TABLE.borrow(cs).get(index).and_then(Cell::get))
}

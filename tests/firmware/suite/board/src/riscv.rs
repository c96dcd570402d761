//! RISC-V: the software interrupt of the hart, pended by the core-local interruptor.

use core::arch::asm;
use core::sync::atomic::{AtomicU16, Ordering::Relaxed};

use critical_section::{Impl, RawRestoreState, set_impl};
use riscv::interrupt::{Exception, Interrupt};
use riscv_rt::{TrapFrame, core_interrupt, exception};
use spandrel::{ContextId, contexts};
use spandrel_suite::{Board, on_interrupt};

use crate::console::print;

pub(crate) use riscv_rt::entry;

const ILLEGAL_ACCESS: i32 = 102;

/// Bit 0 pends the software interrupt of hart 0: `msip` of the machine's CLINT.
const SOFTWARE_INTERRUPT: usize = 0x0200_0000;

pub(crate) const BOARD: Board = Board { interrupt: || pend(true) };

/// How many interrupts run just now: no register of the hart says it.
static LEVEL: AtomicU16 = AtomicU16::new(0);

contexts!(1, || ContextId { slot: 0, level: LEVEL.load(Relaxed) });

fn pend(is_pending: bool) {
    let register = core::ptr::with_exposed_provenance_mut::<u32>(SOFTWARE_INTERRUPT);
    // SAFETY: the register is this module's.
    unsafe { register.write_volatile(u32::from(is_pending)) };
}

/// Lets the interrupt through.
pub(crate) fn enable_interrupt() {
    // SAFETY: no critical section relies on them being off.
    unsafe {
        riscv::register::mie::set_msoft();
        riscv::interrupt::enable();
    }
}

#[core_interrupt(Interrupt::MachineSoft)]
fn on_software_interrupt() {
    pend(false);
    LEVEL.store(1, Relaxed);
    on_interrupt();
    LEVEL.store(0, Relaxed);
}

struct SingleHart;
set_impl!(SingleHart);

/// The bit of `mstatus` that lets interrupts through.
const MIE: u32 = 1 << 3;

// SAFETY: there is one hart; interrupts stay masked from `acquire` to the outermost `release`.
unsafe impl Impl for SingleHart {
    unsafe fn acquire() -> RawRestoreState {
        let before: u32;
        // SAFETY: masks interrupts, which is what the caller asks for.
        unsafe { asm!("csrrci {}, mstatus, {MIE}", out(reg) before, MIE = const MIE) };
        before
    }

    unsafe fn release(before: RawRestoreState) {
        if before & MIE != 0 {
            // SAFETY: they were let through before.
            unsafe { asm!("csrsi mstatus, {MIE}", MIE = const MIE) };
        }
    }
}

#[exception(Exception::LoadFault)]
fn on_load_fault(_: &TrapFrame) -> ! {
    fault("a load")
}

#[exception(Exception::StoreFault)]
fn on_store_fault(_: &TrapFrame) -> ! {
    fault("a store")
}

#[exception(Exception::IllegalInstruction)]
fn on_illegal_instruction(_: &TrapFrame) -> ! {
    fault("an illegal instruction")
}

fn fault(what: &str) -> ! {
    print(format_args!("{what} faulted at {:#010x}", riscv::register::mepc::read()));
    semihosting::process::exit(ILLEGAL_ACCESS)
}

//! The thread-mode executor of this board, which sleeps with WFI.
//!
//! embassy's own sleeps with WFE; QEMU runs that as a no-op, so every idle guest would keep a core
//! of the host busy, and a demo has several guests.

use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};

use embassy_executor::{Spawner, raw};
use static_cell::StaticCell;

use crate::{cycles, time_driver};

static EXECUTOR: StaticCell<raw::Executor> = StaticCell::new();

/// A task was woken since the last poll.
static PENDING: AtomicBool = AtomicBool::new(false);

/// Starts the clocks, lets `init` spawn the first tasks, and runs them for ever.
///
/// # Panics
///
/// When it is called a second time.
pub fn run(init: impl FnOnce(Spawner)) -> ! {
    cycles::init();
    time_driver::init();
    let executor = EXECUTOR.init(raw::Executor::new(ptr::null_mut()));
    init(executor.spawner());
    loop {
        // SAFETY: this is the only call, and it cannot be reentered: interrupts only wake tasks.
        unsafe { executor.poll() };
        // An interrupt between the check and WFI would be slept through. A masked one still ends
        // WFI, and is taken as soon as interrupts are enabled again.
        cortex_m::interrupt::disable();
        if !PENDING.swap(false, Ordering::Relaxed) {
            cortex_m::asm::wfi();
        }
        // SAFETY: interrupts were enabled before `disable` above, and nothing here relies on the
        // mask.
        unsafe { cortex_m::interrupt::enable() };
    }
}

/// What embassy calls when a task becomes ready, from any context.
// SAFETY: embassy-executor declares this symbol with this signature, and nothing else defines it
// because the feature `executor-thread` is off.
#[unsafe(export_name = "__pender")]
fn pender(_context: *mut ()) {
    PENDING.store(true, Ordering::Relaxed);
}

//! Runs the suite on whatever board it is built for: prints a line for each test, exits with 1 where
//! one failed.
#![no_std]
#![no_main]

#[cfg_attr(target_arch = "arm", path = "cortex_m.rs")]
#[cfg_attr(target_arch = "riscv32", path = "riscv.rs")]
mod board;
mod console;

use core::mem::MaybeUninit;

use embedded_alloc::LlffHeap;

use crate::console::print;

/// Frames are decoded into lists. The core itself needs none of it.
#[global_allocator]
static HEAP: LlffHeap = LlffHeap::empty();

/// Fits a board with 16 KiB.
const HEAP_LEN: usize = 5632;

/// The heap's.
static mut MEMORY: MaybeUninit<[u8; HEAP_LEN]> = MaybeUninit::uninit();

#[board::entry]
fn main() -> ! {
    // SAFETY: the memory is nobody else's, and this comes to pass once, before anything allocates.
    unsafe { HEAP.init((&raw mut MEMORY).addr(), HEAP_LEN) };
    board::enable_interrupt();
    let (mut tests, mut failed) = (0, 0);
    for test in spandrel_suite::tests() {
        tests += 1;
        match test.run(&board::BOARD) {
            Ok(()) => print(format_args!("ok {}", test.name)),
            Err(fault) => {
                failed += 1;
                print(format_args!("FAILED {}: {fault}", test.name));
            }
        }
    }
    print(format_args!("{tests} tests, {failed} failed"));
    semihosting::process::exit(i32::from(failed > 0))
}

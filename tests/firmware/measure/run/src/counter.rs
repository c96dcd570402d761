//! The counter that counts instructions: another on each board.

#[cfg(board = "microbit")]
mod microbit;
#[cfg(board = "mps2-an386")]
mod mps2_an386;
#[cfg(board = "virt")]
mod virt;

#[cfg(board = "microbit")]
use microbit as board;
#[cfg(board = "mps2-an386")]
use mps2_an386 as board;
#[cfg(board = "virt")]
use virt as board;

use core::arch::asm;
use core::hint::black_box;

#[cfg(board = "mps2-an386")]
pub use mps2_an386::ADDRESS;

pub use board::{CALLS, CLOCK, now, tenths};

/// How often that is done, so that the ring wraps now and then as it does in life.
const ROUNDS: u32 = 8000 / CALLS;

/// Starts the counter, and looks whether it counts instructions.
///
/// # Panics
/// If it does not: without `-icount`, or with another `shift`.
pub fn start() {
    const MORE: u32 = 1000;

    board::start();
    let ticks = ticks_of_loop(2 * MORE).wrapping_sub(ticks_of_loop(MORE));
    assert_eq!((tenths(ticks.into()) + 5) / 10, i64::from(2 * MORE), "no count of instructions");
}

/// Ticks of a loop of two instructions.
#[inline(never)]
fn ticks_of_loop(turns: u32) -> u32 {
    let start = now();
    // SAFETY: counts a register down.
    unsafe {
        #[cfg(target_arch = "arm")]
        asm!("2: subs {n}, #1", "bne 2b", n = inout(reg) turns => _);
        #[cfg(target_arch = "riscv32")]
        asm!("2: addi {n}, {n}, -1", "bnez {n}, 2b", n = inout(reg) turns => _);
    }
    now().wrapping_sub(start)
}

/// Calls `work` and `empty` equally often and says by how many tenths of an instruction one call of
/// `work` takes longer. `between` is called after every [`CALLS`] calls of `work`.
///
/// `loop_over` makes the calls: one function for both, so that the loop is the same.
pub fn difference<F: Copy>(
    work: F,
    empty: F,
    loop_over: impl Fn(F) -> u32,
    mut between: impl FnMut(),
) -> i64 {
    let mut ticks = 0;
    for _ in 0..ROUNDS {
        let worked = loop_over(black_box(work));
        between();
        ticks += i64::from(worked) - i64::from(loop_over(black_box(empty)));
    }
    let calls = i64::from(ROUNDS * CALLS);
    (tenths(ticks) + calls / 2).div_euclid(calls)
}

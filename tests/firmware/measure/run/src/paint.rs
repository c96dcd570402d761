//! How deep a call goes: the stack below is painted, and the paint that is gone afterwards tells.

use core::arch::asm;

/// How far down the stack is painted, in bytes; the machine has far more.
const REACH: usize = 16 * 1024;
const PAINT: u32 = 0xa5c3_965a;

/// Bytes of stack below its caller's that `call` takes. Interrupts must be off.
///
/// # Panics
/// Where it takes more than can be told.
#[inline(never)]
pub(crate) fn depth(call: impl FnOnce()) -> usize {
    let top: usize;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, sp", out(reg) top, options(nomem, nostack, preserves_flags)) };
    let bottom = top - REACH;
    for address in (bottom..top).step_by(4) {
        // SAFETY: below the stack pointer is memory of the stack that nobody uses now.
        unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(PAINT) };
    }
    call_apart(call);
    let deepest = (bottom..top).step_by(4).find(|&address| {
        // SAFETY: it was painted above.
        unsafe { core::ptr::with_exposed_provenance::<u32>(address).read_volatile() != PAINT }
    });
    let deepest = deepest.expect("a call leaves a trace");
    assert!(deepest > bottom, "deeper than the paint");
    top - deepest
}

/// Keeps the call's frame out of the painter's, which lies above the paint.
#[inline(never)]
fn call_apart(call: impl FnOnce()) {
    call();
}

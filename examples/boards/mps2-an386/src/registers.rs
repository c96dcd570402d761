//! One memory-mapped 32-bit register: the only place where the board touches an address directly.

use core::ptr;

/// A register that the board has at a fixed address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Register(usize);

impl Register {
    /// # Safety
    ///
    /// `address` is that of a 32-bit register of this board, aligned to four, and neither reading
    /// nor writing it touches memory that Rust manages.
    pub(crate) const unsafe fn at(address: usize) -> Self {
        Register(address)
    }

    pub(crate) fn read(self) -> u32 {
        // SAFETY: whoever made `self` vouched for the address.
        unsafe { ptr::with_exposed_provenance::<u32>(self.0).read_volatile() }
    }

    pub(crate) fn write(self, value: u32) {
        // SAFETY: whoever made `self` vouched for the address.
        unsafe { ptr::with_exposed_provenance_mut::<u32>(self.0).write_volatile(value) }
    }
}

//! [`Memory`]: what a debug probe can do for RTT, which is all that RTT needs.

use std::io;

/// The memory of a target with 32-bit addresses.
pub trait Memory {
    /// Fills `out` from `address` on.
    ///
    /// # Errors
    /// Where that cannot be read, or nobody is there to read it.
    fn read(&mut self, address: u32, out: &mut [u8]) -> Result<(), MemoryError>;

    /// Writes `bytes` from `address` on.
    ///
    /// # Errors
    /// Where that cannot be written, or nobody is there to write it.
    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MemoryError>;
}

/// Why memory was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// There is none, or the probe may not: another address may do.
    #[error("the memory at {0:#010x} cannot be had")]
    Refused(u32),
    /// The probe does not answer, or not in a way that makes sense: nothing more will do.
    #[error("the probe does not answer as it should")]
    Lost(#[from] io::Error),
}

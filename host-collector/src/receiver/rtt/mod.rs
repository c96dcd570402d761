//! RTT: frames through the memory of a target that a debug probe reads, for desks without a network.

pub mod block;
pub mod elf;
pub mod gdb;
mod memory;
mod reader;
mod search;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use memory::{Memory, MemoryError};
pub use reader::{Look, NAME, Reader, Which};
pub use search::Place;

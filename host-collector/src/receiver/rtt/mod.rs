//! RTT: frames through the memory of a target that a debug probe reads, for desks without a network.
//!
//! | module | how |
//! |---|---|
//! | [`tcp`] | a server reads the target: bytes both ways |
//! | `probe` | the probe-rs library reads it, in which [`Reader`] finds the rings: the feature `probe-rs` |
//! | [`gdb`] | a GDB server gives the target's memory, for the same |
//!
//! Nothing in the memory of a target is believed: what [`block`] finds wrong is not read.

pub mod block;
pub mod elf;
pub mod gdb;
mod link;
mod locate;
mod memory;
mod options;
mod pipe;
#[cfg(feature = "probe-rs")]
pub mod probe;
mod reader;
mod search;
pub mod tcp;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use locate::{Locate, LocateError};
pub use memory::{Memory, MemoryError};
pub use options::{Link, Options};
pub use pipe::Probe;
pub use reader::{Look, NAME, Reader, Which};
pub use search::Place;

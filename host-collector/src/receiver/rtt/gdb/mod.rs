//! The memory of a target by GDB's remote serial protocol: QEMU's stub, and whatever else speaks it.
//!
//! Such a server gives memory while the target stands still, so it is halted at each look, for as
//! long as it takes to read a ring: its time stands still, too. A probe that reads while the target
//! runs is better, where there is one.

mod client;
pub mod packet;
#[cfg(test)]
mod tests;

pub use client::Client;

//! The binary, and what a bad day brings: kills, disks that are full, servers that are away, crowds that do
//! nothing, and spans that make no sense.
#![cfg(unix)]
#![expect(
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "only host programs are tested here"
)]

mod away;
mod client;
mod collector;
mod crowd;
mod disk;
mod lasting;
mod rules;
mod shapes;
mod spans;

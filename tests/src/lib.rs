//! What the end-to-end tests and `cargo xtask` share: child processes, real peers, the hello-world
//! and its checks.
#![expect(clippy::std_instead_of_alloc, reason = "only host programs use this crate")]

pub mod build;
pub mod collector;
pub mod faults;
#[cfg(feature = "kit")]
pub mod fuzz;
pub mod hello;
pub mod interop;
pub mod jaeger_json;
pub mod peers;
pub mod proc;
pub mod proto_json;
pub mod qemu;
pub mod random;
pub mod skip;
pub mod vectors;
pub mod workspace;

//! From tracer to collector without any I/O: what is recorded comes out, whatever happens on the way.
#![expect(clippy::std_instead_of_alloc, reason = "only host programs use this crate")]

mod acknowledged;
mod device;
mod late_collector;
mod program;
mod random;
mod recorded;
mod world;

//! Ships what a tracer records to the collector, over whatever link the device has.
//!
//! [`Uplink`] is what a link must do; [`uplinks`] has those that are ready to use. [`Reporter`] is the
//! task that drains the tracer, packs frames and sends them. If the link is down nothing blocks the
//! tracing: the ring fills, drops and counts. [`framing`] is for links that do not keep frames apart.
#![no_std]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]
#![forbid(unsafe_code)]

#[cfg(any(feature = "std", test))]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod framing;
#[cfg(feature = "mqtt")]
pub mod mqtt;
mod reporter;
mod uplink;
pub mod uplinks;

pub use reporter::{Reporter, Settings};
pub use uplink::Uplink;

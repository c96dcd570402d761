//! Distributed tracing for microcontrollers.
#![no_std]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod context;
mod id;
pub mod wire;

pub use context::{SpanContext, TraceFlags};
pub use id::{COUNTER_BITS, DeviceId, SESSION_BITS, Session, SpanId, TraceId};

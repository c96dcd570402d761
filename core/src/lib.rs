//! Distributed tracing for microcontrollers.
#![no_std]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod clock;
mod config;
mod context;
mod id;
#[cfg(feature = "enable")]
mod live;
mod macros;
#[doc(hidden)]
pub mod site;
mod tags;
pub mod wire;

pub use clock::Clock;
#[cfg(all(target_arch = "arm", target_os = "none"))]
pub use clock::SysTickClock;
pub use config::{DeviceSource, Sampler, SessionSource};
pub use context::{SpanContext, TraceFlags};
pub use id::{COUNTER_BITS, DeviceId, SESSION_BITS, Session, SpanId, TraceId};
#[cfg(feature = "enable")]
pub use live::{Asked, ChildOf, Drain, Recorder, RecorderRef, Scope, Span, Tracer};
pub use tags::{Copied, MAX_COPIED_LEN, TagList, TagValue};
pub use wire::Value;

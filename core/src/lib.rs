//! Distributed tracing for microcontrollers.
#![no_std]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(loom, allow(dead_code, unused_imports, reason = "only the ring is modelled"))]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        clippy::cast_lossless,
        clippy::std_instead_of_alloc,
        clippy::std_instead_of_core,
        reason = "a test that fails may panic"
    )
)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod baggage;
pub mod carrier;
mod clock;
mod config;
mod context;
mod contexts;
mod id;
#[cfg(feature = "enable")]
mod live;
mod macros;
#[cfg(not(feature = "enable"))]
mod noop;
mod sampler;
pub mod semconv;
#[doc(hidden)]
pub mod site;
mod tags;
#[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
mod tsc;
pub mod wire;
#[cfg(all(feature = "macros", not(loom)))]
#[doc(hidden)]
pub mod wrap;

pub use baggage::{Baggage, BaggageError};
#[cfg(all(target_arch = "arm", target_os = "none"))]
pub use clock::SysTickClock;
pub use clock::{Clock, Ticks};
pub use config::{DeviceSource, DrainError, SessionSource};
pub use context::{Reference, SpanContext, TraceFlags};
pub use contexts::ContextId;
pub use id::{COUNTER_BITS, DeviceId, SESSION_BITS, Session, SpanId, TraceId};
#[cfg(all(feature = "enable", not(loom)))]
#[doc(hidden)]
pub use live::ContextSlot;
#[cfg(all(feature = "enable", not(loom)))]
pub use live::{
    BaggagePool, ChildOf, Drain, FutureExt, HeldBaggage, InScopeOf, InSpan, Recorder, RecorderRef,
    Scope, Span, StatsCell, Tracer,
};
#[cfg(not(feature = "enable"))]
pub use noop::{
    BaggagePool, ChildOf, Drain, FutureExt, HeldBaggage, InScopeOf, InSpan, Recorder, Scope, Span,
    StatsCell, Tracer,
};
pub use sampler::{AdjustError, AdjustableRef, AdjustableSampler, Sampler, Strategy};
#[cfg(feature = "macros")]
#[doc(inline)]
pub use spandrel_macros::traced;
pub use tags::{Bytes, Copied, MAX_COPIED_LEN, TagList, TagValue};
pub use wire::{Asked, ProcessTags, Value};

//! Distributed tracing for microcontrollers: spans in the words of `OpenTracing` and Jaeger, recorded into
//! memory of a fixed size.
//!
//! Five words are all there is to learn:
//!
//! | word | is |
//! |---|---|
//! | [`Tracer`] | what firmware talks to: a static with a service name, a [`Clock`], an identity and a [`Recorder`] |
//! | [`Span`] | a piece of work with a name, a start and an end; it is recorded when it is finished or dropped |
//! | tag | a key and a value that are true of the whole span: [`span!`] begins with them, [`tag!`] adds more |
//! | log | keys and values with a time: [`log!`] |
//! | context | what of a span crosses a boundary, so that a child can begin elsewhere: [`SpanContext`], and [`carrier`] for its forms |
//!
//! ```
//! use spandrel::{Clock, Recorder, Tracer, carrier::w3c, log, span, tag};
//!
//! static RECORDER: Recorder<1024> = Recorder::new(); // 4 KiB: some 120 spans
//! static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic());
//!
//! let read = span!(TRACER, "read", bus = 1);
//! let _active = read.enter(); // spans that name no parent are now its children
//! let convert = span!(TRACER, "convert");
//! log!(convert, event = "retry", count = 2);
//! convert.finish();
//! tag!(read, result = "ok");
//!
//! // On to the next device, which begins with `span!(TRACER, child_of: context, ...)`.
//! let mut headers = heapless::String::<128>::new();
//! w3c::inject(&read.context(), &mut headers)?;
//! # Ok::<_, spandrel::carrier::InjectError>(())
//! ```
//!
//! What is recorded leaves through [`Drain`], as frames for any link; `spandrel-transport` has a reporter
//! and links. Everything may be called from threads, tasks and interrupts of any priority, nothing blocks,
//! allocates or panics, and what finds no room is counted. A child with two tags takes 47 instructions on a
//! Cortex-M4 where the profile asks for speed.
//!
//! Only the final binary turns on the feature `enable`: without it every type has no size, and what is
//! given to the macros is not evaluated. There too: `baggage`, `contexts`, `stats`, `auth` for sealed
//! frames, `location`, `macros` for `#[traced]`, `defmt`, `std`.
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
#[cfg(not(all(feature = "enable", loom)))]
mod child_of;
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
mod note;
mod sampler;
#[cfg(feature = "auth")]
pub mod seal;
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
#[cfg(not(all(feature = "enable", loom)))]
pub use child_of::ChildOf;
#[cfg(all(target_arch = "arm", target_os = "none"))]
pub use clock::SysTickClock;
pub use clock::{Clock, Ticks};
#[cfg(feature = "retained")]
pub use config::Boot;
pub use config::{DeviceSource, DrainError, SessionSource};
pub use context::{Reference, SpanContext, TraceFlags};
pub use contexts::ContextId;
#[cfg(feature = "alloc")]
pub use id::SpanIds;
pub use id::{COUNTER_BITS, DeviceId, SESSION_BITS, Session, SpanId, TraceId};
#[cfg(all(feature = "enable", not(loom)))]
#[doc(hidden)]
pub use live::ContextSlot;
#[cfg(all(feature = "enable", not(loom)))]
pub use live::{
    BaggagePool, ControlCell, Drain, FaultPoint, FutureExt, HeldBaggage, InScopeOf, InSpan,
    Recorder, RecorderRef, Scope, Span, StatsCell, Tracer, Window,
};
#[cfg(all(feature = "enable", feature = "retained", not(loom)))]
pub use live::{BootCell, Retained};
#[cfg(not(feature = "enable"))]
pub use noop::{
    BaggagePool, ControlCell, Drain, FaultPoint, FutureExt, HeldBaggage, InScopeOf, InSpan,
    Recorder, Scope, Span, StatsCell, Tracer, Window,
};
#[cfg(all(not(feature = "enable"), feature = "retained"))]
pub use noop::{BootCell, Retained};
pub use note::build_id_of_note;
pub use sampler::{AdjustError, AdjustableRef, AdjustableSampler, Sampler, Strategy};
#[cfg(feature = "macros")]
#[doc(inline)]
pub use spandrel_macros::traced;
pub use tags::{Bytes, Copied, MAX_COPIED_LEN, TagList, TagValue};
pub use wire::{Asked, ProcessTags, ResetCause, Value};

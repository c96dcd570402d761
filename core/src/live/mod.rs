//! The tracer with the feature `enable`: recording into words.

#[cfg(not(loom))]
mod active;
#[cfg(not(loom))]
mod baggage;
#[cfg(not(loom))]
mod begin;
#[cfg(all(feature = "clock-events", not(loom)))]
mod clock_events;
#[cfg(not(loom))]
mod control;
#[cfg(not(loom))]
mod drain;
#[cfg(not(loom))]
mod emit;
#[cfg(not(loom))]
mod fault;
#[cfg(not(loom))]
mod finish;
mod halves;
#[cfg(not(loom))]
mod home;
#[cfg(not(loom))]
mod in_span;
pub(crate) mod mask;
#[cfg(not(loom))]
mod names;
#[cfg(not(loom))]
mod numbers;
#[cfg(not(loom))]
mod open;
#[cfg(not(loom))]
mod raw;
#[cfg(not(loom))]
mod record;
#[cfg(not(loom))]
mod recorder;
#[cfg(all(feature = "retained", not(loom)))]
mod retained;
mod ring;
#[cfg(not(loom))]
mod sampling;
#[cfg(not(loom))]
mod span;
#[cfg(not(loom))]
mod stats;
mod sync;
#[cfg(not(loom))]
mod table;
#[cfg(not(loom))]
mod text;
#[cfg(feature = "std")]
mod threads;
#[cfg(not(loom))]
mod time;
#[cfg(not(loom))]
mod tracer;
#[cfg(not(loom))]
mod window;

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod ring_tests;
#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(feature = "retained", not(loom)))]
pub use self::retained::{BootCell, Retained};
#[cfg(not(loom))]
pub use self::{
    active::{ContextSlot, Scope},
    baggage::{BaggagePool, HeldBaggage},
    control::ControlCell,
    drain::Drain,
    fault::FaultPoint,
    in_span::{FutureExt, InScopeOf, InSpan},
    recorder::{Recorder, RecorderRef},
    span::Span,
    stats::StatsCell,
    tracer::Tracer,
    window::Window,
};
pub(crate) use halves::Halves;

//! The collector's page in a real browser: a collector, Chromium, and what is sent to the one and seen in the other.

mod axe;
mod browser;
mod client;
mod collector;
mod device;
pub mod figures;
pub mod greenhouse;
mod hands;
pub mod relay;
mod shot;
mod spans;

pub use axe::Axe;
pub use browser::{Browser, LOOKS, Look};
pub use collector::{Collector, Process, program};
pub use device::Device;
pub use shot::Shot;
pub use spans::{Span, trace_id};

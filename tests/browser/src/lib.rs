//! The collector's page in a real browser: a collector, Chromium, and what is sent to the one and seen in the other.

mod axe;
mod browser;
mod client;
mod collector;
pub mod figures;
mod spans;

pub use axe::Axe;
pub use browser::{Browser, Look};
pub use collector::{Collector, Process};
pub use spans::{Span, trace_id};

//! Real backends, built and run on this machine, to show that traces reach them whole.

mod jaeger;

pub use jaeger::Jaeger;

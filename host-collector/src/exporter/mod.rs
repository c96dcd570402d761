//! What leaves the collector: pure conversions, and thin senders around them.
//!
//! A conversion is a function from the model to bytes, and the same model always gives the same
//! bytes: whoever receives something twice can tell. Only the senders do I/O.

pub mod jaeger;
pub mod otlp;
pub mod otlp_http;
pub mod zipkin;

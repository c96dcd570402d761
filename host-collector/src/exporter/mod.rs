//! What leaves the collector: pure conversions, and thin senders around them.
//!
//! A conversion is a function from the model to bytes, and the same model always gives the same
//! bytes: whoever receives something twice can tell. Only the senders do I/O.
//!
//! A new exporter is a type with the two methods of [`Exporter`]; [`send`] has the queue, the spool, the
//! attempts and the counts, and [`http`] a client.

mod environment;
mod exports;
pub mod http;
pub mod jaeger;
mod metrics;
mod options;
pub mod otlp;
mod otlp_grpc;
mod otlp_http;
pub mod perfetto;
mod plan;
pub mod send;
mod settings;
mod target;
pub mod zipkin;
mod zipkin_http;

pub use environment::{Environment, EnvironmentError};
pub use exports::Exports;
pub use metrics::ExportMetrics;
pub use options::{Destination, DestinationError, Options};
pub use otlp_grpc::OtlpGrpc;
pub use otlp_http::{Encoding, OtlpHttp};
pub use plan::{Fault, Plan, PlanError, plans, without_own_doors};
pub use settings::{Protocol, SettingError, Settings};
pub use target::Target;
pub use zipkin_http::ZipkinHttp;

#[cfg(test)]
mod tests;

use crate::model::Chunk;
use bytes::Bytes;
use send::Outcome;

/// A way for spans to leave.
pub trait Exporter: Send + 'static {
    /// What log lines and metrics call it, such as its URL; it holds no secret.
    fn name(&self) -> &str;

    /// The body of a request with these spans, in pieces that are sent one behind the other. It does no
    /// I/O, and depends on nothing but the spans and how the exporter was made.
    fn convert(&self, chunks: &[Chunk]) -> Vec<Bytes>;

    /// Sends a body once, and says how that went. It is dropped where it takes too long.
    fn send(&mut self, body: &[Bytes]) -> impl Future<Output = Outcome>;
}

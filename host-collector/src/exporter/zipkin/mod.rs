//! Zipkin's JSON, version 2: a list of spans for each trace.
//!
//! The rules are those of OpenTelemetry's specification of exporters to Zipkin, and of a Zipkin itself:
//! names are in lower case, times are whole microseconds, everything that is said of a span is a tag of
//! text, and a server that joined the span of its client shares its id with it.

mod shape;
mod tags;
mod write;

pub use shape::{DEBUG, Endpoint, SHARED, Span, spans};
pub use write::spans as write_spans;

use crate::json::Writer;
use crate::model::Chunk;

/// Writes the spans of a chunk as one list.
pub fn trace(out: &mut Writer, chunk: &Chunk) {
    write_spans(out, &spans(chunk));
}

#[cfg(test)]
mod tests;

//! What tests of the terminal share.

use super::look::Look;
use super::shape::Shape;
use crate::model::{
    Attribute, Batch, Chunk, ChunkWriter, Resource, Span, SpanId, Trace, TraceId, testing,
};
use crate::query::own::shape::pages;
use std::sync::Arc;

/// A plain screen of so many columns.
pub(super) fn look(width: usize) -> Look {
    Look { width, height: None, colour: false, is_unicode: true }
}

/// All of a trace's spans.
pub(super) fn chunk(trace: &Trace) -> Chunk {
    let mut writer = ChunkWriter::default();
    trace.batches.iter().for_each(|batch| writer.chunk(&batch.to_chunk().0));
    writer.finish()
}

/// A trace as the API gives it, and read again.
pub(super) fn read(trace: &Trace) -> Shape {
    let mut shape = Shape::default();
    for page in pages(trace.id, "r", &chunk(trace)) {
        shape.add(&page).unwrap();
    }
    shape
}

pub(super) const TRACE: TraceId = TraceId([0x0a; 16]);

/// Span `id` with a parent (0: none), from and to microseconds after a second of 1970.
pub(super) fn span(id: u64, parent: u64, name: &str, times_us: [u64; 2]) -> Span {
    let times_ns = times_us.map(|time| 1_000_000_000 + time * 1_000);
    let mut span = Span::new(TRACE, SpanId(id.to_be_bytes()), name.into(), times_ns);
    span.parent_span_id = (parent != 0).then(|| SpanId(parent.to_be_bytes()));
    span
}

/// These spans of these services.
pub(super) fn trace(parts: Vec<(&str, Vec<Span>)>) -> Trace {
    let batch = |(device, (service, spans)): (u64, (&str, Vec<Span>))| {
        let clock = Attribute::new("clock.error_us", i64::try_from(device * 20).unwrap());
        let mut resource = Resource::new(service, vec![clock]);
        if device == 2 {
            resource.warnings.push("2 spans were lost".into());
        }
        Batch { source: testing::source(device), resource: Arc::new(resource), spans }
    };
    Trace { id: TRACE, batches: (1..).zip(parts).map(batch).collect() }
}

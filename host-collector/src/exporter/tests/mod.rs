//! Exporters as a whole: planned, started, and before servers on loopback.

mod planned;
mod wire;

use super::*;
use crate::model::ChunkWriter;
use crate::storage::{MemorySpool, Spool};
use std::sync::Arc;

/// A chunk of so many spans that are all called `name`.
pub(super) fn chunk(spans: u8, name: &str) -> Chunk {
    let mut writer = ChunkWriter::default();
    writer.resource_spans(b"", "", |scopes| {
        scopes.scope_spans(b"", "", |out| {
            for number in 1..=spans {
                out.span_with(|span| {
                    span.bytes(1, &[1; 16]);
                    span.bytes(2, &[number; 8]);
                    span.bytes(5, name.as_bytes());
                });
            }
        });
    });
    writer.finish()
}

fn spool() -> Arc<dyn Spool> {
    Arc::new(MemorySpool::new(1 << 20))
}

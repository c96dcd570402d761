//! How a chunk is put together by those who know that what they write is in order.

use super::Chunk;
use crate::protobuf::{Writer, varint_len};

/// Writes a chunk, resource by resource.
///
/// It takes messages as they are: whoever gives it something that did not come out of a chunk must see
/// to what [`Chunk`] promises, or have the result checked.
#[derive(Debug, Default)]
pub struct ChunkWriter {
    out: Writer,
    spans: usize,
}

impl ChunkWriter {
    /// Spans of one resource, given by its message.
    pub fn resource_spans(
        &mut self,
        resource: &[u8],
        schema_url: &str,
        write: impl FnOnce(&mut ScopeWriter<'_>),
    ) {
        let spans = &mut self.spans;
        self.out.message(1, |out| {
            out.bytes_always(1, resource);
            write(&mut ScopeWriter { out, spans });
            out.bytes(3, schema_url.as_bytes());
        });
    }

    /// All of another chunk.
    pub fn chunk(&mut self, chunk: &Chunk) {
        self.out.raw(&chunk.bytes);
        self.spans += chunk.spans;
    }

    /// How many bytes it has so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing was written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.out.len() == 0
    }

    /// The chunk.
    #[must_use]
    pub fn finish(self) -> Chunk {
        Chunk { bytes: self.out.into_bytes().into(), spans: self.spans }
    }
}

impl Chunk {
    /// Spans of one resource and no scope, each given as a field 2 with its length.
    ///
    /// They must be what a chunk promises. It takes one allocation.
    pub(crate) fn of_spans(resource: &[u8], fields: &[u8], spans: usize) -> Self {
        let field_len = |len: usize| 1 + varint_len(len as u64) + len;
        let group_len = field_len(resource.len()) + field_len(fields.len());
        let mut out = Writer::with_capacity(field_len(group_len));
        out.begin(1, group_len);
        out.bytes_always(1, resource);
        out.bytes_always(2, fields);
        Self { bytes: out.into_bytes().into(), spans }
    }
}

/// Writes the spans of one resource, scope by scope.
#[derive(Debug)]
pub struct ScopeWriter<'a> {
    out: &'a mut Writer,
    spans: &'a mut usize,
}

impl ScopeWriter<'_> {
    /// Spans of one scope, given by its message; none is written where it is empty.
    pub fn scope_spans(
        &mut self,
        scope: &[u8],
        schema_url: &str,
        write: impl FnOnce(&mut SpanWriter<'_>),
    ) {
        let spans = &mut *self.spans;
        self.out.message(2, |out| {
            out.bytes(1, scope);
            write(&mut SpanWriter { out, spans });
            out.bytes(3, schema_url.as_bytes());
        });
    }
}

/// Writes the spans of one scope.
#[derive(Debug)]
pub struct SpanWriter<'a> {
    out: &'a mut Writer,
    spans: &'a mut usize,
}

impl SpanWriter<'_> {
    /// A span, given by its message.
    pub fn span(&mut self, raw: &[u8]) {
        self.out.bytes_always(2, raw);
        *self.spans += 1;
    }

    /// A span whose fields `write` writes.
    pub fn span_with(&mut self, write: impl FnOnce(&mut Writer)) {
        self.out.message(2, write);
        *self.spans += 1;
    }
}

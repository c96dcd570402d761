//! Spans as OTLP protobuf that has been checked: what every receiver produces and everything else reads.
//!
//! Nothing is taken out of the bytes until somebody asks: [`Chunk::resources`] and [`Chunk::spans`] read
//! where it lies, and what passes through is handed on as it came.
//! What a Jaeger would change when it writes spans is changed here, once, so that this collector and a
//! Jaeger behind it agree; what cannot be a span is left out and counted.
//!
//! ```
//! use spandrel_collector::model::{Chunk, ChunkWriter};
//!
//! let mut writer = ChunkWriter::default();
//! writer.resource_spans(b"", "", |scopes| {
//!     scopes.scope_spans(b"", "", |spans| {
//!         spans.span_with(|span| {
//!             span.bytes(1, &[7; 16]);
//!             span.bytes(2, &[8; 8]);
//!             span.bytes(5, b"read");
//!             span.fixed64(7, 1_000);
//!             span.fixed64(8, 2_000);
//!         });
//!     });
//! });
//! let checked = Chunk::check(writer.finish().into_bytes())?;
//! let (resource, _, span) = checked.chunk.spans().next().unwrap();
//! assert_eq!((resource.service_name(), span.name()), ("missing-service-name", "read"));
//! # Ok::<(), spandrel_collector::model::CheckError>(())
//! ```

mod check;
mod event;
mod list;
mod sanitize;
mod span;
mod value;
mod view;
mod write;

use bytes::Bytes;

pub use check::{CheckError, Checked, MAX_DEPTH};
pub use event::{EventView, LinkView};
pub use span::{SpanView, StatusView};
pub use value::{AttributeView, Attributes, ValueView};
pub use view::{ResourceSpansView, ResourceView, ScopeSpansView, ScopeView};
pub use write::{ChunkWriter, ScopeWriter, SpanWriter};

/// The span attribute in which a Jaeger keeps warnings, and from which it shows them.
pub const SPAN_WARNINGS: &str = "@jaeger@warnings";

/// Spans of any resources and traces, as an OTLP `TracesData` in protobuf.
///
/// It is cheap to clone. The bytes are well-formed, every text in them is UTF-8, every span has a trace
/// id and a span id of full length that are not 0, a name, an end after its start, and a resource with
/// a service's name.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Chunk {
    bytes: Bytes,
    spans: usize,
}

impl Chunk {
    /// Bytes that are known to be what a chunk promises, since they came out of one.
    pub(crate) fn trusted(bytes: impl Into<Bytes>, spans: usize) -> Self {
        Self { bytes: bytes.into(), spans }
    }

    /// The message: `ExportTraceServiceRequest` and `TracesData` are both written so.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The message.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// How many spans it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans
    }

    /// Whether it has no span.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans == 0
    }

    /// Its spans by resource, in the order in which they came.
    pub fn resources(&self) -> impl Iterator<Item = ResourceSpansView<'_>> + Clone {
        view::messages(&self.bytes, 1).map(ResourceSpansView::new)
    }

    /// Every span with its resource and its scope.
    pub fn spans(&self) -> impl Iterator<Item = (ResourceView<'_>, ScopeView<'_>, SpanView<'_>)> {
        self.resources().flat_map(|group| {
            let resource = group.resource();
            group.scopes().flat_map(move |group| {
                let scope = group.scope();
                group.spans().map(move |span| (resource, scope, span))
            })
        })
    }
}

#[cfg(test)]
mod tests;

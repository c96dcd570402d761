//! What can be made of spans.

use crate::exporter::jaeger::{self, END_OF_ANSWER, Show};
use crate::exporter::{otlp, perfetto, zipkin};
use crate::json::Writer;
use crate::model::{Chunk, ChunkWriter, ResourceSpansView, ScopeSpansView, SpanView, TraceId};
use crate::terminal::Meter;
use std::collections::BTreeMap;

/// Formats of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Jaeger UI JSON: drop it into Jaeger UI.
    Jaeger,
    /// OTLP as JSON.
    Otlp,
    /// OTLP as protobuf.
    Protobuf,
    /// OTLP as JSON, a line for each trace.
    Jsonl,
    /// Zipkin's JSON, version 2.
    Zipkin,
    /// What Perfetto's viewer opens.
    Perfetto,
}

impl Format {
    /// Writes all spans of a chunk.
    #[must_use]
    pub fn write(self, chunk: &Chunk) -> Vec<u8> {
        self.write_telling(chunk, &Meter::default())
    }

    /// The same, and says how far it is where that is known.
    pub(super) fn write_telling(self, chunk: &Chunk, meter: &Meter) -> Vec<u8> {
        let (mut done, all) = (0, chunk.len() as u64);
        let mut tell = |trace: &Chunk| {
            done += trace.len() as u64;
            meter.at(done, all);
        };
        let mut out = Writer::default();
        match self {
            Self::Protobuf => return chunk.bytes().to_vec(),
            Self::Perfetto => return perfetto::convert(chunk),
            Self::Otlp => otlp::json(&mut out, [chunk]),
            Self::Zipkin => zipkin::trace(&mut out, chunk),
            Self::Jsonl => {
                for trace in traces(chunk) {
                    otlp::json(&mut out, [&trace]);
                    out.raw("\n");
                    tell(&trace);
                }
            }
            Self::Jaeger => {
                out.raw("{\"data\":");
                out.list(traces(chunk), |out, trace| {
                    jaeger::trace(out, &trace, Show::Dropped);
                    tell(&trace);
                });
                // It begins with the end of the list.
                out.raw(END_OF_ANSWER.trim_start_matches(']'));
            }
        }
        out.into_bytes()
    }
}

/// A chunk in pieces of about a megabyte, in its order.
pub(crate) fn pieces(chunk: &Chunk) -> impl Iterator<Item = Chunk> {
    const PIECE: usize = 1 << 20;

    let mut places = chunk.resources().flat_map(|group| {
        group.scopes().flat_map(move |scope| scope.spans().map(move |span| (group, scope, span)))
    });
    core::iter::from_fn(move || {
        let (mut piece, mut bytes) = (Vec::new(), 0);
        while bytes < PIECE
            && let Some(place) = places.next()
        {
            bytes += place.2.raw().len();
            piece.push(place);
        }
        (!piece.is_empty()).then(|| whole(&piece))
    })
}

/// The traces of a chunk, by the start of their first spans.
fn traces(chunk: &Chunk) -> Vec<Chunk> {
    type Place<'a> = (ResourceSpansView<'a>, ScopeSpansView<'a>, SpanView<'a>);
    let mut traces: BTreeMap<TraceId, (u64, Vec<Place<'_>>)> = BTreeMap::new();
    for group in chunk.resources() {
        for scope in group.scopes() {
            for span in scope.spans() {
                let (start_ns, places) =
                    traces.entry(span.trace_id()).or_insert((u64::MAX, Vec::new()));
                *start_ns = (*start_ns).min(span.start_ns());
                places.push((group, scope, span));
            }
        }
    }
    let mut traces: Vec<_> = traces.into_values().collect();
    traces.sort_by_key(|(start_ns, _)| *start_ns);
    traces.into_iter().map(|(_, places)| whole(&places)).collect()
}

/// A chunk of these spans; what stands together stays together.
fn whole(places: &[(ResourceSpansView<'_>, ScopeSpansView<'_>, SpanView<'_>)]) -> Chunk {
    let mut writer = ChunkWriter::default();
    let same = |a: &[u8], b: &[u8]| core::ptr::eq(a, b);
    for of_resource in places.chunk_by(|a, b| same(a.0.raw(), b.0.raw())) {
        let Some((group, _, _)) = of_resource.first() else { continue };
        writer.resource_spans(group.resource().raw(), group.schema_url(), |to| {
            for of_scope in of_resource.chunk_by(|a, b| same(a.1.raw(), b.1.raw())) {
                let Some((_, scope, _)) = of_scope.first() else { continue };
                to.scope_spans(scope.scope().raw(), scope.schema_url(), |to| {
                    of_scope.iter().for_each(|(_, _, span)| to.span(span.raw()));
                });
            }
        });
    }
    writer.finish()
}

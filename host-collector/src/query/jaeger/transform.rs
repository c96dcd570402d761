//! OTLP that is dropped into Jaeger's UI, as its own JSON.

use super::document::Document;
use super::raw;
use crate::json::Writer;
use crate::model::{Chunk, ChunkWriter, TraceId};
use crate::query::{Failure, MOST_BYTES, Request};
use crate::receiver::otlp::from_json;
use std::collections::HashMap;

/// The traces in the body, each by itself, in the order in which they are there.
pub(super) fn transform(request: &Request<'_>) -> Result<Document, Failure> {
    let cannot = |why: String| Failure::bad(format!("cannot unmarshal OTLP : {why}"));
    let bytes = from_json(request.body).map_err(|error| cannot(error.to_string()))?;
    if bytes.len() > MOST_BYTES {
        return Err(Failure::bad(format!("more than {MOST_BYTES} bytes of OTLP: send less")));
    }
    let checked = Chunk::check(bytes).map_err(|error| cannot(error.to_string()))?;
    let mut out = Writer::default();
    out.list(&apart(&checked.chunk), raw);
    let mut document = Document { data: out.into_bytes(), ..Document::default() };
    if checked.rejected != 0 {
        let left_out = format!("{} spans are left out: {}", checked.rejected, checked.why);
        document.errors.push((None, left_out));
    }
    Ok(document)
}

/// A chunk for each trace, with the groups that it has spans in.
fn apart(chunk: &Chunk) -> Vec<Chunk> {
    let mut numbers: HashMap<TraceId, usize> = HashMap::new();
    let mut traces: Vec<ChunkWriter> = Vec::new();
    for group in chunk.resources() {
        for scope in group.scopes() {
            let spans: Vec<_> = scope.spans().collect();
            // Most often they are all of one trace.
            for run in spans.chunk_by(|a, b| a.trace_id() == b.trace_id()) {
                let Some(first) = run.first() else { continue };
                let next = numbers.len();
                let number = *numbers.entry(first.trace_id()).or_insert(next);
                if number == traces.len() {
                    traces.push(ChunkWriter::default());
                }
                let Some(trace) = traces.get_mut(number) else { continue };
                trace.resource_spans(group.resource().raw(), group.schema_url(), |scopes| {
                    scopes.scope_spans(scope.scope().raw(), scope.schema_url(), |to| {
                        run.iter().for_each(|span| to.span(span.raw()));
                    });
                });
            }
        }
    }
    traces.into_iter().map(ChunkWriter::finish).collect()
}

//! Spans as clients hand them in, in every form.

use crate::workspace;
use serde_json::Value as Json;
use spandrel_collector::model::{Chunk, ChunkWriter};
use spandrel_collector::receiver::{otlp, zipkin};

/// Reads bytes as OTLP in protobuf and in JSON, and as Zipkin's lists.
///
/// # Panics
/// If what is read of them is no OTLP, or a chunk is not what it promises.
pub(super) fn run(data: &[u8]) {
    if let Ok(checked) = Chunk::check(data.to_vec()) {
        is_in_order(&checked.chunk);
    }
    let made = [
        otlp::from_json(data).ok(),
        zipkin::from_json(data).ok(),
        zipkin::from_protobuf(data).ok(),
    ];
    for (index, request) in made.into_iter().enumerate().filter_map(|(i, made)| Some((i, made?))) {
        let checked = Chunk::check(request).expect("what is made is OTLP");
        // What Zipkin would refuse is refused before.
        assert!(index == 0 || checked.rejected == 0, "{checked:?}");
        is_in_order(&checked.chunk);
    }
}

fn is_in_order(chunk: &Chunk) {
    let mut spans = 0;
    for (resource, scope, span) in chunk.spans() {
        spans += 1;
        assert!(!resource.service_name().is_empty() && !span.name().is_empty());
        assert!(span.end_ns() > span.start_ns());
        assert!(span.trace_id().0 != [0; 16] && span.span_id().0 != [0; 8]);
        let events = span.events().flat_map(|event| event.attributes().iter());
        let links = span.links().flat_map(|link| link.attributes().iter());
        let others = resource.attributes().iter().chain(scope.attributes().iter());
        for attribute in span.attributes().iter().chain(events).chain(links).chain(others) {
            let _ = (attribute.key(), attribute.value().to_text());
        }
    }
    assert_eq!(spans, chunk.len());
    // Once it is in order, there is nothing left to do.
    let again = Chunk::check(chunk.bytes().clone()).expect("it was checked");
    assert_eq!((again.rejected, again.chunk.bytes()), (0, chunk.bytes()));
}

/// The requests that were sent to a real Zipkin, in all forms, and OTLP with everything in it.
pub(super) fn corpus() -> Vec<Vec<u8>> {
    let mut corpus = vec![everything()];
    for name in ["spans", "shapes"] {
        let path = workspace::root().join(format!("tests/vectors/zipkin/{name}.json"));
        let text = std::fs::read(path).expect("the vectors are in the repository");
        let vectors: Json = serde_json::from_slice(&text).expect("they are JSON");
        let sent = vectors["sent"].as_array().into_iter().flatten();
        let asked = vectors["answers"].as_array().into_iter().flatten();
        for one in sent {
            corpus.extend([
                one["otlp"].to_string().into_bytes(),
                one["zipkin"].to_string().into_bytes(),
            ]);
            if let Some(request) = one["protobuf"].as_str() {
                corpus.extend(crate::vectors::from_hex(request).ok());
            }
        }
        let lists = asked.map(|one| &one["send"]["json"]).filter(|list| list.is_array());
        corpus.extend(lists.map(|list| list.to_string().into_bytes()));
    }
    corpus.retain(|input| input.len() <= super::MAX_LEN && input != b"null");
    corpus
}

/// A span with something in every field.
fn everything() -> Vec<u8> {
    let mut writer = ChunkWriter::default();
    writer.resource_spans(b"\x0a\x05\x0a\x01a\x12\x00", "url", |scopes| {
        scopes.scope_spans(b"\x0a\x01s\x12\x011", "url", |spans| {
            spans.span_with(|span| {
                span.bytes(1, &[7; 16]);
                span.bytes(2, &[8; 8]);
                span.bytes(3, b"a=b");
                span.bytes(4, &[9; 8]);
                span.bytes(5, b"read");
                span.varint(6, 2);
                span.fixed64(7, 1);
                span.fixed64(8, 2);
                let values: [&[u8]; 7] = [
                    b"\x0a\x01t",
                    b"\x10\x01",
                    b"\x18\x07",
                    b"\x21\0\0\0\0\0\0\xf8\x3f",
                    b"\x2a\x04\x0a\x02\x18\x01",
                    b"\x32\x07\x0a\x05\x0a\x01k\x12\x00",
                    b"\x3a\x01\xff",
                ];
                for value in values {
                    span.message(9, |attribute| {
                        attribute.bytes(1, b"key");
                        attribute.bytes(2, value);
                    });
                }
                span.message(11, |event| {
                    event.fixed64(1, 1);
                    event.bytes(2, b"event");
                });
                span.message(13, |link| {
                    link.bytes(1, &[7; 16]);
                    link.bytes(2, &[8; 8]);
                });
                span.message(15, |status| status.varint(3, 2));
                span.fixed32(16, 257);
            });
        });
    });
    writer.finish().into_bytes().to_vec()
}

//! Files of traces, whose format is told by their content.

use std::io::Write as _;

use clap::ValueEnum as _;
use flate2::{Compression, write::GzEncoder};
use serde_json::Value as Json;
use spandrel_collector::convert::{Format, read};
use spandrel_collector::model::Chunk;
use spandrel_collector::receiver::jaeger;

use crate::workspace;

/// When it is.
const NOW_NS: u64 = 1_795_651_200_000_000_000;

/// Reads bytes as a file of traces, and makes every other format of what is in it.
///
/// # Panics
/// If what is read is not what a chunk promises, or spans are lost on the way to another format and back.
pub(super) fn run(data: &[u8]) {
    if let Ok(request) = jaeger::from_json(data) {
        Chunk::check(request).expect("what is made is OTLP");
    }
    let Ok((chunk, _)) = read(data, NOW_NS) else { return };
    assert!(!chunk.is_empty(), "there is no span in it");
    for format in Format::value_variants() {
        let written = format.write(&chunk);
        if let Format::Perfetto = format {
            continue;
        }
        if let Format::Jaeger | Format::Otlp | Format::Zipkin = format {
            let read: Result<serde::de::IgnoredAny, _> = serde_json::from_slice(&written);
            read.unwrap_or_else(|error| panic!("{format:?} is no JSON: {error}"));
        }
        let again = read(&written, NOW_NS);
        let (again, rejected) = again.unwrap_or_else(|error| panic!("{format:?}: {error}"));
        assert_eq!((again.len(), rejected), (chunk.len(), 0), "{format:?}");
    }
}

/// What a Jaeger and a Zipkin answered and were sent, in every format, and compressed.
pub(super) fn corpus() -> Vec<Vec<u8>> {
    let mut corpus = super::spans::corpus();
    let path = workspace::root().join("tests/vectors/jaeger/shapes.json");
    let text = std::fs::read(path).expect("the vectors are in the repository");
    let vectors: Json = serde_json::from_slice(&text).expect("they are JSON");
    for answer in vectors["answers"].as_array().into_iter().flatten() {
        let body = &answer["body"]["data"][0];
        if body["spans"].is_array() {
            corpus.push(serde_json::json!({ "data": [body] }).to_string().into_bytes());
        }
    }
    let chunks: Vec<_> =
        corpus.iter().filter_map(|file| Some(read(file, NOW_NS).ok()?.0)).collect();
    for chunk in chunks.iter().step_by(7) {
        corpus.extend(Format::value_variants().iter().map(|format| format.write(chunk)));
    }
    for file in corpus.clone().iter().step_by(9) {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        if gzip.write_all(file).is_ok() {
            corpus.extend(gzip.finish());
        }
    }
    corpus.extend(super::corpus::streams());
    corpus.retain(|input| input.len() <= super::MAX_LEN);
    corpus
}

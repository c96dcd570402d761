//! Questions to what is stored.

use std::sync::{Arc, LazyLock};

use spandrel_collector::model::Chunk;
use spandrel_collector::query::{Context, JSON, Request, answer, endpoints, pairs};
use spandrel_collector::receiver::{otlp, zipkin};
use spandrel_collector::storage::Intake as _;
use spandrel_collector::store::Store;

/// When it is: shortly after what the vectors have.
const NOW_NS: u64 = 1_795_651_200_000_000_000;
/// What is stored may take so much.
const STORE_BYTES: u64 = 16 << 20;

/// What is stored of all vectors.
pub(super) static STORE: LazyLock<Arc<Store>> = LazyLock::new(|| {
    let store = Store::in_memory(STORE_BYTES).expect("it needs only threads");
    for input in super::spans::corpus() {
        let read = Chunk::check(input.clone());
        let read = read.or_else(|_| Chunk::check(otlp::from_json(&input).unwrap_or_default()));
        let chunk = read.ok().map(|checked| checked.chunk).filter(|chunk| !chunk.is_empty());
        let chunk =
            chunk.or_else(|| Some(Chunk::check(zipkin::from_json(&input).ok()?).ok()?.chunk));
        if let Some(ticket) = chunk.and_then(|chunk| store.offer(chunk).ok()) {
            ticket.wait().expect("memory takes it");
        }
    }
    Arc::new(store)
});

/// What answers depend on beside.
pub(super) fn context() -> Context {
    Context { now_ns: NOW_NS, ..Context::default() }
}

/// Reads bytes as a question: a method and a target as in HTTP, and behind the line what is sent along.
///
/// # Panics
/// If an answer is none of HTTP's, or says that it is JSON and is not.
pub(super) fn run(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (line, body) = data.split_at(end);
    let line = String::from_utf8_lossy(line);
    let (method, target) = line.split_once(' ').unwrap_or(("GET", &line));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = pairs(query);
    let body = body.get(1..).unwrap_or_default();
    let request = Request { method, path, query: &query, body };
    let Some(answer) = answer(&request, &**STORE, &context()) else { return };
    assert!((200..600).contains(&answer.status), "{}", answer.status);
    if answer.content_type == JSON {
        let read: Result<serde::de::IgnoredAny, _> = serde_json::from_slice(&answer.body);
        read.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&answer.body)));
    }
}

/// Every endpoint, without anything and with all that it may be asked for.
pub(super) fn corpus() -> Vec<Vec<u8>> {
    let times = "start=0&end=1895651200000000&endTs=1895651200000&lookback=1895651200000\
                 &query.startTimeMin=2001-09-09T01:46:40Z&query.startTimeMax=2033-05-18T03:33:20.5%2B02:00";
    let names = "service=frontend&serviceName=frontend&query.serviceName=frontend&operation=read\
                 &spanName=get&query.operationName=read&spanKind=server&remoteServiceName=db";
    let rest = "limit=20&query.searchDepth=7&minDuration=1us&maxDuration=1h2m3.5s&query.durationMin=10ms\
                &tag=a:b&tags={%22http.status_code%22:%22500%22}&query.attributes={%22a%22:%22b%22}\
                &annotationQuery=error%20and%20http.path=/a&raw=true&query.rawTraces=true&key=a\
                &traceID=0000000000000001&traceIds=1,2&prettyPrint=true&strategy=probabilistic";
    let mut corpus = Vec::new();
    for (_, endpoint) in endpoints() {
        let path = endpoint.pattern.replace("{id}", "00000000000000010000000000000002");
        let path = path.replace("{service}", "front%2Fend");
        for query in ["", times, names, rest, &[times, names, rest].join("&")] {
            corpus.push(format!("{} {path}?{query}", endpoint.method).into_bytes());
        }
    }
    for body in super::spans::corpus().iter().filter(|body| body.first() == Some(&b'{')) {
        corpus.push([b"POST /api/transform\n", body.as_slice()].concat());
    }
    corpus.retain(|input| input.len() <= super::MAX_LEN);
    corpus
}

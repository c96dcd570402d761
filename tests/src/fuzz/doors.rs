//! The doors: HTTP/1.1, HTTP/2 and gRPC with everything that is answered there, over a stream without a socket.

use core::time::Duration;
use std::sync::{Arc, LazyLock};

use clap::Parser as _;
use spandrel_collector::metrics::Metrics;
use spandrel_collector::storage::Nowhere;
use spandrel_collector::web::{Now, Options, Parts, Running, Server, routes};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::{Builder, Runtime};

/// Nobody waits so long for anything here.
const LIMIT: Duration = Duration::from_secs(60);

#[derive(clap::Parser)]
struct Program {
    #[command(flatten)]
    options: Options,
}

/// The doors, none of which is open, and what runs them.
static DOORS: LazyLock<(Running, Runtime)> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_time().build().expect("there are threads");
    let options = Program::parse_from(["spandrel", "--http", "off"]).options;
    let now: Now = Arc::new(super::queries::context);
    let parts = Parts {
        intake: Arc::new(Nowhere),
        reader: super::queries::STORE.clone(),
        routes: routes(&now, &now),
        metrics: Metrics::default(),
        source_limit: None,
        runtime: runtime.handle().clone(),
    };
    (Server::start(&options, parts).expect("none is to be opened"), runtime)
});

/// Has a client say these bytes and leave.
///
/// # Panics
/// If it waits for something that will not come.
pub(super) fn run(data: &[u8]) {
    let (running, runtime) = &*DOORS;
    runtime.block_on(async {
        let (mut client, door) = tokio::io::duplex(super::MAX_LEN.max(data.len()));
        client.write_all(data).await.expect("there is room for it");
        client.shutdown().await.expect("it is open");
        let talk = async {
            let mut answers = Vec::new();
            let hear = client.read_to_end(&mut answers);
            tokio::join!(running.answer_over(door), hear).1.map(|_| answers)
        };
        let answers = tokio::time::timeout(LIMIT, talk).await.expect("it stands still");
        // What is said is answered in the protocol it is said in, if it is.
        if let Ok(answers) = answers {
            let is_http1 = answers.starts_with(b"HTTP/1.");
            assert!(answers.is_empty() || is_http1 || data.starts_with(b"PRI"), "{answers:?}");
        }
    });
}

/// Requests of HTTP/1.1 and calls of gRPC.
pub(super) fn corpus() -> Vec<Vec<u8>> {
    let head = "Host: localhost\r\nAccept-Encoding: gzip\r\nConnection: close\r\n";
    let mut corpus = Vec::new();
    for path in ["/", "/healthz", "/readyz", "/metrics", "/nothing"] {
        corpus.push(format!("GET {path} HTTP/1.1\r\n{head}\r\n").into_bytes());
    }
    for question in super::queries::corpus().iter().step_by(3) {
        let text = String::from_utf8_lossy(question);
        let (line, body) = text.split_once('\n').unwrap_or((&text, ""));
        let len = body.len();
        let request = format!("{line} HTTP/1.1\r\n{head}Content-Length: {len}\r\n\r\n{body}");
        corpus.push(request.into_bytes());
    }
    for (number, body) in super::files::corpus().iter().enumerate() {
        let (path, kind) = match body.first() {
            Some(b'[') => ("/api/v2/spans", "application/json"),
            Some(b'{') => ("/v1/traces", "application/json"),
            _ => ("/v1/traces", "application/x-protobuf"),
        };
        let coding = if body.starts_with(&[0x1f]) { "Content-Encoding: gzip\r\n" } else { "" };
        let head = format!("POST {path} HTTP/1.1\r\n{head}Content-Type: {kind}\r\n{coding}");
        if number % 2 == 0 {
            let len = body.len();
            let head = format!("{head}Content-Length: {len}\r\n\r\n");
            corpus.push([head.as_bytes(), body].concat());
        } else {
            let len = body.len();
            let head = format!("{head}Transfer-Encoding: chunked\r\n\r\n{len:x}\r\n");
            corpus.push([head.as_bytes(), body, b"\r\n0\r\n\r\n"].concat());
        }
        if coding.is_empty() && number % 3 == 0 {
            let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
            corpus.push(call(path, body));
        }
    }
    corpus.push(call("/zipkin.proto3.SpanService/Report", b""));
    corpus.push(call("/grpc.health.v1.Health/Check", b""));
    corpus.push(call("/jaeger.api_v2.SamplingManager/GetSamplingStrategy", b"\x0a\x01a"));
    corpus.retain(|input| input.len() <= super::MAX_LEN);
    corpus
}

/// A call of gRPC over HTTP/2, whose headers are not compressed.
fn call(path: &str, message: &[u8]) -> Vec<u8> {
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let len = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
        [&len[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
    };
    let text = |text: &str| {
        [&[u8::try_from(text.len()).unwrap_or_default()][..], text.as_bytes()].concat()
    };
    // POST and http by their places in HPACK's table; then names of it, with a text each.
    let head = [
        vec![0x83, 0x86, 0x04],
        text(path),
        vec![0x01],
        text("localhost"),
        vec![0x0f, 0x10],
        text("application/grpc"),
        vec![0x00],
        text("te"),
        text("trailers"),
    ];
    let len = u32::try_from(message.len()).unwrap_or_default().to_be_bytes();
    let framed = [&[0][..], &len, message].concat();
    let said = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(4, 0, 0, &[]),
        frame(1, 4, 1, &head.concat()),
        frame(0, 1, 1, &framed),
    ];
    said.concat()
}

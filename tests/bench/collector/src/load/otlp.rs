//! A client of OTLP/HTTP that keeps its connections.

use super::http::Connection;
use anyhow::{Context as _, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use spandrel_collector::exporter::otlp;
use spandrel_collector::model::{
    Attribute, Batch, DeviceId, Resource, Session, Source, Span, SpanId, TraceId,
};
use std::io::Write as _;
use std::sync::Arc;

/// `load-otlp ADDRESS REQUESTS SPANS_PER_REQUEST CONNECTIONS LEVEL`: requests of all connections together,
/// compressed by gzip to that level unless it is 0.
///
/// Of five spans each is a trace, with two tags; ids differ in all of them.
pub(super) fn run(words: &[String]) -> Result<()> {
    let [address, requests, spans, connections, level] = words else { anyhow::bail!("five words") };
    let [requests, spans, connections] = [requests, spans, connections].map(|word| word.parse());
    let (requests, spans, connections): (u64, u64, u64) = (requests?, spans?, connections?);
    let level: u32 = level.parse()?;
    let encoding = if level > 0 { "content-encoding: gzip\r\n" } else { "" };
    let each = |connection: u64| -> Result<()> {
        let mut server = Connection::open(address)?;
        for number in (connection..requests).step_by(usize::try_from(connections)?) {
            let mut body = request(number * spans, spans);
            if level > 0 {
                let mut packer = GzEncoder::new(Vec::new(), Compression::new(level));
                packer.write_all(&body)?;
                body = packer.finish()?;
            }
            let head = format!(
                "POST /v1/traces HTTP/1.1\r\nhost: {address}\r\n{encoding}content-type: \
                 application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            server.write(head.as_bytes())?;
            server.write(&body)?;
            let answer = server.message()?.context("no answer")?;
            ensure!(answer.first.contains(" 200"), "{}", answer.first);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..connections).map(|connection| scope.spawn(move || each(connection))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no thread panics"))
    })
}

/// So many spans from a number on.
fn request(first: u64, count: u64) -> Vec<u8> {
    const SPANS_IN_A_TRACE: u64 = 5;
    const EPOCH_NS: u64 = 1_700_000_000_000_000_000;

    let source = Source { device: DeviceId(1), session: Session::new(1) };
    let resource = Arc::new(Resource::new("gateway", vec![Attribute::new("host.name", "bench")]));
    let span = |number: u64| {
        let trace = number / SPANS_IN_A_TRACE;
        let root = trace * SPANS_IN_A_TRACE;
        let id =
            |number: u64| SpanId((number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1).to_be_bytes());
        let trace_id = TraceId(
            (u128::from(trace).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) | 1)
                .to_be_bytes(),
        );
        let start_ns = EPOCH_NS + number * 10_000;
        let times_ns = [start_ns, start_ns + 200_000 + number % 1_000];
        let tags = vec![
            Attribute::new("bus", i64::try_from(number % 900).unwrap_or(0) + 100),
            Attribute::new("state", ["idle", "ready", "busy"][(number % 3) as usize]),
        ];
        let mut span = Span::new(trace_id, id(number), "read".into(), times_ns).with_tags(tags);
        span.parent_span_id = (number != root).then(|| id(root));
        span
    };
    let spans = (first..first + count).map(span).collect();
    otlp::to_protobuf([&Batch { source, resource, spans }])
}

#[cfg(test)]
mod tests {
    use super::super::sink;
    use super::*;

    #[test]
    fn a_request_holds_the_spans_that_were_asked_for() {
        assert_eq!(sink::spans(&request(995, 10)), Some(10));
        assert_eq!(sink::spans(b"no OTLP"), None);
    }
}

//! Exporters before servers that take, refuse, are busy, and are away.

use super::*;
use crate::exporter::http::Version;
use crate::exporter::http::testing::{Received, Reply, Server};
use crate::exporter::send::{Counts, Export, Limits};
use crate::metrics::Metrics;
use crate::tls::testing::Authority;
use crate::tls::{self, Identity};
use flate2::read::GzDecoder;
use std::io::Read as _;
use std::net::TcpListener;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

/// Starts the exporter that an option asks for.
fn export(text: &str) -> Export {
    let options = Options { export_otlp: vec![text.parse().unwrap()], ..Options::default() };
    let plan = plans(&options, &Environment::default()).unwrap().remove(0);
    plan.start(spool(), Limits::default()).unwrap()
}

/// What becomes of a chunk of three spans where the server gives these answers, the last for ever.
fn counts(version: Version, answers: &[Reply]) -> Counts {
    let answers = answers.to_vec();
    let mut number = 0;
    let server = Server::start(version, None, move |_: &Received| {
        number += 1;
        answers[(number - 1).min(answers.len() - 1)].clone()
    });
    let protocol = if version == Version::Http2 { "grpc" } else { "http/protobuf" };
    let export = export(&format!("{} protocol={protocol}", server.url()));
    export.offer(&chunk(3, "a"));
    export.close(LONG);
    export.finish()
}

fn settled(delivered: u64, rejected: u64, requests: u64, retries: u64) -> Counts {
    Counts { delivered, rejected, requests, retries, ..Counts::default() }
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
    plain
}

#[test]
fn a_chunk_arrives_as_it_was() {
    let (one, two) = (chunk(3, "a"), chunk(1, "b"));
    let request = [&one.bytes()[..], two.bytes()].concat();
    for (version, protocol) in [(Version::Http1, "http/protobuf"), (Version::Http2, "grpc")] {
        for compression in ["none", "gzip"] {
            let is_grpc = version == Version::Http2;
            let server = Server::start(version, None, move |_: &Received| {
                if is_grpc { Reply::grpc(0, "") } else { Reply::http(200, b"") }
            });
            let text = format!(
                "{} protocol={protocol} compression={compression} header=x-scope:site",
                server.url()
            );
            let export = export(&text);
            export.offer(&one);
            export.offer(&two);
            export.close(LONG);
            assert_eq!(export.finish(), settled(4, 0, 1, 0));
            let received = server.next();
            let header =
                |name: &str| received.headers.get(name).map_or("", |text| text.to_str().unwrap());
            assert_eq!(header("x-scope"), "site");
            assert_eq!(header("user-agent"), concat!("spandrel/", env!("CARGO_PKG_VERSION")));
            let is_gzip = compression == "gzip";
            let mut body = &received.body[..];
            if is_grpc {
                let method = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
                assert_eq!((&*received.path, header("content-type")), (method, "application/grpc"));
                assert_eq!(header("te"), "trailers");
                assert_eq!(header("grpc-encoding"), if is_gzip { "gzip" } else { "" });
                let (prefix, rest) = body.split_at(5);
                assert_eq!(prefix[0], u8::from(is_gzip));
                assert_eq!(&prefix[1..], u32::try_from(rest.len()).unwrap().to_be_bytes());
                body = rest;
            } else {
                let kind = "application/x-protobuf";
                assert_eq!((&*received.path, header("content-type")), ("/v1/traces", kind));
                assert_eq!(header("content-encoding"), if is_gzip { "gzip" } else { "" });
            }
            assert_eq!(if is_gzip { gunzip(body) } else { body.to_vec() }, request);
        }
    }
}

#[test]
fn a_receiver_may_be_sent_json() {
    let server = Server::start(Version::Http1, None, |_: &Received| Reply {
        headers: vec![("content-type", "application/json".into())],
        ..Reply::http(200, br#"{"partialSuccess":{"rejectedSpans":"1"}}"#)
    });
    let export = export(&format!("{} protocol=http/json", server.url()));
    export.offer(&chunk(2, "a"));
    export.close(LONG);
    assert_eq!(export.finish(), settled(1, 1, 1, 0));
    let received = server.next();
    assert_eq!(received.headers["content-type"], "application/json");
    let json: serde_json::Value = serde_json::from_slice(&received.body).unwrap();
    let spans = &json["resourceSpans"][0]["scopeSpans"][0]["spans"];
    assert_eq!(
        (spans[1]["name"].as_str(), spans[1]["spanId"].as_str()),
        (Some("a"), Some("0202020202020202"))
    );
}

#[test]
fn a_zipkin_is_sent_its_own_json() {
    for compression in ["none", "gzip"] {
        let server = Server::start(Version::Http1, None, |_: &Received| Reply::http(202, b""));
        let text = format!("{} compression={compression}", server.url());
        let options = Options { export_zipkin: vec![text.parse().unwrap()], ..Options::default() };
        let plans = plans(&options, &Environment::default()).unwrap();
        let exports =
            Exports::start(plans, Limits::default(), |_| Ok::<_, PlanError>(spool())).unwrap();
        exports.offer(&chunk(2, "a"));
        exports.offer(&chunk(1, "b"));
        let page = Metrics::default();
        page.add(Arc::new(exports.metrics()));
        let counts = exports.finish(LONG).remove(0).1;
        assert_eq!(counts, settled(3, 0, 1, 0));
        let name = format!("{}/api/v2/spans", server.url());
        let line = format!(
            "spandrel_exporter_spans_total{{exporter=\"{name}\",outcome=\"delivered\"}} 3\n"
        );
        assert!(page.page().contains(&line), "{}", page.page());
        let received = server.next();
        assert_eq!(received.headers["content-type"], "application/json");
        let body = if compression == "gzip" { gunzip(&received.body) } else { received.body };
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let names: Vec<_> =
            json.as_array().unwrap().iter().map(|span| span["name"].as_str()).collect();
        assert_eq!(names, [Some("a"), Some("a"), Some("b")]);
    }
}

#[test]
fn what_is_secret_goes_by_tls_to_whom_it_is_meant_for() {
    let authority = Authority::new();
    let path = authority.vouch(&["localhost", "127.0.0.1"]);
    let own = authority.vouch(&["gateway"]);
    for (version, protocol) in [(Version::Http1, "http/protobuf"), (Version::Http2, "grpc")] {
        let identity = Identity::read(&path, &path).unwrap();
        let protocols: &[&[u8]] = &[b"h2", b"http/1.1"];
        let config = tls::server(identity, Some(&authority.certificate()), protocols).unwrap();
        let server = Server::start(version, Some(config), |_: &Received| Reply::grpc(0, ""));
        let text = format!(
            "https://{} protocol={protocol} ca={} cert={} key={}",
            server.address,
            authority.certificate().display(),
            own.display(),
            own.display()
        );
        let export = export(&text);
        export.offer(&chunk(3, "a"));
        export.close(LONG);
        assert_eq!(export.finish().delivered, 3);
        assert_eq!(server.so_far().len(), 1);
    }
}

#[test]
fn answers_over_http_are_judged_by_the_specification() {
    let http = |answers: &[Reply]| counts(Version::Http1, answers);
    let ok = Reply::http(200, b"");
    let busy = Reply { headers: vec![("retry-after", "0".into())], ..Reply::http(503, b"") };
    assert_eq!(http(&[busy, Reply::http(429, b""), ok.clone()]), settled(3, 0, 1, 2));
    assert_eq!(http(&[Reply::http(400, b"no such tenant")]), settled(0, 3, 1, 0));
    assert_eq!(http(&[Reply::http(500, b"")]), settled(0, 3, 1, 0));
    let partial = Reply::http(200, b"\x0a\x07\x08\x01\x12\x03old");
    assert_eq!(http(&[partial]), settled(2, 1, 1, 0));
    // Three in two, the two in two.
    let long = Reply::http(413, b"");
    assert_eq!(http(&[long.clone(), ok.clone(), ok]), settled(3, 0, 3, 0));
    assert_eq!(http(&[long]), settled(0, 3, 5, 0));
}

#[test]
fn answers_over_grpc_are_judged_by_the_specification() {
    let grpc = |answers: &[Reply]| counts(Version::Http2, answers);
    let ok = Reply::grpc(0, "");
    assert_eq!(grpc(&[Reply::grpc(14, "soon"), ok.clone()]), settled(3, 0, 1, 1));
    assert_eq!(grpc(&[Reply::grpc(16, "who are you?")]), settled(0, 3, 1, 0));
    assert_eq!(grpc(&[Reply::grpc(8, "no more today")]), settled(0, 3, 1, 0));
    let long = Reply::grpc(8, "grpc: received message larger than max (5 vs. 4)");
    assert_eq!(grpc(&[long, ok]), settled(3, 0, 3, 0));
    let body = b"\0\0\0\0\x09\x0a\x07\x08\x01\x12\x03old".to_vec();
    assert_eq!(grpc(&[Reply { body, ..Reply::grpc(0, "") }]), settled(2, 1, 1, 0));
    assert_eq!(grpc(&[Reply::http(404, b"")]), settled(0, 3, 1, 0));
}

#[test]
fn a_server_that_comes_late_gets_what_was_before_it() {
    for (version, protocol) in [(Version::Http1, "http/protobuf"), (Version::Http2, "grpc")] {
        // A port that nobody listens on: bound, and let go again.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let export = export(&format!("http://{address} protocol={protocol}"));
        export.offer(&chunk(3, "early"));
        while export.counts().retries == 0 {
            std::thread::yield_now();
        }
        export.offer(&chunk(2, "later"));
        let server = Server::start_at(address, version, None, |_: &Received| Reply::grpc(0, ""));
        export.close(LONG);
        let counts = export.finish();
        assert_eq!((counts.delivered, counts.dropped, counts.undelivered), (5, 0, 0));
        assert!(server.so_far().len() <= 2);
    }
}

#[test]
fn one_that_is_away_does_not_keep_another_from_going_on() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::start(Version::Http1, None, |_: &Received| Reply::http(200, b""));
    let text = format!("http://{}", silent.local_addr().unwrap());
    let otlp = vec![text.parse().unwrap(), server.url().parse().unwrap()];
    let options = Options { export_otlp: otlp, ..Options::default() };
    let plans = plans(&options, &Environment::default()).unwrap();
    let exports =
        Exports::start(plans, Limits::default(), |_| Ok::<_, PlanError>(spool())).unwrap();
    for _ in 0..10 {
        exports.offer(&chunk(3, "a"));
        server.next();
    }
    let counts: Vec<Counts> =
        exports.finish(Duration::ZERO).into_iter().map(|(_, counts)| counts).collect();
    assert_eq!((counts[0].delivered, counts[0].undelivered), (0, 30));
    assert!(counts[1].delivered + counts[1].undelivered == 30 && counts[1].delivered >= 27);
}

//! Spans over HTTP, and what doors answer by themselves.

use super::*;
use crate::protobuf::{Field, Fields};
use crate::web::body::compress;
use crate::web::{Answer, Family, Stream};
use ::http::StatusCode;
use bytes::Bytes;
use core::task::{Context, Poll};

const PROTOBUF: &str = "Content-Type: application/x-protobuf\r\n";
const JSON: &str = "Content-Type: application/json; charset=utf-8\r\n";

#[test]
fn spans_are_taken_in_both_forms_plain_and_compressed() {
    let house = House::open(&options());
    let protobuf = spans(3);
    let json = crate::exporter::otlp::to_json(&[]);
    assert_eq!(json, b"{\"resourceSpans\":[]}");
    let json = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"01020304050607080102030405060708",
        "spanId":"0102030405060708","name":"read","startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}"#;
    let zipped = compress(protobuf.bytes()).unwrap();
    let replies = [
        house.post(PROTOBUF, protobuf.bytes()),
        house.post(&format!("{PROTOBUF}Content-Encoding: gzip\r\n"), &zipped),
        house.post(JSON, json),
        house.post(&format!("{JSON}Content-Encoding: gzip\r\n"), &compress(json).unwrap()),
    ];
    let form = |reply: &Reply| reply.header("content-type").unwrap().to_owned();
    for (reply, (expected, body)) in replies.iter().zip([
        ("application/x-protobuf", ""),
        ("application/x-protobuf", ""),
        ("application/json", r#"{"partialSuccess":{}}"#),
        ("application/json", r#"{"partialSuccess":{}}"#),
    ]) {
        assert_eq!((reply.status, &*form(reply), &*reply.text()), (200, expected, body));
    }
    assert_eq!(house.shelf.spans(), 8);
    assert_eq!(house.shelf.chunks.lock().unwrap()[1], protobuf);
    assert_eq!(house.metric("spandrel_receiver_spans_total{receiver=\"otlp_http\"}"), "8");
}

#[test]
fn an_empty_request_is_taken_and_stores_nothing() {
    let house = House::open(&options());
    assert_eq!(house.post(PROTOBUF, b"").status, 200);
    assert_eq!(house.post(JSON, b"{}").status, 200);
    assert_eq!(house.shelf.chunks.lock().unwrap().len(), 0);
}

#[test]
fn spans_that_cannot_be_shown_are_counted_and_the_rest_is_taken() {
    let house = House::open(&options());
    let mut writer = ChunkWriter::default();
    writer.resource_spans(b"", "", |scopes| {
        scopes.scope_spans(b"", "", |spans| {
            for trace in [[0; 16], [7; 16]] {
                spans.span_with(|span| {
                    span.bytes(1, &trace);
                    span.bytes(2, &[8; 8]);
                });
            }
        });
    });
    let reply = house.post(PROTOBUF, writer.finish().bytes());
    let response: Vec<_> = Fields::new(&reply.body).map(Result::unwrap).collect();
    let [(1, Field::Bytes(partial))] = *response else { panic!("{response:?}") };
    let partial: Vec<_> = Fields::new(partial).map(Result::unwrap).collect();
    let why = b"a span has no trace id of 16 bytes, or one of zeros";
    assert_eq!(partial, [(1, Field::Varint(1)), (2, Field::Bytes(why))]);
    assert_eq!((reply.status, house.shelf.spans()), (200, 1));
}

#[test]
fn what_is_no_otlp_is_refused_in_the_form_that_was_sent() {
    let house = House::open(&options());
    let reply = house.post(PROTOBUF, b"\x0a\xff\x01");
    assert_eq!((reply.status, reply.header("content-type")), (400, Some("application/x-protobuf")));
    assert_eq!(&reply.body[..2], b"\x08\x03", "a status that says: invalid argument");
    let reply = house.post(JSON, b"{\"resourceSpans\":7}");
    assert_eq!((reply.status, reply.header("content-type")), (400, Some("application/json")));
    assert!(reply.text().starts_with(r#"{"code":3,"message":"no OTLP in JSON: "#), "{reply:?}");
    let zipped = compress(spans(1).bytes()).unwrap();
    let cut = &zipped[..zipped.len() - 9];
    let reply = house.post(&format!("{PROTOBUF}Content-Encoding: gzip\r\n"), cut);
    assert_eq!((reply.status, house.shelf.spans()), (400, 0));
    let count =
        "spandrel_receiver_refused_requests_total{receiver=\"otlp_http\",reason=\"malformed\"}";
    assert_eq!(house.metric(count), "3");
}

#[test]
fn other_types_methods_and_paths_are_told_what_would_do() {
    let house = House::open(&options());
    let reply = house.post("Content-Type: text/plain\r\n", b"x");
    assert!(reply.status == 415 && reply.text().contains("application/x-protobuf"), "{reply:?}");
    let reply = house.post(&format!("{PROTOBUF}Content-Encoding: zstd\r\n"), b"x");
    assert_eq!((reply.status, reply.header("accept-encoding")), (415, Some("gzip, deflate")));
    let reply = house.get("/v1/traces");
    assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
    let reply = house.get("/v1/metrics");
    assert!(reply.status == 404 && reply.text().contains("/ of the main door"), "{reply:?}");
    let export = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let reply = house.ask(post(export, "Content-Type: application/grpc\r\n", b""));
    assert!(
        reply.header("grpc-status").is_some(),
        "no HTTP/2, but told in its own words: {reply:?}"
    );
}

#[test]
fn spans_are_acknowledged_only_once_they_are_stored() {
    let house = House::open(&options());
    *house.shelf.hold.lock().unwrap() = Some(Vec::new());
    let mut client = Client::at(house.at("http"));
    client.send(post("/v1/traces", PROTOBUF, spans(2).bytes()));
    while house.shelf.spans() == 0 {
        std::thread::yield_now();
    }
    client.stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let nothing = client.stream.read(&mut [0]).unwrap_err();
    assert!(matches!(
        nothing.kind(),
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
    ));
    client.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let held = house.shelf.hold.lock().unwrap().take().unwrap();
    held.into_iter().for_each(|promise| promise.keep(Ok(())));
    assert_eq!(client.reply().unwrap().status, 200);
}

#[test]
fn a_store_that_takes_nothing_has_clients_try_again() {
    let house = House::open(&options());
    *house.shelf.refuse.lock().unwrap() = Some(Refused::Full);
    let reply = house.post(PROTOBUF, spans(1).bytes());
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
    *house.shelf.refuse.lock().unwrap() = Some(Refused::Disk("no space left".to_owned()));
    let reply = house.post(JSON, br#"{"resourceSpans":[]}"#);
    assert_eq!(reply.status, 200, "there was nothing to store");
    let reply = house.post(PROTOBUF, spans(1).bytes());
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("10")));
    assert!(String::from_utf8_lossy(&reply.body).contains("no space left"));
    // It was written, but could not be synced.
    *house.shelf.refuse.lock().unwrap() = None;
    *house.shelf.hold.lock().unwrap() = Some(Vec::new());
    let mut client = Client::at(house.at("http"));
    client.send(post("/v1/traces", PROTOBUF, spans(1).bytes()));
    let promise = loop {
        if let Some(promise) = house.shelf.hold.lock().unwrap().as_mut().unwrap().pop() {
            break promise;
        }
    };
    promise.keep(Err(Refused::Disk("lost".to_owned())));
    assert_eq!(client.reply().unwrap().status, 503);
}

#[test]
fn one_connection_serves_many_requests() {
    let house = House::open(&options());
    let mut client = Client::at(house.at("http"));
    for _ in 0..3 {
        client.send(post("/v1/traces", PROTOBUF, spans(1).bytes()));
        assert_eq!(client.reply().unwrap().status, 200);
    }
    // Also where they come at once.
    let one = post("/v1/traces", PROTOBUF, spans(1).bytes());
    client.send([&one[..], &one[..]].concat());
    assert_eq!((client.reply().unwrap().status, client.reply().unwrap().status), (200, 200));
    assert_eq!(house.shelf.spans(), 5);
}

#[test]
fn a_body_may_come_in_chunks() {
    let house = House::open(&options());
    let mut client = Client::at(house.at("http"));
    client.send(format!(
        "POST /v1/traces HTTP/1.1\r\nHost: [::1]\r\n{PROTOBUF}Transfer-Encoding: chunked\r\n\r\n"
    ));
    for byte in &spans(1).into_bytes() {
        client.send([b"1\r\n", &[*byte][..], b"\r\n"].concat());
    }
    client.send("0\r\n\r\n");
    assert_eq!((client.reply().unwrap().status, house.shelf.spans()), (200, 1));
}

#[test]
fn health_and_the_list_are_for_programs_and_people() {
    let house = House::open(&at(&["http", "jaeger_health"]));
    assert_eq!(
        (house.get("/healthz").text(), house.get("/readyz").text()),
        ("well\n".into(), "ready\n".into())
    );
    let text = house.get("/");
    assert!(text.text().contains("POST /v1/traces"), "{text:?}");
    let mut client = Client::at(house.at("jaeger_health"));
    client.send("GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.reply().unwrap().text(), r#"{"status":"Server available"}"#);
    // What another door answers is not answered here.
    client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(!client.reply().unwrap().text().contains("spandrel_"));
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    let house = House::open(&options());
    let mut client = Client::at(house.at("http"));
    client.send("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    while client.rest.windows(5).filter(|word| word == b"well\n").count() == 0 {
        client.more().unwrap();
    }
    let text = String::from_utf8(client.rest.clone()).unwrap();
    assert_eq!(text.matches("content-length: 5").count(), 2, "{text}");
    assert_eq!(text.matches("well\n").count(), 1, "{text}");
}

#[test]
fn a_query_reads_what_is_stored_and_long_answers_are_compressed() {
    use crate::web::{Answer, Family};

    let services = Route::get(Family::JaegerHttp, "/test/{suffix}", "services", |ask, reader| {
        let services = reader.services().unwrap().join(ask.parameter("suffix"));
        let times = ask.first("times").and_then(|times| times.parse().ok()).unwrap_or(1);
        Answer::json(services.repeat(times))
    });
    let echo =
        Route::post(Family::JaegerHttp, "/echo", "", |ask, _| Answer::json(ask.body.clone()));
    let failing = Route::get(Family::JaegerHttp, "/fails", "", |_, _| panic!("as it must"));
    let house = House::with_routes(&options(), vec![services, echo, failing]);
    house.post(PROTOBUF, spans(2).bytes());
    assert_eq!(house.get("/test/%2c?times=2").text(), "sensor,sensorsensor,sensor");
    let zipped = compress(b"sent").unwrap();
    let echoed = house.ask(post("/echo", "Content-Encoding: gzip\r\n", &zipped));
    assert_eq!(echoed.text(), "sent");
    let long = house.ask(
        "GET /test/-?times=1000 HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: br, gzip\r\n\r\n",
    );
    assert_eq!(
        (long.header("content-encoding"), long.header("vary")),
        (Some("gzip"), Some("accept-encoding"))
    );
    assert!(long.body.len() < 1000);
    assert_eq!(house.get("/test/-?times=1000").text().len(), 13_000);
    assert_eq!((house.get("/fails").status, house.get("/healthz").status), (500, 200));
}

#[test]
fn the_end_waits_for_what_is_under_way() {
    let mut house = House::open(&options());
    *house.shelf.hold.lock().unwrap() = Some(Vec::new());
    let address = house.at("http");
    let (mut busy, mut idle) = (Client::at(address), Client::at(address));
    busy.send(post("/v1/traces", PROTOBUF, spans(1).bytes()));
    idle.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(idle.reply().unwrap().status, 200);
    while house.shelf.spans() == 0 {
        std::thread::yield_now();
    }
    let running = house.running.take().unwrap();
    let stopped = std::thread::spawn(move || running.stop());
    assert!(idle.is_hung_up());
    let held = house.shelf.hold.lock().unwrap().take().unwrap();
    held.into_iter().for_each(|promise| promise.keep(Ok(())));
    assert_eq!(busy.reply().unwrap().status, 200);
    assert!(busy.is_hung_up());
    stopped.join().unwrap();
    assert!(TcpStream::connect(address).is_err(), "nobody is let in any more");
}

/// Says what it is given, then ends.
struct Told(Vec<&'static str>);

impl Stream for Told {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Bytes>> {
        Poll::Ready(self.0.pop().map(|piece| Bytes::from_static(piece.as_bytes())))
    }
}

#[test]
fn an_answer_may_go_on() {
    let route = Route::stream(Family::Own, "/live", "", |ask| match ask.first("refuse") {
        None => Ok(Box::new(Told(vec!["data: 2\n\n", "data: 1\n\n"]))),
        Some(why) => Err(Box::new(Answer::text(StatusCode::BAD_REQUEST, why))),
    });
    let house = House::with_routes(&options(), vec![route]);
    let mut client = Client::at(house.at("http"));
    client.send("GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let reply = client.reply().unwrap();
    assert_eq!(reply.header("content-type"), Some("text/event-stream"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert!(client.is_hung_up());
    let rest = String::from_utf8(client.rest).unwrap();
    let data: Vec<_> = rest.lines().filter(|line| line.starts_with("data")).collect();
    assert_eq!(data, ["data: 1", "data: 2"]);
    let refused = house.get("/live?refuse=no");
    assert_eq!((refused.status, &*refused.text()), (400, "no\n"));
    let head = house.ask("HEAD /live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!((head.status, head.body.len()), (200, 0));
}

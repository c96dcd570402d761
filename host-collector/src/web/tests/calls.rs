//! gRPC, as its clients speak it: HTTP/2 at the same doors.

use super::*;
use crate::protobuf::{Field, Fields};
use crate::web::body::compress;
use crate::web::payload::Payload;
use crate::web::{Code, Family, Status};
use ::http::{HeaderMap, Request, Version};
use bytes::Bytes;
use core::future::poll_fn;
use core::pin::Pin;
use http_body::Body;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// What a call brought.
#[derive(Debug)]
pub(super) struct Outcome {
    head: HeaderMap,
    body: Vec<u8>,
    trailers: HeaderMap,
}

impl Outcome {
    /// Where it stands, it stands once.
    pub(super) fn status(&self) -> &str {
        let all = [&self.head, &self.trailers].map(|headers| headers.get("grpc-status"));
        match all {
            [Some(status), None] | [None, Some(status)] => status.to_str().unwrap(),
            _ => panic!("{self:?}"),
        }
    }
}

pub(super) fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let len = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag][..], &len, message].concat()
}

/// Calls over a connection of its own.
pub(super) async fn call<S>(
    stream: S,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Outcome
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connect = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = connect.await.unwrap();
    tokio::spawn(connection);
    let request = Request::post(format!("http://localhost:4317{path}")).version(Version::HTTP_2);
    let request = request.header("content-type", "application/grpc").header("te", "trailers");
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let response = sender.send_request(request.body(Payload::new([Bytes::from(body)])).unwrap());
    let (head, mut body) = response.await.unwrap().into_parts();
    assert_eq!(head.status.as_u16(), 200);
    assert_eq!(head.headers["content-type"], "application/grpc");
    let mut outcome = Outcome { head: head.headers, body: Vec::new(), trailers: HeaderMap::new() };
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        match frame.unwrap().into_data() {
            Ok(data) => outcome.body.extend_from_slice(&data),
            Err(frame) => outcome.trailers = frame.into_trailers().unwrap(),
        }
    }
    outcome
}

impl House {
    fn call_at(&self, door: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Outcome {
        let address = self.at(door);
        self._runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(address).await.unwrap();
            call(stream, path, headers, body).await
        })
    }

    pub(super) fn call(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Outcome {
        self.call_at("http", path, headers, body)
    }
}

#[test]
fn spans_are_taken_plain_and_compressed() {
    let house = House::open(&at(&["http", "otlp_grpc"]));
    let outcome = house.call(EXPORT, &[], framed(0, spans(3).bytes()));
    assert_eq!((outcome.status(), &*outcome.body), ("0", &framed(0, b"")[..]));
    assert!(outcome.trailers.contains_key("grpc-status"));
    let zipped = framed(1, &compress(spans(4).bytes()).unwrap());
    let outcome = house.call_at("otlp_grpc", EXPORT, &[("grpc-encoding", "gzip")], zipped);
    assert_eq!((outcome.status(), house.shelf.spans()), ("0", 7));
    assert_eq!(house.metric("spandrel_receiver_spans_total{receiver=\"otlp_grpc\"}"), "7");
}

#[test]
fn what_is_left_out_is_said() {
    let house = House::open(&options());
    let mut writer = crate::protobuf::Writer::default();
    writer.message(1, |resource| {
        resource.message(2, |scope| scope.message(2, |span| span.bytes(2, b"x")));
    });
    let outcome = house.call(EXPORT, &[], framed(0, &writer.into_bytes()));
    let response: Vec<_> = Fields::new(&outcome.body[5..]).map(Result::unwrap).collect();
    let [(1, Field::Bytes(partial))] = *response else { panic!("{response:?}") };
    assert_eq!(Fields::new(partial).next(), Some(Ok((1, Field::Varint(1)))));
    assert_eq!(outcome.status(), "0");
}

#[test]
fn a_call_that_fails_says_how() {
    let house = House::open(&Options { max_message: 1, ..options() });
    let status =
        |headers: &[(&str, &str)], body| house.call(EXPORT, headers, body).status().to_owned();
    let message = spans(1);
    assert_eq!(status(&[], framed(0, b"\x0a\xff")), "3", "no protobuf");
    assert_eq!(status(&[], b"\0\0".to_vec()), "3", "cut off");
    assert_eq!(status(&[], framed(1, message.bytes())), "3", "compressed, but how?");
    assert_eq!(status(&[("grpc-encoding", "gzip")], framed(1, message.bytes())), "3", "no gzip");
    assert_eq!(status(&[("grpc-encoding", "snappy")], framed(1, message.bytes())), "12");
    assert_eq!(status(&[], framed(0, &vec![0; (1 << 20) + 1])), "8", "too long");
    assert_eq!(house.call("/none.Service/Method", &[], framed(0, b"")).status(), "12");
    assert_eq!(house.shelf.spans(), 0);
}

#[test]
fn who_is_asked_to_come_back_is_told_when() {
    let house = House::open(&options());
    *house.shelf.refuse.lock().unwrap() = Some(Refused::Full);
    let outcome = house.call(EXPORT, &[], framed(0, spans(1).bytes()));
    assert_eq!(outcome.status(), "14");
    assert!(outcome.head.contains_key("grpc-status-details-bin"), "{outcome:?}");
}

#[test]
fn names_that_are_not_ours_are_refused_in_the_words_of_grpc() {
    let house = House::open(&options());
    let address = house.at("http");
    let status = house._runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let handshake =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.unwrap();
        tokio::spawn(connection);
        let request = Request::post(format!("http://evil.example{EXPORT}"))
            .header("content-type", "application/grpc")
            .body(Payload::default())
            .unwrap();
        sender.send_request(request).await.unwrap().headers()["grpc-status"].clone()
    });
    assert_eq!(status, "7");
}

#[test]
fn a_method_may_answer_with_any_number_of_messages() {
    let count = Route::grpc(Family::JaegerStorage, "/test.Service/Count", "", |message, reader| {
        match message {
            b"services" => Ok(reader.services().unwrap().into_iter().map(Bytes::from).collect()),
            b"long" => Ok(vec![Bytes::from(vec![7; 100_000])]),
            _ => Err(Status::new(Code::NotFound, "no such thing: größer")),
        }
    });
    let house = House::with_routes(&options(), vec![count]);
    house.call(EXPORT, &[], framed(0, spans(2).bytes()));
    let outcome = house.call("/test.Service/Count", &[], framed(0, b"services"));
    assert_eq!(outcome.body, [framed(0, b"sensor"), framed(0, b"sensor")].concat());
    let outcome = house.call("/test.Service/Count", &[], framed(0, b"long"));
    assert_eq!((outcome.status(), &outcome.body), ("0", &framed(0, &[7; 100_000])));
    let zipped = framed(1, &compress(b"none").unwrap());
    let outcome = house.call("/test.Service/Count", &[("grpc-encoding", "gzip")], zipped);
    assert_eq!(outcome.status(), "5");
    assert_eq!(outcome.head["grpc-message"], "no such thing: gr%C3%B6%C3%9Fer");
    let health = house.call("/grpc.health.v1.Health/Check", &[], framed(0, b""));
    assert_eq!((health.status(), &health.body), ("0", &framed(0, b"\x08\x01")));
}

#[test]
fn a_jaeger_reads_where_it_writes_and_services_ask_how_to_sample() {
    let now: crate::web::Now = Arc::new(crate::query::Context::default);
    let house = House::with_routes(&options(), crate::web::routes(&now, &now));
    house.call(EXPORT, &[], framed(0, spans(1).bytes()));
    let services = "/jaeger.storage.v2.TraceReader/GetServices";
    let outcome = house.call(services, &[], framed(0, b""));
    assert_eq!((outcome.status(), &outcome.body), ("0", &framed(0, b"\x0a\x06sensor")));
    let outcome = house.call("/jaeger.storage.v2.TraceReader/FindTraces", &[], framed(0, b""));
    assert_eq!(outcome.status(), "3");
    assert_eq!(outcome.head["grpc-message"], "nothing is asked for: set query");
    let none = house.call("/jaeger.storage.v2.TraceReader/GetTraces", &[], framed(0, b""));
    assert_eq!((none.status(), &*none.body), ("0", &b""[..]));
    let strategy = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy";
    let outcome = house.call(strategy, &[], framed(0, b"\x0a\x06sensor"));
    let share = [&b"\x12\x09\x09"[..], &0.001_f64.to_le_bytes()].concat();
    assert_eq!((outcome.status(), &outcome.body), ("0", &framed(0, &share)));
}

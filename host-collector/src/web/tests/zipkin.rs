//! Spans as Zipkin's clients send them, and as a real Zipkin takes them.

use super::calls::framed;
use super::*;
use crate::web::body::compress;
use serde_json::Value as Json;

/// Where our answer is meant to be another, and why.
const OTHERS: [(&str, u16, &str); 3] = [
    ("no gzip", 400, "it is the client's fault"),
    ("version 1", 404, "there is only version 2"),
    ("version 2 at the door of version 1", 404, "there is only version 2"),
];

fn recorded() -> Json {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/zipkin/spans.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

#[test]
fn a_zipkin_answers_the_same() {
    let house = House::open(&at(&["http", "zipkin_http"]));
    let recorded = recorded();
    let entries = recorded["answers"].as_array().unwrap();
    let posts = entries.iter().filter_map(|entry| {
        let path = entry["ask"].as_str()?.strip_prefix("POST ")?;
        Some((path, entry, &entry["send"]))
    });
    let mut compared = 0;
    for (path, entry, send) in posts {
        let body = match (&send["json"], &send["text"], &send["hex"]) {
            (_, Json::String(text), _) => text.clone().into_bytes(),
            (_, _, Json::String(hex)) => bytes(hex),
            (json, ..) => json.to_string().into_bytes(),
        };
        let content_type = send["type"].as_str().unwrap_or("application/json");
        let mut headers = format!("Content-Type: {content_type}\r\n");
        if content_type.is_empty() {
            headers.clear();
        }
        if let Some(encoding) = send["encoding"].as_str() {
            headers += &format!("Content-Encoding: {encoding}\r\n");
        }
        let mut client = Client::at(house.at("zipkin_http"));
        client.send(post(path, &headers, &body));
        let reply = client.reply().unwrap();
        let note = entry["note"].as_str().unwrap();
        let other = OTHERS.iter().find(|(known, ..)| *known == note);
        let expected =
            other.map_or_else(|| entry["status"].clone(), |(_, status, _)| (*status).into());
        assert_eq!(Json::from(reply.status), expected, "{note}: {reply:?}");
        compared += 1;
    }
    assert!(compared > 35, "{compared}");
    let taken = entries.iter().filter(|entry| entry["send"]["json"][0].is_object());
    let taken =
        taken.filter(|entry| entry["status"] == 202 && entry["note"] != "version 1").count();
    assert_eq!(house.shelf.spans(), taken);
}

#[test]
fn spans_come_as_protobuf_too_compressed_and_over_grpc() {
    let house = House::open(&options());
    let mut list = crate::protobuf::Writer::default();
    list.message(1, |span| {
        span.bytes(1, &[7; 16]);
        span.bytes(3, &[8; 8]);
    });
    let list = list.into_bytes();
    let headers = "Content-Type: application/x-protobuf\r\nContent-Encoding: gzip\r\n";
    let reply = house.ask(post("/zipkin/api/v2/spans", headers, &compress(&list).unwrap()));
    assert_eq!((reply.status, reply.body.len()), (202, 0));
    let outcome = house.call("/zipkin.proto3.SpanService/Report", &[], framed(0, &list));
    assert_eq!((outcome.status(), house.shelf.spans()), ("0", 2));
    assert_eq!(house.metric("spandrel_receiver_spans_total{receiver=\"zipkin_http\"}"), "1");
    assert_eq!(house.metric("spandrel_receiver_spans_total{receiver=\"zipkin_grpc\"}"), "1");
    let thrift = house.ask(post("/api/v2/spans", "Content-Type: application/x-thrift\r\n", b"x"));
    assert_eq!(thrift.status, 415);
}

//! Spans that make no sense, in at the doors and out by every query: shown, warned of, never lost.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value as Json;

use crate::client::Reply;
use crate::collector::{Collector, PROTOBUF};
use crate::spans::{DAY_NS, Span, request};

const JSON: &str = "application/json";

/// A trace as each query shows it.
struct Shown {
    jaeger: Reply,
    v3: Reply,
    zipkin: Reply,
}

/// How often something stands in a text. Answers of megabytes are not read otherwise.
fn count(reply: &Reply, what: &str) -> usize {
    reply.text().matches(what).count()
}

/// Asks for a trace in every way, and sees to it that each shows so many spans.
#[track_caller]
fn shown(collector: &Collector, trace: u128, spans: usize) -> Shown {
    let get = |path: &str, each: &str| {
        let reply = collector.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        assert_eq!(count(&reply, each), spans, "{path}");
        reply
    };
    Shown {
        jaeger: get(&format!("/api/traces/{trace:x}"), "\"operationName\":"),
        v3: get(&format!("/api/v3/traces/{trace:x}"), "\"spanId\":"),
        zipkin: get(&format!("/api/v2/trace/{trace:032x}"), "\"id\":"),
    }
}

/// Searches for a service in every way; gives how many spans Jaeger's and Zipkin's show, and a summary.
#[track_caller]
fn searched(collector: &Collector, service: &str) -> [usize; 3] {
    let get = |path: &str| {
        let reply = collector.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    };
    let end_us = DAY_NS / 1_000 + 1_000_000_000;
    let end_ms = end_us / 1_000;
    let jaeger = collector.get(&format!("/api/traces?service={service}&start=0&end={end_us}"));
    let zipkin = collector
        .get(&format!("/api/v2/traces?serviceName={service}&endTs={end_ms}&lookback={end_ms}"));
    let summaries = get(&format!(
        "/api/v3/trace-summaries?query.serviceName={service}\
         &query.startTimeMin=1970-01-01T00:00:00Z&query.startTimeMax=2100-01-01T00:00:00Z"
    ));
    for path in [
        format!("/api/dependencies?endTs={end_ms}&lookback={end_ms}"),
        format!("/api/v2/dependencies?endTs={end_ms}&lookback={end_ms}"),
        format!("/api/operations?service={service}"),
        format!("/api/v3/operations?service={service}"),
        format!("/api/v2/spans?serviceName={service}"),
    ] {
        get(&path);
    }
    let summary = summaries["summaries"][0]["spanCount"].as_u64().unwrap();
    let [jaeger, zipkin] = [(jaeger, "\"operationName\":"), (zipkin, "\"id\":")]
        .map(|(reply, each)| count(&reply, each));
    [jaeger, zipkin, usize::try_from(summary).unwrap()]
}

fn hand_in(collector: &Collector, service: &str, spans: &[Span]) {
    let reply = collector.post(&request(service, spans));
    assert!(reply.status == 200 && reply.body.is_empty(), "{}: {}", reply.status, reply.text());
}

fn span_named<'a>(trace: &'a Json, name: &str) -> &'a Json {
    let mut spans = trace["spans"].as_array().unwrap().iter();
    spans.find(|span| span["operationName"] == name).unwrap()
}

#[test]
fn spans_that_make_no_sense_are_shown_with_what_is_wrong() {
    let collector = Collector::start(&["--memory"]);
    let spans = [
        Span { start_ns: 0, end_ns: 0, ..Span::new(1, 1, 0, "at the beginning") },
        Span { end_ns: DAY_NS - 5, ..Span::new(1, 2, 0, "backwards") },
        Span::new(1, 3, 0, ""),
        Span { name: b"bad \xff".to_vec(), ..Span::new(1, 4, 0, "") },
        Span { end_ns: u64::MAX, ..Span::new(1, 5, 0, "for ever") },
        Span { start_ns: u64::MAX, end_ns: u64::MAX, ..Span::new(1, 6, 0, "at the end") },
        Span::new(1, 7, 999, "an orphan"),
    ];
    hand_in(&collector, "odd", &spans);
    let raw = collector.get("/api/traces/1?raw=true");
    assert_eq!(count(&raw, "\"operationName\":"), spans.len());
    let trace = shown(&collector, 1, spans.len()).jaeger.json()["data"][0].take();
    let warning = |name: &str| span_named(&trace, name)["warnings"].to_string();
    assert_eq!(span_named(&trace, "at the beginning")["startTime"], 0);
    assert!(warning("backwards").contains("end"), "{}", warning("backwards"));
    assert!(warning("an orphan").contains("invalid parent span IDs"), "{}", warning("an orphan"));
    span_named(&trace, "empty-span-name");
    span_named(&trace, "invalid-span-name");
    assert_eq!(searched(&collector, "odd"), [spans.len(); 3]);
}

#[test]
fn circles_deep_chains_and_a_hundred_thousand_children_are_shown_whole() {
    let collector = Collector::start(&["--memory", "--memory-size", "512"]);
    let circle =
        [Span::new(2, 1, 2, "hen"), Span::new(2, 2, 1, "egg"), Span::new(2, 3, 3, "itself")];
    hand_in(&collector, "circle", &circle);
    shown(&collector, 2, 3);
    let deep: Vec<_> = (1..=5_000).map(|id| Span::new(3, id, id - 1, "level")).collect();
    hand_in(&collector, "deep", &deep);
    shown(&collector, 3, 5_000);
    let children = (2..=100_001).map(|id| Span::new(4, id, 1, "child"));
    let wide: Vec<_> = [Span::new(4, 1, 0, "root")].into_iter().chain(children).collect();
    hand_in(&collector, "wide", &wide);
    let trace = shown(&collector, 4, 100_001);
    assert_eq!(count(&trace.v3, "\"parentSpanId\":\"0000000000000001\""), 100_000);
    for (service, spans) in [("circle", 3), ("deep", 5_000)] {
        assert_eq!(searched(&collector, service), [spans; 3], "{service}");
    }
}

#[test]
fn a_million_attributes_come_back() {
    let collector = Collector::start(&["--memory", "--memory-size", "512", "--max-message", "64"]);
    hand_in(&collector, "many", &[Span { attributes: 1_000_000, ..Span::new(5, 1, 0, "many") }]);
    let trace = shown(&collector, 5, 1);
    assert_eq!(count(&trace.v3, "{\"key\":\"a"), 1_000_000);
    assert_eq!(count(&trace.jaeger, "{\"key\":\"a"), 1_000_000);
    assert_eq!(count(&trace.zipkin, ":\"v\""), 1_000_000);
}

#[test]
fn zipkins_spans_that_make_no_sense_are_shown_or_refused_with_a_reason() {
    let collector = Collector::start(&["--memory"]);
    let post = |body: &[u8]| collector.client().post("/api/v2/spans", JSON, body).unwrap();
    let odd = br#"[
        {"traceId": "6", "id": "1", "parentId": "1", "name": "itself", "timestamp": 1795651200000000},
        {"traceId": "6", "id": "2", "parentId": "3", "name": "hen", "timestamp": 1795651200000000},
        {"traceId": "6", "id": "3", "parentId": "2", "name": "egg", "duration": 0},
        {"traceId": "6", "id": "4", "name": "", "timestamp": 0},
        {"traceId": "6", "id": "5"}
    ]"#;
    assert_eq!(post(odd).status, 202);
    shown(&collector, 6, 5);
    for (wrong, why) in [
        (&b"[{\"traceId\": \"7\", \"id\": \"1\", \"name\": \"\xff\"}]"[..], ""),
        (br#"[{"traceId": "7"}]"#, "id"),
        (br#"[{"traceId": "zebra", "id": "1"}]"#, ""),
        (br#"[{"traceId": "7", "id": "1", "timestamp": "soon"}]"#, ""),
        (br#"{"traceId": "7", "id": "1"}"#, ""),
    ] {
        let reply = post(wrong);
        let text = reply.text();
        let is_told = reply.status == 400 && !text.is_empty() && text.contains(why);
        assert!(is_told, "{}: {reply:?}", String::from_utf8_lossy(wrong));
    }
    assert_eq!(collector.get("/api/v2/trace/7").status, 404, "half of what is refused is kept");
}

#[test]
fn what_is_nested_too_deep_or_a_bomb_is_refused_at_every_door_that_reads_it() {
    let collector = Collector::start(&["--memory"]);
    let doors = ["/v1/traces", "/api/v2/spans", "/api/transform"];
    let deep = |open: &str| open.repeat(10_000);
    let nested = [
        deep(
            r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":{"arrayValue":{"values":["#,
        ),
        format!(
            r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"a","value":{}"#,
            deep(r#"{"arrayValue":{"values":["#)
        ),
        format!(r#"[{{"traceId":"1","id":"1","tags":{}"#, deep(r#"{"a":"#)),
        deep("["),
    ];
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..128 {
        bomb.write_all(&[b' '; 1 << 16]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    for path in doors {
        for text in &nested {
            let reply = collector.client().post(path, JSON, text.as_bytes()).unwrap();
            assert_eq!(reply.status, 400, "{path}: {}", reply.text());
            assert!(!reply.body.is_empty(), "{path} does not say why");
        }
        for kind in [JSON, PROTOBUF] {
            let kind = format!("{kind}\r\nContent-Encoding: gzip");
            let reply = collector.client().post(path, &kind, &bomb).unwrap();
            assert_eq!(reply.status, 413, "{path}: {}", reply.text());
        }
    }
    assert_eq!(collector.get("/healthz").status, 200);
    assert_eq!(collector.get("/api/services").json()["total"], 0);
}

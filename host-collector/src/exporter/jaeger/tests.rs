use super::*;
use crate::model::{Attribute, Batch, Kind, Link, Resource, Span, SpanId, testing};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::sync::Arc;

fn batch(service: &str, spans: Vec<Span>) -> Batch {
    let resource = Resource::new(service, vec![Attribute::new("board", "an386")]);
    Batch { source: testing::source(1), resource: Arc::new(resource), spans }
}

fn span(id: u8, name: &str, times_ns: [u64; 2]) -> Span {
    Span::new(TraceId([0x0a; 16]), SpanId([0, 0, 0, 0, 0, 0, 0, id]), name.into(), times_ns)
}

fn parsed(traces: &[Trace]) -> Json {
    serde_json::from_slice(&convert(traces)).unwrap()
}

#[test]
fn a_trace_of_two_processes() {
    let parent = span(1, "say-hello", [2_000_999, 9_000_000])
        .with_tags(vec![Attribute::new("hello-to", "Bryan"), Attribute::new("n", 1_u64 << 60)]);
    let mut child = span(2, "format", [3_000_000, 4_000_000])
        .with_tags(vec![Attribute::new("span.kind", "server"), Attribute::new("error", true)]);
    child.parent_span_id = Some(parent.span_id);
    child.flags = 1;
    child.warnings.push("partial".into());
    let fields = vec![Attribute::new("event", "string-format"), Attribute::new("ok", true)];
    let log = crate::model::opentracing::Log { time_ns: 3_500_000, fields, dropped_fields: 0 };
    let trace = Trace {
        id: parent.trace_id,
        batches: vec![
            batch("formatter", vec![child.with_logs(vec![log])]),
            batch("hello-world", vec![parent]),
        ],
    };
    let id = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";
    let board = json!([{"key": "board", "type": "string", "value": "an386"}]);
    let expected = json!({
        "data": [{
            "traceID": id,
            "spans": [
                {
                    "traceID": id, "spanID": "0000000000000001", "operationName": "say-hello",
                    "references": [], "startTime": 2000, "duration": 6999,
                    "tags": [
                        {"key": "hello-to", "type": "string", "value": "Bryan"},
                        {"key": "n", "type": "int64", "value": "1152921504606846976"},
                    ],
                    "logs": [], "processID": "p1", "warnings": null,
                },
                {
                    "traceID": id, "spanID": "0000000000000002",
                    "operationName": "format",
                    "references": [
                        {"refType": "CHILD_OF", "traceID": id, "spanID": "0000000000000001"},
                    ],
                    "startTime": 3000, "duration": 1000,
                    "tags": [
                        {"key": "span.kind", "type": "string", "value": "server"},
                        {"key": "otel.status_code", "type": "string", "value": "ERROR"},
                        {"key": "error", "type": "bool", "value": true},
                    ],
                    "logs": [{"timestamp": 3500, "fields": [
                        {"key": "event", "type": "string", "value": "string-format"},
                        {"key": "ok", "type": "bool", "value": true},
                    ]}],
                    "processID": "p2", "warnings": ["partial"],
                },
            ],
            "processes": {
                "p1": {"serviceName": "hello-world", "tags": board},
                "p2": {"serviceName": "formatter", "tags": board},
            },
            "warnings": null,
        }],
        "total": 0, "limit": 0, "offset": 0, "errors": null,
    });
    assert_eq!(parsed(&[trace]), expected);
}

#[test]
fn identical_processes_are_one() {
    let trace = Trace {
        id: TraceId([0x0a; 16]),
        batches: vec![
            batch("a", vec![span(1, "x", [1, 2])]),
            batch("a", vec![span(2, "y", [3, 4])]),
        ],
    };
    assert_eq!(parsed(&[trace])["data"][0]["processes"].as_object().unwrap().len(), 1);
}

#[test]
fn a_trace_id_with_an_empty_upper_half_is_short() {
    assert_eq!(trace_id(TraceId(0xbeef_u128.to_be_bytes())), "000000000000beef");
    assert_eq!(trace_id(TraceId((1_u128 << 64).to_be_bytes())), format!("{:032x}", 1_u128 << 64));
}

#[test]
fn integers_are_numbers_as_far_as_javascript_counts() {
    let tag = |value: i64| {
        let span = span(1, "x", [1, 2]).with_tags(vec![Attribute::new("n", value)]);
        let trace = Trace { id: span.trace_id, batches: vec![batch("a", vec![span])] };
        parsed(&[trace])["data"][0]["spans"][0]["tags"][0].clone()
    };
    let safe = (1 << 53) - 1;
    assert_eq!(tag(safe)["value"], json!(safe));
    assert_eq!(tag(-safe)["value"], json!(-safe));
    assert_eq!(tag(safe + 1)["value"], json!("9007199254740992"));
    assert_eq!(tag(i64::MIN)["value"], json!(i64::MIN.to_string()));
}

#[test]
fn a_parent_that_does_not_wait_is_one_reference() {
    let mut child = span(2, "later", [1, 2]);
    child.parent_span_id = Some(SpanId([0, 0, 0, 0, 0, 0, 0, 1]));
    let link = |trace: u8, id: u8| Link {
        trace_id: TraceId([trace; 16]),
        span_id: SpanId([0, 0, 0, 0, 0, 0, 0, id]),
        attributes: Vec::new(),
    };
    child.links = vec![link(0x0b, 1), link(0x0a, 1)];
    let trace = Trace { id: child.trace_id, batches: vec![batch("a", vec![child])] };
    let references = parsed(&[trace])["data"][0]["spans"][0]["references"].clone();
    let seen: Vec<_> = references
        .as_array()
        .unwrap()
        .iter()
        .map(|reference| (reference["refType"].clone(), reference["traceID"].clone()))
        .collect();
    let (here, there) = ("0a".repeat(16), "0b".repeat(16));
    assert_eq!(seen, [(json!("FOLLOWS_FROM"), json!(here)), (json!("FOLLOWS_FROM"), json!(there))]);
}

#[test]
fn siblings_and_others_have_their_own_parents_and_processes() {
    let children = [(2, 1), (3, 1), (4, 2), (5, 2), (6, 0), (7, 0), (8, 1)];
    let spans = children.map(|(id, parent)| {
        let mut span = span(id, "x", [id.into(), 20]);
        span.parent_span_id = (parent != 0).then_some(SpanId([0, 0, 0, 0, 0, 0, 0, parent]));
        span
    });
    let batches = spans.into_iter().zip(["a", "a", "b", "b", "a", "b", "b"]);
    let batches = batches.map(|(span, service)| batch(service, vec![span])).collect();
    let trace = parsed(&[Trace { id: TraceId([0x0a; 16]), batches }])["data"][0].clone();
    let seen = trace["spans"].as_array().unwrap().iter().map(|span| {
        let parent = span["references"].get(0).map_or(0, |one| parse_id(&one["spanID"]));
        (parent, span["processID"].as_str().unwrap())
    });
    let expected = [(1, "p1"), (1, "p1"), (2, "p2"), (2, "p2"), (0, "p1"), (0, "p2"), (1, "p2")];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
}

#[test]
fn nothing_is_still_an_answer() {
    assert_eq!(parsed(&[])["data"], json!([]));
}

proptest! {
    #[test]
    fn any_trace_is_json_of_the_right_shape(trace in testing::trace()) {
        let json = parsed(core::slice::from_ref(&trace));
        let Some(data) = json["data"].get(0) else {
            prop_assert!(trace.is_empty());
            return Ok(());
        };
        prop_assert_eq!(parse_id(&data["traceID"]), u128::from_be_bytes(trace.id.0));
        let spans = data["spans"].as_array().unwrap();
        prop_assert_eq!(spans.len(), trace.len());
        for (span, (resource, original)) in spans.iter().zip(trace.in_order()) {
            prop_assert_eq!(parse_id(&span["spanID"]), u64::from_be_bytes(original.span_id.0).into());
            prop_assert_eq!(span["spanID"].as_str().unwrap().len(), 16);
            prop_assert_eq!(&span["operationName"], &*original.name);
            let process = &data["processes"][span["processID"].as_str().unwrap()];
            prop_assert_eq!(&process["serviceName"], &*resource.service_name);
            prop_assert!(span["tags"].as_array().unwrap().len() >= original.attributes.len());
            prop_assert_eq!(span["logs"].as_array().unwrap().len(), original.events.len());
            let first = span["references"].get(0).map(|reference| parse_id(&reference["spanID"]));
            if let Some(parent) = original.parent_span_id {
                prop_assert_eq!(first, Some(u64::from_be_bytes(parent.0).into()));
            }
            if original.kind != Kind::Unspecified {
                let tags = span["tags"].as_array().unwrap();
                prop_assert!(tags.iter().any(|tag| tag["key"] == "span.kind"));
            }
        }
    }

    #[test]
    fn what_is_written_at_once_is_what_the_shape_says(trace in testing::trace()) {
        let checked = Chunk::check(otlp::to_protobuf(&trace.batches)).unwrap();
        for show in [Show::Dropped, Show::AsJaeger] {
            let spans = Spans::of(&checked.chunk);
            let write = |out: &mut SpanWriter<'_>| {
                spans.list.iter().for_each(|one| out.span(&spans.read(one, show), one.process));
            };
            let (mut at_once, mut shaped) = (Writer::default(), Writer::default());
            super::trace(&mut at_once, &checked.chunk, show);
            let id = spans.list.first().map_or(TraceId([0; 16]), |one| one.span().trace_id());
            write_trace(&mut shaped, id, write, &spans.processes);
            prop_assert_eq!(at_once.into_text(), shaped.into_text());
        }
    }

    #[test]
    fn the_order_of_arrival_does_not_show(trace in testing::trace()) {
        let mut spans: Vec<_> = trace.in_order().iter().map(|(_, span)| span.span_id).collect();
        spans.sort();
        spans.dedup();
        prop_assume!(spans.len() == trace.len());
        let mut turned = trace.clone();
        turned.batches.reverse();
        turned.batches.iter_mut().for_each(|batch| batch.spans.reverse());
        prop_assert_eq!(convert([&trace]), convert([&turned]));
    }
}

fn parse_id(id: &Json) -> u128 {
    u128::from_str_radix(id.as_str().unwrap(), 16).unwrap()
}

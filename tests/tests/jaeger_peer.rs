//! A trace posted to the real Jaeger can be read back: the ground on which interoperability tests stand.

use core::time::Duration;

use serde_json::{Value, json};
use spandrel_tests::jaeger_json;
use spandrel_tests::peers::Jaeger;

const TRACE_ID: &str = "5b8efff798038103d269b633813fc60c";

fn otlp_trace() -> Value {
    json!({"resourceSpans": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "hello-world"}},
            {"key": "clock.error_us", "value": {"intValue": "60"}},
        ]},
        "scopeSpans": [{"spans": [{
            "traceId": TRACE_ID,
            "spanId": "eee19b7ec3c1b174",
            "name": "say-hello",
            "kind": 1,
            "startTimeUnixNano": "1790000000000000000",
            "endTimeUnixNano": "1790000000009200000",
            "attributes": [{"key": "hello-to", "value": {"stringValue": "Bryan"}}],
        }]}],
    }]})
}

#[test]
fn a_posted_trace_is_read_back() {
    let Some(jaeger) = Jaeger::start_or_skip() else { return };
    assert_eq!(jaeger.trace(TRACE_ID), None);

    let status = ureq::post(format!("{}/v1/traces", jaeger.otlp_http()))
        .header("content-type", "application/json")
        .send(otlp_trace().to_string())
        .expect("Jaeger takes the trace")
        .status();
    assert_eq!(status, 200);

    let document = jaeger
        .wait_for_trace(TRACE_ID, 1, Duration::from_secs(10))
        .unwrap_or_else(|e| panic!("{e:#}"));
    let traces = jaeger_json::read(&document).unwrap();
    let trace = &traces[0];
    let span = &trace.spans[0];
    assert_eq!((traces.len(), trace.spans.len()), (1, 1));
    assert_eq!(trace.trace_id, TRACE_ID);
    assert_eq!(span.span_id, "eee19b7ec3c1b174");
    assert_eq!((span.operation_name.as_str(), trace.service(span)), ("say-hello", "hello-world"));
    assert_eq!((span.start_us, span.duration_us), (1_790_000_000_000_000, 9_200));
    assert_eq!(span.tag("hello-to"), Some(&json!("Bryan")));
    assert_eq!(trace.process_tag(span, "clock.error_us").and_then(jaeger_json::integer), Some(60));
    assert_eq!(span.parent_id(), None);

    let missing = jaeger.wait_for_trace(TRACE_ID, 2, Duration::from_millis(200));
    let complaint = format!("{:#}", missing.expect_err("there is only one span"));
    assert!(complaint.contains("has 1 of 2 spans"), "{complaint}");
}

#[test]
fn two_run_beside_each_other() {
    let Some(first) = Jaeger::start_or_skip() else { return };
    let second = Jaeger::start();
    assert_ne!(first.otlp_http(), second.otlp_http());
    assert_ne!(first.query(), second.query());
}

//! What rules took out is counted.

use crate::collector::{Collector, PROTOBUF};
use crate::spans::{Span, request};

#[test]
fn what_rules_drop_and_redact_is_in_the_metrics() {
    let rules = ["--drop", "operation=noise", "--redact", "a0=remove", "--source-limit", "1000"];
    let collector = Collector::start(&[&["--memory"], &rules[..]].concat());
    let mut spans =
        vec![Span::new(1, 1, 0, "noise"), Span::new(1, 2, 0, "noise"), Span::new(1, 3, 0, "kept")];
    spans[2].attributes = 2;
    assert_eq!(collector.post(&request("ruled", &spans)).status, 200);
    assert_eq!(collector.metric("spandrel_rules_dropped_spans_total"), 2);
    assert_eq!(collector.metric("spandrel_rules_redacted_values_total"), 1);
    let trace = collector.get("/api/traces/1").json();
    let kept = trace["data"][0]["spans"].as_array().unwrap();
    assert_eq!((kept.len(), &kept[0]["operationName"]), (1, &"kept".into()));

    // More than this source may, and all that it saved.
    spans[2].attributes = 5_000;
    assert_eq!(collector.post(&request("ruled", &spans)).status, 200);
    let mut client = collector.client();
    let refused = client.post("/v1/traces", PROTOBUF, &request("ruled", &spans)).unwrap();
    assert!(refused.status == 429 && refused.text().contains("--source-limit"), "{refused:?}");
    let limited =
        "spandrel_receiver_refused_requests_total{receiver=\"otlp_http\",reason=\"too_fast\"}";
    assert_eq!(collector.metric(limited), 1);
}

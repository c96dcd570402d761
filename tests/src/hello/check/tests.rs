use serde_json::json;

use super::*;
use crate::hello::fixture;

/// The complaints about the good trace after `spoil` was applied to it.
fn after(spoil: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut document = fixture();
    spoil(&mut document);
    check(&document, "Bryan")
}

/// Asserts that the only complaint contains `part`.
#[track_caller]
fn only(problems: &[String], part: &str) {
    assert!(problems.len() == 1 && problems[0].contains(part), "{problems:#?}");
}

#[test]
fn a_right_trace_has_no_problems() {
    assert_eq!(check(&fixture(), "Bryan"), Vec::<String>::new());
    assert_eq!(span_count(&fixture()), SPANS);
}

#[test]
fn what_is_no_trace_is_said_so() {
    only(&check(&json!({"spans": []}), "Bryan"), "missing field `data`");
    only(&check(&json!({"data": null}), "Bryan"), "found 0");
    only(&check(&json!(null), "Bryan"), "no trace at all");
    assert_eq!(span_count(&json!("?")), 0);
}

#[test]
fn a_second_trace_is_named() {
    let problems = after(|d| {
        let other = json!({"traceID": "00000000000000ab", "spans": [], "processes": {}});
        d["data"].as_array_mut().unwrap().push(other);
    });
    only(&problems, "found 2: 0af7651916cd43dd8448eb211c80319c, 00000000000000ab");
}

#[test]
fn a_missing_span_and_a_strange_one_are_both_reported() {
    let problems = after(|d| d["data"][0]["spans"][4]["operationName"] = json!("print"));
    assert_eq!(
        problems,
        [
            "`print` of publisher does not belong into this trace",
            "there is no span `publish` of publisher"
        ]
    );
}

#[test]
fn a_doubled_span_is_counted() {
    let problems = after(|d| {
        let spans = d["data"][0]["spans"].as_array_mut().unwrap();
        spans.push(spans[3].clone());
    });
    assert_eq!(problems, ["expected 5 spans, found 6", "`format` of formatter is there 2 times"]);
}

#[test]
fn a_wrong_parent_is_reported() {
    let root = "00f067aa0ba90201";
    let problems = after(|d| d["data"][0]["spans"][3]["references"][0]["spanID"] = json!(root));
    only(&problems, "must be a child of `format` of hello-world; its parent is 00f067aa0ba90201");
}

#[test]
fn tags_are_compared() {
    only(&check(&fixture(), "Ann")[..1], "tag hello-to of `say-hello` of hello-world");
    let problems = after(|d| d["data"][0]["spans"][1]["tags"] = json!([]));
    assert_eq!(problems.len(), 3, "{problems:#?}");
    assert!(problems[0].ends_with("must be \"client\"; it is missing"), "{problems:#?}");
}

#[test]
fn logs_are_looked_for() {
    let problems = after(|d| {
        d["data"][0]["spans"][3]["logs"] = json!([]);
        d["data"][0]["spans"][4]["logs"] = json!([]);
    });
    assert_eq!(
        problems,
        [
            "`format` of formatter has no log event=string-format value=\"Hello, Bryan!\"",
            "`publish` of publisher has no log event=println"
        ]
    );
}

#[test]
fn times_may_be_off_by_what_the_clocks_admit_and_no_more() {
    let start = fixture()["data"][0]["spans"][1]["startTime"].as_i64().unwrap();
    let begin = |us: i64| after(|d| d["data"][0]["spans"][3]["startTime"] = json!(start - us));
    assert_eq!(begin(100), Vec::<String>::new());
    only(&begin(101), "starts 101 us before its parent `format` of hello-world");
    let problems = after(|d| d["data"][0]["spans"][4]["duration"] = json!(1_000_000));
    only(&problems, "us after its parent `println` of hello-world; the clocks allow 100 us");
}

#[test]
fn within_one_device_there_is_no_slack() {
    let problems = after(|d| {
        let start = d["data"][0]["spans"][0]["startTime"].as_i64().unwrap();
        d["data"][0]["spans"][1]["startTime"] = json!(start - 1);
    });
    only(&problems, "starts 1 us before its parent `say-hello` of hello-world");
}

#[test]
fn an_unstated_clock_error_is_reported() {
    let problems = after(|d| d["data"][0]["processes"]["p2"]["tags"] = json!(null));
    assert_eq!(problems, ["the process of formatter has no tag clock.error_us in microseconds"]);
}

#[test]
fn warnings_are_problems() {
    let problems = after(|d| {
        d["data"][0]["warnings"] = json!(["3 spans lost"]);
        d["data"][0]["spans"][0]["warnings"] = json!(["clock ambiguous"]);
    });
    assert_eq!(
        problems,
        [
            "the trace has a warning: 3 spans lost",
            "`say-hello` of hello-world has a warning: clock ambiguous"
        ]
    );
}

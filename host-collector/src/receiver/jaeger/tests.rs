//! Jaeger UI JSON that is read.

use super::*;
use crate::exporter::jaeger::{self, Show};
use crate::json::Writer;
use crate::model::{Chunk, Kind, ValueView};
use proptest::prelude::*;

const TRACE: &str = r#"{
  "traceID": "1f", "spans": [
    {"traceID": "1f", "spanID": "1", "operationName": "root", "references": [], "startTime": 1000,
     "duration": 500, "flags": 1, "processID": "p1", "warnings": ["late"], "logs": [
       {"timestamp": 1100, "fields": [{"key": "event", "type": "string", "value": "woke"},
                                      {"key": "n", "type": "int64", "value": 3}]}],
     "tags": [{"key": "span.kind", "type": "string", "value": "server"},
              {"key": "big", "type": "int64", "value": "9223372036854775807"},
              {"key": "share", "type": "float64", "value": 0.5},
              {"key": "on", "type": "bool", "value": true},
              {"key": "raw", "type": "binary", "value": "AAE="},
              {"key": "odd", "type": "int64", "value": "many"}]},
    {"traceID": "1f", "spanID": "2", "operationName": "child", "startTime": 1100, "duration": 1,
     "references": [{"refType": "CHILD_OF", "traceID": "1f", "spanID": "1"},
                    {"refType": "FOLLOWS_FROM", "traceID": "20", "spanID": "9"}],
     "tags": [{"key": "error", "type": "bool", "value": true}], "logs": [], "processID": "p2"}],
  "processes": {"p1": {"serviceName": "web", "tags": [{"key": "host", "type": "string", "value": "a"}]},
                "p2": {"serviceName": "db", "tags": []}}}"#;

fn read(text: &str) -> Chunk {
    let checked = Chunk::check(from_json(text.as_bytes()).unwrap()).unwrap();
    assert_eq!(checked.rejected, 0);
    checked.chunk
}

#[test]
fn a_trace_is_read_with_all_that_it_says() {
    let chunk = read(TRACE);
    let spans: Vec<_> = chunk.spans().collect();
    let [(web, _, root), (db, _, child)] = spans[..] else { panic!("{}", spans.len()) };
    assert_eq!((web.service_name(), db.service_name()), ("web", "db"));
    assert_eq!(web.attributes().text("host"), Some("a"));
    assert_eq!((root.name(), root.kind(), root.flags()), ("root", Kind::Server, 1));
    assert_eq!((root.start_ns(), root.duration_ns()), (1_000_000, 500_000));
    for (key, value) in [
        ("big", ValueView::Int(i64::MAX)),
        ("share", ValueView::Double(0.5)),
        ("on", ValueView::Bool(true)),
        ("raw", ValueView::Bytes(&[0, 1])),
        ("odd", ValueView::Str("many")),
    ] {
        assert_eq!(root.attributes().get(key), Some(value), "{key}");
    }
    let event = root.events().next().unwrap();
    assert_eq!((event.name(), event.time_ns()), ("woke", 1_100_000));
    assert_eq!(event.attributes().get("n"), Some(ValueView::Int(3)));
    assert_eq!(child.parent_span_id(), Some(root.span_id()));
    assert_eq!((child.status_code(), child.links().count()), (2, 1));
}

#[test]
fn what_is_read_is_written_the_same_again() {
    let write = |chunk: &Chunk| {
        let mut out = Writer::default();
        jaeger::trace(&mut out, chunk, Show::AsJaeger);
        String::from_utf8(out.into_bytes()).unwrap()
    };
    let first = write(&read(TRACE));
    assert_eq!(write(&read(&first)), first);
    for text in
        [format!("[{first}]"), format!(r#"{{"data":[{first}]}}"#), format!(r#"{{"data":{first}}}"#)]
    {
        assert_eq!(write(&read(&text)), first);
    }
}

#[test]
fn what_is_none_is_told() {
    let error = |text: &str| from_json(text.as_bytes()).unwrap_err().to_string();
    assert!(error("{").starts_with("no traces in Jaeger's JSON: "));
    assert!(error("{\"data\":7}").contains("it is neither"), "{}", error("{\"data\":7}"));
    assert!(
        error(&TRACE.replace("\"spanID\": \"2\"", "\"spanID\": \"x\"")).contains("\"x\" is no id")
    );
    let nobody = error(&TRACE.replace("\"processID\": \"p2\"", "\"processID\": \"p3\""));
    assert_eq!(nobody, "the span 2 is of a process \"p3\" that its trace does not have");
    // As deep as serde reads, and not deeper.
    assert!(error(&"[".repeat(100_000)).contains("recursion limit"));
}

proptest! {
    #[test]
    fn any_damage_is_read_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = TRACE.as_bytes().to_vec();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(request) = from_json(&text) {
            Chunk::check(request).unwrap();
        }
    }
}

//! What a real Jaeger shows of the hello-world is what our own `trace.json` says, span by span.
#![expect(clippy::std_instead_of_alloc, reason = "only host programs use this crate")]

use core::time::Duration;
use std::collections::BTreeMap;

use serde_json::Value;
use spandrel_tests::hello::check::{SPANS, check};
use spandrel_tests::hello::run::{Options, run};
use spandrel_tests::hello::services::Platform;
use spandrel_tests::jaeger_json::{self, KeyValue, Span, Trace};
use spandrel_tests::peers::Jaeger;

const HELLO_TO: &str = "Bryan";

/// Key-value pairs in an order that does not depend on who wrote them.
fn pairs(list: &[KeyValue]) -> BTreeMap<&str, &Value> {
    let pairs: BTreeMap<_, _> = list.iter().map(|pair| (pair.key.as_str(), &pair.value)).collect();
    assert_eq!(pairs.len(), list.len(), "a key is there twice: {list:?}");
    pairs
}

/// All that a span says and all that is said of its process.
fn facts<'a>(trace: &'a Trace, span: &'a Span) -> impl PartialEq + core::fmt::Debug + use<'a> {
    let references: Vec<_> =
        span.references.iter().map(|r| (&*r.kind, &*r.trace_id, &*r.span_id)).collect();
    let mut logs: Vec<_> = span.logs.iter().map(|log| (log.time_us, pairs(&log.fields))).collect();
    logs.sort_by_key(|(time_us, fields)| (*time_us, format!("{fields:?}")));
    let process = &trace.processes[&span.process_id];
    (
        (&*span.trace_id, &*span.span_id, &*span.operation_name, references),
        (span.start_us, span.duration_us, pairs(&span.tags), logs),
        (&*process.service_name, pairs(&process.tags), &span.warnings),
    )
}

/// Leaves out what Jaeger says of its own where spans of two clocks do not nest: it knows no bound of a
/// clock's error, within which `check` holds them.
fn without_skew(mut document: Value) -> Value {
    let spans = document.pointer_mut("/data/0/spans").and_then(Value::as_array_mut);
    for warnings in spans.into_iter().flatten().filter_map(|span| span.get_mut("warnings")) {
        let Some(list) = warnings.as_array_mut() else { continue };
        let said = |warning: &Value| warning.as_str().unwrap_or_default().to_owned();
        list.retain(|warning| !said(warning).starts_with("clock skew adjustment disabled"));
        if list.is_empty() {
            *warnings = Value::Null;
        }
    }
    document
}

fn by_id(trace: &Trace) -> BTreeMap<&str, &Span> {
    let spans: BTreeMap<_, _> = trace.spans.iter().map(|span| (&*span.span_id, span)).collect();
    assert_eq!(spans.len(), trace.spans.len(), "a span is there twice");
    spans
}

#[test]
fn jaeger_shows_the_trace_that_we_wrote() {
    let Some(jaeger) = Jaeger::start_or_skip() else { return };
    let dir = tempfile::tempdir().expect("there is room for a folder");
    let options = Options {
        platform: Platform::Native,
        out_dir: dir.path().to_owned(),
        export: Some(jaeger.otlp_http()),
        hello_to: HELLO_TO.to_owned(),
    };
    let outcome = run(&options, &mut |line| println!("{line}")).unwrap_or_else(|e| panic!("{e:#}"));
    assert!(outcome.problems.is_empty(), "{:#?}", outcome.problems);
    let ours = jaeger_json::read(&outcome.document).expect("it is a trace");
    let [ours] = ours.as_slice() else { panic!("{} traces", ours.len()) };

    let document = jaeger
        .wait_for_trace(&ours.trace_id, SPANS, Duration::from_secs(10))
        .unwrap_or_else(|e| panic!("{e:#}"));
    let document = without_skew(document);
    assert_eq!(check(&document, HELLO_TO), Vec::<String>::new());
    let theirs = jaeger_json::read(&document).expect("it is a trace");
    let [theirs] = theirs.as_slice() else { panic!("{} traces", theirs.len()) };
    assert_eq!(theirs.warnings, ours.warnings);

    let (our_spans, their_spans) = (by_id(ours), by_id(theirs));
    assert!(our_spans.keys().eq(their_spans.keys()), "{our_spans:?}\n{their_spans:?}");
    for (id, span) in our_spans {
        let (ours, theirs) = (facts(ours, span), facts(theirs, their_spans[id]));
        assert!(ours == theirs, "we wrote     {ours:#?}\nJaeger shows {theirs:#?}");
    }
}

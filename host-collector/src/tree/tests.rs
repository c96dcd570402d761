use super::*;
use crate::model::opentracing::Log;
use crate::model::{Attribute, Batch, SpanId, TraceId, testing};
use proptest::prelude::*;
use std::sync::Arc;

const TRACE: TraceId = TraceId([0x0a; 16]);

/// Span `id` with a parent (0: none), from and to microseconds after the first millisecond of 1970.
fn span(id: u32, parent: u32, name: &str, times_us: [u64; 2]) -> Span {
    let span_id = |number: u32| SpanId(u64::from(number).to_be_bytes());
    let times_ns = times_us.map(|time| 1_000_000 + time * 1_000);
    let mut span = Span::new(TRACE, span_id(id), name.into(), times_ns);
    span.parent_span_id = (parent != 0).then(|| span_id(parent));
    span
}

fn trace(parts: Vec<(&str, Vec<Span>)>) -> Trace {
    let batch = |(device, (service, spans)): (u64, (&str, Vec<Span>))| Batch {
        source: testing::source(device),
        resource: Arc::new(Resource::new(service, Vec::new())),
        spans,
    };
    Trace { id: TRACE, batches: (1..).zip(parts).map(batch).collect() }
}

fn lines(trace: &Trace) -> Vec<String> {
    Tree::new(trace, false).to_string().lines().map(str::to_owned).collect()
}

#[test]
fn parents_stand_above_their_children() {
    let log = Log {
        time_ns: 1_300_000,
        fields: vec![
            Attribute::new("event", "string-format"),
            Attribute::new("value", "Hello, Bryan!"),
        ],
        dropped_fields: 0,
    };
    let hello = vec![
        span(1, 0, "say-hello", [0, 900]).with_tags(vec![Attribute::new("hello-to", "Bryan")]),
        span(2, 1, "format", [100, 400]).with_tags(vec![Attribute::new("span.kind", "client")]),
        span(3, 1, "println", [500, 800]).with_tags(vec![Attribute::new("error", true)]),
    ];
    let mut trace = trace(vec![
        ("formatter", vec![span(4, 2, "format", [200, 350]).with_logs(vec![log])]),
        ("hello-world", hello),
    ]);
    let mut resource = Resource::new("formatter", vec![Attribute::new("clock.error_us", 40_i64)]);
    resource.warnings.push("2 spans were lost".into());
    trace.batches[0].resource = Arc::new(resource);
    let expected = "\
trace 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a  4 spans, 2 services, 900.000 \u{b5}s, from 1970-01-01T00:00:00.001000Z
  formatter clock.error_us=40
    ! 2 spans were lost
hello-world say-hello  900.000 \u{b5}s  +0 ns
\u{2502} hello-to=Bryan
\u{251c}\u{2500} hello-world format  300.000 \u{b5}s  +100.000 \u{b5}s  client
\u{2502}  \u{2514}\u{2500} formatter format  150.000 \u{b5}s  +200.000 \u{b5}s
\u{2502}       +300.000 \u{b5}s string-format value=\"Hello, Bryan!\"
\u{2514}\u{2500} hello-world println  300.000 \u{b5}s  +500.000 \u{b5}s  error
";
    assert_eq!(Tree::new(&trace, false).to_string(), expected);
}

#[test]
fn a_span_without_its_parent_says_so() {
    let lines = lines(&trace(vec![("a", vec![span(2, 1, "late", [0, 1])])]));
    assert_eq!(lines[1], "a late  1.000 \u{b5}s  +0 ns");
    assert_eq!(lines[2], "  ! its parent 0000000000000001 is not here");
}

#[test]
fn spans_that_are_each_other_s_parent_are_shown() {
    let ring =
        vec![span(1, 2, "hen", [0, 1]), span(2, 1, "egg", [0, 1]), span(3, 3, "self", [0, 1])];
    assert_eq!(lines(&trace(vec![("a", ring)])).len(), 4);
}

#[test]
fn a_long_chain_is_not_indented_for_ever() {
    let chain = (1..5_000).map(|id| span(id, id - 1, "x", [u64::from(id), 9_999])).collect();
    let lines = lines(&trace(vec![("a", chain)]));
    assert_eq!(lines.len(), 5_000);
    assert!(lines.iter().all(|line| line.chars().count() < 150));
}

#[test]
fn a_hundred_thousand_children_are_shown() {
    let children = (2..=100_001).map(|id| span(id, 1, "child", [1, 2]));
    let spans = [span(1, 0, "root", [0, 9])].into_iter().chain(children).collect();
    assert_eq!(lines(&trace(vec![("a", spans)])).len(), 100_002);
}

#[test]
fn an_empty_trace_is_nothing() {
    assert_eq!(Tree::new(&trace(Vec::new()), true).to_string(), "");
}

proptest! {
    #[test]
    fn every_span_is_shown_once_and_nothing_acts_on_the_terminal(trace in testing::trace()) {
        let text = Tree::new(&trace, false).to_string();
        prop_assert!(!text.contains(|letter: char| letter.is_control() && letter != '\n'));
        let shown = text.lines().filter(|line| line.contains("s  +")).count();
        prop_assert!(shown >= trace.len(), "{}", text);
        // Colour adds to it and takes nothing away.
        let plain = |text: &str| {
            ["1", "2", "31", "33", "36", "0"].iter().fold(text.to_owned(), |text, code| {
                text.replace(&format!("\x1b[{code}m"), "")
            })
        };
        prop_assert_eq!(plain(&Tree::new(&trace, true).to_string()), text);
    }
}

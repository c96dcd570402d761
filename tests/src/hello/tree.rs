//! A trace as text: who called whom, when and for how long, with tags and logs.

use core::fmt::Write as _;
use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::Value;

use crate::jaeger_json::{self, KeyValue, Span, Trace};

/// Shows every trace of a document in Jaeger's UI format.
///
/// # Errors
/// If the document has another form.
pub fn render(document: &Value) -> Result<String> {
    let mut text = String::new();
    for trace in jaeger_json::read(document)? {
        Tree::new(&trace).render(&mut text);
    }
    Ok(text)
}

struct Tree<'a> {
    trace: &'a Trace,
    /// By start time, so that children are listed in the order in which they ran.
    spans: Vec<&'a Span>,
    start_us: i64,
    /// Which of them were shown: references may run in a circle, and ids may be doubled.
    shown: Vec<bool>,
}

impl<'a> Tree<'a> {
    fn new(trace: &'a Trace) -> Self {
        let mut spans: Vec<_> = trace.spans.iter().collect();
        spans.sort_by_key(|span| (span.start_us, &span.span_id));
        let start_us = spans.first().map_or(0, |span| span.start_us);
        let shown = vec![false; spans.len()];
        Self { trace, spans, start_us, shown }
    }

    fn render(mut self, text: &mut String) {
        let services: BTreeSet<_> = self.spans.iter().map(|s| self.trace.service(s)).collect();
        let end_us = self.spans.iter().map(|span| span.end_us()).max().unwrap_or(self.start_us);
        let _ = writeln!(
            text,
            "trace {}: {} spans, {} services, {}",
            self.trace.trace_id,
            self.spans.len(),
            services.len(),
            duration(end_us.saturating_sub(self.start_us))
        );
        for warning in &self.trace.warnings {
            let _ = writeln!(text, "  ! {warning}");
        }
        let ids: BTreeSet<_> = self.spans.iter().map(|span| span.span_id.as_str()).collect();
        let is_root = |span: &Span| span.parent_id().is_none_or(|id| !ids.contains(id));
        for index in (0..self.spans.len()).filter(|&i| is_root(self.spans[i])).collect::<Vec<_>>() {
            self.branch(index, "", "", text);
        }
        // Left over is only what no root leads to: spans whose references run in a circle.
        for index in 0..self.spans.len() {
            self.branch(index, "", "", text);
        }
    }

    /// One span behind `head`, and what is below it behind `indent`.
    fn branch(&mut self, index: usize, head: &str, indent: &str, text: &mut String) {
        if core::mem::replace(&mut self.shown[index], true) {
            return;
        }
        let span = self.spans[index];
        let is_child = |&i: &usize| self.spans[i].parent_id() == Some(&span.span_id);
        let children: Vec<_> =
            (0..self.spans.len()).filter(|i| !self.shown[*i]).filter(is_child).collect();
        let _ = writeln!(
            text,
            "{head}{} [{}] {}, at {}",
            span.operation_name,
            self.trace.service(span),
            duration(span.duration_us),
            duration(span.start_us.saturating_sub(self.start_us))
        );
        let margin = format!("{indent}{}", if children.is_empty() { "     " } else { "|    " });
        if !span.tags.is_empty() {
            let _ = writeln!(text, "{margin}{}", pairs(&span.tags));
        }
        for log in &span.logs {
            let offset = duration(log.time_us.saturating_sub(self.start_us));
            let _ = writeln!(text, "{margin}log at {offset}: {}", pairs(&log.fields));
        }
        for warning in &span.warnings {
            let _ = writeln!(text, "{margin}! {warning}");
        }
        let last = children.len().saturating_sub(1);
        for (index, child) in children.into_iter().enumerate() {
            let (corner, bar) = if index == last { ("`- ", "   ") } else { ("|- ", "|  ") };
            self.branch(child, &format!("{indent}{corner}"), &format!("{indent}{bar}"), text);
        }
    }
}

fn pairs(pairs: &[KeyValue]) -> String {
    let show = |pair: &KeyValue| match &pair.value {
        Value::String(value) if !value.contains(' ') => format!("{}={value}", pair.key),
        value => format!("{}={value}", pair.key),
    };
    pairs.iter().map(show).collect::<Vec<_>>().join(" ")
}

/// Microseconds in the unit that a reader would choose.
fn duration(us: i64) -> String {
    let sign = if us < 0 { "-" } else { "" };
    let us = us.unsigned_abs();
    match us {
        0..1_000 => format!("{sign}{us} us"),
        1_000..1_000_000 => format!("{sign}{}.{:03} ms", us / 1_000, us % 1_000),
        _ => format!("{sign}{}.{:03} s", us / 1_000_000, us / 1_000 % 1_000),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::hello::fixture;

    #[test]
    fn the_hello_world_reads_well() {
        let text = render(&fixture()).unwrap();
        let expected = "\
trace 0af7651916cd43dd8448eb211c80319c: 5 spans, 3 services, 9.200 ms
say-hello [hello-world] 9.200 ms, at 0 us
|    hello-to=Bryan
|- format [hello-world] 4.000 ms, at 100 us
|  |    span.kind=client peer.service=formatter peer.address=10.0.2.2:9001
|  `- format [formatter] 350 us, at 2.000 ms
|          span.kind=server
|          log at 2.100 ms: event=string-format value=\"Hello, Bryan!\"
`- println [hello-world] 4.700 ms, at 4.300 ms
   |    span.kind=client peer.service=publisher peer.address=10.0.2.2:9002
   `- publish [publisher] 900 us, at 6.100 ms
           span.kind=server
           log at 6.500 ms: event=println
";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn every_span_is_shown_once_even_in_a_circle() {
        let mut document = fixture();
        let spans = &mut document["data"][0]["spans"];
        let first = spans[0]["spanID"].clone();
        let reference = json!({"refType": "CHILD_OF", "traceID": spans[0]["traceID"],
            "spanID": spans[1]["spanID"]});
        spans[0]["references"] = json!([reference]);
        spans[2]["references"][0]["spanID"] = first;
        let text = render(&document).unwrap();
        assert_eq!(text.matches(", at ").count(), 5, "\n{text}");
    }

    #[test]
    fn durations_choose_their_unit() {
        assert_eq!(duration(999), "999 us");
        assert_eq!(duration(1_000), "1.000 ms");
        assert_eq!(duration(61_234_567), "61.234 s");
        assert_eq!(duration(-1_500), "-1.500 ms");
    }
}

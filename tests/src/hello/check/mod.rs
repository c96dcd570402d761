//! What the trace of the hello-world has to look like, whoever collected it.
//!
//! All points are checked even when one fails, since what else is wrong often tells why.

use serde_json::Value;

use crate::jaeger_json::{self, Span, Trace, integer};

/// A span that the trace must have once; service and operation together are unique in it.
struct Expected {
    service: &'static str,
    operation: &'static str,
    parent: Option<(&'static str, &'static str)>,
    kind: Option<&'static str>,
    /// The service that a client span calls.
    peer: Option<&'static str>,
}

const EXPECTED: [Expected; 5] = [
    Expected {
        service: "hello-world",
        operation: "say-hello",
        parent: None,
        kind: None,
        peer: None,
    },
    Expected {
        service: "hello-world",
        operation: "format",
        parent: Some(("hello-world", "say-hello")),
        kind: Some("client"),
        peer: Some("formatter"),
    },
    Expected {
        service: "hello-world",
        operation: "println",
        parent: Some(("hello-world", "say-hello")),
        kind: Some("client"),
        peer: Some("publisher"),
    },
    Expected {
        service: "formatter",
        operation: "format",
        parent: Some(("hello-world", "format")),
        kind: Some("server"),
        peer: None,
    },
    Expected {
        service: "publisher",
        operation: "publish",
        parent: Some(("hello-world", "println")),
        kind: Some("server"),
        peer: None,
    },
];

/// Spans that the trace has when it is whole.
pub const SPANS: usize = EXPECTED.len();

/// The number of spans in the document's fullest trace; 0 for anything that is no trace.
#[must_use]
pub fn span_count(document: &Value) -> usize {
    let traces = jaeger_json::read(document).unwrap_or_default();
    traces.iter().map(|trace| trace.spans.len()).max().unwrap_or(0)
}

/// What is wrong with the hello-world's trace, one line a point; nothing when it is right.
///
/// `document` is in Jaeger's UI format, `hello_to` is who was greeted.
#[must_use]
pub fn check(document: &Value, hello_to: &str) -> Vec<String> {
    if document.is_null() {
        return vec!["there is no trace at all".to_owned()];
    }
    let traces = match jaeger_json::read(document) {
        Ok(traces) => traces,
        Err(e) => return vec![format!("{e:#}")],
    };
    let mut problems = Vec::new();
    if traces.len() != 1 {
        let ids: Vec<_> = traces.iter().map(|t| t.trace_id.as_str()).collect();
        problems.push(format!("expected one trace, found {}: {}", ids.len(), ids.join(", ")));
    }
    if let Some(trace) = traces.iter().max_by_key(|trace| trace.spans.len()) {
        let mut checker = Checker { trace, problems };
        checker.identity();
        for expected in &EXPECTED {
            checker.span(expected);
        }
        checker.greeting(hello_to);
        checker.nesting();
        checker.warnings();
        problems = checker.problems;
    }
    problems
}

struct Checker<'a> {
    trace: &'a Trace,
    problems: Vec<String>,
}

fn show(trace: &Trace, span: &Span) -> String {
    format!("`{}` of {}", span.operation_name, trace.service(span))
}

impl<'a> Checker<'a> {
    fn require(&mut self, holds: bool, problem: impl FnOnce() -> String) {
        if !holds {
            self.problems.push(problem());
        }
    }

    fn find(&self, service: &str, operation: &str) -> Option<&'a Span> {
        let trace = self.trace;
        trace.spans.iter().find(|s| s.operation_name == operation && trace.service(s) == service)
    }

    fn identity(&mut self) {
        let trace = self.trace;
        let id = &trace.trace_id;
        let is_hex = id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let is_zero = id.bytes().all(|b| b == b'0');
        self.require(is_hex && !is_zero && matches!(id.len(), 16 | 32), || {
            format!("trace id {id:?} is not 16 or 32 lower-case hex digits other than zeros")
        });
        let count = trace.spans.len();
        self.require(count == SPANS, || format!("expected {SPANS} spans, found {count}"));
        for span in &trace.spans {
            self.require(span.trace_id == *id, || {
                format!("{} says it is of trace {}, not {id}", show(trace, span), span.trace_id)
            });
            let service = trace.service(span);
            let known = |e: &Expected| e.service == service && e.operation == span.operation_name;
            self.require(EXPECTED.iter().any(known), || {
                format!("{} does not belong into this trace", show(trace, span))
            });
        }
    }

    /// One expected span: there, once, under its parent, with its kind and its peer.
    fn span(&mut self, expected: &Expected) {
        let Expected { service, operation, .. } = *expected;
        let Some(span) = self.find(service, operation) else {
            self.problems.push(format!("there is no span `{operation}` of {service}"));
            return;
        };
        let same = |s: &&Span| s.operation_name == operation && self.trace.service(s) == service;
        let times = self.trace.spans.iter().filter(same).count();
        self.require(times == 1, || format!("`{operation}` of {service} is there {times} times"));

        match expected.parent {
            None => self.require(span.references.is_empty(), || {
                format!("`{operation}` of {service} is the root, yet refers to another span")
            }),
            Some((parent_service, parent_operation)) => {
                let parent = self.find(parent_service, parent_operation);
                let right = parent.is_some_and(|p| span.parent_id() == Some(&p.span_id));
                self.require(right, || {
                    format!(
                        "`{operation}` of {service} must be a child of `{parent_operation}` of \
                         {parent_service}; its parent is {}",
                        span.parent_id().unwrap_or("none")
                    )
                });
            }
        }
        if let Some(kind) = expected.kind {
            self.tag(span, "span.kind", kind);
        }
        if let Some(peer) = expected.peer {
            self.tag(span, "peer.service", peer);
            self.require(span.tag("peer.address").is_some(), || {
                format!("`{operation}` of {service} has no tag peer.address")
            });
        }
    }

    fn tag(&mut self, span: &Span, key: &str, wanted: &str) {
        let (trace, found) = (self.trace, span.tag(key));
        self.require(found.is_some_and(|v| v == wanted), || {
            let found = found.map_or("missing".to_owned(), Value::to_string);
            format!("tag {key} of {} must be {wanted:?}; it is {found}", show(trace, span))
        });
    }

    /// The tag and the logs that carry the greeting through the three services.
    fn greeting(&mut self, hello_to: &str) {
        if let Some(root) = self.find("hello-world", "say-hello") {
            self.tag(root, "hello-to", hello_to);
        }
        let value = format!("Hello, {hello_to}!");
        let wanted = [("event", "string-format"), ("value", value.as_str())];
        // The OpenTracing tutorial logs it where the string is formatted, at first in the client.
        let spans = [self.find("formatter", "format"), self.find("hello-world", "format")];
        self.require(spans.into_iter().flatten().any(|span| span.has_log(&wanted)), || {
            format!("`format` of formatter has no log event=string-format value={value:?}")
        });
        if let Some(publish) = self.find("publisher", "publish") {
            self.require(publish.has_log(&[("event", "println")]), || {
                "`publish` of publisher has no log event=println".to_owned()
            });
        }
    }

    /// Children lie within their parents, as exactly as the clocks involved are known.
    fn nesting(&mut self) {
        let trace = self.trace;
        for expected in EXPECTED.iter().filter(|e| e.parent.is_none_or(|p| p.0 != e.service)) {
            let Some(span) = self.find(expected.service, expected.operation) else { continue };
            self.require(self.clock_error_us(span).is_some_and(|us| us >= 0), || {
                format!(
                    "the process of {} has no tag clock.error_us in microseconds",
                    expected.service
                )
            });
        }
        for child in &trace.spans {
            let parent = trace.spans.iter().find(|s| Some(s.span_id.as_str()) == child.parent_id());
            let Some(parent) = parent else { continue };
            let one_clock = trace.service(parent) == trace.service(child);
            let error_us = |span| self.clock_error_us(span).unwrap_or(0);
            let slack_us =
                if one_clock { 0 } else { error_us(parent).saturating_add(error_us(child)) };
            let early_us = parent.start_us.saturating_sub(child.start_us);
            self.require(early_us <= slack_us, || {
                format!(
                    "{} starts {early_us} us before its parent {}; the clocks allow {slack_us} us",
                    show(trace, child),
                    show(trace, parent)
                )
            });
            // Start and duration are both cut to microseconds, so an end can be one off by itself.
            let late_us = child.end_us().saturating_sub(parent.end_us());
            self.require(late_us <= slack_us.saturating_add(1), || {
                format!(
                    "{} ends {late_us} us after its parent {}; the clocks allow {slack_us} us",
                    show(trace, child),
                    show(trace, parent)
                )
            });
        }
    }

    fn clock_error_us(&self, span: &Span) -> Option<i64> {
        integer(self.trace.process_tag(span, "clock.error_us")?)
    }

    fn warnings(&mut self) {
        let trace = self.trace;
        for warning in &trace.warnings {
            self.problems.push(format!("the trace has a warning: {warning}"));
        }
        for span in &trace.spans {
            for warning in &span.warnings {
                self.problems.push(format!("{} has a warning: {warning}", show(trace, span)));
            }
        }
    }
}

#[cfg(test)]
mod tests;

use super::*;
use crate::model::testing;
use proptest::prelude::*;

const TRACE: TraceId = TraceId([1; 16]);

fn span() -> Span {
    Span::new(TRACE, SpanId([2; 8]), "read".into(), [10, 20])
}

fn reference(ref_type: RefType, trace: u8, span: u8) -> Reference {
    Reference { ref_type, trace_id: TraceId([trace; 16]), span_id: SpanId([span; 8]) }
}

fn log(fields: Vec<Attribute>) -> Event {
    span().with_logs(vec![Log { time_ns: 15, fields, dropped_fields: 0 }]).events.remove(0)
}

#[test]
fn kind_and_status_leave_the_tags() {
    let tags = vec![
        Attribute::new("span.kind", "server"),
        Attribute::new("bus", 1_i64),
        Attribute::new("error", true),
        Attribute::new("otel.status_description", "no answer"),
    ];
    let span = span().with_tags(tags);
    assert_eq!(span.kind, Kind::Server);
    assert_eq!(span.status, Status::Error("no answer".into()));
    assert_eq!(span.attributes, [Attribute::new("bus", 1_i64)]);
}

#[test]
fn what_is_not_understood_stays_a_tag() {
    let tags = vec![Attribute::new("span.kind", "sensor"), Attribute::new("error", "perhaps")];
    let span = span().with_tags(tags.clone());
    assert_eq!((span.kind, span.status), (Kind::Unspecified, Status::Unset));
    assert_eq!(span.attributes, tags);
}

#[test]
fn of_equal_tags_the_last_counts() {
    let tags = [("a", 1_i64), ("b", 2), ("a", 3)].map(|(key, value)| Attribute::new(key, value));
    let span = span().with_tags(tags.to_vec());
    assert_eq!(span.attributes, [Attribute::new("a", 3_i64), Attribute::new("b", 2_i64)]);
}

#[test]
fn an_http_status_tells_whether_it_failed() {
    let status = |code: i64, kind: &str| {
        let tags =
            vec![Attribute::new("http.status_code", code), Attribute::new("span.kind", kind)];
        span().with_tags(tags).status
    };
    assert_eq!(status(404, "client"), Status::Error("".into()));
    assert_eq!(status(404, "server"), Status::Unset);
    assert_eq!(status(503, "server"), Status::Error("".into()));
    assert_eq!(status(200, "client"), Status::Unset);
}

#[test]
fn an_explicit_status_outranks_an_http_status() {
    let tags = vec![Attribute::new("http.status_code", 503_i64), Attribute::new("error", false)];
    assert_eq!(span().with_tags(tags).status, Status::Ok);
}

#[test]
fn the_parent_is_the_first_child_of_in_the_same_trace() {
    let references = [
        reference(RefType::FollowsFrom, 1, 3),
        reference(RefType::ChildOf, 9, 4),
        reference(RefType::ChildOf, 1, 5),
    ];
    let span = span().with_references(&references);
    assert_eq!(span.parent_span_id, Some(SpanId([5; 8])));
    let links: Vec<_> =
        span.links.iter().map(|link| (RefType::of_link(link), link.span_id.0[0])).collect();
    assert_eq!(links, [(RefType::FollowsFrom, 3), (RefType::ChildOf, 4)]);
}

#[test]
fn a_follows_from_parent_is_parent_and_link() {
    let span = span().with_references(&[reference(RefType::FollowsFrom, 1, 3)]);
    assert_eq!(span.parent_span_id, Some(SpanId([3; 8])));
    assert_eq!(span.links.len(), 1);
}

#[test]
fn a_reference_to_another_trace_is_no_parent() {
    let span = span().with_references(&[reference(RefType::ChildOf, 9, 3)]);
    assert_eq!(span.parent_span_id, None);
    assert_eq!(span.links.len(), 1);
}

#[test]
fn the_field_event_names_the_event() {
    let event =
        log(vec![Attribute::new("event", "string-format"), Attribute::new("value", "Hello")]);
    assert_eq!(&*event.name, "string-format");
    assert_eq!(event.attributes, [Attribute::new("value", "Hello")]);
}

#[test]
fn a_log_without_event_has_no_name() {
    assert_eq!(&*log(vec![Attribute::new("value", 1_i64)]).name, "");
    assert_eq!(log(vec![Attribute::new("event", 1_i64)]).attributes.len(), 1);
}

#[test]
fn an_error_event_is_an_exception() {
    let event = log(vec![
        Attribute::new("event", "error"),
        Attribute::new("error.kind", "timeout"),
        Attribute::new("message", "no answer"),
        Attribute::new("stack", "main"),
    ]);
    let keys: Vec<_> = event.attributes.iter().map(|attribute| &*attribute.key).collect();
    assert_eq!(&*event.name, "exception");
    assert_eq!(keys, ["exception.type", "exception.message", "exception.stacktrace"]);
}

#[test]
fn a_bare_span_is_what_a_jaeger_makes_of_it() {
    let span = Span::new(TRACE, SpanId([2; 8]), "".into(), [10, 7]);
    assert_eq!(&*span.name, "empty-span-name");
    assert_eq!((span.start_ns, span.end_ns), (10, 11));
    assert_eq!(&*span.warnings[0], "ends 3 ns before it starts: shown as 1 ns");
}

proptest! {
    #[test]
    fn any_span_is_valid_otlp(span in testing::span(TRACE)) {
        prop_assert!(span.end_ns > span.start_ns && !span.name.is_empty());
        let mut keys: Vec<_> = span.attributes.iter().map(|attribute| &attribute.key).collect();
        keys.sort();
        let count = keys.len();
        keys.dedup();
        prop_assert_eq!(keys.len(), count);
        prop_assert!(span.weight() >= size_of::<Span>());
    }
}

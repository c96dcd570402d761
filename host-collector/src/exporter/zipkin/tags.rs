//! What becomes a tag or an annotation, which are text.

use super::shape::{DEBUG, SHARED, failure};
use crate::json::Writer;
use crate::model::{
    AttributeView, Attributes, EventView, LinkView, ResourceView, SERVICE_NAME, ScopeView,
    SpanView, StatusView, ValueView,
};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What has a place of its own.
const ELSEWHERE: [&str; 3] = ["peer.service", SHARED, DEBUG];

/// The tags of a span: what its resource and scope say, then what it says itself, then what OTLP has
/// fields for.
pub(super) fn of<'a>(
    resource: ResourceView<'a>,
    scope: ScopeView<'a>,
    span: SpanView<'a>,
) -> BTreeMap<Cow<'a, str>, Cow<'a, str>> {
    let mut tags: BTreeMap<Cow<'a, str>, Cow<'a, str>> = BTreeMap::new();
    let mut add = |key: Cow<'a, str>, text: Cow<'a, str>| {
        tags.insert(key, text);
    };
    let process = resource.attributes().iter().filter(|tag| tag.key() != SERVICE_NAME);
    let own = span.attributes().iter().filter(|tag| !ELSEWHERE.contains(&tag.key()));
    // A tag `error` means that the span failed, whatever its value.
    let own = own.filter(|tag| tag.key() != "error" || tag.value() != ValueView::Bool(false));
    for tag in process.chain(own) {
        add(tag.key().into(), tag.value().to_text());
    }
    for (key, text) in [
        ("otel.scope.name", scope.name()),
        ("otel.scope.version", scope.version()),
        ("w3c.tracestate", span.trace_state()),
    ] {
        if !text.is_empty() {
            add(key.into(), text.into());
        }
    }
    for (key, count) in [
        ("otel.dropped_attributes_count", span.dropped_attributes()),
        ("otel.dropped_events_count", span.dropped_events()),
        ("otel.dropped_links_count", span.dropped_links()),
    ] {
        if count != 0 {
            add(key.into(), count.to_string().into());
        }
    }
    for (index, one) in span.links().enumerate() {
        add(format!("otlp.link.{index}").into(), link(one).into());
    }
    match span.status() {
        StatusView::Unset => {}
        StatusView::Ok => add("otel.status_code".into(), "OK".into()),
        StatusView::Error(_) => add("otel.status_code".into(), "ERROR".into()),
    }
    if let Some(description) = failure(span) {
        add("error".into(), description.into());
    }
    tags
}

/// An event: its name, with its attributes as JSON where it has some.
pub(super) fn annotation(event: EventView<'_>) -> String {
    let mut attributes = event.attributes().iter().peekable();
    if attributes.peek().is_none() {
        return event.name().to_owned();
    }
    let mut out = Writer::default();
    out.string(event.name());
    out.raw(": ");
    object(&mut out, event.attributes());
    text(out)
}

/// `trace|span|state|{attributes}|how many of these are missing`, as OpenTelemetry's collector has it.
fn link(link: LinkView<'_>) -> String {
    let mut out = Writer::default();
    out.hex(&link.trace_id().0);
    out.raw("|");
    out.hex(&link.span_id().0);
    out.raw("|");
    out.raw(link.trace_state());
    out.raw("|");
    object(&mut out, link.attributes());
    out.raw("|");
    out.unsigned(link.dropped_attributes().into());
    text(out)
}

fn text(out: Writer) -> String {
    // What was written is text.
    String::from_utf8(out.into_bytes()).unwrap_or_default()
}

fn object(out: &mut Writer, attributes: Attributes<'_>) {
    out.raw("{");
    for (index, attribute) in attributes.iter().enumerate() {
        if index != 0 {
            out.raw(",");
        }
        out.string(attribute.key());
        out.raw(":");
        value(out, attribute);
    }
    out.raw("}");
}

fn value(out: &mut Writer, attribute: AttributeView<'_>) {
    match attribute.value() {
        ValueView::Empty => out.raw("null"),
        ValueView::Bool(value) => out.raw(if value { "true" } else { "false" }),
        ValueView::Int(value) => out.signed(value),
        ValueView::Double(value) => out.double(value),
        ValueView::Str(text) => out.string(text),
        ValueView::Bytes(bytes) => out.base64(bytes),
        // Their text is JSON.
        list @ (ValueView::Array(_) | ValueView::KeyValues(_)) => out.raw(&list.to_text()),
    }
}

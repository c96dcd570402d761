//! Everything of one span.

use super::super::{Answer, Context, Failure, Request};
use super::write::{SPAN_WARNINGS, attributes, bare, key_of, list, pair, process, text, warnings};
use super::{answered, behind, digits, no_trace, trace_id};
use crate::json::Writer;
use crate::model::{EventView, LinkView, ResourceView, SpanId, SpanView};
use crate::storage::Reader;

/// So many spans of one id are shown: more are somebody's who makes them so.
const MOST_TWINS: usize = 64;

pub(super) fn spans(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Answer {
    let body = || {
        let (trace, id) = (trace_id(request)?, span_id(request)?);
        let chunk = context.trace(reader, trace)?.ok_or_else(|| no_trace(trace))?;
        let found = chunk.spans().filter(|(_, _, span)| span.span_id() == id);
        let mut found = found.take(MOST_TWINS).peekable();
        if found.peek().is_none() {
            let why = format!("there is no span {id} in trace {trace}: it may not have come yet");
            return Err(Failure::missing(why));
        }
        let mut json = Writer::default();
        json.raw("{\"spans\":");
        list(&mut json, found, |json, (resource, _, span)| one(json, resource, span));
        json.raw("}");
        Ok(json)
    };
    answered(body())
}

fn span_id(request: &Request<'_>) -> Result<SpanId, Failure> {
    let number = digits(behind(request, "spans"), 16).and_then(|number| number.try_into().ok());
    let number: u64 =
        number.ok_or_else(|| Failure::bad("a span's id is 1 to 16 hexadecimal digits"))?;
    Ok(SpanId(number.to_be_bytes()))
}

fn one(json: &mut Writer, resource: ResourceView<'_>, span: SpanView<'_>) {
    json.raw("{\"trace\":\"");
    json.raw(&span.trace_id().to_string());
    json.raw("\"");
    pair(json, "id", span.span_id());
    pair(json, "parent", span.parent_span_id().map_or_else(String::new, |id| id.to_string()));
    text(json, "name", span.name());
    text(json, "kind", span.kind().tag().unwrap_or_default());
    pair(json, "start_ns", span.start_ns());
    pair(json, "duration_ns", span.duration_ns());
    let status = match span.status_code() {
        1 => "ok",
        2 => "error",
        _ => "unset",
    };
    text(json, "status", status);
    text(json, "message", span.status_message());
    key_of(json, "attributes");
    attributes(json, span.attributes());
    key_of(json, "events");
    list(json, span.events(), event);
    key_of(json, "links");
    list(json, span.links(), link);
    key_of(json, "warnings");
    warnings(json, span.attributes(), SPAN_WARNINGS);
    key_of(json, "missing");
    json.raw("{\"attributes\":");
    json.raw(&span.dropped_attributes().to_string());
    bare(json, "events", span.dropped_events());
    bare(json, "links", span.dropped_links());
    json.raw("}");
    key_of(json, "process");
    process(json, resource);
    json.raw("}");
}

fn event(json: &mut Writer, event: EventView<'_>) {
    json.raw("{\"time_ns\":\"");
    json.raw(&event.time_ns().to_string());
    json.raw("\"");
    text(json, "name", event.name());
    key_of(json, "attributes");
    attributes(json, event.attributes());
    json.raw("}");
}

fn link(json: &mut Writer, link: LinkView<'_>) {
    json.raw("{\"trace\":\"");
    json.raw(&link.trace_id().to_string());
    json.raw("\"");
    pair(json, "span", link.span_id());
    key_of(json, "attributes");
    attributes(json, link.attributes());
    json.raw("}");
}

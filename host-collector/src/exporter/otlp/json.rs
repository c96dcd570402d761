//! OTLP as JSON: protobuf's JSON mapping, but ids are hexadecimal and enums are numbers.
//!
//! 64-bit integers are decimal strings and defaults are left out, as the mapping has it; messages that
//! are empty stay, as OpenTelemetry's own exporters write them.

use super::to_protobuf;
use crate::json::Writer;
use crate::model::{
    AttributeView, Attributes, Batch, Chunk, EventView, LinkView, ResourceSpansView,
    ScopeSpansView, SpanId, SpanView, ValueView,
};

/// An OTLP request with these batches, as JSON. Batches without spans are left out.
#[must_use]
pub fn to_json<'a>(batches: impl IntoIterator<Item = &'a Batch>) -> Vec<u8> {
    let mut out = Writer::default();
    // What a session has assembled is in order: none of it is refused.
    let chunk = Chunk::check(to_protobuf(batches)).map(|checked| checked.chunk);
    json(&mut out, [&chunk.unwrap_or_default()]);
    out.into_bytes()
}

/// Writes chunks one behind the other, as one `TracesData`.
pub fn json<'a>(out: &mut Writer, chunks: impl IntoIterator<Item = &'a Chunk>) {
    out.raw("{\"resourceSpans\":");
    out.list(chunks.into_iter().flat_map(Chunk::resources), resource_spans);
    out.raw("}");
}

fn resource_spans(out: &mut Writer, group: ResourceSpansView<'_>) {
    let resource = group.resource();
    let mut object = Object::open_in(out, "{\"resource\":{");
    object.attributes(resource.attributes());
    object.count("droppedAttributesCount", resource.dropped_attributes());
    out.raw("},\"scopeSpans\":");
    out.list(group.scopes(), scope_spans);
    schema_url(out, group.schema_url());
    out.raw("}");
}

fn scope_spans(out: &mut Writer, group: ScopeSpansView<'_>) {
    let scope = group.scope();
    let mut object = Object::open_in(out, "{\"scope\":{");
    object.text("name", scope.name());
    object.text("version", scope.version());
    object.attributes(scope.attributes());
    object.count("droppedAttributesCount", scope.dropped_attributes());
    out.raw("},\"spans\":");
    out.list(group.spans(), span);
    schema_url(out, group.schema_url());
    out.raw("}");
}

fn schema_url(out: &mut Writer, url: &str) {
    if !url.is_empty() {
        out.raw(",\"schemaUrl\":");
        out.string(url);
    }
}

fn span(out: &mut Writer, span: SpanView<'_>) {
    let mut object = Object::open_in(out, "{");
    object.hex("traceId", &span.trace_id().0);
    object.hex("spanId", &span.span_id().0);
    object.text("traceState", span.trace_state());
    object.hex("parentSpanId", &span.parent_span_id().unwrap_or(SpanId([0; 8])).0);
    object.count("flags", span.flags());
    object.text("name", span.name());
    if span.kind_number() != 0 {
        object.key("kind");
        object.out.signed(span.kind_number().into());
    }
    object.time("startTimeUnixNano", span.start_ns());
    object.time("endTimeUnixNano", span.end_ns());
    object.attributes(span.attributes());
    object.count("droppedAttributesCount", span.dropped_attributes());
    object.list("events", span.events(), event);
    object.count("droppedEventsCount", span.dropped_events());
    object.list("links", span.links(), link);
    object.count("droppedLinksCount", span.dropped_links());
    object.key("status");
    out.raw("{");
    let mut object = Object { out, is_first: true };
    object.text("message", span.status_message());
    object.count("code", span.status_code());
    out.raw("}}");
}

fn event(out: &mut Writer, event: EventView<'_>) {
    let mut object = Object::open_in(out, "{");
    object.time("timeUnixNano", event.time_ns());
    object.text("name", event.name());
    object.attributes(event.attributes());
    object.count("droppedAttributesCount", event.dropped_attributes());
    out.raw("}");
}

fn link(out: &mut Writer, link: LinkView<'_>) {
    let mut object = Object::open_in(out, "{");
    object.hex("traceId", &link.trace_id().0);
    object.hex("spanId", &link.span_id().0);
    object.text("traceState", link.trace_state());
    object.attributes(link.attributes());
    object.count("droppedAttributesCount", link.dropped_attributes());
    object.count("flags", link.flags());
    out.raw("}");
}

fn attribute(out: &mut Writer, attribute: AttributeView<'_>) {
    let mut object = Object::open_in(out, "{");
    object.text("key", attribute.key());
    object.key("value");
    value(out, attribute.value());
    out.raw("}");
}

/// Lists may hold lists, as deep as a chunk allows.
fn value(out: &mut Writer, any: ValueView<'_>) {
    out.raw("{");
    match any {
        ValueView::Empty => {}
        ValueView::Str(text) => {
            out.raw("\"stringValue\":");
            out.string(text);
        }
        ValueView::Bool(true) => out.raw("\"boolValue\":true"),
        ValueView::Bool(false) => out.raw("\"boolValue\":false"),
        ValueView::Int(value) => {
            out.raw("\"intValue\":\"");
            out.signed(value);
            out.raw("\"");
        }
        ValueView::Double(value) => {
            out.raw("\"doubleValue\":");
            out.double(value);
        }
        ValueView::Bytes(bytes) => {
            out.raw("\"bytesValue\":");
            out.base64(bytes);
        }
        ValueView::Array(_) => {
            out.raw("\"arrayValue\":{");
            Object { out, is_first: true }.list("values", any.items(), value);
            out.raw("}");
        }
        ValueView::KeyValues(_) => {
            out.raw("\"kvlistValue\":{");
            Object { out, is_first: true }.list("values", any.entries().iter(), attribute);
            out.raw("}");
        }
    }
    out.raw("}");
}

/// The fields of an object, which are left out where they are 0 or empty.
struct Object<'a> {
    out: &'a mut Writer,
    is_first: bool,
}

impl<'a> Object<'a> {
    /// Behind what opens it.
    fn open_in(out: &'a mut Writer, open: &str) -> Self {
        out.raw(open);
        Self { out, is_first: true }
    }

    fn key(&mut self, key: &str) {
        self.out.raw(if core::mem::take(&mut self.is_first) { "\"" } else { ",\"" });
        self.out.raw(key);
        self.out.raw("\":");
    }

    fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.key(key);
            self.out.string(text);
        }
    }

    fn count(&mut self, key: &str, count: u32) {
        if count != 0 {
            self.key(key);
            self.out.unsigned(count.into());
        }
    }

    fn time(&mut self, key: &str, time_ns: u64) {
        if time_ns != 0 {
            self.key(key);
            self.out.raw("\"");
            self.out.unsigned(time_ns);
            self.out.raw("\"");
        }
    }

    fn hex(&mut self, key: &str, id: &[u8]) {
        if id.iter().any(|byte| *byte != 0) {
            self.key(key);
            self.out.raw("\"");
            self.out.hex(id);
            self.out.raw("\"");
        }
    }

    fn attributes(&mut self, list: Attributes<'_>) {
        self.list("attributes", list.iter(), attribute);
    }

    fn list<T>(
        &mut self,
        key: &str,
        items: impl Iterator<Item = T>,
        write: impl FnMut(&mut Writer, T),
    ) {
        let mut items = items.peekable();
        if items.peek().is_some() {
            self.key(key);
            self.out.list(items, write);
        }
    }
}

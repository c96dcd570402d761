//! What a Jaeger does to a trace before `/api/v3` shows it: a chunk in, a chunk out.
//!
//! In this order: ids that a client and a server share are told apart, attributes and events are sorted,
//! doubles are left out, clocks are warned of, addresses are written as such, attributes that tell of the
//! process go there, and links to nothing are dropped.

use crate::model::{
    Attributes, Chunk, ChunkWriter, EventView, Kind, LinkView, ResourceView, SPAN_WARNINGS, SpanId,
    SpanView, ValueView,
};
use crate::protobuf::{Field, Fields, Writer};
use crate::query::adjust::{ADDRESSES, LIBRARY, NewIds, Node, Side, dotted, warnings};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

/// Attributes in order, each key once, with their messages.
type List<'a> = BTreeMap<&'a str, Cow<'a, [u8]>>;

/// A span with what became of it.
struct Edited<'a> {
    view: SpanView<'a>,
    id: SpanId,
    parent: Option<SpanId>,
    attributes: List<'a>,
    events: Vec<Vec<u8>>,
    links: Vec<Vec<u8>>,
    warnings: Vec<String>,
    /// The number of its resource.
    resource: usize,
    is_double: bool,
}

/// The chunk after all of this.
pub(super) fn chunk(chunk: &Chunk) -> Chunk {
    let mut resources: Vec<List<'_>> = Vec::new();
    let mut spans: Vec<Edited<'_>> = Vec::with_capacity(chunk.len());
    for group in chunk.resources() {
        let resource = resources.len();
        resources.push(sorted(group.resource().attributes()));
        let views = group.scopes().flat_map(|scope| scope.spans());
        spans.extend(views.map(|view| Edited {
            view,
            id: view.span_id(),
            parent: view.parent_span_id(),
            attributes: sorted(view.attributes()),
            events: events(view),
            links: Vec::new(),
            warnings: Vec::new(),
            resource,
            is_double: false,
        }));
    }
    tell_apart(&mut spans);
    find_doubles(&mut spans, &resources);
    warn_of_clocks(&mut spans, chunk);
    resources.iter_mut().for_each(addresses);
    for span in &mut spans {
        addresses(&mut span.attributes);
        if let Some(resource) = resources.get_mut(span.resource) {
            move_library(span, resource);
        }
        links(span);
    }
    write(chunk, &resources, spans)
}

/// By key; of equal keys the last.
fn sorted(list: Attributes<'_>) -> List<'_> {
    list.iter().map(|attribute| (attribute.key(), Cow::Borrowed(attribute.raw()))).collect()
}

/// By name, each with its attributes in order.
fn events(span: SpanView<'_>) -> Vec<Vec<u8>> {
    let mut events: Vec<EventView<'_>> = span.events().collect();
    events.sort_by_key(|event| event.name());
    let written = events.into_iter().map(|event| with_sorted(event.raw(), 3, event.attributes()));
    written.collect()
}

/// A message whose attributes, in field `number`, come in order and behind everything else.
fn with_sorted(raw: &[u8], number: u32, attributes: Attributes<'_>) -> Vec<u8> {
    let mut out = Writer::default();
    others(&mut out, raw, &[number]);
    for attribute in sorted(attributes).values() {
        out.bytes_always(number, attribute);
    }
    out.into_bytes()
}

/// Writes the fields of a message without some.
fn others(out: &mut Writer, raw: &[u8], without: &[u32]) {
    for (number, field) in Fields::new(raw).map_while(Result::ok) {
        if !without.contains(&number) {
            out.field(number, field);
        }
    }
}

fn tell_apart(spans: &mut [Edited<'_>]) {
    let ids = NewIds::of(spans.iter().map(|span| {
        let side = match span.view.kind() {
            Kind::Client => Side::Client,
            Kind::Server => Side::Server,
            _ => Side::Other,
        };
        (span.id, side)
    }));
    for (span, new) in spans.iter_mut().zip(&ids.own) {
        if let Some(new) = new {
            span.parent = Some(span.id);
            span.id = *new;
        }
    }
    for span in spans {
        let new = span.parent.and_then(|parent| ids.parent(parent, span.id));
        span.parent = new.or(span.parent);
    }
}

fn find_doubles(spans: &mut [Edited<'_>], resources: &[List<'_>]) {
    let mut seen: HashSet<(Vec<u8>, Option<&List<'_>>)> = HashSet::with_capacity(spans.len());
    for span in spans {
        let mut content = Writer::default();
        body(
            &mut content,
            span,
            &span.view.links().map(|link| link.raw().to_vec()).collect::<Vec<_>>(),
        );
        span.is_double = !seen.insert((content.into_bytes(), resources.get(span.resource)));
    }
}

fn warn_of_clocks(spans: &mut [Edited<'_>], chunk: &Chunk) {
    let hosts: Vec<Cow<'_, str>> = chunk.resources().map(|group| host(group.resource())).collect();
    let places: Vec<usize> =
        (0..).zip(spans.iter()).filter(|(_, span)| !span.is_double).map(|(at, _)| at).collect();
    let nodes: Vec<Node<'_>> = spans
        .iter()
        .filter(|span| !span.is_double)
        .map(|span| Node {
            id: span.id,
            parent: span.parent,
            start_ns: span.view.start_ns(),
            duration_ns: span.view.duration_ns(),
            host: hosts.get(span.resource).map_or("", |host| host),
        })
        .collect();
    let no_parent =
        |id| format!("parent span ID={id} is not in the trace; skipping clock skew adjustment");
    for (node, warning) in warnings(&nodes, no_parent) {
        let span = places.get(node).and_then(|place| spans.get_mut(*place));
        span.into_iter().for_each(|span| span.warnings.push(warning.clone()));
    }
}

/// Where a resource was: its id, its first address, or its name.
fn host(resource: ResourceView<'_>) -> Cow<'_, str> {
    let list = resource.attributes();
    let text = |value: ValueView<'_>| value.to_text().into_owned();
    if let Some(id) = list.get("host.id") {
        return text(id).into();
    }
    match list.get("host.ip") {
        Some(ValueView::Str(address)) => return address.into(),
        Some(addresses @ ValueView::Array(_)) => {
            if let Some(first) = addresses.items().next() {
                return text(first).into();
            }
        }
        _ => {}
    }
    list.text("host.name").unwrap_or_default().into()
}

fn addresses(list: &mut List<'_>) {
    for key in ADDRESSES {
        let Some(raw) = list.get_mut(key) else { continue };
        let number = match value(raw) {
            ValueView::Int(number) => number,
            #[expect(clippy::cast_possible_truncation, reason = "what is no address becomes none")]
            ValueView::Double(number) => number as i64,
            _ => continue,
        };
        let mut out = Writer::default();
        out.bytes(1, key.as_bytes());
        out.message(2, |out| out.bytes_always(1, dotted(number).as_bytes()));
        *raw = out.into_bytes().into();
    }
}

/// The value in the message of an attribute.
fn value(raw: &[u8]) -> ValueView<'_> {
    let values = Fields::new(raw).map_while(Result::ok).filter_map(|field| match field {
        (2, Field::Bytes(value)) => Some(value),
        _ => None,
    });
    ValueView::new(values.last().unwrap_or_default())
}

fn move_library<'a>(span: &mut Edited<'a>, resource: &mut List<'a>) {
    for key in LIBRARY {
        let Some((key, raw)) = span.attributes.remove_entry(key) else { continue };
        match resource.get(key) {
            Some(other) if value(other) != value(&raw) => {
                let text = "conflicting values between Span and Resource for attribute";
                span.warnings.push(format!("{text} {key}"));
                span.attributes.insert(key, raw);
            }
            _ => drop(resource.insert(key, raw)),
        }
    }
}

fn links(span: &mut Edited<'_>) {
    let links: Vec<LinkView<'_>> = span.view.links().collect();
    let valid = links.iter().filter(|link| !link.trace_id().is_zero());
    span.links = valid.map(|link| with_sorted(link.raw(), 4, link.attributes())).collect();
    for _ in span.links.len()..links.len() {
        span.warnings.push("Invalid span link removed".to_owned());
    }
}

/// Writes a span's message.
fn body(out: &mut Writer, span: &Edited<'_>, links: &[Vec<u8>]) {
    others(out, span.view.raw(), &[2, 4, 9, 11, 13]);
    out.bytes(2, &span.id.0);
    if let Some(parent) = span.parent {
        out.bytes(4, &parent.0);
    }
    let before = span.attributes.get(SPAN_WARNINGS);
    for (key, attribute) in &span.attributes {
        if *key == SPAN_WARNINGS && !span.warnings.is_empty() {
            warned(out, before, &span.warnings);
        } else {
            out.bytes_always(9, attribute);
        }
    }
    if before.is_none() && !span.warnings.is_empty() {
        warned(out, None, &span.warnings);
    }
    span.events.iter().for_each(|event| out.bytes_always(11, event));
    links.iter().for_each(|link| out.bytes_always(13, link));
}

/// The warnings that there were, if they are a list, and the new ones.
fn warned(out: &mut Writer, before: Option<&Cow<'_, [u8]>>, new: &[String]) {
    out.message(9, |out| {
        out.bytes(1, SPAN_WARNINGS.as_bytes());
        out.message(2, |out| {
            out.message(5, |out| {
                if let Some(ValueView::Array(list)) = before.map(|raw| value(raw)) {
                    out.raw(list);
                }
                for warning in new {
                    out.message(1, |out| out.bytes_always(1, warning.as_bytes()));
                }
            });
        });
    });
}

/// Writes everything as it was grouped.
fn write(chunk: &Chunk, resources: &[List<'_>], spans: Vec<Edited<'_>>) -> Chunk {
    let mut writer = ChunkWriter::default();
    let mut spans = spans.into_iter();
    for (group, attributes) in chunk.resources().zip(resources) {
        let mut resource = Writer::default();
        others(&mut resource, group.resource().raw(), &[1]);
        attributes.values().for_each(|attribute| resource.bytes_always(1, attribute));
        writer.resource_spans(&resource.into_bytes(), group.schema_url(), |scopes| {
            for group in group.scopes() {
                let scope = with_sorted(group.scope().raw(), 3, group.scope().attributes());
                scopes.scope_spans(&scope, group.schema_url(), |out| {
                    for span in spans.by_ref().take(group.spans().count()) {
                        if !span.is_double {
                            out.span_with(|out| body(out, &span, &span.links));
                        }
                    }
                });
            }
        });
    }
    writer.finish()
}

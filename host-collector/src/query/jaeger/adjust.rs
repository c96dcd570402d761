//! What a Jaeger does to a trace before `/api` shows it: in this order, ids that a client and a server
//! share are told apart, tags are sorted, doubles are left out, clocks are warned of, addresses are
//! written as such, tags that tell of the process go there, and references to nothing are dropped.

use crate::exporter::jaeger::{Process, Show, Span, Spans, Tag, TagValue, write_trace};
use crate::json::Writer;
use crate::model::opentracing::RefType;
use crate::model::{Chunk, SpanId, TraceId};
use crate::query::adjust::{ADDRESSES, LIBRARY, NewIds, Node, Side, dotted, warnings};
use core::cmp::Ordering;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

/// A span, and the number of its process.
type Placed<'a> = (Span<'a>, usize);

/// Writes a trace after all of this.
pub(super) fn trace(out: &mut Writer, chunk: &Chunk) {
    let found = Spans::of(chunk);
    let read = found.list.iter().map(|place| (found.read(place, Show::AsJaeger), place.process));
    let mut spans: Vec<Placed<'_>> = read.collect();
    let mut processes = found.processes;
    tell_apart(&mut spans);
    processes.iter_mut().for_each(|process| process.tags.sort_by(compare));
    spans.iter_mut().for_each(|(span, _)| sort(span));
    leave_out_doubles(&mut spans);
    warn_of_clocks(&mut spans, &processes);
    processes.iter_mut().for_each(|process| addresses(&mut process.tags));
    let mut named = Named::default();
    for (span, process) in &mut spans {
        addresses(&mut span.tags);
        *process = named.number(&processes, *process, &mut span.tags);
        references(span);
    }
    let id = spans.first().map_or(TraceId([0; 16]), |(span, _)| span.trace_id);
    let each = |out: &mut crate::exporter::jaeger::SpanWriter<'_>| {
        spans.iter().for_each(|(span, process)| out.span(span, *process));
    };
    write_trace(out, id, each, &named.list);
}

/// The parent: the first child-of reference of the same trace, else the first follows-from; and its place.
fn parent(span: &Span<'_>) -> Option<(usize, SpanId)> {
    let first = |ref_type| {
        let mut references = span.references.iter().enumerate();
        references.find(|(_, one)| one.ref_type == ref_type && one.trace_id == span.trace_id)
    };
    let found = first(RefType::ChildOf).or_else(|| first(RefType::FollowsFrom));
    found.map(|(place, reference)| (place, reference.span_id))
}

fn set_parent(span: &mut Span<'_>, new: SpanId) {
    use crate::exporter::jaeger::Reference;
    let old = parent(span).map_or(SpanId([0; 8]), |(_, id)| id);
    let trace_id = span.trace_id;
    let same =
        span.references.iter_mut().find(|one| one.span_id == old && one.trace_id == trace_id);
    match same {
        Some(reference) => reference.span_id = new,
        None => {
            let reference = Reference { ref_type: RefType::ChildOf, trace_id, span_id: new };
            span.references.insert(0, reference);
        }
    }
}

fn tell_apart(spans: &mut [Placed<'_>]) {
    let side = |span: &Span<'_>| {
        let kind = span.tags.iter().find(|tag| tag.key == "span.kind").map(|tag| &tag.value);
        match kind {
            Some(TagValue::Str(text)) if text == "client" => Side::Client,
            Some(TagValue::Str(text)) if text == "server" => Side::Server,
            _ => Side::Other,
        }
    };
    let ids = NewIds::of(spans.iter().map(|(span, _)| (span.span_id, side(span))));
    for ((span, _), new) in spans.iter_mut().zip(&ids.own) {
        if let Some(new) = new {
            set_parent(span, span.span_id);
            span.span_id = *new;
        }
    }
    for (span, _) in spans {
        let new = parent(span).and_then(|(_, parent)| ids.parent(parent, span.span_id));
        if let Some(new) = new {
            set_parent(span, new);
        }
    }
}

/// By key, then by type and value.
fn compare(a: &Tag<'_>, b: &Tag<'_>) -> Ordering {
    let rank = |value: &TagValue<'_>| match value {
        TagValue::Str(_) => 0,
        TagValue::Bool(_) => 1,
        TagValue::Int(_) => 2,
        TagValue::Double(_) => 3,
        TagValue::Binary(_) => 4,
    };
    let values = || match (&a.value, &b.value) {
        (TagValue::Str(a), TagValue::Str(b)) => a.cmp(b),
        (TagValue::Bool(a), TagValue::Bool(b)) => a.cmp(b),
        (TagValue::Int(a), TagValue::Int(b)) => a.cmp(b),
        (TagValue::Double(a), TagValue::Double(b)) => a.total_cmp(b),
        (TagValue::Binary(a), TagValue::Binary(b)) => a.cmp(b),
        (a, b) => rank(a).cmp(&rank(b)),
    };
    a.key.cmp(b.key).then_with(values)
}

/// Sorts tags and fields; the field `event` stays in front.
fn sort(span: &mut Span<'_>) {
    span.tags.sort_by(compare);
    for log in &mut span.logs {
        let is_event = |tag: &Tag<'_>| tag.key == "event" && matches!(tag.value, TagValue::Str(_));
        let event = log.fields.iter().position(is_event);
        if let Some(place) = event {
            log.fields.swap(0, place);
        }
        let rest = log.fields.get_mut(usize::from(event.is_some())..).unwrap_or_default();
        rest.sort_by(compare);
    }
}

fn leave_out_doubles(spans: &mut Vec<Placed<'_>>) {
    let mut seen = HashSet::with_capacity(spans.len());
    let is_new: Vec<bool> = spans.iter().map(|placed| seen.insert(placed)).collect();
    let mut is_new = is_new.into_iter();
    spans.retain(|_| is_new.next().unwrap_or(true));
}

fn warn_of_clocks(spans: &mut [Placed<'_>], processes: &[Process<'_>]) {
    let hosts: Vec<Cow<'_, str>> = processes.iter().map(host).collect();
    let nodes = spans.iter().map(|(span, process)| Node {
        id: span.span_id,
        parent: parent(span).map(|(_, id)| id).filter(|id| !id.is_zero()),
        start_ns: span.start_ns,
        duration_ns: span.duration_ns,
        host: hosts.get(*process).map_or("", |host| host),
    });
    let nodes: Vec<Node<'_>> = nodes.collect();
    let no_parent = |id| format!("invalid parent span IDs={id}; skipping clock skew adjustment");
    for (place, warning) in warnings(&nodes, no_parent) {
        if let Some((span, _)) = spans.get_mut(place) {
            span.warnings.push(warning.into());
        }
    }
}

/// Where a process ran, by its tag `ip`.
fn host<'a>(process: &'a Process<'_>) -> Cow<'a, str> {
    match process.tags.iter().find(|tag| tag.key == "ip").map(|tag| &tag.value) {
        Some(TagValue::Str(text)) => Cow::Borrowed(text),
        Some(TagValue::Int(number)) => dotted(*number).into(),
        Some(TagValue::Binary(bytes)) => {
            let four = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let address = four.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
            address.map(|address| address.to_string()).unwrap_or_default().into()
        }
        _ => "".into(),
    }
}

fn addresses(tags: &mut [Tag<'_>]) {
    for tag in tags.iter_mut().filter(|tag| ADDRESSES.contains(&tag.key)) {
        let number = match tag.value {
            TagValue::Int(number) => number,
            #[expect(clippy::cast_possible_truncation, reason = "what is no address becomes none")]
            TagValue::Double(number) => number as i64,
            _ => continue,
        };
        tag.value = TagValue::Str(dotted(number).into());
    }
}

/// Drops references without a trace, and puts the parent first.
fn references(span: &mut Span<'_>) {
    let warnings = &mut span.warnings;
    span.references.retain(|reference| {
        let is_valid = !reference.trace_id.is_zero();
        if !is_valid {
            let ref_type = match reference.ref_type {
                RefType::ChildOf => "CHILD_OF",
                RefType::FollowsFrom => "FOLLOWS_FROM",
            };
            let warning = format!(
                "Invalid span reference removed {{TraceID:0000000000000000 SpanID:{} \
                 RefType:{ref_type} XXX_NoUnkeyedLiteral:{{}} XXX_unrecognized:[] XXX_sizecache:0}}",
                reference.span_id
            );
            warnings.push(warning.into());
        }
        is_valid
    });
    if let Some((place, _)) = parent(span) {
        span.references.swap(0, place);
    }
}

/// Processes, numbered as spans name them.
#[derive(Default)]
struct Named<'a> {
    list: Vec<Process<'a>>,
    numbers: HashMap<Process<'a>, usize>,
    /// Of those that got nothing from a span, by their old number.
    plain: HashMap<usize, usize>,
}

impl<'a> Named<'a> {
    /// The number of a span's process, which gets what the span's tags tell of it.
    fn number(&mut self, old: &[Process<'a>], process: usize, tags: &mut Vec<Tag<'a>>) -> usize {
        let told: Vec<Tag<'a>> = tags.extract_if(.., |tag| LIBRARY.contains(&tag.key)).collect();
        if told.is_empty()
            && let Some(number) = self.plain.get(&process)
        {
            return *number;
        }
        let mut new = old.get(process).cloned().unwrap_or_default();
        let is_plain = told.is_empty();
        new.tags.extend(told);
        new.tags.sort_by(compare);
        let next = self.list.len();
        let number = *self.numbers.entry(new).or_insert_with_key(|new| {
            self.list.push(new.clone());
            next
        });
        if is_plain {
            self.plain.insert(process, number);
        }
        number
    }
}

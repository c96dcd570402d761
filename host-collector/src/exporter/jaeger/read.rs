//! How the messages of OTLP become Jaeger's shape: each is read front to back and once.

use super::shape::{Log, Reference, Show, Span, Tag, TagValue, texts};
use crate::model::opentracing::{REF_TYPE, RefType};
use crate::model::{AttributeView, SPAN_WARNINGS, SpanId, SpanView, TraceId, ValueView};
use crate::protobuf::{Field, Fields};
use std::borrow::Cow;

impl<'a> Tag<'a> {
    fn count(key: &'static str, count: u32) -> Option<Self> {
        (count != 0).then_some(Self { key, value: TagValue::Int(count.into()) })
    }

    /// From the key and the message of the value of OTLP's `KeyValue`.
    pub(super) fn of([key, value]: [&'a [u8]; 2]) -> Self {
        Self { key: text(key), value: TagValue::of(ValueView::new(value)) }
    }
}

/// Takes the tags of a span one by one.
pub(super) trait TakesTags<'a> {
    fn tag(&mut self, tag: &Tag<'a>);

    /// One that is not read yet: the key, and the message of the value.
    fn attribute(&mut self, raw: [&'a [u8]; 2]) {
        self.tag(&Tag::of(raw));
    }
}

impl<'a> TakesTags<'a> for Vec<Tag<'a>> {
    fn tag(&mut self, tag: &Tag<'a>) {
        self.push(tag.clone());
    }
}

/// What a span has beside tags, in the order in which it is met. It keeps its room for the next span.
#[derive(Debug, Default)]
pub(super) struct Lists<'a> {
    events: Vec<&'a [u8]>,
    links: Vec<&'a [u8]>,
    /// What a reader must know about it.
    pub(super) warnings: Vec<&'a str>,
}

impl<'a> Lists<'a> {
    /// Reads a span's message from front to back, and hands over its tags.
    #[inline]
    pub(super) fn read(
        &mut self,
        span: SpanView<'a>,
        scope: &[Tag<'a>],
        show: Show,
        tags: &mut impl TakesTags<'a>,
    ) {
        self.events.clear();
        self.links.clear();
        self.warnings.clear();
        scope.iter().for_each(|tag| tags.tag(tag));
        span.short_attributes().for_each(|attribute| self.attribute(attribute, tags));
        let others = span.raw_others();
        let dropped = if others.is_empty() { [0; 3] } else { self.others(others, tags) };
        if let Some(kind) = span.kind().tag() {
            tags.tag(&Tag::text("span.kind", kind));
        }
        if others.is_empty() {
            return;
        }
        status(span, tags);
        let state = span.trace_state();
        if !state.is_empty() {
            tags.tag(&Tag::text("w3c.tracestate", state));
        }
        if show == Show::Dropped {
            let keys = [
                "otel.dropped_attributes_count",
                "otel.dropped_events_count",
                "otel.dropped_links_count",
            ];
            let counts = keys.into_iter().zip(dropped);
            let counts = counts.filter_map(|(key, count)| Tag::count(key, count));
            counts.for_each(|tag| tags.tag(&tag));
        }
    }

    /// Gives how many tags, logs and references are known to be missing.
    #[inline(never)]
    fn others(&mut self, message: &'a [u8], tags: &mut impl TakesTags<'a>) -> [u32; 3] {
        let mut dropped = [0; 3];
        for field in fields(message) {
            match field {
                (9, Field::Bytes(attribute)) => self.attribute(attribute, tags),
                (10, Field::Varint(count)) => dropped[0] = low_half(count),
                (11, Field::Bytes(event)) => self.events.push(event),
                (12, Field::Varint(count)) => dropped[1] = low_half(count),
                (13, Field::Bytes(link)) => self.links.push(link),
                (14, Field::Varint(count)) => dropped[2] = low_half(count),
                _ => {}
            }
        }
        dropped
    }

    #[inline(always)]
    fn attribute(&mut self, attribute: &'a [u8], tags: &mut impl TakesTags<'a>) {
        let [key, value] = AttributeView::split(attribute);
        if key == SPAN_WARNINGS.as_bytes() {
            self.warnings.extend(texts(ValueView::new(value)));
        } else {
            tags.attribute([key, value]);
        }
    }

    /// Whether there is nothing beside tags.
    pub(super) fn are_empty(&self) -> bool {
        self.events.is_empty() && self.links.is_empty() && self.warnings.is_empty()
    }

    /// The parent is the first reference. A link to it only says of which type it is, and the last says so.
    pub(super) fn references(&self, span: SpanView<'a>) -> Vec<Reference> {
        let trace_id = span.trace_id();
        let mut parent_type = RefType::ChildOf;
        let mut references = Vec::new();
        if let Some(span_id) = span.parent_span_id() {
            references.push(Reference { ref_type: parent_type, trace_id, span_id });
        }
        for link in self.links.iter().map(|link| reference(link)) {
            if link.trace_id == trace_id && Some(link.span_id) == span.parent_span_id() {
                parent_type = link.ref_type;
            } else {
                references.push(link);
            }
        }
        if let Some(parent) = references.first_mut().filter(|_| parent_type != RefType::ChildOf) {
            parent.ref_type = parent_type;
        }
        references
    }

    /// Its logs, one by one.
    pub(super) fn logs(&self, show: Show) -> impl Iterator<Item = Log<'a>> {
        self.events.iter().map(move |event| log(event, show))
    }
}

impl<'a> Span<'a> {
    /// What a span is in Jaeger.
    pub(super) fn of(span: SpanView<'a>, scope: &[Tag<'a>], show: Show) -> Self {
        let mut lists = Lists::default();
        let mut tags = Vec::new();
        lists.read(span, scope, show, &mut tags);
        Self {
            trace_id: span.trace_id(),
            span_id: span.span_id(),
            name: span.name(),
            start_ns: span.start_ns(),
            duration_ns: span.duration_ns(),
            tags,
            logs: lists.logs(show).collect(),
            references: lists.references(span),
            warnings: lists.warnings.into_iter().map(Cow::Borrowed).collect(),
        }
    }
}

fn status<'a>(span: SpanView<'a>, tags: &mut impl TakesTags<'a>) {
    match span.status_code() {
        1 => tags.tag(&Tag::text("otel.status_code", "OK")),
        2 => {
            tags.tag(&Tag::text("otel.status_code", "ERROR"));
            tags.tag(&Tag { key: "error", value: TagValue::Bool(true) });
        }
        _ => {}
    }
    let description = span.status_message();
    if !description.is_empty() {
        tags.tag(&Tag::text("otel.status_description", description));
    }
}

fn log(event: &[u8], show: Show) -> Log<'_> {
    let (mut time_ns, mut name, mut dropped) = (0, "", 0);
    let (mut fields_of_log, mut has_event) = (Vec::new(), false);
    for field in fields(event) {
        match field {
            (1, Field::Fixed64(time)) => time_ns = time,
            (2, Field::Bytes(bytes)) => name = text(bytes),
            (3, Field::Bytes(attribute)) => {
                let tag = Tag::of(AttributeView::split(attribute));
                has_event |= tag.key == "event";
                fields_of_log.push(tag);
            }
            (4, Field::Varint(count)) => dropped = low_half(count),
            _ => {}
        }
    }
    if !name.is_empty() && !has_event {
        fields_of_log.insert(0, Tag::text("event", name));
    }
    if show == Show::Dropped {
        fields_of_log.extend(Tag::count("otel.dropped_attributes_count", dropped));
    }
    Log { time_ns, fields: fields_of_log }
}

fn reference(link: &[u8]) -> Reference {
    let mut reference = Reference {
        ref_type: RefType::FollowsFrom,
        trace_id: TraceId([0; 16]),
        span_id: SpanId([0; 8]),
    };
    let mut is_told = false;
    for field in fields(link) {
        match field {
            (1, Field::Bytes(id)) => reference.trace_id = TraceId(array(id)),
            (2, Field::Bytes(id)) => reference.span_id = SpanId(array(id)),
            (4, Field::Bytes(attribute)) if !is_told => {
                let [key, value] = AttributeView::split(attribute);
                is_told = key == REF_TYPE.as_bytes();
                if is_told && ValueView::new(value) == ValueView::Str(RefType::ChildOf.attribute())
                {
                    reference.ref_type = RefType::ChildOf;
                }
            }
            _ => {}
        }
    }
    reference
}

/// The fields of a message; nothing behind the first that makes no sense, which a chunk has not.
fn fields(message: &[u8]) -> impl Iterator<Item = (u32, Field<'_>)> {
    Fields::new(message).map_while(Result::ok)
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap_or([0; N])
}

/// As protobuf has it: a uint32 is the lower half of what was sent.
#[expect(clippy::cast_possible_truncation, reason = "see above")]
fn low_half(count: u64) -> u32 {
    count as u32
}

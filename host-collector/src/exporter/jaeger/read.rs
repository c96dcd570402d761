//! How the messages of OTLP become Jaeger's shape: each is read front to back and once.

use super::shape::{Log, Reference, Show, Span, Tag, TagValue, texts};
use crate::model::opentracing::{REF_TYPE, RefType};
use crate::model::{Kind, SPAN_WARNINGS, SpanId, TraceId, ValueView};
use crate::protobuf::{Field, Fields};
use std::borrow::Cow;

impl<'a> Tag<'a> {
    fn count(key: &'static str, count: u32) -> Option<Self> {
        (count != 0).then_some(Self { key, value: TagValue::Int(count.into()) })
    }

    /// Reads OTLP's `KeyValue`.
    fn read(raw: &'a [u8]) -> Self {
        let (key, value) = key_and_value(raw);
        Self { key, value: TagValue::of(value) }
    }
}

impl<'a> Span<'a> {
    /// Reads OTLP's message of a span.
    pub fn read(&mut self, raw: &'a [u8], scope: &[Tag<'a>], show: Show) {
        self.references.clear();
        self.tags.clear();
        self.logs.clear();
        self.warnings.clear();
        self.tags.extend_from_slice(scope);
        self.name = "";
        self.start_ns = 0;
        let (mut end_ns, mut kind, mut state): (u64, u64, &[u8]) = (0, 0, &[]);
        let (mut parent, mut status): (&[u8], &[u8]) = (&[], &[]);
        let mut dropped = [0; 3];
        for field in fields(raw) {
            match field {
                (1, Field::Bytes(id)) => self.trace_id = TraceId(array(id)),
                (2, Field::Bytes(id)) => self.span_id = SpanId(array(id)),
                (3, Field::Bytes(text)) => state = text,
                (4, Field::Bytes(id)) => parent = id,
                (5, Field::Bytes(name)) => self.name = text(name),
                (6, Field::Varint(number)) => kind = number,
                (7, Field::Fixed64(time_ns)) => self.start_ns = time_ns,
                (8, Field::Fixed64(time_ns)) => end_ns = time_ns,
                (9, Field::Bytes(attribute)) => self.attribute(attribute),
                (10, Field::Varint(count)) => dropped[0] = low_half(count),
                (11, Field::Bytes(event)) => self.logs.push(log(event, show)),
                (12, Field::Varint(count)) => dropped[1] = low_half(count),
                (13, Field::Bytes(link)) => self.references.push(reference(link)),
                (14, Field::Varint(count)) => dropped[2] = low_half(count),
                (15, Field::Bytes(message)) => status = message,
                _ => {}
            }
        }
        self.duration_ns = end_ns.saturating_sub(self.start_ns);
        self.parent(SpanId(array(parent)));
        if let Some(kind) = Kind::from_number(kind).tag() {
            self.tags.push(Tag::text("span.kind", kind));
        }
        if !status.is_empty() {
            self.status(status);
        }
        if !state.is_empty() {
            self.tags.push(Tag::text("w3c.tracestate", text(state)));
        }
        if show == Show::Dropped {
            let keys = [
                "otel.dropped_attributes_count",
                "otel.dropped_events_count",
                "otel.dropped_links_count",
            ];
            let counts = keys.into_iter().zip(dropped);
            self.tags.extend(counts.filter_map(|(key, count)| Tag::count(key, count)));
        }
    }

    fn attribute(&mut self, raw: &'a [u8]) {
        let tag = Tag::read(raw);
        if tag.key == SPAN_WARNINGS {
            let (_, list) = key_and_value(raw);
            self.warnings.extend(texts(list).map(Cow::Borrowed));
        } else {
            self.tags.push(tag);
        }
    }

    /// The parent is the first reference. A link to it only says of which type it is, and the last says so.
    fn parent(&mut self, parent: SpanId) {
        if parent.is_zero() {
            return;
        }
        let trace_id = self.trace_id;
        let mut ref_type = RefType::ChildOf;
        self.references.retain(|link| {
            let is_parent = link.trace_id == trace_id && link.span_id == parent;
            if is_parent {
                ref_type = link.ref_type;
            }
            !is_parent
        });
        self.references.insert(0, Reference { ref_type, trace_id, span_id: parent });
    }

    fn status(&mut self, status: &'a [u8]) {
        let (mut code, mut description) = (0, "");
        for field in fields(status) {
            match field {
                (2, Field::Bytes(bytes)) => description = text(bytes),
                (3, Field::Varint(number)) => code = number,
                _ => {}
            }
        }
        if code == 1 {
            self.tags.push(Tag::text("otel.status_code", "OK"));
        }
        if code == 2 {
            self.tags.push(Tag::text("otel.status_code", "ERROR"));
            self.tags.push(Tag { key: "error", value: TagValue::Bool(true) });
        }
        if !description.is_empty() {
            self.tags.push(Tag::text("otel.status_description", description));
        }
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
                let tag = Tag::read(attribute);
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
                let (key, value) = key_and_value(attribute);
                is_told = key == REF_TYPE;
                if is_told && value == ValueView::Str(RefType::ChildOf.attribute()) {
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

fn key_and_value(attribute: &[u8]) -> (&str, ValueView<'_>) {
    let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
    for field in fields(attribute) {
        match field {
            (1, Field::Bytes(text)) => key = text,
            (2, Field::Bytes(message)) => value = message,
            _ => {}
        }
    }
    (text(key), ValueView::new(value))
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

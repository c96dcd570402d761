//! A trace that Perfetto's viewer opens: a process for each resource, slices that lie within each other,
//! and arrows from a parent to a child that is elsewhere.
//!
//! Slices of one track must nest, and spans need not: spans of a process go to as many tracks as it takes,
//! which the viewer shows as one, since they have one name.

mod lanes;

use crate::model::{Chunk, EventView, ResourceView, SpanId, SpanView, TraceId, ValueView};
use crate::protobuf::Writer;
use core::cmp::Reverse;
use lanes::Lanes;
use std::collections::HashMap;

/// Perfetto's numbers of fields.
mod field {
    pub(super) const PACKET: u32 = 1;
    pub(super) const TIMESTAMP: u32 = 8;
    pub(super) const SEQUENCE: u32 = 10;
    pub(super) const TRACK_EVENT: u32 = 11;
    pub(super) const TRACK_DESCRIPTOR: u32 = 60;
}

/// What happens on a track, in the order in which it must stand at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    End,
    Begin,
    Event,
}

impl What {
    fn number(self) -> u64 {
        match self {
            Self::Begin => 1,
            Self::End => 2,
            Self::Event => 3,
        }
    }
}

/// A span, and the track that it is on.
struct Place<'a> {
    span: SpanView<'a>,
    track: u64,
    /// Children on other tracks.
    flows: Vec<u64>,
    /// Its parent is on another track.
    is_far: bool,
}

/// Perfetto's `Trace` of all spans of a chunk.
#[must_use]
pub fn convert(chunk: &Chunk) -> Vec<u8> {
    let mut out = Writer::default();
    let mut places = place(chunk, &mut out);
    connect(&mut places);
    let mut events = Vec::new();
    for (index, place) in places.iter().enumerate() {
        events.push((place.span.start_ns(), What::Begin, index, None));
        events.push((place.span.end_ns(), What::End, index, None));
        let logs = place.span.events().map(|log| (log.time_ns(), What::Event, index, Some(log)));
        events.extend(logs);
    }
    // Of those that begin at once the longest is first already, and lies outside.
    events.sort_by_key(|(time_ns, what, _, _)| (*time_ns, *what));
    for (time_ns, what, index, log) in events {
        if let Some(place) = places.get(index) {
            packet(&mut out, |out| {
                out.varint_always(field::TIMESTAMP, time_ns);
                out.message(field::TRACK_EVENT, |out| event(out, what, place, log));
            });
        }
    }
    out.into_bytes()
}

fn packet(out: &mut Writer, write: impl FnOnce(&mut Writer)) {
    out.message(field::PACKET, |out| {
        write(out);
        out.varint(field::SEQUENCE, 1);
    });
}

/// Finds a track for every span, and describes processes and tracks.
fn place<'a>(chunk: &'a Chunk, out: &mut Writer) -> Vec<Place<'a>> {
    let mut processes: HashMap<&[u8], usize> = HashMap::new();
    let mut spans: Vec<(ResourceView<'_>, Vec<SpanView<'_>>)> = Vec::new();
    for (resource, _, span) in chunk.spans() {
        let index = *processes.entry(resource.raw()).or_insert_with(|| {
            spans.push((resource, Vec::new()));
            spans.len() - 1
        });
        if let Some((_, spans)) = spans.get_mut(index) {
            spans.push(span);
        }
    }
    let mut places = Vec::new();
    for ((resource, mut spans), process) in spans.into_iter().zip(1_u64..) {
        let id = process << 32;
        describe(out, id, None, process, resource.service_name());
        spans.sort_by_key(|span| (span.start_ns(), Reverse(span.end_ns()), span.span_id()));
        let mut lanes = Lanes::default();
        for span in spans {
            let (lane, is_new) = lanes.take(span.start_ns(), span.end_ns());
            let track = id + 1 + lane;
            if is_new {
                describe(out, track, Some(id), process, "spans");
            }
            places.push(Place { span, track, flows: Vec::new(), is_far: false });
        }
    }
    places
}

/// Describes a process, or a track of one.
fn describe(out: &mut Writer, id: u64, parent: Option<u64>, process: u64, name: &str) {
    packet(out, |out| {
        out.message(field::TRACK_DESCRIPTOR, |out| {
            out.varint(1, id);
            match parent {
                Some(parent) => {
                    out.bytes(2, name.as_bytes());
                    out.varint(5, parent);
                }
                None => out.message(3, |out| {
                    out.varint(1, process);
                    out.bytes(6, name.as_bytes());
                }),
            }
        });
    });
}

/// Notes which spans have their parent on another track.
fn connect(places: &mut [Place<'_>]) {
    let mut known: HashMap<(TraceId, SpanId), usize> = HashMap::new();
    for (index, place) in places.iter().enumerate() {
        known.entry((place.span.trace_id(), place.span.span_id())).or_insert(index);
    }
    let far = |index: usize, place: &Place<'_>, places: &[Place<'_>]| {
        let parent = place.span.parent_span_id()?;
        let parent = *known.get(&(place.span.trace_id(), parent))?;
        let is_far = parent != index && places.get(parent)?.track != place.track;
        is_far.then_some((parent, index))
    };
    let pairs: Vec<_> =
        places.iter().enumerate().filter_map(|(index, place)| far(index, place, places)).collect();
    for (parent, child) in pairs {
        if let Some(place) = places.get_mut(child) {
            place.is_far = true;
            let flow = flow(place.span);
            if let Some(parent) = places.get_mut(parent) {
                parent.flows.push(flow);
            }
        }
    }
}

/// The arrow that ends at a span.
fn flow(span: SpanView<'_>) -> u64 {
    let TraceId([a, b, c, d, e, f, g, h, ..]) = span.trace_id();
    u64::from_be_bytes(span.span_id().0)
        ^ u64::from_be_bytes([a, b, c, d, e, f, g, h]).rotate_left(1)
}

fn event(out: &mut Writer, what: What, place: &Place<'_>, log: Option<EventView<'_>>) {
    let span = place.span;
    match (what, log) {
        (What::Begin, _) => {
            for attribute in span.attributes().iter() {
                annotation(out, attribute.key(), attribute.value());
            }
            annotation(out, "span.id", ValueView::Str(&hex(&span.span_id().0)));
            annotation(out, "trace.id", ValueView::Str(&hex(&span.trace_id().0)));
            if span.status_code() == 2 {
                annotation(out, "error", ValueView::Bool(true));
            }
        }
        (_, Some(log)) => {
            for attribute in log.attributes().iter() {
                annotation(out, attribute.key(), attribute.value());
            }
        }
        (What::End | What::Event, None) => {}
    }
    out.varint(9, what.number());
    out.varint(11, place.track);
    match (what, log) {
        (What::Begin, _) => {
            out.bytes(23, span.name().as_bytes());
            place.flows.iter().for_each(|flow| out.fixed64_always(47, *flow));
            if place.is_far {
                out.fixed64_always(48, flow(span));
            }
        }
        (_, Some(log)) => {
            out.bytes(23, if log.name().is_empty() { b"log" } else { log.name().as_bytes() });
        }
        (What::End | What::Event, None) => {}
    }
}

fn annotation(out: &mut Writer, key: &str, value: ValueView<'_>) {
    out.message(4, |out| {
        match value {
            ValueView::Bool(value) => out.varint_always(2, value.into()),
            ValueView::Int(value) => out.varint_always(4, value.cast_unsigned()),
            ValueView::Double(value) => out.fixed64_always(5, value.to_bits()),
            other => out.bytes_always(6, other.to_text().as_bytes()),
        }
        out.bytes(10, key.as_bytes());
    });
}

fn hex(bytes: &[u8]) -> String {
    let mut out = crate::json::Writer::default();
    out.hex(bytes);
    out.into_text()
}

#[cfg(test)]
mod tests;

//! What becomes of spans that are well-formed and not in order.
//!
//! The rules, keys and texts are those of a Jaeger (its package `jptrace/sanitizer`), so that whoever
//! compares the two sees the same.

use super::check::{Checked, are_ids_of_link, fault_of_ids};
use super::list::{List, Text};
use super::value::AttributeView;
use super::view::{bytes as last, fields};
use super::{Chunk, SPAN_WARNINGS, ValueView};
use crate::model::SERVICE_NAME;
use crate::protobuf::{Field, Writer};
use jiff::Timestamp;

/// Writes well-formed trace data anew, with everything in order that can be put in order.
pub(super) fn rebuild(bytes: &[u8]) -> Checked {
    let mut out = Rebuild::default();
    let mut writer = Writer::default();
    for field in fields(bytes) {
        match field {
            (1, Field::Bytes(group)) => writer.message(1, |to| out.resource_spans(to, group)),
            (number, field) => writer.field(number, field),
        }
    }
    let chunk = Chunk { bytes: writer.into_bytes().into(), spans: out.spans };
    Checked { chunk, rejected: out.rejected, why: out.why }
}

#[derive(Default)]
struct Rebuild {
    spans: usize,
    rejected: usize,
    why: &'static str,
}

impl Rebuild {
    fn resource_spans(&mut self, to: &mut Writer, message: &[u8]) {
        // Of several resources the last counts, as for whoever reads the chunk.
        let resource = last(message, 1);
        let url = Text::of(last(message, 3));
        to.message(1, |to| resource_into(to, resource, url));
        for field in fields(message) {
            match field {
                (2, Field::Bytes(group)) => to.message(2, |to| self.scope_spans(to, group)),
                (1 | 3, _) => {}
                (number, field) => to.field(number, field),
            }
        }
        to.bytes(3, url.valid());
    }

    fn scope_spans(&mut self, to: &mut Writer, message: &[u8]) {
        let scope = last(message, 1);
        let url = Text::of(last(message, 3));
        if !scope.is_empty() || url.is_bad() {
            to.message(1, |to| scope_into(to, scope, url));
        }
        for field in fields(message) {
            match field {
                (2, Field::Bytes(span)) => self.span(to, span),
                (1 | 3, _) => {}
                (number, field) => to.field(number, field),
            }
        }
        to.bytes(3, url.valid());
    }

    fn span(&mut self, to: &mut Writer, message: &[u8]) {
        match fault_of_ids(last(message, 1), last(message, 2), last(message, 4)) {
            None => {
                self.spans += 1;
                to.message(2, |to| span_into(to, message));
            }
            Some(why) => {
                self.rejected += 1;
                if self.why.is_empty() {
                    self.why = why;
                }
            }
        }
    }
}

fn resource_into(to: &mut Writer, message: &[u8], url: Text<'_>) {
    let mut list = List::new(1);
    let name = |raw| AttributeView { raw }.key() == SERVICE_NAME;
    let mut is_named = false;
    for field in fields(message) {
        match field {
            (1, Field::Bytes(raw)) if name(raw) && !is_named => {
                is_named = true;
                match (AttributeView { raw }).value() {
                    ValueView::Str("") if !is_bad_text(raw) => {
                        list.text(to, SERVICE_NAME, "empty-service-name");
                    }
                    ValueView::Str(_) if !is_bad_text(raw) => list.attribute(to, raw),
                    _ => {
                        list.text(to, SERVICE_NAME, "service-name-wrong-type");
                        list.instead(to, Text::of(last(last(raw, 2), 1)), "invalid-service-name");
                    }
                }
            }
            (1, Field::Bytes(raw)) => list.attribute(to, raw),
            (number, field) => to.field(number, field),
        }
    }
    if !is_named {
        list.text(to, SERVICE_NAME, "missing-service-name");
    }
    list.instead(to, url, "invalid-schema-url");
    list.finish(to);
}

/// Whether the value of an attribute is text that is no UTF-8, which becomes bytes.
fn is_bad_text(attribute: &[u8]) -> bool {
    Text::of(last(last(attribute, 2), 1)).is_bad()
}

fn scope_into(to: &mut Writer, message: &[u8], url: Text<'_>) {
    let mut list = List::new(3);
    let [name, version] = [1, 2].map(|number| Text::of(last(message, number)));
    to.bytes(1, name.or("invalid-scope-name"));
    to.bytes(2, version.or("invalid-scope-version"));
    for field in fields(message) {
        match field {
            (3, Field::Bytes(attribute)) => list.attribute(to, attribute),
            (1 | 2, _) => {}
            (number, field) => to.field(number, field),
        }
    }
    list.instead(to, url, "invalid-schema-url");
    list.instead(to, name, "invalid-scope-name");
    list.instead(to, version, "invalid-scope-version");
    list.finish(to);
}

fn span_into(to: &mut Writer, message: &[u8]) {
    let [start_ns, end_ns] = [7, 8].map(|number| last_fixed64(message, number));
    let name = Text::of(last(message, 5));
    let state = Text::of(last(message, 3));
    let status = Text::of(last(last(message, 15), 2));
    let mut warning = (start_ns >= end_ns).then(|| {
        let [end, adjusted] = [end_ns, start_ns.saturating_add(1)].map(go_time);
        format!(
            "Negative duration detected, sanitizing end timestamp. Original end timestamp: {end}, \
             adjusted to: {adjusted}"
        )
    });
    let mut list = List::new(9);
    for field in fields(message) {
        match field {
            (3, _) => to.bytes(3, state.valid()),
            (5, _) => to.bytes(5, name.or("invalid-span-name")),
            (8, _) if warning.is_some() => {}
            (9, Field::Bytes(raw)) if AttributeView { raw }.key() == SPAN_WARNINGS => {
                list.warn(to, Some(raw), warning.take().as_deref());
            }
            (9, Field::Bytes(attribute)) => list.attribute(to, attribute),
            (11, Field::Bytes(event)) => to.message(11, |to| event_into(to, event)),
            (13, Field::Bytes(link)) if !are_ids_of_link(last(link, 1), last(link, 2)) => {}
            (13, Field::Bytes(link)) => to.message(13, |to| link_into(to, link)),
            (14, _) => {}
            (15, Field::Bytes(message)) => to.message(15, |to| status_into(to, message, status)),
            (number, field) => to.field(number, field),
        }
    }
    if name.0.is_ok_and(str::is_empty) {
        to.bytes(5, b"empty-span-name");
    }
    if start_ns >= end_ns {
        // The last moment that there is has none behind it: then the start moves.
        if start_ns == u64::MAX {
            to.fixed64(7, u64::MAX - 1);
        }
        to.fixed64(8, start_ns.saturating_add(1));
    }
    list.warn(to, None, warning.as_deref());
    list.instead(to, name, "invalid-span-name");
    list.instead(to, state, "invalid-trace-state");
    list.instead(to, status, "invalid-status-message");
    list.finish(to);
    to.varint(14, dropped_links(message).into());
}

/// How many links are missing, with those that are left out here.
fn dropped_links(message: &[u8]) -> u32 {
    let bad = |field: &(u32, Field<'_>)| match field {
        (13, Field::Bytes(link)) => !are_ids_of_link(last(link, 1), last(link, 2)),
        _ => false,
    };
    let told = fields(message).filter_map(|field| match field {
        (14, Field::Varint(count)) => Some(u32::try_from(count).unwrap_or(u32::MAX)),
        _ => None,
    });
    let left_out = fields(message).filter(bad).count();
    told.last().unwrap_or_default().saturating_add(u32::try_from(left_out).unwrap_or(u32::MAX))
}

fn event_into(to: &mut Writer, message: &[u8]) {
    let name = Text::of(last(message, 2));
    let mut list = List::new(3);
    for field in fields(message) {
        match field {
            (2, _) => to.bytes(2, name.or("invalid-event-name")),
            (3, Field::Bytes(attribute)) => list.attribute(to, attribute),
            (number, field) => to.field(number, field),
        }
    }
    list.instead(to, name, "invalid-event-name");
    list.finish(to);
}

fn link_into(to: &mut Writer, message: &[u8]) {
    let state = Text::of(last(message, 3));
    let mut list = List::new(4);
    for field in fields(message) {
        match field {
            (3, _) => to.bytes(3, state.valid()),
            (4, Field::Bytes(attribute)) => list.attribute(to, attribute),
            (number, field) => to.field(number, field),
        }
    }
    list.instead(to, state, "invalid-trace-state");
    list.finish(to);
}

fn status_into(to: &mut Writer, message: &[u8], text: Text<'_>) {
    for field in fields(message) {
        match field {
            (2, _) => to.bytes(2, text.or("invalid-status-message")),
            (number, field) => to.field(number, field),
        }
    }
}

fn last_fixed64(message: &[u8], number: u32) -> u64 {
    let values = fields(message).filter_map(|field| match field {
        (found, Field::Fixed64(value)) if found == number => Some(value),
        _ => None,
    });
    values.last().unwrap_or_default()
}

/// A moment as a Jaeger writes it in warnings: to the nanosecond, without zeros at the end.
fn go_time(time_ns: u64) -> String {
    // What lies behind year 9999 is as good as never.
    let time = Timestamp::from_nanosecond(time_ns.into()).unwrap_or(Timestamp::MAX);
    let fraction = match time.subsec_nanosecond() {
        0 => String::new(),
        nanoseconds => format!(".{nanoseconds:09}").trim_end_matches('0').to_owned(),
    };
    format!("{}{fraction} +0000 UTC", time.strftime("%Y-%m-%d %H:%M:%S"))
}

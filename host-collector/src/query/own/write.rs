//! Pieces of JSON that more than one answer has.

use crate::json::Writer;
use crate::model::{Attributes, ResourceView, SERVICE_NAME, ValueView};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use core::fmt::Display;

/// The attribute in which warnings of a span travel.
pub(super) const SPAN_WARNINGS: &str = crate::model::SPAN_WARNINGS;
/// The attribute in which warnings of a process travel.
pub(super) const PROCESS_WARNINGS: &str = crate::model::PROCESS_WARNINGS;

/// A list, each of its items written by `write`.
pub(super) fn list<T>(
    json: &mut Writer,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Writer, T),
) {
    json.raw("[");
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            json.raw(",");
        }
        write(json, item);
    }
    json.raw("]");
}

/// Text between quotes, and nothing in it that JSON would escape, such as a number or an id.
pub(super) fn quoted(json: &mut Writer, text: impl Display) {
    json.raw("\"");
    json.raw(&text.to_string());
    json.raw("\"");
}

/// A key with such text behind it, and a comma before it.
pub(super) fn pair(json: &mut Writer, key: &str, text: impl Display) {
    key_of(json, key);
    quoted(json, text);
}

/// A key with any text behind it.
pub(super) fn text(json: &mut Writer, key: &str, text: &str) {
    key_of(json, key);
    json.string(text);
}

/// A key with a number, or whatever else is the same in JSON, behind it.
pub(super) fn bare(json: &mut Writer, key: &str, value: impl Display) {
    key_of(json, key);
    json.raw(&value.to_string());
}

pub(super) fn key_of(json: &mut Writer, key: &str) {
    json.raw(",\"");
    json.raw(key);
    json.raw("\":");
}

/// `[key, type, text]` of each, but for warnings and the service's name, which have places of their own.
pub(super) fn attributes(json: &mut Writer, attributes: Attributes<'_>) {
    let own = [SERVICE_NAME, SPAN_WARNINGS, PROCESS_WARNINGS];
    let others = attributes.iter().filter(|one| !own.contains(&one.key()));
    list(json, others, |json, one| {
        let value = one.value();
        json.raw("[");
        json.string(one.key());
        json.raw(",\"");
        json.raw(type_of(&value));
        json.raw("\",");
        match value {
            ValueView::Bytes(bytes) => quoted(json, BASE64.encode(bytes)),
            other => json.string(&other.to_text()),
        }
        json.raw("]");
    });
}

fn type_of(value: &ValueView<'_>) -> &'static str {
    match value {
        ValueView::Empty | ValueView::Str(_) => "string",
        ValueView::Bool(_) => "bool",
        ValueView::Int(_) => "int64",
        ValueView::Double(_) => "float64",
        ValueView::Bytes(_) => "binary",
        ValueView::Array(_) | ValueView::KeyValues(_) => "list",
    }
}

/// The warnings under a key.
pub(super) fn warnings(json: &mut Writer, attributes: Attributes<'_>, key: &str) {
    let value = attributes.get(key);
    let items = value.iter().flat_map(|value| value.items());
    list(json, items, |json, item| json.string(&item.to_text()));
}

/// Where spans were recorded.
pub(super) fn process(json: &mut Writer, process: ResourceView<'_>) {
    json.raw("{\"service\":");
    json.string(process.service_name());
    key_of(json, "attributes");
    attributes(json, process.attributes());
    key_of(json, "warnings");
    warnings(json, process.attributes(), PROCESS_WARNINGS);
    json.raw("}");
}

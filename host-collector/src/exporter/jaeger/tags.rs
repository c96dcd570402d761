//! Writes tags, and fields of logs.

use super::read::TakesTags;
use super::shape::{Tag, TagValue};
use crate::json::Writer;
use crate::model::ValueView;

/// The largest integer that JavaScript holds exactly.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Writes tags one behind the other.
pub(super) struct TagWriter<'w> {
    out: &'w mut Writer,
    is_first: bool,
}

impl<'w> TagWriter<'w> {
    pub(super) fn new(out: &'w mut Writer) -> Self {
        Self { out, is_first: true }
    }

    #[inline(always)]
    fn key(&mut self, key: &[u8]) {
        let is_first = core::mem::take(&mut self.is_first);
        if is_first {
            self.out.raw("{\"key\":\"");
        } else {
            self.out.raw(",{\"key\":\"");
        }
        self.out.escaped_bytes(key);
    }
}

impl<'a> TakesTags<'a> for TagWriter<'_> {
    fn tag(&mut self, tag: &Tag<'a>) {
        self.key(tag.key.as_bytes());
        value(self.out, &tag.value);
    }

    #[inline(always)]
    fn attribute(&mut self, [key, message]: [&'a [u8]; 2]) {
        self.key(key);
        // Nobody needs to know whether it is text: that is found out as it is written.
        if let Some(text) = ValueView::short_text(message) {
            return text_value(self.out, text);
        }
        match ValueView::new(message) {
            ValueView::Int(number) => int_value(self.out, number),
            other => value(self.out, &TagValue::of(other)),
        }
    }
}

/// A tag alone.
pub(super) fn tag(out: &mut Writer, tag: &Tag<'_>) {
    TagWriter::new(out).tag(tag);
}

#[inline(always)]
fn text_value(out: &mut Writer, text: &[u8]) {
    out.raw("\",\"type\":\"string\",\"value\":\"");
    out.escaped_bytes(text);
    out.raw("\"}");
}

#[inline(always)]
fn int_value(out: &mut Writer, number: i64) {
    if number.unsigned_abs() <= MAX_SAFE_INTEGER {
        out.raw("\",\"type\":\"int64\",\"value\":");
        out.signed(number);
        out.raw("}");
    } else {
        out.raw("\",\"type\":\"int64\",\"value\":\"");
        out.signed(number);
        out.raw("\"}");
    }
}

/// Everything behind the key.
fn value(out: &mut Writer, value: &TagValue<'_>) {
    match value {
        TagValue::Str(text) => text_value(out, text.as_bytes()),
        TagValue::Int(number) => int_value(out, *number),
        TagValue::Bool(true) => out.raw("\",\"type\":\"bool\",\"value\":true}"),
        TagValue::Bool(false) => out.raw("\",\"type\":\"bool\",\"value\":false}"),
        TagValue::Double(value) => {
            out.raw("\",\"type\":\"float64\",\"value\":");
            out.double(*value);
            out.raw("}");
        }
        // No bytes are null there.
        TagValue::Binary([]) => out.raw("\",\"type\":\"binary\",\"value\":null}"),
        TagValue::Binary(bytes) => {
            out.raw("\",\"type\":\"binary\",\"value\":");
            out.base64(bytes);
            out.raw("}");
        }
    }
}

//! Attributes that are put in order: what is no UTF-8 becomes bytes, under a key that says so.

use super::view::{bytes as last, fields};
use super::{SPAN_WARNINGS, ValueView};
use crate::protobuf::{Field, Writer};

/// What should be UTF-8, and perhaps is.
#[derive(Clone, Copy)]
pub(super) struct Text<'a>(pub(super) Result<&'a str, &'a [u8]>);

impl<'a> Text<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self(str::from_utf8(bytes).map_err(|_| bytes))
    }

    pub(super) fn is_bad(self) -> bool {
        self.0.is_err()
    }

    /// The text; nothing if it is none.
    pub(super) fn valid(self) -> &'a [u8] {
        self.0.unwrap_or_default().as_bytes()
    }

    /// The text, or what stands for it.
    pub(super) fn or(self, instead: &'static str) -> &'a [u8] {
        self.0.unwrap_or(instead).as_bytes()
    }
}

/// A list of attributes that is written one by one.
pub(super) struct List {
    number: u32,
    /// What becomes of those whose key is no UTF-8; they come last.
    bad: Vec<Vec<u8>>,
}

impl List {
    pub(super) fn new(number: u32) -> Self {
        Self { number, bad: Vec::new() }
    }

    pub(super) fn attribute(&mut self, to: &mut Writer, raw: &[u8]) {
        let (key, value) = (last(raw, 1), last(raw, 2));
        if Text::of(key).is_bad() {
            let mut text = [key, b":"].concat();
            match in_order(value) {
                value if ValueView::new(&value) == ValueView::Empty => {}
                value => match ValueView::new(&value) {
                    ValueView::Bytes(bytes) => text.extend_from_slice(bytes),
                    other => text.extend_from_slice(other.to_text().as_bytes()),
                },
            }
            self.bad.push(text);
            return;
        }
        to.message(self.number, |to| {
            to.bytes(1, key);
            to.message(2, |to| value_into(to, value));
        });
    }

    pub(super) fn text(&mut self, to: &mut Writer, key: &str, text: &str) {
        to.message(self.number, |to| {
            to.bytes(1, key.as_bytes());
            to.message(2, |to| to.bytes_always(1, text.as_bytes()));
        });
    }

    fn bytes(&self, to: &mut Writer, key: &str, bytes: &[u8]) {
        to.message(self.number, |to| {
            to.bytes(1, key.as_bytes());
            to.message(2, |to| to.bytes_always(7, bytes));
        });
    }

    /// What was no UTF-8, as bytes under the key that stands for it.
    pub(super) fn instead(&self, to: &mut Writer, text: Text<'_>, key: &str) {
        if let Err(bytes) = text.0 {
            self.bytes(to, key, bytes);
        }
    }

    /// The warnings that there are, if any, and one more, if any.
    pub(super) fn warn(&self, to: &mut Writer, before: Option<&[u8]>, warning: Option<&str>) {
        if before.is_none() && warning.is_none() {
            return;
        }
        let before = in_order(before.map(|raw| last(raw, 2)).unwrap_or_default());
        to.message(self.number, |to| {
            to.bytes(1, SPAN_WARNINGS.as_bytes());
            to.message(2, |to| {
                to.message(5, |to| {
                    match ValueView::new(&before) {
                        ValueView::Empty => {}
                        ValueView::Array(items) => to.raw(items),
                        _ => to.bytes_always(1, &before),
                    }
                    if let Some(warning) = warning {
                        to.message(1, |to| to.bytes_always(1, warning.as_bytes()));
                    }
                });
            });
        });
    }

    pub(super) fn finish(self, to: &mut Writer) {
        for (index, bytes) in self.bad.iter().enumerate() {
            self.bytes(to, &format!("invalid-tag-key-{}", index + 1), bytes);
        }
    }
}

/// A value in order, as its message.
fn in_order(value: &[u8]) -> Vec<u8> {
    let mut out = Writer::default();
    value_into(&mut out, value);
    out.into_bytes()
}

fn value_into(to: &mut Writer, message: &[u8]) {
    for field in fields(message) {
        match field {
            (1, Field::Bytes(text)) if Text::of(text).is_bad() => to.bytes_always(7, text),
            (5, Field::Bytes(list)) => to.message(5, |to| {
                for field in fields(list) {
                    match field {
                        (1, Field::Bytes(value)) => to.message(1, |to| value_into(to, value)),
                        (number, field) => to.field(number, field),
                    }
                }
            }),
            (6, Field::Bytes(list)) => to.message(6, |to| {
                let mut entries = List::new(1);
                for field in fields(list) {
                    match field {
                        (1, Field::Bytes(entry)) => entries.attribute(to, entry),
                        (number, field) => to.field(number, field),
                    }
                }
                entries.finish(to);
            }),
            (number, field) => to.field(number, field),
        }
    }
}

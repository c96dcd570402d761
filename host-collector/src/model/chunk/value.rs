//! Attributes and their values.

use super::view::{bytes, fields, messages, text};
use crate::json::Writer;
use crate::protobuf::{Field, Fields};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value as Json;
use std::borrow::Cow;

/// A list of keys and values, which may have a key twice.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    /// The message that the list is in, and the number of its field there.
    message: &'a [u8],
    number: u32,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(message: &'a [u8], number: u32) -> Self {
        Self { message, number }
    }

    /// One after the other, in the order in which they came.
    pub fn iter(self) -> impl Iterator<Item = AttributeView<'a>> + Clone {
        messages(self.message, self.number).map(|raw| AttributeView { raw })
    }

    /// The value of `key`; the first, if it is there twice.
    #[must_use]
    pub fn get(self, key: &str) -> Option<ValueView<'a>> {
        self.iter().find(|attribute| attribute.key() == key).map(AttributeView::value)
    }

    /// The value of `key`, if it is text.
    #[must_use]
    pub fn text(self, key: &str) -> Option<&'a str> {
        match self.get(key)? {
            ValueView::Str(text) => Some(text),
            _ => None,
        }
    }
}

/// A key and its value (`OpenTracing`: tag, or field of a log).
#[derive(Clone, Copy, Debug)]
#[doc(alias = "tag")]
pub struct AttributeView<'a> {
    pub(super) raw: &'a [u8],
}

impl<'a> AttributeView<'a> {
    /// The message as it came.
    #[must_use]
    pub fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// The key; may be empty.
    #[must_use]
    pub fn key(self) -> &'a str {
        let [key, _] = Self::split(self.raw);
        text(key)
    }

    /// The value.
    #[must_use]
    pub fn value(self) -> ValueView<'a> {
        let [_, value] = Self::split(self.raw);
        ValueView::new(value)
    }

    /// The key and the message of the value of a message that came out of a chunk.
    #[inline(always)]
    pub(crate) fn split(raw: &'a [u8]) -> [&'a [u8]; 2] {
        Self::split_short(raw).unwrap_or_else(|| [bytes(raw, 1), bytes(raw, 2)])
    }

    /// The same of any message that has a short key and a short value and nothing else, as almost all do.
    #[inline(always)]
    pub(crate) fn split_short(raw: &'a [u8]) -> Option<[&'a [u8]; 2]> {
        let [0x0a, length @ ..0x80, rest @ ..] = raw else { return None };
        let (key, value) = rest.split_at_checked(usize::from(*length))?;
        let [0x12, length @ ..0x80, value @ ..] = value else { return None };
        (value.len() == usize::from(*length)).then_some([key, value])
    }
}

/// A value of one of OTLP's types.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueView<'a> {
    /// Nothing, which OTLP allows.
    Empty,
    /// Text.
    Str(&'a str),
    /// True or false.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// A floating point number, NaN and infinities included.
    Double(f64),
    /// Values of any types, as the message that holds them: see [`ValueView::items`].
    Array(&'a [u8]),
    /// Keys and values, as the message that holds them: see [`ValueView::entries`].
    KeyValues(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl<'a> ValueView<'a> {
    /// Reads an `AnyValue`; of several values the last, as protobuf has it.
    #[must_use]
    #[inline]
    pub fn new(raw: &'a [u8]) -> Self {
        // Text and numbers that are short, as most are.
        if let Some(bytes) = Self::short_text(raw) {
            return Self::Str(text(bytes));
        }
        match raw {
            [0x18, value @ ..0x80] => return Self::Int((*value).into()),
            [0x18, low, high @ ..0x80] if *low >= 0x80 => {
                return Self::Int(i64::from(*low & 0x7f) | i64::from(*high) << 7);
            }
            _ => {}
        }
        Self::read(raw)
    }

    /// The text that a message is, if it is short and there is nothing else.
    #[inline(always)]
    pub(crate) fn short_text(raw: &'a [u8]) -> Option<&'a [u8]> {
        let [0x0a, length @ ..0x80, text @ ..] = raw else { return None };
        (text.len() == usize::from(*length)).then_some(text)
    }

    fn read(raw: &'a [u8]) -> Self {
        Fields::new(raw).map_while(Result::ok).filter_map(Self::of).last().unwrap_or(Self::Empty)
    }

    fn of(field: (u32, Field<'a>)) -> Option<Self> {
        Some(match field {
            (1, Field::Bytes(text)) => Self::Str(str::from_utf8(text).unwrap_or_default()),
            (2, Field::Varint(value)) => Self::Bool(value != 0),
            (3, Field::Varint(value)) => Self::Int(value.cast_signed()),
            (4, Field::Fixed64(bits)) => Self::Double(f64::from_bits(bits)),
            (5, Field::Bytes(list)) => Self::Array(list),
            (6, Field::Bytes(list)) => Self::KeyValues(list),
            (7, Field::Bytes(bytes)) => Self::Bytes(bytes),
            _ => return None,
        })
    }

    /// What an array holds; nothing for any other value.
    pub fn items(self) -> impl Iterator<Item = ValueView<'a>> + Clone {
        let list = if let Self::Array(list) = self { list } else { &[] };
        messages(list, 1).map(ValueView::new)
    }

    /// What a list of keys and values holds; nothing for any other value.
    #[must_use]
    pub fn entries(self) -> Attributes<'a> {
        let list = if let Self::KeyValues(list) = self { list } else { &[] };
        Attributes::new(list, 1)
    }

    /// The value as text, as a Jaeger compares and shows it: bytes in base64, lists as JSON.
    #[must_use]
    pub fn to_text(self) -> Cow<'a, str> {
        match self {
            Self::Empty => "".into(),
            Self::Str(text) => text.into(),
            Self::Bool(value) => if value { "true" } else { "false" }.into(),
            Self::Int(value) => value.to_string().into(),
            Self::Double(value) => double(value).into(),
            Self::Bytes(bytes) => BASE64.encode(bytes).into(),
            Self::Array(_) | Self::KeyValues(_) => self.to_json().to_string().into(),
        }
    }

    /// As a part of a list's text: bytes are base64 there, and a double that JSON has not is a string.
    fn to_json(self) -> Json {
        match self {
            Self::Empty => Json::Null,
            Self::Str(text) => text.into(),
            Self::Bool(value) => value.into(),
            Self::Int(value) => value.into(),
            Self::Double(value) if value.is_finite() => value.into(),
            Self::Double(value) => double(value).into(),
            Self::Bytes(bytes) => BASE64.encode(bytes).into(),
            Self::Array(_) => self.items().map(Self::to_json).collect::<Vec<_>>().into(),
            Self::KeyValues(list) => {
                let entries = fields(list).filter_map(|field| match field {
                    (1, Field::Bytes(raw)) => Some(AttributeView { raw }),
                    _ => None,
                });
                let entries =
                    entries.map(|entry| (entry.key().to_owned(), entry.value().to_json()));
                Json::Object(entries.collect())
            }
        }
    }
}

/// As JavaScript writes a number; what JSON cannot write by the name that a Jaeger has for it.
fn double(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let mut out = Writer::default();
    out.double(value);
    out.into_text()
}

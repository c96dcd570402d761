//! What can be searched for, as hashes: the terms of shapes and of values.
//!
//! A term only says where to look: what it finds is looked at before anybody hears of it. So names
//! are hashed in lower case, and a search that minds case and one that does not share a term.

use crate::model::ValueView;
use crate::storage::PEER_KEYS;
use crate::store::codec::hash;
use crate::store::rows::shape::Shape;
use crate::store::rows::{Op, Rows, Texts, Type, envelope};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::borrow::Cow;

const SERVICE: u8 = 1;
const NAME: u8 = 2;
const KIND: u8 = 3;
const ERROR: u8 = 4;
const PEER: u8 = 5;
const KEY: u8 = 6;
const EVENT: u8 = 7;
const DURATION: u8 = 8;
const TAG: u8 = 16;

/// There are so many buckets of durations.
pub(in crate::store) const BUCKETS: u8 = 32;

pub(in crate::store) fn service(name: &str) -> u64 {
    hash::term(SERVICE, b"", name.to_ascii_lowercase().as_bytes())
}

pub(in crate::store) fn name(name: &str) -> u64 {
    hash::term(NAME, b"", name.to_ascii_lowercase().as_bytes())
}

pub(in crate::store) fn kind(kind: u8) -> u64 {
    hash::term(KIND, b"", &[kind])
}

pub(in crate::store) fn error(is: bool) -> u64 {
    hash::term(ERROR, b"", &[is.into()])
}

pub(in crate::store) fn peer(name: &str) -> u64 {
    hash::term(PEER, b"", name.to_ascii_lowercase().as_bytes())
}

pub(in crate::store) fn key(key: &str) -> u64 {
    hash::term(KEY, b"", key.as_bytes())
}

pub(in crate::store) fn event(name: &str) -> u64 {
    hash::term(EVENT, b"", name.as_bytes())
}

/// Durations that are within a factor of four.
pub(in crate::store) fn bucket(took_ns: u64) -> u8 {
    let [bits, ..] = ((u64::BITS - took_ns.leading_zeros()).saturating_sub(1) / 2).to_le_bytes();
    bits
}

pub(in crate::store) fn duration(bucket: u8) -> u64 {
    hash::term(DURATION, b"", &[bucket])
}

fn tag(key: &[u8], kind: Type, value: &[u8]) -> u64 {
    hash::term(TAG + kind as u8, key, value)
}

/// All NaN are one.
fn double(bits: u64) -> u64 {
    if f64::from_bits(bits).is_nan() { f64::NAN.to_bits() } else { bits }
}

/// A value that is searched for, as all that its text may mean.
#[derive(Clone, Debug)]
pub(in crate::store) struct Wanted {
    text: String,
    int: Option<i64>,
    double: Option<u64>,
    bytes: Option<Vec<u8>>,
    bool: Option<bool>,
}

impl Wanted {
    pub(in crate::store) fn new(text: &str) -> Self {
        let int = text.parse().ok().filter(|value| ValueView::Int(*value).to_text() == text);
        let double = match text {
            "NaN" => Some(f64::NAN),
            "+Inf" => Some(f64::INFINITY),
            "-Inf" => Some(f64::NEG_INFINITY),
            _ => text.parse().ok().filter(|value| ValueView::Double(*value).to_text() == text),
        };
        Self {
            text: text.to_owned(),
            int,
            double: double.map(f64::to_bits),
            bytes: BASE64.decode(text).ok(),
            bool: text.parse().ok(),
        }
    }

    /// The terms of all of them, for a tag of that key.
    pub(in crate::store) fn terms(&self, key: &str) -> Vec<u64> {
        let term = |kind, value: &[u8]| tag(key.as_bytes(), kind, value);
        let mut terms =
            vec![term(Type::Str, self.text.as_bytes()), term(Type::Raw, self.text.as_bytes())];
        terms.extend(self.int.map(|value| term(Type::Int, &value.to_le_bytes())));
        terms.extend(self.double.map(|bits| term(Type::Double, &bits.to_le_bytes())));
        terms.extend(self.bytes.as_ref().map(|bytes| term(Type::Bytes, bytes)));
        terms.extend(self.bool.map(|is| term(Type::Bool, &u64::from(is).to_le_bytes())));
        terms
    }

    /// Whether a value of a row is it; a text is told by its number, and not here.
    pub(in crate::store) fn is(&self, texts: &Texts, kind: Type, value: u64) -> bool {
        let text = || texts.get(u32::try_from(value).unwrap_or_default());
        match kind {
            Type::Int => self.int == Some(value.cast_signed()),
            Type::Double => self.double == Some(double(value)),
            Type::Bool => self.bool == Some(value != 0),
            Type::Bytes => self.bytes.as_deref() == Some(text()),
            Type::Raw => ValueView::new(text()).to_text() == self.text,
            _ => false,
        }
    }

    /// Whether a value is it.
    pub(in crate::store) fn is_view(&self, value: ValueView<'_>) -> bool {
        value.to_text() == self.text
    }

    pub(in crate::store) fn text(&self) -> &str {
        &self.text
    }
}

/// The term of an attribute's value in a row.
pub(in crate::store) fn of_value(texts: &Texts, key: &[u8], kind: Type, value: u64) -> u64 {
    let text = || texts.get(u32::try_from(value).unwrap_or_default());
    match kind {
        Type::Str | Type::Bytes => tag(key, kind, text()),
        Type::Raw => tag(key, kind, ValueView::new(text()).to_text().as_bytes()),
        Type::Double => tag(key, kind, &double(value).to_le_bytes()),
        _ => tag(key, kind, &value.to_le_bytes()),
    }
}

fn of_view(key: &str, value: ValueView<'_>) -> u64 {
    let of = |kind, bytes: &[u8]| tag(key.as_bytes(), kind, bytes);
    match value {
        ValueView::Str(text) => of(Type::Str, text.as_bytes()),
        ValueView::Bool(is) => of(Type::Bool, &u64::from(is).to_le_bytes()),
        ValueView::Int(value) => of(Type::Int, &value.to_le_bytes()),
        ValueView::Double(value) => of(Type::Double, &double(value.to_bits()).to_le_bytes()),
        ValueView::Bytes(bytes) => of(Type::Bytes, bytes),
        value => of(Type::Raw, value.to_text().as_bytes()),
    }
}

/// What a Jaeger shows as tags of a span that are no attributes of it, as far as shapes have them.
pub(in crate::store) fn shown_of_shape<'a>(
    texts: &'a Texts,
    shape: Shape<'_>,
) -> Vec<(&'static str, &'a str)> {
    let mut shown = Vec::new();
    match shape.status() {
        1 => shown.push(("otel.status_code", "OK")),
        2 => shown.extend([("otel.status_code", "ERROR"), ("error", "true")]),
        _ => {}
    }
    let kind = crate::model::Kind::from_number(shape.kind().into());
    shown.extend(kind.tag().map(|tag| ("span.kind", tag)));
    let scope = envelope::scope(texts.get(shape.scope()));
    for (key, value) in [("otel.scope.name", scope.name()), ("otel.scope.version", scope.version())]
    {
        if !value.is_empty() {
            shown.push((key, value));
        }
    }
    shown
}

/// The key under which a Jaeger shows what an op holds, where that is no attribute.
pub(in crate::store) fn shown_key(kind: Type) -> Option<&'static str> {
    match kind {
        Type::Message => Some("otel.status_description"),
        Type::State => Some("w3c.tracestate"),
        _ => None,
    }
}

/// The ops of a shape that are shown as tags: all attributes but those of links.
pub(in crate::store) fn tags_of_shape(shape: Shape<'_>) -> impl Iterator<Item = (usize, Op)> {
    let mut is_in_link = false;
    shape.placed().filter(move |(_, op)| {
        match op.kind() {
            Type::Link => is_in_link = true,
            Type::Event => is_in_link = false,
            _ => {}
        }
        match op.kind() {
            Type::Message => shape.is_error(),
            kind => kind.is_attribute() && !is_in_link || shown_key(kind).is_some(),
        }
    })
}

/// The terms of a shape, which hold for each of its rows.
pub(in crate::store) fn of_shape(rows: &Rows, shape: Shape<'_>) -> Vec<u64> {
    let texts = &rows.texts;
    let mut terms = vec![
        service(rows.service(shape)),
        name(texts.text(shape.name())),
        kind(shape.kind()),
        error(shape.is_error()),
    ];
    let events = shape.ops().filter(|op| op.kind() == Type::Event);
    terms.extend(events.map(|op| event(texts.text(op.text()))));
    for (_, op) in tags_of_shape(shape) {
        terms.push(key(shown_key(op.kind()).unwrap_or_else(|| texts.text(op.text()))));
    }
    for (shown, value) in shown_of_shape(texts, shape) {
        terms.push(key(shown));
        terms.push(tag(shown.as_bytes(), Type::Str, value.as_bytes()));
    }
    let resource = envelope::resource(texts.get(shape.resource()));
    let scope = envelope::scope(texts.get(shape.scope()));
    for attribute in resource.attributes().iter().chain(scope.attributes().iter()) {
        terms.push(key(attribute.key()));
        terms.push(of_view(attribute.key(), attribute.value()));
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// Which value of a row names the other side of the call: that of the first of the keys that it has.
pub(in crate::store) fn peer_of_shape(texts: &Texts, shape: Shape<'_>) -> Option<(usize, Type)> {
    let of_span =
        shape.placed().take_while(|(_, op)| !matches!(op.kind(), Type::Event | Type::Link));
    let ranked = of_span.filter(|(_, op)| op.kind().is_attribute()).filter_map(|(place, op)| {
        let key = texts.text(op.text());
        let rank = PEER_KEYS.iter().position(|peer| *peer == key)?;
        Some((rank, place, op.kind()))
    });
    ranked.min().map(|(_, place, kind)| (place, kind))
}

/// The value of an attribute in a row, as text.
pub(in crate::store) fn text_of(texts: &Texts, kind: Type, value: u64) -> Cow<'_, str> {
    let text = || texts.get(u32::try_from(value).unwrap_or_default());
    let view = match kind {
        Type::Int => ValueView::Int(value.cast_signed()),
        Type::Double => ValueView::Double(f64::from_bits(value)),
        Type::Bool => ValueView::Bool(value != 0),
        Type::Bytes => ValueView::Bytes(text()),
        Type::Raw => ValueView::new(text()),
        _ => ValueView::Str(str::from_utf8(text()).unwrap_or_default()),
    };
    view.to_text()
}

//! Records that wait: the same as on the wire, but owned, and with names still as numbers.

use super::definitions::{Definitions, Number};
use crate::model::Value;
use serde::{Deserialize, Serialize};
use spandrel::wire::{self, NameRef, PartKey};
use std::sync::Arc;

/// A string that may be known by its number only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Text {
    Number(u16),
    Known(Arc<str>),
}

/// A key: of a call site, by its place there, or by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Key {
    Site(u16, u8),
    Text(Text),
}

/// A value that may be a string known by its number only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum RawValue {
    Known(Value),
    Number(u16),
}

/// A tag or a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RawTag {
    pub(super) key: Key,
    pub(super) value: RawValue,
    /// It was longer on the device.
    pub(super) is_cut: bool,
}

/// The tags of a record whose first key is `key`.
pub(super) fn tags(key: &PartKey<'_>, values: &[wire::Value<'_>]) -> Vec<RawTag> {
    let key = |place: u8| match key {
        PartKey::Site(site) => Key::Site(site.id, place),
        PartKey::Name(name, _) => Key::Text(name.into()),
    };
    (0..)
        .zip(values)
        .map(|(place, value)| RawTag {
            key: key(place),
            value: value.into(),
            is_cut: value.is_cut(),
        })
        .collect()
}

/// A part whose key is the empty string gives the operation name.
pub(super) fn is_operation(key: &PartKey<'_>) -> bool {
    matches!(key, PartKey::Name(NameRef::Inline(""), _))
}

impl From<&NameRef<'_>> for Text {
    fn from(name: &NameRef<'_>) -> Self {
        match name {
            NameRef::Id(id) => Self::Number(*id),
            NameRef::Inline(text) => Self::Known((*text).into()),
        }
    }
}

impl From<&wire::Value<'_>> for RawValue {
    fn from(value: &wire::Value<'_>) -> Self {
        Self::Known(match value {
            wire::Value::Static(NameRef::Id(id)) | wire::Value::CutStatic(NameRef::Id(id)) => {
                return Self::Number(*id);
            }
            wire::Value::Static(NameRef::Inline(text))
            | wire::Value::CutStatic(NameRef::Inline(text))
            | wire::Value::Text(text)
            | wire::Value::CutText(text) => (*text).into(),
            wire::Value::Bytes(bytes) | wire::Value::CutBytes(bytes) => {
                Value::Bytes((*bytes).into())
            }
            wire::Value::Bool(value) => (*value).into(),
            wire::Value::I32(value) => i64::from(*value).into(),
            wire::Value::U32(value) => i64::from(*value).into(),
            wire::Value::I64(value) => (*value).into(),
            wire::Value::U64(value) => (*value).into(),
            wire::Value::F32(value) => f64::from(*value).into(),
            wire::Value::F64(value) => (*value).into(),
        })
    }
}

impl RawValue {
    /// The value, as far as it is known.
    pub(super) fn value(&self, definitions: &Definitions) -> Value {
        match self {
            Self::Known(value) => value.clone(),
            Self::Number(id) => Value::Str(definitions.name(*id)),
        }
    }
}

impl RawTag {
    /// The numbers whose definitions it needs.
    pub(super) fn numbers(&self) -> impl Iterator<Item = Number> {
        let key = match &self.key {
            Key::Site(site, _) => Some(Number::Site(*site)),
            Key::Text(Text::Number(id)) => Some(Number::Name(*id)),
            Key::Text(Text::Known(_)) => None,
        };
        let value = match &self.value {
            RawValue::Number(id) => Some(Number::Name(*id)),
            RawValue::Known(_) => None,
        };
        key.into_iter().chain(value)
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        let key = match &self.key {
            Key::Text(Text::Known(text)) => SHARED + text.len(),
            _ => 0,
        };
        size_of::<Self>() + key + self.value.payload()
    }
}

impl RawValue {
    /// About how many bytes it holds beside itself.
    pub(super) fn payload(&self) -> usize {
        match self {
            Self::Known(Value::Str(text)) => SHARED + text.len(),
            Self::Known(Value::Bytes(bytes)) => SHARED + bytes.len(),
            _ => 0,
        }
    }
}

/// What a shared string takes beside its bytes: its counts, and what the allocator adds.
pub(super) const SHARED: usize = 32;

//! Values of tags and log fields, and the shapes that type them.
//!
//! A value is written without its type. The types of a record's values are its *shape*, one
//! nibble a value, which stands once a frame in the table of sites.

use heapless::Vec;
use serde::de::{Error as _, SeqAccess};
use serde::ser::SerializeTuple;

/// The most values that one record holds; more go into parts.
pub const MAX_VALUES: usize = 8;

/// The values of one record, in the order of the site's keys.
pub type Values<'a> = Vec<Value<'a>, MAX_VALUES>;

/// The type of a value: a nibble, the same in the ring and on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Type {
    /// `bool`: one byte, 0 or 1.
    Bool = 1,
    /// `i32` and narrower: zigzag varint.
    I32 = 2,
    /// `u32` and narrower: varint.
    U32 = 3,
    /// `i64`: zigzag varint.
    I64 = 4,
    /// `u64`: varint.
    U64 = 5,
    /// `f32`: four bytes, little-endian.
    F32 = 6,
    /// `f64`: eight bytes, little-endian.
    F64 = 7,
    /// `&'static str`: a varint, 0 and the string itself, or one more than the id of a name.
    Static = 8,
    /// A string itself: length and bytes.
    Text = 9,
}

impl Type {
    /// The type with this nibble.
    #[must_use]
    pub const fn from_nibble(nibble: u32) -> Option<Self> {
        Some(match nibble {
            1 => Self::Bool,
            2 => Self::I32,
            3 => Self::U32,
            4 => Self::I64,
            5 => Self::U64,
            6 => Self::F32,
            7 => Self::F64,
            8 => Self::Static,
            9 => Self::Text,
            _ => return None,
        })
    }
}

/// The types of up to [`MAX_VALUES`] values: the first in the lowest nibble, 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Shape(pub u32);

impl Shape {
    /// The types, up to the first empty nibble.
    pub fn types(self) -> impl Iterator<Item = Result<Type, UnknownType>> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let nibble = rest & 15;
            rest >>= 4;
            (nibble != 0).then(|| Type::from_nibble(nibble).ok_or(UnknownType))
        })
    }

    /// The shape of these values.
    #[must_use]
    pub fn of(values: &[Value<'_>]) -> Self {
        let nibbles = values.iter().take(MAX_VALUES).rev();
        Self(nibbles.fold(0, |shape, value| shape << 4 | value.ty() as u32))
    }
}

/// A nibble that names no type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownType;

/// A string that is known by a number, or the string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NameRef<'a> {
    /// The id of a name that a definition gives.
    Id(u16),
    /// The string, where the device's table of names is full.
    Inline(&'a str),
}

/// A value of a tag or of a log field.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Value<'a> {
    /// See [`Type::Bool`].
    Bool(bool),
    /// See [`Type::I32`].
    I32(i32),
    /// See [`Type::U32`].
    U32(u32),
    /// See [`Type::I64`].
    I64(i64),
    /// See [`Type::U64`].
    U64(u64),
    /// See [`Type::F32`].
    F32(f32),
    /// See [`Type::F64`].
    F64(f64),
    /// See [`Type::Static`].
    Static(NameRef<'a>),
    /// See [`Type::Text`].
    Text(&'a str),
}

impl<'a> Value<'a> {
    /// The type of the value.
    #[must_use]
    pub const fn ty(&self) -> Type {
        match self {
            Self::Bool(_) => Type::Bool,
            Self::I32(_) => Type::I32,
            Self::U32(_) => Type::U32,
            Self::I64(_) => Type::I64,
            Self::U64(_) => Type::U64,
            Self::F32(_) => Type::F32,
            Self::F64(_) => Type::F64,
            Self::Static(_) => Type::Static,
            Self::Text(_) => Type::Text,
        }
    }

    pub(super) fn encode<S: SerializeTuple>(&self, out: &mut S) -> Result<(), S::Error> {
        match self {
            Self::Bool(value) => out.serialize_element(value),
            Self::I32(value) => out.serialize_element(value),
            Self::U32(value) => out.serialize_element(value),
            Self::I64(value) => out.serialize_element(value),
            Self::U64(value) => out.serialize_element(value),
            Self::F32(value) => out.serialize_element(value),
            Self::F64(value) => out.serialize_element(value),
            Self::Static(name) => name.encode(out),
            Self::Text(text) => out.serialize_element(text),
        }
    }

    pub(super) fn decode<S: SeqAccess<'a>>(ty: Type, from: &mut S) -> Result<Self, S::Error> {
        Ok(match ty {
            Type::Bool => Self::Bool(next(from)?),
            Type::I32 => Self::I32(next(from)?),
            Type::U32 => Self::U32(next(from)?),
            Type::I64 => Self::I64(next(from)?),
            Type::U64 => Self::U64(next(from)?),
            Type::F32 => Self::F32(next(from)?),
            Type::F64 => Self::F64(next(from)?),
            Type::Static => Self::Static(NameRef::decode(from)?),
            Type::Text => Self::Text(next(from)?),
        })
    }
}

impl<'a> NameRef<'a> {
    pub(super) fn encode<S: SerializeTuple>(&self, out: &mut S) -> Result<(), S::Error> {
        match self {
            Self::Id(id) => out.serialize_element(&(u32::from(*id) + 1)),
            Self::Inline(text) => {
                out.serialize_element(&0_u32)?;
                out.serialize_element(text)
            }
        }
    }

    pub(super) fn decode<S: SeqAccess<'a>>(from: &mut S) -> Result<Self, S::Error> {
        match next::<u32, S>(from)?.checked_sub(1) {
            None => next(from).map(Self::Inline),
            Some(id) => u16::try_from(id).map(Self::Id).map_err(S::Error::custom),
        }
    }
}

/// Writes values without their types.
pub(super) fn encode_all<S: SerializeTuple>(
    values: &[Value<'_>],
    out: &mut S,
) -> Result<(), S::Error> {
    values.iter().try_for_each(|value| value.encode(out))
}

/// Reads the values that a shape types.
pub(super) fn decode_all<'a, S: SeqAccess<'a>>(
    shape: Shape,
    from: &mut S,
) -> Result<Values<'a>, S::Error> {
    let mut values = Values::new();
    for ty in shape.types() {
        let ty = ty.map_err(|_| S::Error::custom("unknown type of value"))?;
        let value = Value::decode(ty, from)?;
        values.push(value).map_err(|_| S::Error::custom("too many values"))?;
    }
    Ok(values)
}

/// The next element of a frame, which must be there.
pub(super) fn next<'a, T: serde::Deserialize<'a>, S: SeqAccess<'a>>(
    from: &mut S,
) -> Result<T, S::Error> {
    from.next_element()?.ok_or_else(|| S::Error::custom("the frame ends early"))
}

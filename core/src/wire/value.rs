//! Values of tags and log fields, and the shapes that type them.
//!
//! A value is written without its type. The types of a record's values are its *shape*, one
//! nibble a value, which stands once a frame in the table of sites.

use super::Writer;
use heapless::Vec;
use serde::de::{Error as _, SeqAccess};

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
    /// Bytes: length and bytes.
    Bytes = 10,
    /// As [`Type::Text`], and it was longer.
    CutText = 11,
    /// As [`Type::Bytes`], and there were more.
    CutBytes = 12,
    /// As [`Type::Static`], and it was longer.
    CutStatic = 13,
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
            10 => Self::Bytes,
            11 => Self::CutText,
            12 => Self::CutBytes,
            13 => Self::CutStatic,
            _ => return None,
        })
    }
}

/// The types of up to [`MAX_VALUES`] values: the first in the lowest nibble, 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Shape(pub u32);

impl Shape {
    #[cfg(feature = "enable")]
    /// Calls `f` with each nibble, up to the first empty one: what [`Shape::types`] does, in less
    /// flash.
    #[inline(always)]
    pub(crate) fn each(self, mut f: impl FnMut(u32)) {
        let mut rest = self.0;
        while rest & 15 != 0 {
            f(rest & 15);
            rest >>= 4;
        }
    }

    /// The types, up to the first empty nibble.
    pub fn types(self) -> impl Iterator<Item = Result<Type, UnknownType>> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let nibble = rest & 15;
            rest >>= 4;
            (nibble != 0).then(|| Type::from_nibble(nibble).ok_or(UnknownType))
        })
    }

    /// How many there are.
    #[must_use]
    pub const fn len(self) -> u8 {
        #[expect(clippy::cast_possible_truncation, reason = "at most eight")]
        let nibbles = (u32::BITS - self.0.leading_zeros()).div_ceil(4) as u8;
        nibbles
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
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
    /// See [`Type::Bytes`].
    Bytes(&'a [u8]),
    /// See [`Type::CutText`].
    CutText(&'a str),
    /// See [`Type::CutBytes`].
    CutBytes(&'a [u8]),
    /// See [`Type::CutStatic`].
    CutStatic(NameRef<'a>),
}

impl Value<'_> {
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
            Self::Bytes(_) => Type::Bytes,
            Self::CutText(_) => Type::CutText,
            Self::CutBytes(_) => Type::CutBytes,
            Self::CutStatic(_) => Type::CutStatic,
        }
    }

    /// Whether it was longer where it was recorded.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        matches!(self, Self::CutText(_) | Self::CutBytes(_) | Self::CutStatic(_))
    }

    /// Writes the value, without its type.
    pub fn write(&self, out: &mut Writer<'_>) {
        match *self {
            Self::Bool(value) => out.byte(u8::from(value)),
            Self::I32(value) => out.zigzag(value.into()),
            Self::U32(value) => out.varint(value.into()),
            Self::I64(value) => out.zigzag(value),
            Self::U64(value) => out.varint(value),
            Self::F32(value) => out.raw(&value.to_le_bytes()),
            Self::F64(value) => out.raw(&value.to_le_bytes()),
            Self::Static(name) | Self::CutStatic(name) => name.write(out),
            Self::Text(text) | Self::CutText(text) => out.text(text),
            Self::Bytes(bytes) | Self::CutBytes(bytes) => out.bytes(bytes),
        }
    }
}

impl NameRef<'_> {
    /// Writes the number, one up, or 0 and the string.
    pub fn write(&self, out: &mut Writer<'_>) {
        match self {
            Self::Id(id) => out.varint(u64::from(*id) + 1),
            Self::Inline(text) => {
                out.byte(0);
                out.text(text);
            }
        }
    }
}

/// The next element of a frame, which must be there.
#[inline]
pub(super) fn next<'a, T: serde::Deserialize<'a>, S: SeqAccess<'a>>(
    from: &mut S,
) -> Result<T, S::Error> {
    from.next_element()?.ok_or_else(|| S::Error::custom("the frame ends early"))
}

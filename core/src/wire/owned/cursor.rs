//! The bytes of a frame as serde reads them, for whoever reads a hundred thousand frames a second.
//!
//! It takes what postcard takes and refuses what postcard refuses, as far as frames hold it; it keeps no
//! more than where it is, and its error says nothing, so that both stay in registers.

use core::fmt;
use serde::de::{self, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
}

/// The bytes are not what was expected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes are not a frame")
    }
}

impl core::error::Error for Malformed {}

impl de::Error for Malformed {
    #[inline]
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'a> Cursor<'a> {
    #[inline]
    fn byte(&mut self) -> Result<u8, Malformed> {
        let (byte, rest) = self.rest.split_first().ok_or(Malformed)?;
        self.rest = rest;
        Ok(*byte)
    }

    /// A number of up to so many bits, in groups of seven, the lowest first.
    #[inline]
    fn varint(&mut self, bits: u32) -> Result<u64, Malformed> {
        // Most are short.
        if let [byte @ ..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok((*byte).into());
        }
        if let [low, byte @ ..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(u64::from(*low & 0x7f) | u64::from(*byte) << 7);
        }
        if let [low, middle, byte @ ..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            let low = u64::from(*low & 0x7f) | u64::from(*middle & 0x7f) << 7;
            let value = low | u64::from(*byte) << 14;
            return if value >> bits.min(63) == 0 { Ok(value) } else { Err(Malformed) };
        }
        self.long_varint(bits)
    }

    #[inline(never)]
    fn long_varint(&mut self, bits: u32) -> Result<u64, Malformed> {
        let mut value = 0;
        for shift in (0..bits).step_by(7) {
            let byte = self.byte()?;
            let left = bits - shift;
            if left < 7 && u32::from(byte) >> left != 0 {
                return Err(Malformed);
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    #[inline]
    fn zigzag(&mut self, bits: u32) -> Result<i64, Malformed> {
        let value = self.varint(bits)?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let len = usize::try_from(self.varint(usize::BITS)?).map_err(|_| Malformed)?;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(Malformed)?;
        self.rest = rest;
        Ok(bytes)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(Malformed)?;
        self.rest = rest;
        Ok(*array)
    }
}

impl<'a> SeqAccess<'a> for Cursor<'a> {
    type Error = Malformed;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Malformed> {
        seed.deserialize(self).map(Some)
    }
}

/// What frames are made of; anything else cannot be read without being told how.
impl<'de> Deserializer<'de> for &mut Cursor<'de> {
    type Error = Malformed;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Malformed> {
        Err(Malformed)
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        match self.byte()? {
            0 => visitor.visit_bool(false),
            1 => visitor.visit_bool(true),
            _ => Err(Malformed),
        }
    }

    #[inline]
    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_u8(self.byte()?)
    }

    #[inline]
    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let value = self.varint(u16::BITS)?;
        visitor.visit_u16(u16::try_from(value).map_err(|_| Malformed)?)
    }

    #[inline]
    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let value = self.varint(u32::BITS)?;
        visitor.visit_u32(u32::try_from(value).map_err(|_| Malformed)?)
    }

    #[inline]
    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_u64(self.varint(u64::BITS)?)
    }

    #[inline]
    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let value = self.zigzag(i32::BITS)?;
        visitor.visit_i32(i32::try_from(value).map_err(|_| Malformed)?)
    }

    #[inline]
    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_i64(self.zigzag(i64::BITS)?)
    }

    #[inline]
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_f32(f32::from_le_bytes(self.array()?))
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_f64(f64::from_le_bytes(self.array()?))
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let text = core::str::from_utf8(self.bytes()?).map_err(|_| Malformed)?;
        visitor.visit_borrowed_str(text)
    }

    #[inline]
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_borrowed_bytes(self.bytes()?)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_seq(self)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_seq(self)
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u128 char string byte_buf option unit unit_struct seq tuple_struct map enum
        identifier ignored_any
    }
}

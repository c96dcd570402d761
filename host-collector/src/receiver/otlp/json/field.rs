//! Messages and their fields, from JSON to protobuf as the tables say.

use super::number::Number;
use super::table::{Field, Holds, Table};
use crate::protobuf::Writer;
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::GeneralPurposeConfig;
use base64::engine::{DecodePaddingMode, GeneralPurpose};
use core::fmt::{self, Formatter};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Bytes that are no id: whoever checks ids says so of the span.
const NO_ID: &[u8] = &[0xff];

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// An object, whose fields are written one by one.
pub(super) struct Message<'a> {
    pub(super) fields: &'static Table,
    pub(super) out: &'a mut Writer,
}

impl<'de> DeserializeSeed<'de> for Message<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Message<'_> {
    type Value = ();

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_key_seed(Name(self.fields))? {
            match field {
                Some(field) => map.next_value_seed(Content { field, out: self.out })?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// An object within another.
struct Nested<'a> {
    number: u32,
    fields: &'static Table,
    out: &'a mut Writer,
}

impl<'de> DeserializeSeed<'de> for Nested<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let mut read = Ok(());
        let fields = self.fields;
        self.out.message(self.number, |out| read = Message { fields, out }.deserialize(from));
        read
    }
}

/// The name of a field; nothing of a field that is not known.
struct Name(&'static Table);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<&'static Field>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<&'static Field>;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        self.visit_bytes(name.as_bytes())
    }

    fn visit_bytes<E: Error>(self, name: &[u8]) -> Result<Self::Value, E> {
        let is_it =
            |field: &&Field| name == field.name.as_bytes() || name == field.other_name.as_bytes();
        Ok(self.0.0.iter().find(is_it))
    }
}

/// What a field holds; nothing is written for `null`.
struct Content<'a> {
    field: &'static Field,
    out: &'a mut Writer,
}

impl<'de> DeserializeSeed<'de> for Content<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Content<'_> {
    type Value = ();

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let what = match self.field.holds {
            Holds::Text | Holds::TextValue => "a string",
            Holds::Hex => "hexadecimal digits in a string",
            Holds::Base64 => "base64 in a string",
            Holds::Bool => "true or false",
            Holds::Uint32 | Holds::Fixed32 => "a number of 32 bits without a sign",
            Holds::Enum(..) => "the number or the name of an enum",
            Holds::Fixed64 => "a number of 64 bits without a sign, in a string or not",
            Holds::Int64 => "a number of 64 bits, in a string or not",
            Holds::Double => "a number",
            Holds::One(_) => "an object",
            Holds::Many(_) => "a list",
        };
        write!(f, "{what} as `{}`", self.field.name)
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let number = self.field.number;
        match self.field.holds {
            Holds::Text | Holds::TextValue | Holds::Hex | Holds::Base64 => {
                from.deserialize_bytes(self)
            }
            Holds::One(fields) => Nested { number, fields, out: self.out }.deserialize(from),
            Holds::Many(_) => from.deserialize_seq(self),
            _ => Number { field: self.field, out: self.out }.deserialize(from),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Holds::Many(fields) = self.field.holds else {
            return Err(Error::invalid_type(serde::de::Unexpected::Seq, &self));
        };
        let number = self.field.number;
        while list.next_element_seed(Nested { number, fields, out: self.out })?.is_some() {}
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.visit_bytes(text.as_bytes())
    }

    fn visit_bytes<E: Error>(self, text: &[u8]) -> Result<(), E> {
        let number = self.field.number;
        match self.field.holds {
            Holds::Text => self.out.bytes(number, text),
            Holds::TextValue => self.out.bytes_always(number, text),
            Holds::Hex => self.out.bytes(number, from_hex(text).as_deref().unwrap_or(NO_ID)),
            Holds::Base64 => match from_base64(text) {
                Some(bytes) => self.out.bytes_always(number, &bytes),
                None => return Err(E::custom(format_args!("no base64 in `{}`", self.field.name))),
            },
            _ => return Err(Error::invalid_type(serde::de::Unexpected::Other("string"), &self)),
        }
        Ok(())
    }
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |letter: &u8| char::from(*letter).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

/// Both alphabets, with or without padding, as protobuf's readers take it.
fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let of = |alphabet| GeneralPurpose::new(alphabet, LENIENT).decode(text).ok();
    of(&STANDARD).or_else(|| of(&URL_SAFE))
}

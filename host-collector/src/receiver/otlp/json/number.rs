//! Numbers: as numbers, as strings of digits, and enums by name.

use super::table::{Field, Holds};
use crate::protobuf::Writer;
use core::fmt::{self, Formatter};
use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

/// A field that holds a number.
pub(super) struct Number<'a> {
    pub(super) field: &'static Field,
    pub(super) out: &'a mut Writer,
}

impl<'de> DeserializeSeed<'de> for Number<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl Number<'_> {
    fn wrong<E: Error>(&self, what: impl fmt::Display) -> E {
        E::custom(format_args!("{what} is no value of `{}`", self.field.name))
    }

    fn integer<E: Error>(self, value: i128) -> Result<(), E> {
        let number = self.field.number;
        let wrong = |this: &Self| this.wrong(value);
        match self.field.holds {
            Holds::Uint32 => {
                let value = u32::try_from(value).map_err(|_| wrong(&self))?;
                self.out.varint(number, value.into());
            }
            Holds::Fixed32 => {
                self.out.fixed32(number, u32::try_from(value).map_err(|_| wrong(&self))?);
            }
            // Enums are open: what is not known yet is kept.
            Holds::Enum(..) => {
                let value = i32::try_from(value).map_err(|_| wrong(&self))?;
                self.out.varint(number, i64::from(value).cast_unsigned());
            }
            Holds::Fixed64 => {
                self.out.fixed64(number, u64::try_from(value).map_err(|_| wrong(&self))?);
            }
            Holds::Int64 => {
                let value = i64::try_from(value).map_err(|_| wrong(&self))?;
                self.out.varint_always(number, value.cast_unsigned());
            }
            #[expect(clippy::cast_precision_loss, reason = "it is what a double can hold of it")]
            Holds::Double => self.out.fixed64_always(number, (value as f64).to_bits()),
            _ => return Err(wrong(&self)),
        }
        Ok(())
    }
}

impl Visitor<'_> for Number<'_> {
    type Value = ();

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let what =
            if matches!(self.field.holds, Holds::Bool) { "true or false" } else { "a number" };
        write!(f, "{what} as `{}`", self.field.name)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        match self.field.holds {
            Holds::Bool => self.out.varint_always(self.field.number, value.into()),
            _ => return Err(self.wrong(value)),
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.integer(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.integer(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        /// Up to here every integer is a double.
        const EXACT: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_727.0;

        match self.field.holds {
            Holds::Double => self.out.fixed64_always(self.field.number, value.to_bits()),
            // As JavaScript writes large integers.
            #[expect(clippy::cast_possible_truncation, reason = "it is within its bounds")]
            _ if value.trunc() == value && value.abs() < EXACT => {
                return self.integer(value as i128);
            }
            _ => return Err(self.wrong(value)),
        }
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        match self.field.holds {
            Holds::Double => {
                let value = match text {
                    "Infinity" => f64::INFINITY,
                    "-Infinity" => f64::NEG_INFINITY,
                    "NaN" => f64::NAN,
                    other => other.parse().map_err(|_| self.wrong(format_args!("`{other}`")))?,
                };
                self.visit_f64(value)
            }
            Holds::Enum(prefix, names) => {
                let name = text.strip_prefix(prefix).unwrap_or(text);
                match names.iter().position(|known| *known == name).map(i128::try_from) {
                    Some(Ok(value)) => self.integer(value),
                    _ => self.digits(text),
                }
            }
            _ => self.digits(text),
        }
    }
}

impl Number<'_> {
    fn digits<E: Error>(self, text: &str) -> Result<(), E> {
        match text.parse() {
            Ok(value) => self.integer(value),
            Err(_) => Err(self.wrong(format_args!("`{}`", text.escape_debug()))),
        }
    }
}

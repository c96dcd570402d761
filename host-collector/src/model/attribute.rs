//! Tags and log fields: a key and a typed value.

use super::SHARED;
use serde::{Deserialize, Serialize};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A key and its value (`OpenTracing`: tag, or field of a log).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[doc(alias = "tag")]
pub struct Attribute {
    /// The key.
    pub key: Arc<str>,
    /// The value.
    pub value: Value,
}

impl Attribute {
    /// An attribute of anything that converts.
    ///
    /// ```
    /// use spandrel_collector::model::{Attribute, Value};
    /// assert_eq!(Attribute::new("bus", 1_i64).value, Value::Int(1));
    /// ```
    pub fn new(key: impl Into<Arc<str>>, value: impl Into<Value>) -> Self {
        Self { key: key.into(), value: value.into() }
    }

    /// About how many bytes it holds.
    #[must_use]
    pub fn weight(&self) -> usize {
        size_of::<Self>() + SHARED + self.key.len() + self.value.payload_len()
    }
}

/// A value of one of OTLP's scalar types.
///
/// Equality and hash are of the content: a double is compared by its bits, so that a NaN equals
/// itself and a span that arrives twice is recognised whatever it holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// A floating point number, NaN and infinities included.
    Double(f64),
    /// Text.
    Str(Arc<str>),
    /// Bytes.
    Bytes(Arc<[u8]>),
}

impl Value {
    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&Arc<str>> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    fn payload_len(&self) -> usize {
        match self {
            Self::Str(text) => SHARED + text.len(),
            Self::Bytes(bytes) => SHARED + bytes.len(),
            Self::Bool(_) | Self::Int(_) | Self::Double(_) => 0,
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Double(a), Self::Double(b)) => a.to_bits() == b.to_bits(),
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        core::mem::discriminant(self).hash(state);
        match self {
            Self::Bool(value) => value.hash(state),
            Self::Int(value) => value.hash(state),
            Self::Double(value) => value.to_bits().hash(state),
            Self::Str(value) => value.hash(state),
            Self::Bytes(value) => value.hash(state),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

/// OTLP and Jaeger have no unsigned type: what does not fit a signed one becomes decimal text,
/// since a double would round it.
impl From<u64> for Value {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or_else(|_| Self::Str(value.to_string().into()), Self::Int)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Str(value.into())
    }
}

impl From<Arc<str>> for Value {
    fn from(value: Arc<str>) -> Self {
        Self::Str(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Str(value.into())
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_is_of_the_content() {
        assert_eq!(Value::from(f64::NAN), Value::from(f64::NAN));
        assert_ne!(Value::from(0.0), Value::from(-0.0));
        assert_ne!(Value::from(1_i64), Value::from(1.0));
    }

    #[test]
    fn an_unsigned_number_that_does_not_fit_keeps_every_digit() {
        assert_eq!(Value::from(7_u64), Value::Int(7));
        assert_eq!(Value::from(u64::MAX), Value::from("18446744073709551615"));
    }
}

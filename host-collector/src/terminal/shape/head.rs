//! The head of a page, and where its columns are.

use super::ShapeError;
use core::fmt;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Visitor};
use std::collections::HashMap;

/// The version that is read here.
const VERSION: u64 = 1;

/// The attribute that says how sure the times of a process are.
pub(in crate::terminal) const CLOCK_ERROR: &str = "clock.error_us";

/// The head of a page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Head {
    pub(super) version: u64,
    pub(super) trace: String,
    pub(super) revision: String,
    pub(super) spans: u64,
    pub(super) first: u64,
    pub(super) rows: u64,
    pub(super) pages: u64,
    #[serde(deserialize_with = "number")]
    pub(super) base_ns: u64,
    #[serde(deserialize_with = "number")]
    pub(super) extent_ns: u64,
    pub(super) strings: Vec<String>,
    pub(super) processes: Vec<Process>,
    pub(super) columns: Vec<(String, u64)>,
}

/// A key, what type its value has, and the value as text.
pub(in crate::terminal) type Attribute = (String, String, String);

/// What made spans.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Hash)]
#[serde(default)]
pub(in crate::terminal) struct Process {
    pub(in crate::terminal) service: String,
    pub(in crate::terminal) attributes: Vec<Attribute>,
    pub(in crate::terminal) warnings: Vec<String>,
}

impl Process {
    /// By how many nanoseconds its times may be off, if that is known.
    pub(in crate::terminal) fn error_ns(&self) -> Option<u64> {
        let (.., error_us) = self.attributes.iter().find(|(key, ..)| key == CLOCK_ERROR)?;
        error_us.parse::<u64>().ok().map(|error_us| error_us.saturating_mul(1_000))
    }
}

/// A number that is too long for a double, and so is a string.
pub(in crate::terminal) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    struct Number;

    impl Visitor<'_> for Number {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number, as a string or as it is")
        }

        fn visit_u64<E>(self, number: u64) -> Result<u64, E> {
            Ok(number)
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<u64, E> {
            text.parse().map_err(|_| E::custom(format_args!("{text:?} is no number")))
        }
    }

    from.deserialize_any(Number).map_err(D::Error::custom)
}

/// The head, and the columns by their names.
pub(super) fn read(bytes: &[u8]) -> Result<(Head, HashMap<String, &[u8]>), ShapeError> {
    let cut = || ShapeError::Head("it is cut off".to_owned());
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(cut)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (json, mut rest) = rest.split_at_checked(length).ok_or_else(cut)?;
    let head: Head =
        serde_json::from_slice(json).map_err(|error| ShapeError::Head(error.to_string()))?;
    if head.version != VERSION {
        return Err(ShapeError::Version(head.version));
    }
    let mut columns = HashMap::new();
    for (name, length) in &head.columns {
        let length = usize::try_from(*length).unwrap_or(usize::MAX);
        let (column, behind) = rest.split_at_checked(length).ok_or_else(cut)?;
        rest = behind;
        columns.insert(name.clone(), column);
    }
    Ok((head, columns))
}

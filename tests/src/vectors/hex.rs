//! Bytes as text.

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal digits.
///
/// # Errors
/// If they are none.
pub fn from_hex(digits: &str) -> Result<Vec<u8>> {
    ensure!(digits.is_ascii() && digits.len().is_multiple_of(2), "odd or no digits: {digits:?}");
    let pair = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16);
    (0..digits.len() / 2)
        .map(|index| pair(2 * index).with_context(|| format!("no hexadecimal digits: {digits:?}")))
        .collect()
}

/// Bytes, as hexadecimal digits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hex(pub Vec<u8>);

impl TryFrom<String> for Hex {
    type Error = anyhow::Error;

    fn try_from(digits: String) -> Result<Self> {
        from_hex(&digits).map(Self)
    }
}

impl From<Hex> for String {
    fn from(bytes: Hex) -> Self {
        to_hex(&bytes.0)
    }
}

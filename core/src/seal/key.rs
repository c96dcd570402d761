//! Keys, which are never shown.

use core::fmt;

/// The key of one device: 16 bytes that nobody else has, drawn at random.
///
/// ```
/// use spandrel::seal::Key;
///
/// // From a file that is in no repository, or from where the board keeps it.
/// static KEY: Key = Key::from_hex("6f1c09bd4c7e2a5588d30f7be24a9c11");
/// assert_eq!(format!("{KEY:?}"), "Key(..)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; 16]);

/// Why a text is no key. It does not say what the text was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ParseKeyError {
    /// There are not 32 hexadecimal digits.
    NotHex,
    /// All bytes are the same: that was not drawn at random.
    Blank,
}

impl Key {
    /// The key with these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The key with these 32 hexadecimal digits, for constants: `Key::from_hex(env!("DEVICE_KEY"))`.
    ///
    /// # Panics
    /// Where they are none, which in a constant is an error of the build.
    #[must_use]
    #[expect(clippy::panic, reason = "for constants, where it is an error of the build")]
    pub const fn from_hex(text: &str) -> Self {
        match Self::parse(text) {
            Ok(key) => key,
            Err(_) => panic!("a key is 32 hexadecimal digits, not all the same byte"),
        }
    }

    /// Reads 32 hexadecimal digits.
    ///
    /// # Errors
    /// Where it is something else, or the blank memory of a board that was given no key.
    pub const fn parse(text: &str) -> Result<Self, ParseKeyError> {
        let Some((digits, [])) = text.as_bytes().split_first_chunk::<32>() else {
            return Err(ParseKeyError::NotHex);
        };
        let (mut bytes, mut at) = ([0; 16], 0);
        let mut left: &[u8] = digits;
        while let Some(([high, low], rest)) = left.split_first_chunk::<2>() {
            let (Some(high), Some(low)) = (nibble(*high), nibble(*low)) else {
                return Err(ParseKeyError::NotHex);
            };
            if let Some((_, [byte, ..])) = bytes.split_at_mut_checked(at) {
                *byte = high << 4 | low;
            }
            at += 1;
            left = rest;
        }
        let key = Self(bytes);
        if key.is_blank() { Err(ParseKeyError::Blank) } else { Ok(key) }
    }

    /// Whether all bytes are the same, as in memory that was never written.
    #[must_use]
    pub const fn is_blank(&self) -> bool {
        let [first, ..] = self.0;
        let mut left: &[u8] = &self.0;
        while let Some((byte, rest)) = left.split_first() {
            if *byte != first {
                return false;
            }
            left = rest;
        }
        true
    }

    pub(super) const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Nothing of it.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl fmt::Display for ParseKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHex => "a key is 32 hexadecimal digits: draw one with `openssl rand -hex 16`",
            Self::Blank => {
                "all bytes of the key are the same: draw one with `openssl rand -hex 16`"
            }
        })
    }
}

impl core::error::Error for ParseKeyError {}

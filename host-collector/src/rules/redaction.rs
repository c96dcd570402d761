//! [`Redaction`]: what becomes of values that nobody should read.

use super::pattern::Pattern;
use crate::model::ValueView;
use core::fmt::Write as _;
use core::str::FromStr;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// What stands where a value was, unless told otherwise.
const REPLACEMENT: &str = "[redacted]";

/// Bytes of a hash that are shown: enough that two values never have the same.
const SHOWN: usize = 16;

/// Which attributes are meant, by their key, and what becomes of their values: `*.token=remove`,
/// `user.email=hash`, `password` or `password=replace:***`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redaction {
    key: Pattern,
    pub(super) action: Action,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// The attribute goes.
    Remove,
    /// Its value is a number that is the same for the same value, as long as the key is.
    Hash,
    /// Its value is this text.
    Replace(String),
}

/// Why a text is no redaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no redaction: write KEY, KEY=replace:TEXT, KEY=hash or KEY=remove; in KEY * stands for any text"
)]
pub struct RedactionError(String);

impl Redaction {
    pub(super) fn means(&self, key: &str) -> bool {
        self.key.fits(key)
    }
}

impl FromStr for Redaction {
    type Err = RedactionError;

    fn from_str(text: &str) -> Result<Self, RedactionError> {
        let (key, action) = text.split_once('=').unwrap_or((text, "replace"));
        let action = match action {
            "remove" => Action::Remove,
            "hash" => Action::Hash,
            "replace" => Action::Replace(REPLACEMENT.to_owned()),
            _ => match action.strip_prefix("replace:") {
                Some(text) => Action::Replace(text.to_owned()),
                None => return Err(RedactionError(text.to_owned())),
            },
        };
        if key.is_empty() {
            return Err(RedactionError(text.to_owned()));
        }
        Ok(Self { key: Pattern::new(key), action })
    }
}

/// HMAC-SHA-256 with a key that only this collector has: without it whoever sees a hash could try all
/// addresses that there are.
#[derive(Clone)]
pub(super) struct Hasher(Hmac<Sha256>);

impl core::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Hasher")
    }
}

impl Hasher {
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(key).ok().map(Self)
    }

    /// The first half of the hash of the value's text, in hexadecimal.
    pub(super) fn hash(&self, value: ValueView<'_>) -> String {
        let mut mac = self.0.clone();
        mac.update(value.to_text().as_bytes());
        let hash = mac.finalize().into_bytes();
        hash.iter().take(SHOWN).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_hmac_sha_256_of_the_text() {
        // RFC 4231, test case 2.
        let hasher = Hasher::new(b"Jefe").unwrap();
        let text = "what do ya want for nothing?";
        assert_eq!(hasher.hash(ValueView::Str(text)), "5bdcc146bf60754e6a042426089575c7");
        // What is shown alike is the same value.
        assert_eq!(hasher.hash(ValueView::Int(7)), hasher.hash(ValueView::Str("7")));
    }

    #[test]
    fn a_redaction_says_of_which_key_and_what() {
        let action = |text: &str| text.parse::<Redaction>().map(|redaction| redaction.action);
        assert_eq!(action("password"), Ok(Action::Replace("[redacted]".into())));
        assert_eq!(action("password=replace:a=b"), Ok(Action::Replace("a=b".into())));
        assert_eq!(action("*.token=remove"), Ok(Action::Remove));
        assert_eq!(action("user.email=hash"), Ok(Action::Hash));
        for wrong in ["", "=hash", "password=burn", "password="] {
            let error = action(wrong).unwrap_err().to_string();
            assert!(error.contains("is no redaction: write KEY, KEY=replace:TEXT"), "{error}");
        }
        assert!("*.token".parse::<Redaction>().unwrap().means("a.token"));
    }
}

//! `%41` for `A`: how values of baggage go in headers.

use super::hex;
use heapless::{String, Vec};

/// The longest value with escapes in it that is read, in bytes once they are gone.
///
/// A value without escapes may be of any length.
pub const MAX_UNESCAPED_LEN: usize = 256;

/// Adds a text to `out`, with everything escaped but letters, digits and `-._~`.
///
/// That is more than the clients escape, and each of them reads it: a space or `+` as it is means
/// one thing to some of them and another thing to others.
pub(super) fn escape<const N: usize>(text: &str, out: &mut Vec<u8, N>) -> Option<()> {
    text.bytes().try_for_each(|byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            return out.push(byte).ok();
        }
        let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'A' - 10 + nibble };
        out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 0xf)]).ok()
    })
}

/// What a plus sign in a value is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Plus {
    /// Itself.
    Plus,
    /// A space, as in the forms of web pages.
    Space,
}

/// Room for a value without its escapes.
pub(super) type Room = String<MAX_UNESCAPED_LEN>;

/// A text without its escapes, which is in `room` if it has any; none if it is too long.
///
/// An escape without two digits stays as it is, and what is no UTF-8 becomes U+FFFD.
pub(super) fn unescape<'a>(text: &'a str, plus: Plus, room: &'a mut Room) -> Option<&'a str> {
    let is_escape = |byte: u8| byte == b'%' || byte == b'+' && plus == Plus::Space;
    if !text.bytes().any(is_escape) {
        return Some(text);
    }
    let mut bytes = Vec::<u8, MAX_UNESCAPED_LEN>::new();
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        let escaped = behind.split_first_chunk::<2>().filter(|_| *byte == b'%');
        let byte = match escaped
            .map(|([high, low], behind)| (hex::nibble(high), hex::nibble(low), behind))
        {
            Some((Some(high), Some(low), behind)) => {
                rest = behind;
                high << 4 | low
            }
            _ if *byte == b'+' && plus == Plus::Space => b' ',
            _ => *byte,
        };
        bytes.push(byte).ok()?;
    }
    room.clear();
    for chunk in bytes.utf8_chunks() {
        room.push_str(chunk.valid()).ok()?;
        if !chunk.invalid().is_empty() {
            room.push(char::REPLACEMENT_CHARACTER).ok()?;
        }
    }
    Some(room)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, plus: Plus) -> Option<std::string::String> {
        let mut room = Room::new();
        unescape(text, plus, &mut room).map(Into::into)
    }

    #[test]
    fn values_are_read_as_the_clients_do() {
        for (text, wanted) in [
            ("plain", "plain"),
            ("Am%C3%A9lie", "Amélie"),
            ("a%20b%2fc", "a b/c"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%zz%41", "%zzA"),
            ("%25%34%31", "%41"),
            ("%c3-%C3%A9", "\u{fffd}-é"),
            ("a+b", "a+b"),
        ] {
            assert_eq!(read(text, Plus::Plus).as_deref(), Some(wanted), "{text}");
        }
        assert_eq!(read("a+b%2Bc", Plus::Space).as_deref(), Some("a b+c"));
    }

    #[test]
    fn only_a_value_with_escapes_may_be_too_long() {
        let long = "x".repeat(MAX_UNESCAPED_LEN);
        let longer = "x".repeat(MAX_UNESCAPED_LEN + 1);
        assert_eq!(read(&long.replacen('x', "%78", 1), Plus::Plus), Some(long));
        assert_eq!(read(&longer.replacen('x', "%78", 1), Plus::Plus), None);
        assert_eq!(read(&longer, Plus::Plus), Some(longer));
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_read_again(text in "\\PC{0,60}") {
            let mut out = Vec::<u8, 1000>::new();
            prop_assert!(escape(&text, &mut out).is_some());
            let escaped = core::str::from_utf8(&out).unwrap();
            prop_assert_eq!(read(escaped, Plus::Plus), Some(text.clone()));
            prop_assert_eq!(read(escaped, Plus::Space), Some(text));
        }

        #[test]
        fn any_text_is_read(text in "[%+0-9a-zA-Z]{0,300}", plus in any::<bool>()) {
            let read = read(&text, if plus { Plus::Space } else { Plus::Plus });
            prop_assert!(read.is_none_or(|read| read.len() <= text.len()));
        }
    }
}

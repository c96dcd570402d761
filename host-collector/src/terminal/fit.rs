//! Text from outside in so many columns.

use super::look::Look;
use crate::text::{DurationNs, Escaped};
use core::fmt::Write as _;
use unicode_width::UnicodeWidthChar as _;

/// Letters that take no column follow another; more of them than this are left out.
const MOST_LETTERS: usize = 4;

impl Look {
    /// Text as it can be shown: what acts on a terminal, and what it has no letters for, as escapes.
    pub(super) fn plain(self, text: &str) -> String {
        let escaped = Escaped(text).to_string();
        if self.is_unicode || escaped.is_ascii() {
            return escaped;
        }
        let mut plain = String::with_capacity(escaped.len());
        for letter in escaped.chars() {
            if letter.is_ascii() {
                plain.push(letter);
            } else {
                // Text takes everything.
                let _ = write!(plain, "\\u{{{:x}}}", u32::from(letter));
            }
        }
        plain
    }

    /// The same in at most `width` columns: a mark stands for what is left out.
    pub(super) fn fitted(self, text: &str, width: usize) -> String {
        // Nobody needs all of a long text to see its start.
        let end = text.char_indices().nth(width * MOST_LETTERS + MOST_LETTERS);
        let is_cut = end.is_some();
        let start = end.and_then(|(end, _)| text.get(..end)).unwrap_or(text);
        let plain = self.plain(start);
        if !is_cut && columns(&plain) <= width {
            return plain;
        }
        let mark = if self.is_unicode { '\u{2026}' } else { '~' };
        let mut fitted = String::new();
        let mut room = width.saturating_sub(1);
        for letter in plain.chars() {
            let wide = letter.width().unwrap_or(0);
            if wide > room {
                break;
            }
            room -= wide;
            fitted.push(letter);
        }
        if width > 0 {
            fitted.push(mark);
        }
        fitted
    }

    /// By how much times may be off, to either side.
    pub(super) fn bound(self, error_ns: u64) -> String {
        let sign = if self.is_unicode { "\u{b1}" } else { "+-" };
        format!("{sign}{}", self.duration(error_ns))
    }

    /// A duration, with the letters that there are.
    pub(super) fn duration(self, duration_ns: u64) -> String {
        let text = DurationNs(duration_ns).to_string();
        if self.is_unicode { text } else { text.replace('\u{b5}', "u") }
    }
}

/// How many columns text takes.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(|letter| letter.width().unwrap_or(0)).sum()
}

/// Blanks that fill text up to a width.
pub(super) fn blanks(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(columns(text)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::look;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_letters_take_two_columns() {
        let look = look(80);
        assert_eq!(columns("温度 ok"), 7);
        assert_eq!(look.fitted("温度センサー", 12), "温度センサー");
        assert_eq!(look.fitted("温度センサー", 11), "温度センサ…");
        assert_eq!(look.fitted("温度センサー", 10), "温度セン…");
        assert_eq!(look.fitted("温度", 0), "");
    }

    #[test]
    fn without_utf_8_other_letters_are_escapes() {
        let look = Look { is_unicode: false, ..look(80) };
        assert_eq!(look.plain("温 a\u{202e}"), "\\u{6e29} a\\u{202e}");
        assert_eq!(look.fitted("abcdef", 4), "abc~");
        assert_eq!(look.duration(1_500), "1.500 us");
    }

    #[test]
    fn letters_without_a_column_are_bounded_too() {
        let hostile = format!("a{}", "\u{301}".repeat(100_000));
        assert!(look(80).fitted(&hostile, 10).chars().count() < 60);
    }

    proptest! {
        #[test]
        fn what_is_fitted_fits_and_acts_on_nothing(text: String, width in 0_usize..50, is_unicode: bool) {
            let fitted = Look { is_unicode, ..look(80) }.fitted(&text, width);
            prop_assert!(columns(&fitted) <= width, "{fitted:?}");
            prop_assert!(!fitted.contains(char::is_control));
            prop_assert!(is_unicode || fitted.is_ascii());
        }
    }
}

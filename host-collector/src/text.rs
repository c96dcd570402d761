//! How things are written for people: times, durations, and text that a device chose.

use core::fmt::{self, Display, Formatter, Write};

/// Text from outside, harmless on a terminal: what could move the cursor, change colours or turn
/// the direction of writing is shown as an escape.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '\n' => f.write_str("\\n"),
            '\r' => f.write_str("\\r"),
            '\t' => f.write_str("\\t"),
            _ if acts_on_a_terminal(letter) => write!(f, "\\u{{{:x}}}", u32::from(letter)),
            _ => f.write_char(letter),
        })
    }
}

/// Whether a letter moves the cursor, changes colours or the direction of writing, or hides.
pub(crate) fn acts_on_a_terminal(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            // Marks and overrides of direction, separators of lines and paragraphs, a byte order mark,
            // and what is not meant to be seen.
            '\u{61c}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
                | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// An error with what led to it, on one line.
pub(crate) fn chain(error: &dyn core::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// How many there are of something, by its name in the singular.
#[derive(Clone, Copy, Debug)]
pub struct Count<'a>(pub usize, pub &'a str);

impl Display for Count<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}

/// Nanoseconds, in the largest unit that leaves a digit before the point.
#[derive(Clone, Copy, Debug)]
pub struct DurationNs(pub u64);

impl Display for DurationNs {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (thousand, unit) = match self.0 {
            0..1_000 => return write!(f, "{} ns", self.0),
            1_000..1_000_000 => (self.0, "\u{b5}s"),
            1_000_000..1_000_000_000 => (self.0 / 1_000, "ms"),
            _ => (self.0 / 1_000_000, "s"),
        };
        write!(f, "{}.{:03} {unit}", thousand / 1_000, thousand % 1_000)
    }
}

/// Nanoseconds since the Unix epoch, as RFC 3339 in UTC with microseconds.
#[derive(Clone, Copy, Debug)]
pub struct TimeNs(pub u64);

impl Display for TimeNs {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / 1_000_000_000;
        let (year, month, day) = civil(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        let micros = self.0 / 1_000 % 1_000_000;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Years are taken to begin in March, so that a leap day is the last of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_have_a_digit_before_the_point() {
        let text = |ns| DurationNs(ns).to_string();
        assert_eq!(text(0), "0 ns");
        assert_eq!(text(999), "999 ns");
        assert_eq!(text(1_500), "1.500 \u{b5}s");
        assert_eq!(text(12_345_678), "12.345 ms");
        assert_eq!(text(61_000_000_000), "61.000 s");
    }

    #[test]
    fn times_are_rfc_3339() {
        let text = |seconds: u64| TimeNs(seconds * 1_000_000_000 + 5_000).to_string();
        assert_eq!(text(0), "1970-01-01T00:00:00.000005Z");
        assert_eq!(text(951_782_399), "2000-02-28T23:59:59.000005Z");
        assert_eq!(text(951_782_400), "2000-02-29T00:00:00.000005Z");
        assert_eq!(text(4_107_542_400), "2100-03-01T00:00:00.000005Z");
    }

    proptest! {
        #[test]
        fn nothing_that_acts_on_a_terminal_gets_through(text: String) {
            prop_assert!(!Escaped(&text).to_string().contains(acts_on_a_terminal));
        }
    }

    #[test]
    fn an_escape_sequence_is_shown() {
        assert_eq!(Escaped("\u{61c}\u{e0041}").to_string(), "\\u{61c}\\u{e0041}");
        assert_eq!(Escaped("a\x1b[2J\n\u{202e}b").to_string(), "a\\u{1b}[2J\\n\\u{202e}b");
    }
}

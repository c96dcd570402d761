//! `time.Parse` with RFC 3339, to the nanosecond.

use super::text::quoted;
use jiff::civil::DateTime;
use jiff::tz::Offset;

const LAYOUT: &str = "2006-01-02T15:04:05.999999999Z07:00";

/// A moment such as `2026-09-21T14:13:19.5Z`, in nanoseconds since the Unix epoch. What lies before it is 0,
/// and what is beyond 64 bits is their last.
///
/// # Errors
/// If it is none.
pub fn rfc3339(text: &str) -> Result<u64, String> {
    Parser { text, rest: text }.moment()
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
}

impl Parser<'_> {
    fn moment(mut self) -> Result<u64, String> {
        let year = self.digits(4, "2006")?;
        self.literal("-")?;
        let month = self.digits(2, "01")?;
        self.within(month, 1..=12, "month")?;
        self.literal("-")?;
        let day = self.digits(2, "02")?;
        self.literal("T")?;
        let hour = self.digits(2, "15")?;
        self.within(hour, 0..=23, "hour")?;
        self.literal(":")?;
        let minute = self.digits(2, "04")?;
        self.within(minute, 0..=59, "minute")?;
        self.literal(":")?;
        let second = self.digits(2, "05")?;
        self.within(second, 0..=59, "second")?;
        let nanosecond = self.fraction();
        let offset_s = self.offset()?;
        if !self.rest.is_empty() {
            let (text, rest) = (quoted(self.text), quoted(self.rest));
            return Err(format!("parsing time {text}: extra text: {rest}"));
        }
        let small = |number: u32| i8::try_from(number).unwrap_or(i8::MAX);
        let date = DateTime::new(
            i16::try_from(year).unwrap_or(i16::MAX),
            small(month),
            small(day),
            small(hour),
            small(minute),
            small(second),
            i32::try_from(nanosecond).unwrap_or(0),
        );
        let out_of_range = || self.out_of_range("day");
        let date = date.map_err(|_| out_of_range())?;
        let offset = Offset::from_seconds(offset_s).map_err(|_| out_of_range())?;
        // Beyond year 9999 by its offset: as good as never.
        let ns = offset.to_timestamp(date).map_or(i128::MAX, |time| time.as_nanosecond());
        Ok(u64::try_from(ns.max(0)).unwrap_or(u64::MAX))
    }

    fn digits(&mut self, count: usize, layout: &str) -> Result<u32, String> {
        let digits = self.rest.get(..count);
        let digits = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let number = digits.and_then(|text| text.parse().ok());
        let number = number.ok_or_else(|| self.wrong(layout))?;
        self.rest = self.rest.get(count..).unwrap_or_default();
        Ok(number)
    }

    fn literal(&mut self, literal: &str) -> Result<(), String> {
        self.rest = self.rest.strip_prefix(literal).ok_or_else(|| self.wrong(literal))?;
        Ok(())
    }

    /// Nanoseconds of a fraction of a second, if there is one; what is finer is dropped.
    fn fraction(&mut self) -> u32 {
        let Some(behind) = self.rest.strip_prefix(['.', ',']) else { return 0 };
        let end = behind.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(behind.len());
        let (digits, rest) = behind.split_at(end);
        if digits.is_empty() {
            return 0;
        }
        self.rest = rest;
        digits
            .bytes()
            .chain([b'0'; 9])
            .take(9)
            .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
    }

    /// Seconds east of Greenwich.
    fn offset(&mut self) -> Result<i32, String> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let layout = "Z07:00";
        let whole = self.wrong(layout);
        let Some(behind) = self.rest.strip_prefix(['+', '-']) else { return Err(whole) };
        let sign = if self.rest.starts_with('-') { -1 } else { 1 };
        self.rest = behind;
        let offset = || -> Option<(u32, u32, &str)> {
            let digits = |text: Option<&str>| -> Option<u32> {
                let text = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
                text.parse().ok()
            };
            let hours = digits(behind.get(..2))?;
            let minutes = digits(behind.get(3..5)).filter(|_| behind.get(2..3) == Some(":"))?;
            Some((hours, minutes, behind.get(5..)?))
        };
        let (hours, minutes, rest) = offset().ok_or(whole)?;
        self.rest = rest;
        self.within(hours, 0..=24, "time zone offset hour")?;
        self.within(minutes, 0..=60, "time zone offset minute")?;
        Ok(sign * i32::try_from(hours * 3600 + minutes * 60).unwrap_or(0))
    }

    fn within(
        &self,
        number: u32,
        range: core::ops::RangeInclusive<u32>,
        what: &str,
    ) -> Result<(), String> {
        if range.contains(&number) { Ok(()) } else { Err(self.out_of_range(what)) }
    }

    fn out_of_range(&self, what: &str) -> String {
        format!("parsing time {}: {what} out of range", quoted(self.text))
    }

    fn wrong(&self, layout: &str) -> String {
        let (text, rest) = (quoted(self.text), quoted(self.rest));
        format!("parsing time {text} as \"{LAYOUT}\": cannot parse {rest} as \"{layout}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn moments_are_read_as_go_does() {
        for (text, ns) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-09-21T14:13:20Z", 1_790_000_000_000_000_000),
            ("2026-09-21T14:13:20.5Z", 1_790_000_000_500_000_000),
            ("2026-09-21T16:13:20.000000001+02:00", 1_790_000_000_000_000_001),
            ("2026-09-21T13:43:20-00:30", 1_790_000_000_000_000_000),
            ("1969-12-31T23:59:59Z", 0),
            ("9999-12-31T23:59:59Z", u64::MAX),
        ] {
            assert_eq!(rfc3339(text), Ok(ns), "{text}");
        }
        let layout = "\"2006-01-02T15:04:05.999999999Z07:00\"";
        for (text, error) in [
            ("bad", format!("parsing time \"bad\" as {layout}: cannot parse \"bad\" as \"2006\"")),
            ("1", format!("parsing time \"1\" as {layout}: cannot parse \"1\" as \"2006\"")),
            (
                "2026-09-21",
                format!("parsing time \"2026-09-21\" as {layout}: cannot parse \"\" as \"T\""),
            ),
            (
                "2026-13-21T00:00:00Z",
                "parsing time \"2026-13-21T00:00:00Z\": month out of range".into(),
            ),
            (
                "2026-02-30T00:00:00Z",
                "parsing time \"2026-02-30T00:00:00Z\": day out of range".into(),
            ),
            (
                "2026-09-21T00:00:00Zx",
                "parsing time \"2026-09-21T00:00:00Zx\": extra text: \"x\"".into(),
            ),
        ] {
            assert_eq!(rfc3339(text).unwrap_err(), error);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String, like in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.Z+-]{0,16}") {
            let _ = (rfc3339(&text), rfc3339(&like));
        }
    }
}

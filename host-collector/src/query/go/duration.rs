//! `time.Duration`: whole nanoseconds, at most some 292 years.

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A duration such as `1.5ms`, `100us` or `1h30m`, in nanoseconds.
///
/// # Errors
/// If it is none.
pub fn duration(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", quoted(text));
    let (is_negative, mut rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (whole, behind) = digits(rest);
        let (fraction, behind) = match behind.strip_prefix('.') {
            Some(behind) => digits(behind),
            None => ("", behind),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let end = behind.find(|letter: char| letter == '.' || letter.is_ascii_digit());
        let (unit, behind) = behind.split_at(end.unwrap_or(behind.len()));
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {}", quoted(text)));
        }
        let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            let (unit, text) = (quoted(unit), quoted(text));
            return Err(format!("time: unknown unit {unit} in duration {text}"));
        };
        let whole: u64 =
            if whole.is_empty() { Ok(0) } else { whole.parse() }.map_err(|_| invalid())?;
        let part =
            whole.checked_mul(*scale).and_then(|part| part.checked_add(part_of(fraction, *scale)));
        let sum = part.and_then(|part| total.checked_add(part));
        total = sum.filter(|sum| *sum <= 1 << 63).ok_or_else(invalid)?;
        rest = behind;
    }
    match (is_negative, i64::try_from(total)) {
        (false, Ok(total)) => Ok(total),
        (true, Ok(total)) => Ok(-total),
        (true, Err(_)) => Ok(i64::MIN),
        (false, Err(_)) => Err(invalid()),
    }
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// A fraction of a unit, rounded down.
fn part_of(fraction: &str, scale: u64) -> u64 {
    let mut part: u128 = 0;
    let mut of: u128 = 1;
    // More digits than these say nothing.
    for digit in fraction.bytes().take(18) {
        part = part * 10 + u128::from(digit - b'0');
        of *= 10;
    }
    u64::try_from(part * u128::from(scale) / of).unwrap_or(0)
}

/// As this package quotes: what is not ASCII is bytes.
fn quoted(text: &str) -> String {
    let escaped = text.bytes().map(|byte| match byte {
        b'"' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' | 0x7f => char::from(byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// A duration as Go shows it: in the largest unit that fits, from an hour on in hours, minutes and seconds.
#[must_use]
pub fn shown(duration_ns: i64) -> String {
    let size = duration_ns.unsigned_abs();
    let sign = if duration_ns < 0 { "-" } else { "" };
    let with_fraction = |value: u64, scale: u64| {
        let digits = scale.ilog10() as usize;
        let text = format!("{}.{:0digits$}", value / scale, value % scale);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let text = match size {
        0 => "0s".to_owned(),
        1..1_000 => format!("{size}ns"),
        1_000..1_000_000 => format!("{}µs", with_fraction(size, 1_000)),
        1_000_000..1_000_000_000 => format!("{}ms", with_fraction(size, 1_000_000)),
        _ => {
            let seconds = with_fraction(size % 60_000_000_000, 1_000_000_000);
            let minutes = size / 60_000_000_000;
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{seconds}s"),
                (0, minutes) => format!("{minutes}m{seconds}s"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
            }
        }
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_read_as_go_does() {
        for (text, ns) in [
            ("0", 0),
            ("1.5ms", 1_500_000),
            ("100us", 100_000),
            ("1µs", 1_000),
            ("1μs", 1_000),
            ("-5ms", -5_000_000),
            ("1h1m", 3_660_000_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("300ns", 300),
            ("0.3ns", 0),
            ("2562047h47m16.854775807s", i64::MAX),
            ("-2562047h47m16.854775808s", i64::MIN),
        ] {
            assert_eq!(duration(text), Ok(ns), "{text}");
        }
        for (text, error) in [
            ("", r#"time: invalid duration """#),
            ("abc", r#"time: invalid duration "abc""#),
            ("5", r#"time: missing unit in duration "5""#),
            ("5 s", r#"time: unknown unit " s" in duration "5 s""#),
            ("5ü", r#"time: unknown unit "\xc3\xbc" in duration "5\xc3\xbc""#),
            (".s", r#"time: invalid duration ".s""#),
            ("3000000h", r#"time: invalid duration "3000000h""#),
        ] {
            assert_eq!(duration(text).unwrap_err(), error);
        }
    }

    #[test]
    fn durations_are_shown_as_go_does() {
        for (ns, text) in [
            (0, "0s"),
            (7, "7ns"),
            (200_000, "200µs"),
            (-4_500_500, "-4.5005ms"),
            (5_000_000, "5ms"),
            (1_000_000_000, "1s"),
            (61_500_000_000, "1m1.5s"),
            (3_600_000_000_000, "1h0m0s"),
        ] {
            assert_eq!(shown(ns), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read(ns: i64) {
            prop_assert_eq!(duration(&shown(ns)), Ok(ns));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String, like in "[-+.0-9nuµmsh]{0,12}") {
            let _ = (duration(&text), duration(&like));
        }
    }
}

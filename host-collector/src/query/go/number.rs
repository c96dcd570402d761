//! `strconv`.

use super::text::quoted;

fn syntax(function: &str, text: &str) -> String {
    format!("strconv.{function}: parsing {}: invalid syntax", quoted(text))
}

fn range(function: &str, text: &str) -> String {
    format!("strconv.{function}: parsing {}: value out of range", quoted(text))
}

/// A number of `bits` bits, in decimal digits.
///
/// # Errors
/// If it is none, or one of more bits.
pub fn int(text: &str, bits: u32) -> Result<i64, String> {
    signed("ParseInt", text, bits)
}

/// The same, for those who say so in another way.
///
/// # Errors
/// If it is none, or one of more bits.
pub fn atoi(text: &str) -> Result<i64, String> {
    signed("Atoi", text, 64)
}

fn signed(function: &str, text: &str, bits: u32) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(syntax(function, text));
    }
    let most = i64::MAX >> (64 - bits.clamp(1, 64));
    let value: Option<i64> = text.parse().ok().filter(|value| (!most..=most).contains(value));
    value.ok_or_else(|| range(function, text))
}

/// A number of 64 bits without a sign, in hexadecimal digits.
///
/// # Errors
/// If it is none, or one of more bits.
pub fn hex(text: &str) -> Result<u64, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(syntax("ParseUint", text));
    }
    u64::from_str_radix(text, 16).map_err(|_| range("ParseUint", text))
}

/// True or false.
///
/// # Errors
/// If it is neither.
pub fn bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(syntax("ParseBool", text)),
    }
}

/// A floating point number.
///
/// # Errors
/// If it is none.
pub fn float(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| syntax("ParseFloat", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_go_does() {
        assert_eq!((int("-12", 64), int("+7", 32)), (Ok(-12), Ok(7)));
        assert_eq!(int("2147483647", 32), Ok(i64::from(i32::MAX)));
        assert_eq!(int("-2147483648", 32), Ok(i64::from(i32::MIN)));
        let error = |text: &str| int(text, 32).unwrap_err();
        assert_eq!(error(""), r#"strconv.ParseInt: parsing "": invalid syntax"#);
        assert_eq!(error("1.5"), r#"strconv.ParseInt: parsing "1.5": invalid syntax"#);
        assert_eq!(error("+-1"), r#"strconv.ParseInt: parsing "+-1": invalid syntax"#);
        let far = r#"strconv.ParseInt: parsing "2147483648": value out of range"#;
        assert_eq!(error("2147483648"), far);
        assert_eq!(hex("fF"), Ok(255));
        let far = r#"strconv.ParseUint: parsing "10000000000000000": value out of range"#;
        assert_eq!(hex("10000000000000000").unwrap_err(), far);
        assert!(hex("0x1").is_err() && hex("-1").is_err() && hex("").is_err());
        assert_eq!((bool("T"), bool("0")), (Ok(true), Ok(false)));
        let maybe = r#"strconv.ParseBool: parsing "maybe": invalid syntax"#;
        assert_eq!(bool("maybe").unwrap_err(), maybe);
        assert_eq!(atoi("x").unwrap_err(), r#"strconv.Atoi: parsing "x": invalid syntax"#);
        assert_eq!(float("0.95"), Ok(0.95));
    }
}

//! Text in errors, and text in JSON.

use core::fmt::Write as _;
use serde_json::Value;
use std::collections::BTreeMap;

/// Text in quotes, with what cannot be shown escaped (`strconv.Quote`).
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                out.push('\\');
                out.push(letter);
            }
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\0'..' ' | '\u{7f}' => write!(out, "\\x{:02x}", u32::from(letter)).unwrap_or_default(),
            _ if letter.is_control() => {
                write!(out, "\\u{:04x}", u32::from(letter)).unwrap_or_default();
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// A JSON object of strings; what is null in it is empty, and null itself is no entry.
///
/// # Errors
/// If it is another thing.
pub fn string_map(json: &str) -> Result<BTreeMap<String, String>, String> {
    let wrong = |what: &Value, into: &str| {
        let name = match what {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        format!("json: cannot unmarshal {name} into Go value of type {into}")
    };
    let entries = match serde_json::from_str(json).map_err(|error| error.to_string())? {
        Value::Object(entries) => entries,
        Value::Null => return Ok(BTreeMap::new()),
        other => return Err(wrong(&other, "map[string]string")),
    };
    let entries = entries.into_iter().map(|(key, value)| match value {
        Value::String(text) => Ok((key, text)),
        Value::Null => Ok((key, String::new())),
        other => Err(wrong(&other, "string")),
    });
    entries.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_as_go_does() {
        assert_eq!(quoted("a\"b\\\n\u{1}\u{7f}\u{85}ü"), r#""a\"b\\\n\x01\x7f\u0085ü""#);
    }

    #[test]
    fn a_map_holds_strings_alone() {
        let map = string_map(r#"{"b":"2","a":null}"#).unwrap();
        assert_eq!(
            map.into_iter().collect::<Vec<_>>(),
            [("a".to_owned(), String::new()), ("b".to_owned(), "2".to_owned())]
        );
        assert_eq!(string_map("null"), Ok(BTreeMap::new()));
        let error = |json: &str| string_map(json).unwrap_err();
        let number = "json: cannot unmarshal number into Go value of type string";
        assert_eq!(error(r#"{"a":3}"#), number);
        let array = "json: cannot unmarshal array into Go value of type map[string]string";
        assert_eq!(error("[1]"), array);
        assert!(error("{bad").contains("column 2"));
        assert!(string_map(&"[".repeat(100_000)).is_err());
    }
}

//! JSON to protobuf and back: vectors are written as the one, and sent as the other.
//!
//! The JSON is that of OTLP: ids are hexadecimal digits, enumerations numbers, and integers of 64 bits
//! decimal digits. Where protobuf can hold what JSON cannot, text that is not UTF-8, there is
//! `{"$bytes": "ff00"}` in place of the string.

mod decode;
mod messages;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::vectors::from_hex;

pub use decode::from_protobuf;
pub use messages::{
    DEPENDENCIES, DEPENDENCIES_QUERY, EXPORTED, NOTHING, OPERATIONS, OPERATIONS_QUERY,
    SAMPLING_QUERY, SERVICES, STRATEGY, TRACE_IDS, TRACES, TRACES_BY_ID, TRACES_QUERY,
};

/// What a field holds, and how protobuf writes it.
#[derive(Debug)]
enum Kind {
    Text,
    /// Hexadecimal digits in JSON, bytes in protobuf.
    Id,
    Base64,
    Fixed64,
    Fixed32,
    /// A number in JSON.
    Number,
    /// Decimal digits in JSON.
    Long,
    Flag,
    Double,
    Message(&'static Message),
}

/// The fields of a message.
pub type Message = &'static [Field];

/// A field of a message.
#[derive(Debug)]
pub struct Field {
    name: &'static str,
    number: u32,
    kind: Kind,
    repeated: bool,
}

/// The protobuf bytes of a message.
///
/// # Errors
/// If the JSON is no such message; the error names the field.
pub fn to_protobuf(fields: Message, value: &Value) -> Result<Vec<u8>> {
    let object = value.as_object().with_context(|| format!("no object: {value}"))?;
    if let Some(name) = object.keys().find(|name| fields.iter().all(|f| f.name != name.as_str())) {
        bail!("no field of this message: {name}");
    }
    let mut out = Vec::new();
    // In the order of their numbers, as every writer does it.
    for field in fields {
        match object.get(field.name) {
            None => {}
            Some(Value::Array(items)) => {
                for item in items {
                    put(&mut out, field, item).with_context(|| field.name)?;
                }
            }
            Some(item) => put(&mut out, field, item).with_context(|| field.name)?,
        }
    }
    Ok(out)
}

fn put(out: &mut Vec<u8>, field: &Field, value: &Value) -> Result<()> {
    let mut tag = |wire_type: u64| varint(out, u64::from(field.number) << 3 | wire_type);
    match field.kind {
        Kind::Number | Kind::Long => {
            tag(0);
            varint(out, integer(value)?);
        }
        Kind::Flag => {
            tag(0);
            out.push(u8::from(value.as_bool().context("neither true nor false")?));
        }
        Kind::Fixed64 => {
            tag(1);
            out.extend(integer(value)?.to_le_bytes());
        }
        Kind::Double => {
            tag(1);
            out.extend(double(value)?.to_le_bytes());
        }
        Kind::Fixed32 => {
            tag(5);
            out.extend(u32::try_from(integer(value)?)?.to_le_bytes());
        }
        Kind::Text | Kind::Id | Kind::Base64 | Kind::Message(_) => {
            let bytes = bytes(&field.kind, value)?;
            tag(2);
            varint(out, u64::try_from(bytes.len())?);
            out.extend(bytes);
        }
    }
    Ok(())
}

fn bytes(kind: &Kind, value: &Value) -> Result<Vec<u8>> {
    if let Kind::Message(fields) = kind {
        return to_protobuf(fields, value);
    }
    if let Some(digits) = value.get("$bytes").and_then(Value::as_str) {
        return from_hex(digits);
    }
    let text = value.as_str().with_context(|| format!("no text: {value}"))?;
    match kind {
        Kind::Id => from_hex(text),
        Kind::Base64 => from_base64(text),
        _ => Ok(text.as_bytes().to_vec()),
    }
}

/// A number, or its decimal digits; negative ones as protobuf has them.
fn integer(value: &Value) -> Result<u64> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let signed = || text.parse::<i64>().map(i64::cast_unsigned);
    text.parse::<u64>().or_else(|_| signed()).with_context(|| format!("no integer: {text}"))
}

fn double(value: &Value) -> Result<f64> {
    match value.as_str() {
        // Rust and JSON's dialect for protobuf say these in the same words.
        Some(text) => text.parse().with_context(|| format!("no number: {text}")),
        None => value.as_f64().with_context(|| format!("no number: {value}")),
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn from_base64(text: &str) -> Result<Vec<u8>> {
    ensure!(text.len().is_multiple_of(4), "no base64: {text}");
    let mut out = Vec::new();
    let (mut bits, mut held) = (0u32, 0);
    for digit in text.trim_end_matches('=').bytes() {
        let value = BASE64.iter().position(|&d| d == digit);
        bits = bits << 6 | u32::try_from(value.with_context(|| format!("no base64: {text}"))?)?;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xff) as u8);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::vectors::to_hex;

    fn encoded(request: &Value) -> String {
        to_hex(&to_protobuf(TRACES, request).unwrap())
    }

    #[test]
    fn a_request_becomes_the_bytes_that_others_write() {
        let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
            "traceId": "0102", "name": "a", "startTimeUnixNano": "1", "kind": 2,
            "attributes": [{"key": "k", "value": {"intValue": "-1"}}],
        }]}]}]});
        let span = "0a0201022a016130023901000000000000004a100a016b120b18ffffffffffffffffff01";
        let spans = format!("12{:02x}{span}", span.len() / 2);
        let scope = format!("12{:02x}{spans}", spans.len() / 2);
        let resource = format!("0a{:02x}{scope}", scope.len() / 2);
        assert_eq!(encoded(&request), resource);
    }

    #[test]
    fn bytes_that_are_no_text_are_kept() {
        let name = json!({"$bytes": "fffe"});
        let request = json!({"resourceSpans": [{"schemaUrl": name}]});
        assert_eq!(encoded(&request), "0a041a02fffe");
        assert_eq!(from_base64("AAECA//+").unwrap(), [0, 1, 2, 3, 0xff, 0xfe]);
        assert_eq!(from_base64("/w==").unwrap(), [0xff]);
    }

    #[test]
    fn a_field_that_is_not_there_is_named() {
        let wrong =
            to_protobuf(TRACES, &json!({"resourceSpans": [{"scope_spans": []}]})).unwrap_err();
        assert!(format!("{wrong:#}").contains("scope_spans"), "{wrong:#}");
    }
}

//! OTLP/JSON to OTLP's protobuf: vectors are written as the one, and sent as the other.
//!
//! Where protobuf can hold what JSON cannot, text that is not UTF-8, there is `{"$bytes": "ff00"}` in
//! place of the string.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::vectors::from_hex;

/// What a field holds, and how protobuf writes it.
enum Kind {
    Text,
    /// Hexadecimal digits in JSON, bytes in protobuf.
    Id,
    Base64,
    Fixed64,
    Fixed32,
    Number,
    Flag,
    Double,
    Message(&'static [Field]),
}

struct Field {
    name: &'static str,
    number: u32,
    kind: Kind,
}

const fn field(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind }
}

static REQUEST: [Field; 1] = [field("resourceSpans", 1, Kind::Message(&RESOURCE_SPANS))];
static RESOURCE_SPANS: [Field; 3] = [
    field("resource", 1, Kind::Message(&RESOURCE)),
    field("scopeSpans", 2, Kind::Message(&SCOPE_SPANS)),
    field("schemaUrl", 3, Kind::Text),
];
static RESOURCE: [Field; 2] = [
    field("attributes", 1, Kind::Message(&ATTRIBUTE)),
    field("droppedAttributesCount", 2, Kind::Number),
];
static SCOPE_SPANS: [Field; 3] = [
    field("scope", 1, Kind::Message(&SCOPE)),
    field("spans", 2, Kind::Message(&SPAN)),
    field("schemaUrl", 3, Kind::Text),
];
static SCOPE: [Field; 4] = [
    field("name", 1, Kind::Text),
    field("version", 2, Kind::Text),
    field("attributes", 3, Kind::Message(&ATTRIBUTE)),
    field("droppedAttributesCount", 4, Kind::Number),
];
static SPAN: [Field; 16] = [
    field("traceId", 1, Kind::Id),
    field("spanId", 2, Kind::Id),
    field("traceState", 3, Kind::Text),
    field("parentSpanId", 4, Kind::Id),
    field("name", 5, Kind::Text),
    field("kind", 6, Kind::Number),
    field("startTimeUnixNano", 7, Kind::Fixed64),
    field("endTimeUnixNano", 8, Kind::Fixed64),
    field("attributes", 9, Kind::Message(&ATTRIBUTE)),
    field("droppedAttributesCount", 10, Kind::Number),
    field("events", 11, Kind::Message(&EVENT)),
    field("droppedEventsCount", 12, Kind::Number),
    field("links", 13, Kind::Message(&LINK)),
    field("droppedLinksCount", 14, Kind::Number),
    field("status", 15, Kind::Message(&STATUS)),
    field("flags", 16, Kind::Fixed32),
];
static EVENT: [Field; 4] = [
    field("timeUnixNano", 1, Kind::Fixed64),
    field("name", 2, Kind::Text),
    field("attributes", 3, Kind::Message(&ATTRIBUTE)),
    field("droppedAttributesCount", 4, Kind::Number),
];
static LINK: [Field; 6] = [
    field("traceId", 1, Kind::Id),
    field("spanId", 2, Kind::Id),
    field("traceState", 3, Kind::Text),
    field("attributes", 4, Kind::Message(&ATTRIBUTE)),
    field("droppedAttributesCount", 5, Kind::Number),
    field("flags", 6, Kind::Fixed32),
];
static STATUS: [Field; 2] = [field("message", 2, Kind::Text), field("code", 3, Kind::Number)];
static ATTRIBUTE: [Field; 2] =
    [field("key", 1, Kind::Text), field("value", 2, Kind::Message(&VALUE))];
static VALUE: [Field; 7] = [
    field("stringValue", 1, Kind::Text),
    field("boolValue", 2, Kind::Flag),
    field("intValue", 3, Kind::Number),
    field("doubleValue", 4, Kind::Double),
    field("arrayValue", 5, Kind::Message(&LIST)),
    field("kvlistValue", 6, Kind::Message(&MAP)),
    field("bytesValue", 7, Kind::Base64),
];
static LIST: [Field; 1] = [field("values", 1, Kind::Message(&VALUE))];
static MAP: [Field; 1] = [field("values", 1, Kind::Message(&ATTRIBUTE))];

/// The protobuf bytes of an export request, which are those of `TracesData` too.
///
/// # Errors
/// If the JSON is no such request; the message names the field.
pub fn to_protobuf(request: &Value) -> Result<Vec<u8>> {
    message(&REQUEST, request)
}

fn message(fields: &[Field], value: &Value) -> Result<Vec<u8>> {
    let object = value.as_object().with_context(|| format!("no object: {value}"))?;
    if let Some(name) = object.keys().find(|name| fields.iter().all(|f| f.name != name.as_str())) {
        bail!("no field of OTLP: {name}");
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
        Kind::Number => {
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
        return message(fields, value);
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

fn from_base64(text: &str) -> Result<Vec<u8>> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    ensure!(text.len().is_multiple_of(4), "no base64: {text}");
    let mut out = Vec::new();
    let (mut bits, mut held) = (0u32, 0);
    for digit in text.trim_end_matches('=').bytes() {
        let value = DIGITS.iter().position(|&d| d == digit);
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
        assert_eq!(to_hex(&to_protobuf(&request).unwrap()), resource);
    }

    #[test]
    fn bytes_that_are_no_text_are_kept() {
        let name = json!({"$bytes": "fffe"});
        let request = json!({"resourceSpans": [{"schemaUrl": name}]});
        assert_eq!(to_hex(&to_protobuf(&request).unwrap()), "0a041a02fffe");
        assert_eq!(from_base64("AAECA//+").unwrap(), [0, 1, 2, 3, 0xff, 0xfe]);
        assert_eq!(from_base64("/w==").unwrap(), [0xff]);
    }

    #[test]
    fn what_is_not_otlp_is_named() {
        let wrong = to_protobuf(&json!({"resourceSpans": [{"scope_spans": []}]})).unwrap_err();
        assert!(format!("{wrong:#}").contains("scope_spans"), "{wrong:#}");
    }
}

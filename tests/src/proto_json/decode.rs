//! Protobuf to JSON.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value, json};

use super::{Field, Kind, Message};
use crate::vectors::to_hex;

/// Messages within messages that are read, as protobuf's own readers have it.
const DEPTH: usize = 100;

/// A message as JSON; what is not there is left out, and an empty list too.
///
/// # Errors
/// If the bytes are no such message, or have a field that is not known.
pub fn from_protobuf(fields: Message, bytes: &[u8]) -> Result<Value> {
    message(fields, bytes, DEPTH)
}

fn message(fields: Message, mut bytes: &[u8], depth: usize) -> Result<Value> {
    ensure!(depth > 0, "messages within messages without end");
    let mut object = Map::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let field = fields.iter().find(|field| u64::from(field.number) == tag >> 3);
        let field = field.with_context(|| format!("no field {} is known", tag >> 3))?;
        let value = value(field, tag & 7, &mut bytes, depth).with_context(|| field.name)?;
        if field.repeated {
            let list = object.entry(field.name).or_insert_with(|| json!([]));
            list.as_array_mut().context("a list that is none")?.push(value);
        } else {
            object.insert(field.name.to_owned(), value);
        }
    }
    Ok(object.into())
}

fn value(field: &Field, wire_type: u64, bytes: &mut &[u8], depth: usize) -> Result<Value> {
    Ok(match (&field.kind, wire_type) {
        (Kind::Number, 0) => varint(bytes)?.cast_signed().into(),
        (Kind::Long, 0) => varint(bytes)?.cast_signed().to_string().into(),
        (Kind::Flag, 0) => (varint(bytes)? != 0).into(),
        (Kind::Fixed64, 1) => u64::from_le_bytes(array(bytes)?).to_string().into(),
        (Kind::Double, 1) => double(f64::from_le_bytes(array(bytes)?)),
        (Kind::Fixed32, 5) => u32::from_le_bytes(array(bytes)?).into(),
        (kind, 2) => {
            let length = usize::try_from(varint(bytes)?).context("a length beyond all")?;
            let (part, rest) = bytes.split_at_checked(length).context("it is cut off")?;
            *bytes = rest;
            match kind {
                Kind::Text => match core::str::from_utf8(part) {
                    Ok(text) => text.into(),
                    Err(_) => json!({"$bytes": to_hex(part)}),
                },
                Kind::Id => to_hex(part).into(),
                Kind::Base64 => to_base64(part).into(),
                Kind::Message(fields) => message(fields, part, depth - 1)?,
                _ => bail!("a number that has a length"),
            }
        }
        _ => bail!("wire type {wire_type} does not suit it"),
    })
}

fn varint(bytes: &mut &[u8]) -> Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().context("it is cut off")?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    bail!("a number of more than 64 bits")
}

fn array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N]> {
    let (part, rest) = bytes.split_first_chunk().context("it is cut off")?;
    *bytes = rest;
    Ok(*part)
}

/// In the words that OTLP/JSON has for what is no number of JSON's.
fn double(value: f64) -> Value {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.into()
    } else {
        value.into()
    }
}

fn to_base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let index = bits >> (18 - 6 * digit) & 63;
            let is_there = usize::try_from(digit).is_ok_and(|digit| digit <= chunk.len());
            out.push(if is_there { super::BASE64[index as usize] as char } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{TRACES, from_base64, to_protobuf};
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let request = json!({"resourceSpans": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": {"$bytes": "ff"}}}]},
            "scopeSpans": [{"spans": [{
                "traceId": "0102", "name": "n", "kind": 3, "startTimeUnixNano": "18446744073709551615", "flags": 257,
                "attributes": [
                    {"key": "i", "value": {"intValue": "-9223372036854775808"}},
                    {"key": "d", "value": {"doubleValue": 1.5}},
                    {"key": "n", "value": {"doubleValue": "-Infinity"}},
                    {"key": "b", "value": {"boolValue": false}},
                    {"key": "y", "value": {"bytesValue": "AAECA//+"}},
                    {"key": "l", "value": {"arrayValue": {"values": [{"kvlistValue": {}}]}}},
                ],
                "status": {"message": "m", "code": 2},
            }]}],
        }]});
        let bytes = to_protobuf(TRACES, &request).unwrap();
        assert_eq!(from_protobuf(TRACES, &bytes).unwrap(), request);
        for end in 1..bytes.len() {
            assert!(from_protobuf(TRACES, &bytes[..end]).is_err(), "cut off at {end}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = from_protobuf(TRACES, &bytes);
        }

        #[test]
        fn base64_is_read_back(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(from_base64(&to_base64(&bytes)).unwrap(), bytes);
        }
    }
}

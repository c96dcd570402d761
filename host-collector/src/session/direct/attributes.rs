//! The values of a span as attributes.

use super::known::{Key, Known, Plain};
use super::line::{Put, Stop};
use crate::protobuf::varint_len;
use spandrel::wire::{NameRef, Value};

/// Writes values under the keys of their site.
#[inline(always)]
pub(super) fn attributes(
    put: &mut Put<'_>,
    known: &Known,
    site: &Plain,
    values: &[Value<'_>],
) -> Result<(), Stop> {
    if values.len() > site.keys.len() {
        return Err(Stop::NotPlain);
    }
    for (key, value) in site.keys.iter().zip(values) {
        match *value {
            Value::Bool(value) => {
                begin(put, key, 3)?;
                put.array([2, 0x10, u8::from(value)])?;
            }
            Value::I32(value) => int(put, key, value.into())?,
            Value::U32(value) => int(put, key, value.into())?,
            Value::I64(value) => int(put, key, value)?,
            Value::U64(value) => int(put, key, i64::try_from(value).or(Err(Stop::NotPlain))?)?,
            Value::F32(value) => double(put, key, value.into())?,
            Value::F64(value) => double(put, key, value)?,
            Value::Static(NameRef::Id(id)) => {
                let text = known.name(id).ok_or(Stop::NotPlain)?;
                begin(put, key, text.len())?;
                put.piece(text)?;
            }
            Value::Static(NameRef::Inline(text)) | Value::Text(text) => {
                bytes(put, key, 0x0a, text.as_bytes())?;
            }
            Value::Bytes(value) => bytes(put, key, 0x3a, value)?,
            Value::CutStatic(_) | Value::CutText(_) | Value::CutBytes(_) => {
                return Err(Stop::NotPlain);
            }
        }
    }
    Ok(())
}

/// Begins an attribute whose value takes so many bytes, those of its own length among them.
#[inline(always)]
fn begin(put: &mut Put<'_>, key: &Key, value_len: usize) -> Result<(), Stop> {
    let len = key.len() + value_len;
    match u8::try_from(len) {
        Ok(len @ ..0x80) => put.piece_with(&key.0, len),
        _ => begin_long(put, key, len),
    }
}

#[cold]
fn begin_long(put: &mut Put<'_>, key: &Key, len: usize) -> Result<(), Stop> {
    let (tag, rest) = key.0.bytes().split_at_checked(1).ok_or(Stop::NotPlain)?;
    put.bytes(tag)?;
    put.varint(len as u64)?;
    put.bytes(rest.get(1..).unwrap_or_default())
}

#[inline(always)]
fn int(put: &mut Put<'_>, key: &Key, value: i64) -> Result<(), Stop> {
    let value = value.cast_unsigned();
    if value < 1 << 14 {
        // Most are short.
        let [low, high, ..] = (value & 0x7f | (value >> 7) << 8).to_le_bytes();
        let is_long = u8::from(value > 0x7f);
        let len = 3 + usize::from(is_long);
        begin(put, key, len)?;
        return put.up_to([2 + is_long, 0x18, low | is_long << 7, high], len);
    }
    let len = 1 + varint_len(value);
    begin(put, key, 1 + len)?;
    put.varint(len as u64)?;
    put.array([0x18])?;
    put.varint(value)
}

#[inline]
fn double(put: &mut Put<'_>, key: &Key, value: f64) -> Result<(), Stop> {
    begin(put, key, 10)?;
    put.array([9, 0x21])?;
    put.array(value.to_bits().to_le_bytes())
}

fn bytes(put: &mut Put<'_>, key: &Key, tag: u8, bytes: &[u8]) -> Result<(), Stop> {
    let len = 1 + varint_len(bytes.len() as u64) + bytes.len();
    begin(put, key, varint_len(len as u64) + len)?;
    put.varint(len as u64)?;
    put.array([tag])?;
    put.varint(bytes.len() as u64)?;
    put.bytes(bytes)
}

//! Reading values by their types.

use crate::wire::value::next;
use crate::wire::{NameRef, Shape, Type, Value, Values};
use serde::de::{Error as _, SeqAccess};

/// Reads one value.
#[inline]
pub(super) fn value<'a, S: SeqAccess<'a>>(ty: Type, from: &mut S) -> Result<Value<'a>, S::Error> {
    Ok(match ty {
        Type::Bool => Value::Bool(next(from)?),
        Type::I32 => Value::I32(next(from)?),
        Type::U32 => Value::U32(next(from)?),
        Type::I64 => Value::I64(next(from)?),
        Type::U64 => Value::U64(next(from)?),
        Type::F32 => Value::F32(next(from)?),
        Type::F64 => Value::F64(next(from)?),
        Type::Static => Value::Static(name(from)?),
        Type::Text => Value::Text(next(from)?),
        Type::Bytes => Value::Bytes(next(from)?),
        Type::CutText => Value::CutText(next(from)?),
        Type::CutBytes => Value::CutBytes(next(from)?),
        Type::CutStatic => Value::CutStatic(name(from)?),
    })
}

/// Reads a string that is known by a number, or the string.
#[inline]
pub(super) fn name<'a, S: SeqAccess<'a>>(from: &mut S) -> Result<NameRef<'a>, S::Error> {
    match next::<u32, S>(from)?.checked_sub(1) {
        None => next(from).map(NameRef::Inline),
        Some(id) => u16::try_from(id).map(NameRef::Id).map_err(S::Error::custom),
    }
}

/// Reads the values that a shape types.
pub(super) fn values<'a, S: SeqAccess<'a>>(
    shape: Shape,
    from: &mut S,
) -> Result<Values<'a>, S::Error> {
    let mut values = Values::new();
    let mut are_too_many = false;
    each_value(shape, from, |value| are_too_many |= values.push(value).is_err())?;
    if are_too_many { Err(S::Error::custom("too many values")) } else { Ok(values) }
}

/// Reads the values that a shape types, one by one.
#[inline]
pub(super) fn each_value<'a, S: SeqAccess<'a>>(
    shape: Shape,
    from: &mut S,
    mut on_value: impl FnMut(Value<'a>),
) -> Result<(), S::Error> {
    // As `Shape::types` does, in fewer steps.
    let mut rest = shape.0;
    while rest & 15 != 0 {
        let ty = Type::from_nibble(rest & 15);
        on_value(value(ty.ok_or_else(|| S::Error::custom("unknown type of value"))?, from)?);
        rest >>= 4;
    }
    Ok(())
}

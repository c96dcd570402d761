//! W3C's binary form of `traceparent`: 29 bytes, as gRPC's `grpc-trace-bin` has them.
//!
//! ```text
//!  0         1   2          18  19        27  28
//!  | version | 0 | trace id | 1 | span id | 2 | flags |
//! ```
//!
//! Source: W3C Trace Context, binary protocol (draft). Bytes behind the 29 are padding. A version
//! above 0 is read as 0 where its fields are the same. Flags are those of [`super::w3c`]. Where it is
//! not valid a new trace begins ([`Rule::Restart`](super::Rule::Restart)).

use super::{ExtractError, Fault, Format, InjectError, checked, hex, long};
use crate::{SpanContext, SpanId, TraceFlags, TraceId};

/// Length of the form, in bytes.
pub const LEN: usize = 29;

/// The bytes of a context.
///
/// ```
/// # use spandrel::{SpanContext, SpanId, TraceFlags, TraceId, carrier::w3c_binary};
/// let context = SpanContext::new(TraceId([0xaa; 16]), SpanId([0xbb; 8]), TraceFlags::SAMPLED);
/// let bytes = w3c_binary::inject(&context)?;
/// assert_eq!(w3c_binary::extract(&bytes), Ok(context));
/// # Ok::<_, spandrel::carrier::InjectError>(())
/// ```
///
/// # Errors
/// Where the ids are not known here: see [`InjectError::OnlyShort`].
pub fn inject(context: &SpanContext) -> Result<[u8; LEN], InjectError> {
    let context = long(context)?;
    let mut bytes = [0; LEN];
    let rest = hex::put_bytes(&mut bytes, &[0, 0]);
    let rest = hex::put_bytes(hex::put_bytes(rest, &context.trace_id.0), &[1]);
    let rest = hex::put_bytes(rest, &context.span_id.0);
    hex::put_bytes(rest, &[2, u8::from(context.flags.is_sampled())]);
    Ok(bytes)
}

/// The context in these bytes.
///
/// # Errors
/// Where they are not of this form: see [`Fault`]. A new trace begins then.
pub fn extract(bytes: &[u8]) -> Result<SpanContext, ExtractError> {
    read(bytes).map_err(|fault| fault.of(Format::W3cBinary))
}

fn read(bytes: &[u8]) -> Result<SpanContext, Fault> {
    let length = Fault::Length { wanted: LEN, found: bytes.len() };
    let (_version, rest) = bytes.split_first().ok_or(length)?;
    let (trace, rest) = field::<16>(0, rest, length)?;
    let (span, rest) = field::<8>(1, rest, length)?;
    let ([flags], _padding) = field::<1>(2, rest, length)?;
    let flags = TraceFlags(flags & TraceFlags::SAMPLED.0);
    checked(SpanContext::new(TraceId(trace), SpanId(span), flags))
}

fn field<const N: usize>(
    number: u8,
    bytes: &[u8],
    length: Fault,
) -> Result<([u8; N], &[u8]), Fault> {
    let (found, rest) = bytes.split_first().ok_or(length)?;
    if *found != number {
        return Err(Fault::Field(*found));
    }
    let (value, rest) = rest.split_first_chunk().ok_or(length)?;
    Ok((*value, rest))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bytes_are_an_error_or_a_context, context, vectors};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vectors_are_read_and_written() {
        for vector in vectors(include_str!("../../../tests/vectors/carrier-w3c-binary.txt")) {
            let found = extract(&vector.bytes);
            vector.assert_context(Format::W3cBinary, found);
            if let Ok(context) = found {
                assert_eq!(inject(&context).unwrap()[1..28], vector.bytes[1..28], "{vector:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_injected_is_extracted(mut context in context()) {
            context.flags.0 &= 1;
            prop_assert_eq!(extract(&inject(&context).unwrap()), Ok(context));
        }

        #[test]
        fn garbage_is_an_error_or_what_it_says(
            bytes in prop::collection::vec(any::<u8>(), 0..40), context in context(),
        ) {
            bytes_are_an_error_or_a_context(&inject(&context).unwrap(), &bytes, extract)?;
        }
    }
}

//! Our binary form: 25 bytes.
//!
//! ```text
//!  0        1          17        25
//!  | head   | trace id | span id |
//!    version 4 bits (1) | 0 | baggage follows | debug | sampled
//! ```
//!
//! Ids are big-endian, as in W3C's headers. What follows behind the 25 bytes when the third flag is
//! set is baggage; a reader that does not know it skips it.

use super::{ExtractError, checked};
use crate::{SpanContext, SpanId, TraceFlags, TraceId};

/// Length of the form without baggage, in bytes.
pub const LEN: usize = 25;

const VERSION: u8 = 1;
const BAGGAGE: u8 = 4;

/// The bytes of a context.
///
/// ```
/// # use spandrel::{SpanContext, SpanId, TraceFlags, TraceId, carrier::binary};
/// let context = SpanContext::new(TraceId([0xaa; 16]), SpanId([0xbb; 8]), TraceFlags::SAMPLED);
/// let bytes = binary::inject(&context);
/// assert_eq!(binary::extract(&bytes), Ok(context));
/// ```
#[must_use]
pub fn inject(context: &SpanContext) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    let flags = context.flags.0 & (TraceFlags::SAMPLED.0 | TraceFlags::DEBUG.0);
    let head = [VERSION << 4 | flags];
    let parts = head.iter().chain(&context.trace_id.0).chain(&context.span_id.0);
    bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
    bytes
}

/// The context in these bytes.
///
/// # Errors
/// Where they are not of this form: see [`ExtractError`]. Bytes behind the 25 are an error too,
/// unless the flag of baggage is set.
pub fn extract(bytes: &[u8]) -> Result<SpanContext, ExtractError> {
    let length = ExtractError::Length { wanted: LEN, found: bytes.len() };
    let (head, rest) = bytes.split_first().ok_or(length)?;
    if head >> 4 != VERSION {
        return Err(ExtractError::Version(head >> 4));
    }
    let flags = head & 0xf;
    if flags & 8 != 0 {
        return Err(ExtractError::Flags(flags));
    }
    let (trace, rest) = rest.split_first_chunk().ok_or(length)?;
    let (span, rest) = rest.split_first_chunk().ok_or(length)?;
    if !rest.is_empty() && flags & BAGGAGE == 0 {
        return Err(length);
    }
    let flags = TraceFlags(flags & (TraceFlags::SAMPLED.0 | TraceFlags::DEBUG.0));
    checked(SpanContext::new(TraceId(*trace), SpanId(*span), flags))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vectors() {
        for line in include_str!("../../../tests/vectors/carrier-binary.txt").lines() {
            let (hex, context) = super::super::tests::vector(line);
            assert_eq!(extract(&hex), context, "{line}");
            if let Ok(context) = context {
                let injected = inject(&context);
                assert_eq!(injected[0], hex[0] & !BAGGAGE, "{line}");
                assert_eq!(injected[1..], hex[1..LEN], "{line}");
            }
        }
    }

    proptest! {
        #[test]
        fn garbage_is_an_error_or_what_it_says(
            mut bytes in prop::collection::vec(any::<u8>(), 0..40),
            known in any::<bool>(),
        ) {
            if let Some(head) = bytes.first_mut().filter(|_| known) {
                *head = 0x11;
                bytes.resize(LEN, 0);
            }
            if let Ok(context) = extract(&bytes) {
                prop_assert!(!context.trace_id.is_zero() && !context.span_id.is_zero());
                prop_assert_eq!(&inject(&context)[1..], &bytes[1..LEN]);
            }
        }
    }
}

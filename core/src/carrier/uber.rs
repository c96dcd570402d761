//! `uber-trace-id`, the header of Jaeger's clients: `{trace}:{span}:{parent}:{flags}` in hexadecimal.
//!
//! The parent is deprecated and written as 0. Read are also what older clients write: ids without
//! leading zeros, 64-bit trace ids, and `%3A` for the colons. Source: Jaeger's client libraries
//! documentation, "Propagation format".

use super::{ExtractError, checked};
use crate::{SpanContext, SpanId, TraceFlags, TraceId};
use core::fmt::Write;
use heapless::String;

/// The header's name; names of headers have no case.
pub const HEADER: &str = "uber-trace-id";

/// The longest text that [`inject`] gives, in bytes.
pub const MAX_LEN: usize = 32 + 1 + 16 + 1 + 1 + 1 + 2;

/// The header's value for a context.
///
/// ```
/// # use spandrel::{SpanContext, SpanId, TraceFlags, TraceId, carrier::uber};
/// let context = SpanContext::new(TraceId([0xaa; 16]), SpanId([0xbb; 8]), TraceFlags::SAMPLED);
/// let text = uber::inject(&context);
/// assert_eq!(text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:bbbbbbbbbbbbbbbb:0:1");
/// assert_eq!(uber::extract(&text), Ok(context));
/// ```
#[must_use]
pub fn inject(context: &SpanContext) -> String<MAX_LEN> {
    let mut text = String::new();
    let flags = context.flags.0 & (TraceFlags::SAMPLED.0 | TraceFlags::DEBUG.0);
    // The text is as long as the longest: writing cannot fail.
    let _ = write!(text, "{}:{}:0:{flags:x}", context.trace_id, context.span_id);
    text
}

/// The context in the header's value.
///
/// # Errors
/// Where it is not of this form: see [`ExtractError`].
pub fn extract(text: &str) -> Result<SpanContext, ExtractError> {
    let mut parts = Parts { rest: Some(text) };
    let mut part = |max| number(parts.next().ok_or(ExtractError::Parts)?, max);
    let (trace, span, _parent, flags) = (part(32)?, part(16)?, part(16)?, part(2)?);
    if parts.next().is_some() {
        return Err(ExtractError::Parts);
    }
    let [.., flags] = flags.to_be_bytes();
    let [_, _, _, _, _, _, _, _, span @ ..] = span.to_be_bytes();
    let known = TraceFlags::SAMPLED.0 | TraceFlags::DEBUG.0;
    // Debug without sampled is what a client means that sets the second flag alone.
    let debug = if flags & TraceFlags::DEBUG.0 != 0 { TraceFlags::SAMPLED.0 } else { 0 };
    checked(SpanContext::new(
        TraceId(trace.to_be_bytes()),
        SpanId(span),
        TraceFlags(flags & known | debug),
    ))
}

/// The parts between colons, which may be escaped.
struct Parts<'a> {
    rest: Option<&'a str>,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest.take()?;
        let Some(at) = text.find([':', '%']) else { return Some(text) };
        let (part, colon) = text.split_at_checked(at)?;
        let rest = colon
            .strip_prefix(':')
            .or_else(|| colon.strip_prefix("%3A"))
            .or_else(|| colon.strip_prefix("%3a"));
        self.rest = Some(rest.unwrap_or(colon));
        Some(part)
    }
}

fn number(digits: &str, max: usize) -> Result<u128, ExtractError> {
    // `from_str_radix` takes a sign, which no client writes.
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if digits.is_empty() || digits.len() > max || !is_hex {
        return Err(ExtractError::NotHex);
    }
    u128::from_str_radix(digits, 16).map_err(|_| ExtractError::NotHex)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vectors() {
        for line in include_str!("../../../tests/vectors/carrier-uber.txt").lines() {
            let (text, context) = super::super::tests::vector(line);
            let text = std::string::String::from_utf8(text).unwrap();
            assert_eq!(extract(&text), context, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_injected_is_extracted(
            trace in 1..u128::MAX, span in 1..u64::MAX, flags in 0..2_u8
        ) {
            let (trace_id, span_id) = (TraceId(trace.to_be_bytes()), SpanId(span.to_be_bytes()));
            let context = SpanContext::new(trace_id, span_id, TraceFlags(flags | flags << 1));
            let text = inject(&context);
            prop_assert_eq!(extract(&text), Ok(context));
            let escaped = text.replace(':', "%3A");
            prop_assert_eq!(extract(&escaped), Ok(context));
        }

        #[test]
        fn garbage_does_no_harm(text in "[0-9a-g:%A3+-]{0,60}", other in "\\PC{0,40}") {
            for text in [text, other] {
                if let Ok(context) = extract(&text) {
                    prop_assert!(!context.trace_id.is_zero() && !context.span_id.is_zero());
                }
            }
        }
    }
}

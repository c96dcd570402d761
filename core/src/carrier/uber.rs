//! `uber-trace-id`, the header of Jaeger's clients, and baggage in headers that begin with `uberctx-`.
//!
//! ```text
//! uber-trace-id: {trace id}:{span id}:{parent id}:{flags}      in hexadecimal digits
//! uberctx-{key}: {value, escaped}                              for each item of baggage
//! ```
//!
//! The parent is deprecated and written as 0. Of the flags 1 is sampled, 2 debug. Read are also what
//! older clients write: ids without leading zeros, 64-bit trace ids, upper-case digits, and `%3A` for the
//! colons. What is not of the form is corrupted ([`Rule::Error`](super::Rule::Error)). Sources:
//! Jaeger's documentation of its client libraries, "Propagation format", and its clients for Go and
//! Python.

use super::escape::{Plus, escape};
use super::text::{is_token, only, trim};
use super::{
    Carried, ExtractError, Fault, Format, InjectError, TextReader, TextWriter, checked, hex,
    jaeger_flags, long, text_of,
};
use crate::{SpanContext, SpanId, TraceFlags, TraceId};
use heapless::{String, Vec};

/// The header's name; names of headers have no case.
pub const HEADER: &str = "uber-trace-id";

/// What the names of headers with baggage begin with, before the key.
pub const BAGGAGE_PREFIX: &str = "uberctx-";

/// The longest key of baggage that is written, in bytes.
pub const MAX_KEY_LEN: usize = 64;

/// Length of the header's value as it is written, in bytes.
pub const LEN: usize = 32 + 1 + 16 + ":0:".len() + 1;

/// The header's value for a context.
///
/// ```
/// # use spandrel::{SpanContext, SpanId, TraceFlags, TraceId, carrier::uber};
/// let context = SpanContext::new(TraceId([0xaa; 16]), SpanId([0xbb; 8]), TraceFlags::SAMPLED);
/// let text = uber::value(&context)?;
/// assert_eq!(text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:bbbbbbbbbbbbbbbb:0:1");
/// assert_eq!(uber::parse(&text), Ok(context));
/// # Ok::<_, spandrel::carrier::InjectError>(())
/// ```
///
/// # Errors
/// Where the ids are not known here: see [`InjectError::OnlyShort`].
pub fn value(context: &SpanContext) -> Result<String<LEN>, InjectError> {
    text_of(context, write)
}

/// The context that a value of the header is.
///
/// # Errors
/// Where it is none: see [`Fault`].
pub fn parse(text: &str) -> Result<SpanContext, ExtractError> {
    read(text).map_err(|fault| fault.of(Format::Uber))
}

/// Sets the header.
///
/// # Errors
/// If the writer has no room.
/// Where the ids are not known here: see [`InjectError::OnlyShort`].
pub fn inject(
    context: &SpanContext,
    writer: &mut (impl TextWriter + ?Sized),
) -> Result<(), InjectError> {
    Ok(writer.set(HEADER, write(long(context)?, &mut [0; LEN]))?)
}

/// The context in the header; none if there is no such header.
///
/// # Errors
/// Where it is not of the form, or there is more than one: see [`Fault`].
pub fn extract(reader: &(impl TextReader + ?Sized)) -> Result<Option<SpanContext>, ExtractError> {
    let mut context = None;
    let found = only(reader, HEADER, |text| read(text).map(|found| context = Some(found)));
    found.map(|_| context).map_err(|fault| fault.of(Format::Uber))
}

/// Sets a header for each item, whose value has at most `N` bytes escaped, which are on the stack.
///
/// A key must be a token, as names of headers are, and no longer than [`MAX_KEY_LEN`]. Readers have it
/// in lower case.
///
/// ```
/// # use spandrel::carrier::uber;
/// let mut headers = heapless::String::<64>::new();
/// assert!(uber::inject_baggage::<32>(&[("who", "Amélie")], &mut headers).is_whole());
/// assert_eq!(headers, "uberctx-who: Am%C3%A9lie\r\n");
/// ```
pub fn inject_baggage<const N: usize>(
    items: &(impl TextReader + ?Sized),
    writer: &mut (impl TextWriter + ?Sized),
) -> Carried {
    let mut carried = Carried::default();
    items.each(&mut |key, value| {
        if !is_token(key) {
            return carried.count_malformed();
        }
        let mut name = String::<{ BAGGAGE_PREFIX.len() + MAX_KEY_LEN }>::new();
        let mut escaped = Vec::<u8, N>::new();
        let is_written = name.push_str(BAGGAGE_PREFIX).is_ok()
            && name.push_str(key).is_ok()
            && escape(value, &mut escaped).is_some()
            && core::str::from_utf8(&escaped).is_ok_and(|value| writer.set(&name, value).is_ok());
        carried.count(is_written);
    });
    carried
}

/// Gives the items in the headers to `sink`, with their keys in lower case.
///
/// A plus sign is a space, as the clients for Go and Java write it; the others escape it. A value that
/// has escapes may be 256 bytes long without them, a key [`MAX_KEY_LEN`]; longer ones find no room.
pub fn extract_baggage(
    reader: &(impl TextReader + ?Sized),
    sink: &mut (impl TextWriter + ?Sized),
) -> Carried {
    let mut carried = Carried::default();
    reader.each(&mut |name, value| {
        let Some((prefix, key)) = name.split_at_checked(BAGGAGE_PREFIX.len()) else { return };
        if !prefix.eq_ignore_ascii_case(BAGGAGE_PREFIX) {
            return;
        }
        match String::<MAX_KEY_LEN>::try_from(key) {
            Ok(_) if key.is_empty() => carried.count_malformed(),
            Ok(mut key) => {
                key.make_ascii_lowercase();
                carried.unescape(&key, trim(value), Plus::Space, sink);
            }
            Err(_) => carried.count(false),
        }
    });
    carried
}

fn write<'a>(context: &SpanContext, text: &'a mut [u8; LEN]) -> &'a str {
    let flags = context.flags.0 & TraceFlags::ALL.0;
    let rest = hex::put_bytes(hex::put(text, &context.trace_id.0), b":");
    hex::put_bytes(hex::put(rest, &context.span_id.0), &[b':', b'0', b':', b'0' + flags]);
    // Digits and colons are ASCII.
    hex::ascii(text).unwrap_or_default()
}

fn read(text: &str) -> Result<SpanContext, Fault> {
    let mut parts = Parts { rest: Some(text.as_bytes()) };
    let mut part = || parts.next().ok_or(Fault::Parts);
    let trace = hex::padded(part()?)?;
    let span = hex::padded(part()?)?;
    let _parent: [u8; 8] = hex::padded(part()?)?;
    let [flags] = hex::padded(part()?)?;
    if parts.next().is_some() {
        return Err(Fault::Parts);
    }
    checked(SpanContext::new(TraceId(trace), SpanId(span), jaeger_flags(flags)))
}

/// The parts between colons, which may be escaped.
struct Parts<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.rest.take()?;
        let at = text.iter().position(|byte| matches!(byte, b':' | b'%'));
        let Some(at) = at else { return Some(text) };
        let (part, colon) = text.split_at_checked(at)?;
        // Another escape stands for what is in no part.
        let rest = colon
            .strip_prefix(b":")
            .or_else(|| colon.strip_prefix(b"%3A"))
            .or_else(|| colon.strip_prefix(b"%3a"))
            .unwrap_or(colon);
        self.rest = Some(rest);
        Some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Pairs, context, texts_are_an_error_or_a_context, vectors};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vectors_are_read() {
        for vector in vectors(include_str!("../../../tests/vectors/carrier-uber.txt")) {
            vector.assert_context(Format::Uber, parse(&vector.text()));
        }
    }

    proptest! {
        #[test]
        fn what_is_injected_is_extracted(mut context in context()) {
            context.flags = jaeger_flags(context.flags.0);
            let text = value(&context).unwrap();
            prop_assert_eq!(parse(&text), Ok(context));
            prop_assert_eq!(parse(&text.replace(':', "%3A")), Ok(context));
            let mut headers = Pairs::new();
            inject(&context, &mut headers).unwrap();
            prop_assert_eq!(extract(&headers), Ok(Some(context)));
        }

        #[test]
        fn baggage_comes_back(items in prop::collection::vec(("[a-z0-9_.-]{1,20}", "\\PC{0,30}"), 0..5)) {
            let mut headers = Pairs::new();
            prop_assert!(inject_baggage::<400>(&items, &mut headers).is_whole());
            let mut baggage = Pairs::new();
            prop_assert!(extract_baggage(&headers, &mut baggage).is_whole());
            prop_assert_eq!(baggage, items);
        }

        #[test]
        fn garbage_is_an_error_or_what_it_says(
            text in "[0-9a-g:%A3+-]{0,60}", other in "\\PC{0,40}", context in context(),
        ) {
            for text in [text, other] {
                texts_are_an_error_or_a_context(&value(&context).unwrap(), &text, parse)?;
                let headers = [("uberctx-k", text.as_str()), (text.as_str(), "v")];
                let mut baggage = Pairs::new();
                let carried = extract_baggage(&headers, &mut baggage);
                prop_assert_eq!(usize::from(carried.items), baggage.len());
            }
        }
    }
}

//! The binary form of Jaeger's clients: 37 bytes, then baggage.
//!
//! ```text
//!  0          16        24          32      33
//!  | trace id | span id | parent id | flags | number of items 4 | items ...
//! an item: length 4 | key | length 4 | value
//! ```
//!
//! Numbers are big-endian. Source: Jaeger's clients for Go and Python, which read nothing behind the
//! items; neither is anything there an error here. The parent is deprecated and written as 0. Of the
//! flags 1 is sampled and 2 debug. As in the client for Go at most 180 items are read, of at most
//! 4096 bytes each. What is not of the form is corrupted ([`Rule::Error`](super::Rule::Error)).

use super::items::Length;
use super::{
    Carried, ExtractError, Fault, Format, InjectError, NoRoom, TextReader, TextWriter, checked,
    hex, jaeger_flags, long,
};
use crate::{SpanContext, SpanId, TraceFlags, TraceId};

/// Length of the form without baggage, in bytes.
pub const LEN: usize = 37;

/// The most items of baggage.
pub const MAX_ITEMS: usize = 180;

/// The longest item of baggage, key and value together, in bytes.
pub const MAX_ITEM_LEN: usize = 4096;

/// The bytes of a context without baggage.
///
/// # Errors
/// Where the ids are not known here: see [`InjectError::OnlyShort`].
pub fn inject(context: &SpanContext) -> Result<[u8; LEN], InjectError> {
    let context = long(context)?;
    let mut bytes = [0; LEN];
    let flags = context.flags.0 & TraceFlags::ALL.0;
    let rest = hex::put_bytes(&mut bytes, &context.trace_id.0);
    let rest = hex::put_bytes(rest, &context.span_id.0);
    hex::put_bytes(rest, &[0, 0, 0, 0, 0, 0, 0, 0, flags]);
    Ok(bytes)
}

/// Puts a context and its baggage into `buffer`: the bytes that they take, and what was carried.
///
/// ```
/// # use spandrel::{SpanContext, SpanId, TraceFlags, TraceId, carrier::jaeger_binary};
/// let context = SpanContext::new(TraceId([0xaa; 16]), SpanId([0xbb; 8]), TraceFlags::SAMPLED);
/// let mut buffer = [0; 100];
/// let items = [("greeting", "Bonjour")];
/// let (bytes, carried) = jaeger_binary::inject_with_baggage(&context, &items, &mut buffer)?;
/// assert_eq!((bytes.len(), carried.items), (60, 1));
/// # Ok::<_, spandrel::carrier::InjectError>(())
/// ```
///
/// # Errors
/// If there is no room for the context. Items that do not fit are left out and counted.
pub fn inject_with_baggage<'a>(
    context: &SpanContext,
    items: &(impl TextReader + ?Sized),
    buffer: &'a mut [u8],
) -> Result<(&'a [u8], Carried), InjectError> {
    let (head, room) = buffer.split_first_chunk_mut::<LEN>().ok_or(NoRoom)?;
    *head = inject(context)?;
    let (len, carried) = Length::Four.write(items, room, MAX_ITEMS, MAX_ITEM_LEN);
    if let Some(count) = head.last_chunk_mut::<4>() {
        *count = u32::from(carried.items).to_be_bytes();
    }
    Ok((buffer.get(..LEN + len).ok_or(NoRoom)?, carried))
}

/// The context in these bytes, whatever its baggage is.
///
/// # Errors
/// Where they are not of this form: see [`Fault`].
pub fn extract(bytes: &[u8]) -> Result<SpanContext, ExtractError> {
    head(bytes).map(|(context, _, _)| context).map_err(|fault| fault.of(Format::JaegerBinary))
}

/// The context in these bytes; the items of its baggage go to `sink`.
///
/// An item that is not UTF-8 is left out and counted as malformed.
///
/// # Errors
/// As [`extract`], and where the baggage is cut off or over the limits; `sink` has got nothing then.
pub fn extract_with_baggage(
    bytes: &[u8],
    sink: &mut (impl TextWriter + ?Sized),
) -> Result<(SpanContext, Carried), ExtractError> {
    read(bytes, sink).map_err(|fault| fault.of(Format::JaegerBinary))
}

fn head(bytes: &[u8]) -> Result<(SpanContext, u32, &[u8]), Fault> {
    let length = Fault::Length { wanted: LEN, found: bytes.len() };
    let (trace, rest) = bytes.split_first_chunk().ok_or(length)?;
    let (span, rest) = rest.split_first_chunk().ok_or(length)?;
    let (_parent, rest) = rest.split_first_chunk::<8>().ok_or(length)?;
    let ([flags], rest) = rest.split_first_chunk().ok_or(length)?;
    let (count, rest) = rest.split_first_chunk().ok_or(length)?;
    let flags = jaeger_flags(*flags);
    let context = checked(SpanContext::new(TraceId(*trace), SpanId(*span), flags))?;
    Ok((context, u32::from_be_bytes(*count), rest))
}

fn read(
    bytes: &[u8],
    sink: &mut (impl TextWriter + ?Sized),
) -> Result<(SpanContext, Carried), Fault> {
    let (context, count, rest) = head(bytes)?;
    let count = usize::try_from(count).ok().filter(|count| *count <= MAX_ITEMS);
    let count = count.ok_or(Fault::Baggage)?;
    Length::Four.behind(count, rest, MAX_ITEM_LEN)?;
    Ok((context, Length::Four.each(count, rest, sink)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Pairs, bytes_are_an_error_or_a_context, context, vectors};
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[test]
    fn vectors_are_read_and_written() {
        for vector in vectors(include_str!("../../../tests/vectors/carrier-jaeger-binary.txt")) {
            let mut baggage = Pairs::new();
            let found = extract_with_baggage(&vector.bytes, &mut baggage);
            vector.assert_context(Format::JaegerBinary, found.map(|(context, _)| context));
            vector.assert_baggage(&baggage);
            let Ok((context, carried)) = found else { continue };
            assert!(carried.is_whole());
            let mut buffer = [0; 500];
            let (bytes, _) = inject_with_baggage(&context, &baggage, &mut buffer).unwrap();
            // All but the parent and flags that are not kept.
            assert_eq!(bytes[..24], vector.bytes[..24], "{vector:?}");
            assert_eq!(bytes[33..], vector.bytes[33..], "{vector:?}");
        }
    }

    #[test]
    fn what_is_over_the_limits_is_corrupted_and_never_written() {
        let context = SpanContext::new(TraceId([1; 16]), SpanId([2; 8]), TraceFlags::SAMPLED);
        let items: Pairs = (0..181).map(|n| (std::format!("{n}"), "".into())).collect();
        let mut buffer = [0; 8000];
        let (bytes, carried) = inject_with_baggage(&context, &items, &mut buffer).unwrap();
        assert_eq!(carried, Carried { items: 180, no_room: 1, malformed: 0 });
        let mut bytes = bytes.to_vec();
        let mut baggage = Pairs::new();
        assert!(extract_with_baggage(&bytes, &mut baggage).is_ok_and(|(_, c)| c.items == 180));
        bytes[36] = 181;
        bytes.extend([0, 0, 0, 1, b'k', 0, 0, 0, 0]);
        assert_eq!(extract_with_baggage(&bytes, &mut baggage).unwrap_err().fault, Fault::Baggage);

        let long = "x".repeat(MAX_ITEM_LEN);
        let items = [("", long.as_str()), ("k", &long)];
        let (bytes, carried) = inject_with_baggage(&context, &items, &mut buffer).unwrap();
        assert_eq!(carried, Carried { items: 1, no_room: 1, malformed: 0 });
        let mut bytes = bytes.to_vec();
        assert!(extract_with_baggage(&bytes, &mut Pairs::new()).is_ok());
        bytes[40] = 1;
        bytes.insert(41, b'k');
        assert_eq!(extract_with_baggage(&bytes, &mut baggage).unwrap_err().fault, Fault::Baggage);
        assert_eq!(baggage.len(), 180);
    }

    proptest! {
        #[test]
        fn what_is_injected_is_extracted(
            mut context in context(),
            items in prop::collection::vec(("\\PC{0,10}", "\\PC{0,30}"), 0..6),
        ) {
            context.flags = jaeger_flags(context.flags.0);
            let mut buffer = [0; 1000];
            let (bytes, carried) = inject_with_baggage(&context, &items, &mut buffer).unwrap();
            prop_assert_eq!(usize::from(carried.items), items.len());
            let mut baggage = Vec::new();
            let found = extract_with_baggage(bytes, &mut baggage);
            prop_assert_eq!(found, Ok((context, carried)));
            prop_assert_eq!(baggage, items);
        }

        #[test]
        fn garbage_is_an_error_or_what_it_says(
            bytes in prop::collection::vec(any::<u8>(), 0..60), context in context(),
        ) {
            let whole = inject(&context).unwrap();
            bytes_are_an_error_or_a_context(&whole, &bytes, extract)?;
            bytes_are_an_error_or_a_context(&whole, &bytes, |bytes| {
                extract_with_baggage(bytes, &mut Pairs::new()).map(|(context, _)| context)
            })?;
        }
    }
}

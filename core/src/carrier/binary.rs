//! Our binary form: 25 bytes, and behind them the baggage, if there is any.
//!
//! ```text
//!  0      1          17        25                 26
//!  | head | trace id | span id | number of items 1 | items ...
//!    version 4 bits (1) | 0 | baggage follows | debug | sampled
//! an item: length 1 | key | length 1 | value
//! ```
//!
//! Ids are big-endian, as in W3C's headers. Keys and values are UTF-8, of at most 255 bytes each. What is
//! not of the form is an error ([`Rule::Error`](super::Rule::Error)).

use super::items::Length;
use super::{
    Carried, ExtractError, Fault, Format, InjectError, NoRoom, TextReader, TextWriter, checked,
    hex, long,
};
use crate::{SpanContext, SpanId, TraceFlags, TraceId};

/// Length of the form without baggage, in bytes.
pub const LEN: usize = 25;

/// The most items of baggage.
pub const MAX_ITEMS: usize = 255;

const VERSION: u8 = 1;
const BAGGAGE: u8 = 4;

/// The bytes of a context without baggage.
///
/// ```
/// # use spandrel::{SpanContext, SpanId, TraceFlags, TraceId, carrier::binary};
/// let context = SpanContext::new(TraceId([0xaa; 16]), SpanId([0xbb; 8]), TraceFlags::SAMPLED);
/// let bytes = binary::inject(&context)?;
/// assert_eq!(binary::extract(&bytes), Ok(context));
/// # Ok::<_, spandrel::carrier::InjectError>(())
/// ```
///
/// # Errors
/// Where the ids are not known here: see [`InjectError::OnlyShort`].
pub fn inject(context: &SpanContext) -> Result<[u8; LEN], InjectError> {
    let context = long(context)?;
    let mut bytes = [0; LEN];
    let flags = context.flags.0 & TraceFlags::ALL.0;
    let rest = hex::put_bytes(&mut bytes, &[VERSION << 4 | flags]);
    let rest = hex::put_bytes(rest, &context.trace_id.0);
    hex::put_bytes(rest, &context.span_id.0);
    Ok(bytes)
}

/// Puts a context and its baggage into `buffer`: the bytes that they take, and what was carried.
///
/// Without items it is the 25 bytes of [`inject`].
///
/// ```
/// # use spandrel::{SpanContext, SpanId, TraceFlags, TraceId, carrier::binary};
/// let context = SpanContext::new(TraceId([0xaa; 16]), SpanId([0xbb; 8]), TraceFlags::SAMPLED);
/// let mut buffer = [0; 64];
/// let items = [("greeting", "Bonjour")];
/// let (bytes, carried) = binary::inject_with_baggage(&context, &items, &mut buffer)?;
/// assert_eq!((bytes.len(), carried.items), (25 + 1 + 1 + 8 + 1 + 7, 1));
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
    let (count, room) = match room.split_first_mut() {
        Some((count, room)) => (Some(count), room),
        None => (None, [].as_mut_slice()),
    };
    let (len, carried) = Length::One.write(items, room, MAX_ITEMS, usize::MAX);
    let mut end = LEN;
    if let (Some(count), Ok(found), [head, ..]) = (count, u8::try_from(carried.items), head)
        && found > 0
    {
        *count = found;
        *head |= BAGGAGE;
        end += 1 + len;
    }
    Ok((buffer.get(..end).ok_or(NoRoom)?, carried))
}

/// The context in these bytes, whatever its baggage is.
///
/// # Errors
/// Where they are not of this form: see [`Fault`]. Bytes behind the 25 are an error too, unless the
/// flag of baggage is set.
pub fn extract(bytes: &[u8]) -> Result<SpanContext, ExtractError> {
    head(bytes).map(|(context, _)| context).map_err(|fault| fault.of(Format::Binary))
}

/// The context in these bytes; the items of its baggage go to `sink`.
///
/// An item that is not UTF-8 is left out and counted as malformed.
///
/// # Errors
/// As [`extract`], and where the baggage is cut off, or something is behind it; `sink` has got nothing
/// then.
pub fn extract_with_baggage(
    bytes: &[u8],
    sink: &mut (impl TextWriter + ?Sized),
) -> Result<(SpanContext, Carried), ExtractError> {
    read(bytes, sink).map_err(|fault| fault.of(Format::Binary))
}

/// The context, and its baggage if the flag is set.
fn head(bytes: &[u8]) -> Result<(SpanContext, Option<&[u8]>), Fault> {
    let length = Fault::Length { wanted: LEN, found: bytes.len() };
    let (head, rest) = bytes.split_first().ok_or(length)?;
    if head >> 4 != VERSION {
        return Err(Fault::Version(head >> 4));
    }
    let flags = head & 0xf;
    if flags & 8 != 0 {
        return Err(Fault::Flags(flags));
    }
    let (trace, rest) = rest.split_first_chunk().ok_or(length)?;
    let (span, rest) = rest.split_first_chunk().ok_or(length)?;
    let baggage = (flags & BAGGAGE != 0).then_some(rest);
    if !rest.is_empty() && baggage.is_none() {
        return Err(length);
    }
    let flags = TraceFlags(flags & TraceFlags::ALL.0);
    Ok((checked(SpanContext::new(TraceId(*trace), SpanId(*span), flags))?, baggage))
}

fn read(
    bytes: &[u8],
    sink: &mut (impl TextWriter + ?Sized),
) -> Result<(SpanContext, Carried), Fault> {
    let (context, baggage) = head(bytes)?;
    let Some(baggage) = baggage else { return Ok((context, Carried::default())) };
    let (count, items) = baggage.split_first().ok_or(Fault::Baggage)?;
    let count = usize::from(*count);
    if !Length::One.behind(count, items, usize::MAX)?.is_empty() {
        return Err(Fault::Baggage);
    }
    Ok((context, Length::One.each(count, items, sink)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Pairs, bytes_are_an_error_or_a_context, context, vectors};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vectors_are_read_and_written() {
        for vector in vectors(include_str!("../../../tests/vectors/carrier-binary.txt")) {
            let mut baggage = Pairs::new();
            let found = extract_with_baggage(&vector.bytes, &mut baggage);
            vector.assert_context(Format::Binary, found.map(|(context, _)| context));
            vector.assert_baggage(&baggage);
            let Ok((context, carried)) = found else { continue };
            assert_eq!(extract(&vector.bytes), Ok(context));
            if carried.is_whole() {
                let mut buffer = [0; 600];
                let (bytes, _) = inject_with_baggage(&context, &baggage, &mut buffer).unwrap();
                assert_eq!(bytes, vector.bytes, "{vector:?}");
            }
        }
    }

    #[test]
    fn items_that_do_not_fit_are_left_out() {
        let context = SpanContext::new(TraceId([1; 16]), SpanId([2; 8]), TraceFlags::SAMPLED);
        let long = "x".repeat(256);
        let items = [("long", long.as_str()), ("a", "1"), ("b", "234"), ("c", "5")];
        for room in [LEN, LEN + 1, LEN + 4] {
            let mut buffer = std::vec![0; room];
            let (bytes, carried) = inject_with_baggage(&context, &items, &mut buffer).unwrap();
            assert_eq!((bytes, carried.no_room), (inject(&context).unwrap().as_slice(), 4));
        }
        let mut buffer = [0; LEN + 9];
        let (bytes, carried) = inject_with_baggage(&context, &items, &mut buffer).unwrap();
        assert_eq!(carried, Carried { items: 2, no_room: 2, malformed: 0 });
        assert_eq!(bytes[LEN..], *b"\x02\x01a\x011\x01c\x015");
        assert_eq!(
            inject_with_baggage(&context, &items, &mut [0; LEN - 1]),
            Err(InjectError::NoRoom)
        );
    }

    proptest! {
        #[test]
        fn what_is_injected_is_extracted(
            context in context(),
            items in prop::collection::vec(("\\PC{0,10}", "\\PC{0,30}"), 0..6),
        ) {
            let mut buffer = [0; 1000];
            let (bytes, carried) = inject_with_baggage(&context, &items, &mut buffer).unwrap();
            prop_assert_eq!(usize::from(carried.items), items.len());
            let mut baggage = Pairs::new();
            prop_assert_eq!(extract_with_baggage(bytes, &mut baggage), Ok((context, carried)));
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

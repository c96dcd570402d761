//! W3C's headers: `traceparent`, `tracestate` and `baggage`.
//!
//! ```text
//! traceparent: 00-{trace id, 32 digits}-{span id, 16}-{flags, 2}
//! ```
//!
//! Sources: W3C Trace Context, level 2, and W3C Baggage. Digits are in lower case. Of the flags only
//! the first, *sampled*, is kept: [`SpanContext`] has no place for the second, *random*, which is
//! written as 0, as level 1 has it. [`TraceFlags::DEBUG`] cannot be written.
//!
//! A version above 00 is read as 00, and may go on behind a dash; version ff is not valid. Where
//! `traceparent` is not valid, or there is more than one, a new trace begins ([`Rule::Restart`]) and
//! `tracestate` is dropped. `baggage` stands for itself.
//!
//! [`Rule::Restart`]: super::Rule::Restart

mod baggage;
mod state;

#[cfg(test)]
mod tests;

pub use baggage::{BAGGAGE, MAX_BAGGAGE_LEN, MAX_BAGGAGE_MEMBERS, extract_baggage, inject_baggage};
pub use state::{LeftOut, MAX_STATE_MEMBERS, TRACESTATE, TraceState};

use super::text::only;
use super::{
    EMPTY, ExtractError, Fault, Format, InjectError, TextReader, TextWriter, check, hex, long,
    text_of,
};
use crate::{SpanContext, TraceFlags};
use heapless::String;

/// The header's name; names of headers have no case.
pub const TRACEPARENT: &str = "traceparent";

/// Length of its value, in bytes.
pub const LEN: usize = 55;

/// The value of `traceparent` for a context.
///
/// ```
/// # use spandrel::{SpanContext, SpanId, TraceFlags, TraceId, carrier::w3c};
/// let context = SpanContext::new(TraceId([0xaa; 16]), SpanId([0xbb; 8]), TraceFlags::SAMPLED);
/// let text = w3c::value(&context)?;
/// assert_eq!(text, "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01");
/// assert_eq!(w3c::parse(&text), Ok(context));
/// # Ok::<_, spandrel::carrier::InjectError>(())
/// ```
///
/// # Errors
/// Where the ids are not known here: see [`InjectError::OnlyShort`].
pub fn value(context: &SpanContext) -> Result<String<LEN>, InjectError> {
    text_of(context, write)
}

/// The context that a value of `traceparent` is.
///
/// # Errors
/// Where it is none: see [`Fault`]. A new trace begins then.
pub fn parse(text: &str) -> Result<SpanContext, ExtractError> {
    let mut context = EMPTY;
    read(text.as_bytes(), &mut context).map_err(|fault| fault.of(Format::W3c))?;
    Ok(context)
}

/// Sets `traceparent`.
///
/// ```
/// # use spandrel::{SpanContext, SpanId, TraceFlags, TraceId, carrier::w3c};
/// let context = SpanContext::new(TraceId([0xaa; 16]), SpanId([0xbb; 8]), TraceFlags::SAMPLED);
/// let mut headers = heapless::String::<128>::new();
/// w3c::inject(&context, &mut headers)?;
/// assert!(headers.starts_with("traceparent: 00-aaaa"));
/// # Ok::<_, spandrel::carrier::InjectError>(())
/// ```
///
/// # Errors
/// If the writer has no room.
/// Where the ids are not known here: see [`InjectError::OnlyShort`].
pub fn inject(
    context: &SpanContext,
    writer: &mut (impl TextWriter + ?Sized),
) -> Result<(), InjectError> {
    Ok(writer.set(TRACEPARENT, write(long(context)?, &mut [0; LEN]))?)
}

/// The context in `traceparent`; none if there is no such header.
///
/// # Errors
/// Where it is not valid, or there is more than one: see [`Fault`]. A new trace begins then.
// Not inlined: so what it gives is written once, where the caller wants it.
#[inline(never)]
pub fn extract(reader: &(impl TextReader + ?Sized)) -> Result<Option<SpanContext>, ExtractError> {
    let mut context = EMPTY;
    let found = only(reader, TRACEPARENT, |text| read(text.as_bytes(), &mut context));
    Ok(found.map_err(|fault| fault.of(Format::W3c))?.then_some(context))
}

/// As [`extract`], and what is in `tracestate`, to be passed on with [`TraceState::inject`].
///
/// It is left empty where `traceparent` is missing or not valid: then it means nothing.
///
/// # Errors
/// As [`extract`]. A `tracestate` that is not valid is no error: see [`TraceState::left_out`].
pub fn extract_with_state<const N: usize>(
    reader: &(impl TextReader + ?Sized),
    state: &mut TraceState<N>,
) -> Result<Option<SpanContext>, ExtractError> {
    *state = TraceState::new();
    let context = extract(reader)?;
    if context.is_some() {
        *state = TraceState::read(reader);
    }
    Ok(context)
}

fn write<'a>(context: &SpanContext, text: &'a mut [u8; LEN]) -> &'a str {
    let rest = hex::put_bytes(text, b"00-");
    let rest = hex::put(rest, &context.trace_id.0);
    let rest = hex::put(hex::put_bytes(rest, b"-"), &context.span_id.0);
    hex::put_bytes(rest, if context.flags.is_sampled() { b"-01" } else { b"-00" });
    // Digits and dashes are ASCII.
    hex::ascii(text).unwrap_or_default()
}

/// Fills in the context that a value is. Into its place: a context is long for this work.
fn read(text: &[u8], context: &mut SpanContext) -> Result<(), Fault> {
    let (head, rest) = text.split_first_chunk::<LEN>().ok_or(Fault::Parts)?;
    let (version, ids) = head.split_first_chunk::<3>().ok_or(Fault::Parts)?;
    let (trace, ids) = ids.split_first_chunk::<32>().ok_or(Fault::Parts)?;
    let (span, flags) = ids.split_at_checked(18).ok_or(Fault::Parts)?;
    let ([v1, v2, b'-'], [b'-', span @ .., b'-'], [f1, f2]) = (version, span, flags) else {
        return Err(Fault::Parts);
    };
    let version = hex::lower_byte([*v1, *v2])?;
    let is_whole = match rest.first() {
        None => true,
        Some(b'-') => version != 0,
        Some(_) => false,
    };
    if version == 0xff {
        return Err(Fault::Version(version));
    }
    if !is_whole {
        return Err(Fault::Parts);
    }
    context.flags = TraceFlags(hex::lower_byte([*f1, *f2])? & TraceFlags::SAMPLED.0);
    let wrong = hex::lower(trace, &mut context.trace_id.0);
    if wrong | hex::lower(span, &mut context.span_id.0) != 0 {
        return Err(Fault::NotHex);
    }
    check(context)
}

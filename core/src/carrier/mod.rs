//! Carriers: the forms in which a context travels with a request.
//!
//! | module | form | bytes | baggage | what is not valid |
//! |---|---|---|---|---|
//! | [`w3c`] | `traceparent`, `tracestate`, `baggage` | 55 | a header | [`Rule::Restart`] |
//! | [`w3c_binary`] | W3C's binary form | 29 | none | [`Rule::Restart`] |
//! | [`uber`] | `uber-trace-id` and `uberctx-` of Jaeger's clients | 53 | a header each | [`Rule::Error`] |
//! | [`jaeger_binary`] | the binary form of Jaeger's clients | 37 | behind it | [`Rule::Error`] |
//! | [`b3`] | `b3` of Zipkin's clients | 51 | none | [`Rule::Ignore`] |
//! | [`binary`] | our own, for datagrams and buses | 25 | behind it | [`Rule::Error`] |
//! | [`short`] | our own, for one frame of classic CAN | 8 | none | [`Rule::Error`] |
//!
//! Each has `inject` and `extract`. Those of texts have `value` and `parse` beside, for one header alone.
//! Extracting garbage is a typed error, never a panic and never a made-up context; where there is no
//! header it is `Ok(None)`. Nothing is allocated, and no program has the code of a form that it does
//! not use. `docs/propagation.md` has all forms, limits and rules in one place.
//!
//! Texts come from a [`TextReader`] and go into a [`TextWriter`]: header lines as bytes ([`Headers`],
//! [`heapless::String`]), lists of pairs, and with the feature `std` maps. Baggage too: its items come
//! from a reader, and go to a writer that may have no room. What became of them is [`Carried`].
//!
//! With the feature `std` there are `b3::multi`, for B3's several headers, and `jaeger`, for those that
//! people set by hand.

pub mod b3;
mod baggage;
pub mod binary;
mod error;
mod escape;
mod hex;
mod items;
#[cfg(feature = "std")]
pub mod jaeger;
pub mod jaeger_binary;
pub mod short;
mod text;
#[cfg(feature = "std")]
mod text_std;
pub mod uber;
pub mod w3c;
pub mod w3c_binary;

#[cfg(test)]
mod tests;

pub use baggage::Carried;
pub use error::{ExtractError, Fault, Format, InjectError, NoRoom, Rule};
pub use escape::MAX_UNESCAPED_LEN;
pub use text::{Headers, TextReader, TextWriter};

use crate::{SpanContext, SpanId, TraceFlags, TraceId};
use heapless::String;

/// A context to be filled in.
const EMPTY: SpanContext = SpanContext::new(TraceId([0; 16]), SpanId([0; 8]), TraceFlags(0));

/// Neither id of the context may be zero.
#[inline]
fn check(context: &SpanContext) -> Result<(), Fault> {
    if context.trace_id.is_zero() {
        Err(Fault::ZeroTraceId)
    } else if context.span_id.is_zero() {
        Err(Fault::ZeroSpanId)
    } else {
        Ok(())
    }
}

/// The context, unless its ids are those of the short form.
fn long(context: &SpanContext) -> Result<&SpanContext, InjectError> {
    if context.is_short() { Err(InjectError::OnlyShort) } else { Ok(context) }
}

/// The text that `write` makes of a context, of a length that is always the same.
fn text_of<const LEN: usize>(
    context: &SpanContext,
    write: impl for<'t> FnOnce(&SpanContext, &'t mut [u8; LEN]) -> &'t str,
) -> Result<String<LEN>, InjectError> {
    let mut text = String::new();
    // There is room for all of it: it cannot fail.
    let _ = text.push_str(write(long(context)?, &mut [0; LEN]));
    Ok(text)
}

/// The context with these ids, unless one of them is zero.
fn checked(context: SpanContext) -> Result<SpanContext, Fault> {
    check(&context).map(|()| context)
}

/// The flags that Jaeger's clients mean; one that sets the second alone means both.
fn jaeger_flags(flags: u8) -> TraceFlags {
    let sampled = if flags & TraceFlags::DEBUG.0 != 0 { TraceFlags::SAMPLED.0 } else { 0 };
    TraceFlags(flags & TraceFlags::ALL.0 | sampled)
}

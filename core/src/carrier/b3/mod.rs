//! B3, as Zipkin's clients have it: one header, and under the feature `std` several.
//!
//! ```text
//! b3: {trace id}-{span id}[-{0, 1 or d}[-{parent id}]]      or the sampling state alone: 0, 1 or d
//! ```
//!
//! `1` is sampled, `d` debug; without a state the receiver decides. The parent is not written. Read
//! are also ids without leading zeros, 64-bit trace ids and upper-case digits. What is not of the form is
//! ignored ([`Rule::Ignore`](super::Rule::Ignore)). Source: openzipkin/b3-propagation.

#[cfg(feature = "std")]
pub mod multi;

use super::text::{is, split, trim};
use super::{
    ExtractError, Fault, Format, InjectError, NoRoom, TextReader, TextWriter, checked, hex, long,
    text_of,
};
use crate::{SpanContext, SpanId, TraceFlags, TraceId};
use heapless::String;

/// The header's name; names of headers have no case.
pub const HEADER: &str = "b3";

/// Length of the header's value as it is written, in bytes.
pub const LEN: usize = 32 + 1 + 16 + 1 + 1;

/// What debugging is: sampled by itself.
const DEBUG: TraceFlags = TraceFlags::ALL;

/// What B3 says: more than a context can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Extracted {
    /// A context.
    Context(SpanContext),
    /// A context whose trace nobody has decided about: its flags are 0, and the receiver samples.
    Deferred(SpanContext),
    /// No context, but a decision about the trace that begins here.
    Decision(TraceFlags),
}

impl Extracted {
    /// The context, if there is one; that of a deferred decision is not sampled yet.
    #[must_use]
    pub const fn context(&self) -> Option<SpanContext> {
        match self {
            Self::Context(context) | Self::Deferred(context) => Some(*context),
            Self::Decision(_) => None,
        }
    }

    /// The flags, if they are decided.
    #[must_use]
    pub const fn flags(&self) -> Option<TraceFlags> {
        match self {
            Self::Context(context) => Some(context.flags),
            Self::Deferred(_) => None,
            Self::Decision(flags) => Some(*flags),
        }
    }
}

/// The header's value for a context.
///
/// ```
/// # use spandrel::{SpanContext, SpanId, TraceFlags, TraceId};
/// # use spandrel::carrier::b3::{self, Extracted};
/// let context = SpanContext::new(TraceId([0xaa; 16]), SpanId([0xbb; 8]), TraceFlags::SAMPLED);
/// let text = b3::value(&context)?;
/// assert_eq!(text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-1");
/// assert_eq!(b3::parse(&text), Ok(Extracted::Context(context)));
/// # Ok::<_, spandrel::carrier::InjectError>(())
/// ```
///
/// # Errors
/// Where the ids are not known here: see [`InjectError::OnlyShort`].
pub fn value(context: &SpanContext) -> Result<String<LEN>, InjectError> {
    text_of(context, write)
}

/// What a value of the header says.
///
/// # Errors
/// Where it is not of the form: see [`Fault`]. It is ignored then.
pub fn parse(text: &str) -> Result<Extracted, ExtractError> {
    read(text).map_err(|fault| fault.of(Format::B3))
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

/// Sets the header to a decision alone, about a trace that will begin at its reader.
///
/// # Errors
/// If the writer has no room.
pub fn inject_decision(
    flags: TraceFlags,
    writer: &mut (impl TextWriter + ?Sized),
) -> Result<(), NoRoom> {
    writer.set(HEADER, core::str::from_utf8(&[state(flags)]).unwrap_or_default())
}

/// What the header says, the first if there are several; none if there is no such header.
///
/// # Errors
/// Where it is not of the form: see [`Fault`]. It is ignored then.
pub fn extract(reader: &(impl TextReader + ?Sized)) -> Result<Option<Extracted>, ExtractError> {
    let mut found = None;
    reader.each(&mut |name, value| {
        if found.is_none() && is(name, HEADER) {
            found = Some(parse(trim(value)));
        }
    });
    found.transpose()
}

fn write<'a>(context: &SpanContext, text: &'a mut [u8; LEN]) -> &'a str {
    let rest = hex::put_bytes(hex::put(text, &context.trace_id.0), b"-");
    hex::put_bytes(hex::put(rest, &context.span_id.0), &[b'-', state(context.flags)]);
    // Digits and dashes are ASCII.
    hex::ascii(text).unwrap_or_default()
}

fn state(flags: TraceFlags) -> u8 {
    match flags {
        flags if flags.is_debug() => b'd',
        flags if flags.is_sampled() => b'1',
        _ => b'0',
    }
}

fn read(text: &str) -> Result<Extracted, Fault> {
    if let Some(flags) = decision(text) {
        return Ok(Extracted::Decision(flags));
    }
    let mut parts = split::<'-'>(text);
    let trace = hex::padded(parts.next().unwrap_or_default().as_bytes())?;
    let span = hex::padded(parts.next().ok_or(Fault::Parts)?.as_bytes())?;
    let flags = match parts.next() {
        Some(state) => Some(decision(state).ok_or(Fault::Parts)?),
        None => None,
    };
    if let Some(parent) = parts.next() {
        hex::padded::<8>(parent.as_bytes())?;
    }
    if parts.next().is_some() {
        return Err(Fault::Parts);
    }
    extracted(TraceId(trace), SpanId(span), flags)
}

fn decision(state: &str) -> Option<TraceFlags> {
    match state {
        "0" => Some(TraceFlags(0)),
        "1" => Some(TraceFlags::SAMPLED),
        "d" => Some(DEBUG),
        _ => None,
    }
}

fn extracted(trace: TraceId, span: SpanId, flags: Option<TraceFlags>) -> Result<Extracted, Fault> {
    let context = checked(SpanContext::new(trace, span, flags.unwrap_or_default()))?;
    Ok(if flags.is_some() { Extracted::Context(context) } else { Extracted::Deferred(context) })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Pairs, context, texts_are_an_error_or_a_context, vectors};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vectors_are_read() {
        for vector in vectors(include_str!("../../../../tests/vectors/carrier-b3.txt")) {
            let found = parse(&vector.text());
            match vector.meaning[..].split_first().map(|(first, rest)| (first.as_str(), rest)) {
                Some(("decision", [flags])) => {
                    let flags = TraceFlags(flags.parse().unwrap());
                    assert_eq!(found, Ok(Extracted::Decision(flags)), "{vector:?}");
                }
                Some((_, [_, state])) if state == "deferred" => {
                    let Ok(Extracted::Deferred(context)) = found else { panic!("{vector:?}") };
                    assert_eq!(vector.ids(), (context.trace_id, context.span_id));
                }
                _ => vector.assert_context(
                    Format::B3,
                    found.map(|found| {
                        assert!(matches!(found, Extracted::Context(_)), "{vector:?}");
                        found.context().unwrap()
                    }),
                ),
            }
        }
    }

    #[test]
    fn decisions_come_back() {
        for (flags, text) in [(TraceFlags(0), "0"), (TraceFlags::SAMPLED, "1"), (DEBUG, "d")] {
            let mut headers = Pairs::new();
            inject_decision(flags, &mut headers).unwrap();
            assert_eq!(headers, [(HEADER.into(), text.into())]);
            let found = extract(&headers).unwrap().unwrap();
            assert_eq!((found, found.flags()), (Extracted::Decision(flags), Some(flags)));
        }
    }

    proptest! {
        #[test]
        fn what_is_injected_is_extracted(mut context in context()) {
            context.flags = super::super::jaeger_flags(context.flags.0);
            let mut headers = Pairs::new();
            inject(&context, &mut headers).unwrap();
            prop_assert_eq!(extract(&headers), Ok(Some(Extracted::Context(context))));
        }

        #[test]
        fn garbage_is_an_error_or_what_it_says(
            text in "[0-9a-g1d-]{0,60}", other in "\\PC{0,40}", context in context(),
        ) {
            let as_context = |text: &str| parse(text).map(|found| found.context().unwrap_or(context));
            for text in [text, other] {
                texts_are_an_error_or_a_context(&value(&context).unwrap(), &text, as_context)?;
            }
        }
    }
}

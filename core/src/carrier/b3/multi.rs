//! B3 in several headers.
//!
//! ```text
//! x-b3-traceid: {16 or 32 digits}     x-b3-spanid: {16 digits}     x-b3-parentspanid: {16 digits}
//! x-b3-sampled: 0 or 1                x-b3-flags: 1, for debug, which is sampled by itself
//! ```
//!
//! The parent is neither written nor looked at. Of several headers with one name the first counts.
//! `true` and `false` are read as old clients write them; flags other than 1 say nothing.

use super::{DEBUG, Extracted, extracted};
use crate::carrier::text::{is, trim};
use crate::carrier::{ExtractError, Fault, Format, InjectError, TextReader, TextWriter, hex};
use crate::{SpanContext, SpanId, TraceFlags, TraceId};

/// The header with the trace id.
pub const TRACE_ID: &str = "x-b3-traceid";
/// The header with the span id.
pub const SPAN_ID: &str = "x-b3-spanid";
/// The header with the decision.
pub const SAMPLED: &str = "x-b3-sampled";
/// The header with the flag of debugging.
pub const FLAGS: &str = "x-b3-flags";

/// Sets the headers.
///
/// # Errors
/// If the writer has no room; some of them may be set then.
/// Where the ids are not known here: see [`InjectError::OnlyShort`].
pub fn inject(
    context: &SpanContext,
    writer: &mut (impl TextWriter + ?Sized),
) -> Result<(), InjectError> {
    let text = super::value(context)?;
    let (trace, rest) = text.split_once('-').unwrap_or_default();
    let (span, state) = rest.split_once('-').unwrap_or_default();
    writer.set(TRACE_ID, trace)?;
    writer.set(SPAN_ID, span)?;
    let last = if state == "d" { writer.set(FLAGS, "1") } else { writer.set(SAMPLED, state) };
    Ok(last?)
}

/// What the header `b3` says, or else the headers; none if there are none of them.
///
/// ```
/// # use spandrel::TraceFlags;
/// # use spandrel::carrier::b3::{Extracted, multi};
/// let headers = [("X-B3-Sampled", "0")];
/// assert_eq!(multi::extract(&headers)?, Some(Extracted::Decision(TraceFlags(0))));
/// # Ok::<_, spandrel::carrier::ExtractError>(())
/// ```
///
/// # Errors
/// Where neither is of the form: see [`Fault`]. They are ignored then.
pub fn extract(reader: &(impl TextReader + ?Sized)) -> Result<Option<Extracted>, ExtractError> {
    let single = super::extract(reader);
    if let Ok(Some(_)) = single {
        return single;
    }
    match read(reader) {
        Ok(None) => single,
        found => found.map_err(|fault| fault.of(Format::B3)),
    }
}

fn read(reader: &(impl TextReader + ?Sized)) -> Result<Option<Extracted>, Fault> {
    let (mut trace, mut span, mut sampled, mut is_debug) = (None, None, None, None);
    reader.each(&mut |name, value| {
        let value = trim(value);
        if is(name, TRACE_ID) {
            trace.get_or_insert_with(|| hex::padded(value.as_bytes()));
        } else if is(name, SPAN_ID) {
            span.get_or_insert_with(|| hex::padded(value.as_bytes()));
        } else if is(name, SAMPLED) {
            sampled.get_or_insert_with(|| decision(value));
        } else if is(name, FLAGS) {
            is_debug.get_or_insert(value == "1");
        }
    });
    let flags = match (is_debug, sampled.transpose()) {
        (Some(true), _) => Some(DEBUG),
        (_, sampled) => sampled?,
    };
    match (trace.transpose()?, span.transpose()?) {
        (Some(trace), Some(span)) => extracted(TraceId(trace), SpanId(span), flags).map(Some),
        (None, None) => Ok(flags.map(Extracted::Decision)),
        _ => Err(Fault::Parts),
    }
}

fn decision(text: &str) -> Result<TraceFlags, Fault> {
    if text == "1" || text.eq_ignore_ascii_case("true") {
        Ok(TraceFlags::SAMPLED)
    } else if text == "0" || text.eq_ignore_ascii_case("false") {
        Ok(TraceFlags(0))
    } else {
        Err(Fault::Parts)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{Pairs, context};
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "1";

    fn read_of(headers: &[(&str, &str)]) -> Result<Option<Extracted>, Fault> {
        extract(headers).map_err(|error| error.fault)
    }

    #[test]
    fn the_rules_of_the_headers() {
        let context = SpanContext::new(
            TraceId(1_u128.to_be_bytes()),
            SpanId(1_u64.to_be_bytes()),
            TraceFlags(0),
        );
        let sampled = SpanContext { flags: TraceFlags::SAMPLED, ..context };
        let debug = SpanContext { flags: DEBUG, ..context };
        let ids = [(TRACE_ID, ID), ("X-B3-SpanId", ID)];
        let with = |more: &[(&'static str, &'static str)]| [&ids, more].concat();
        let is = |headers: &[(&str, &str)], wanted| assert_eq!(read_of(headers), wanted);
        is(&[], Ok(None));
        is(&ids, Ok(Some(Extracted::Deferred(context))));
        is(&with(&[(SAMPLED, "True")]), Ok(Some(Extracted::Context(sampled))));
        is(&with(&[(SAMPLED, "false")]), Ok(Some(Extracted::Context(context))));
        is(&with(&[(FLAGS, "1"), (SAMPLED, "0")]), Ok(Some(Extracted::Context(debug))));
        is(&with(&[(FLAGS, "0"), (SAMPLED, "1")]), Ok(Some(Extracted::Context(sampled))));
        is(&with(&[(SAMPLED, "1"), (SAMPLED, "0")]), Ok(Some(Extracted::Context(sampled))));
        is(&with(&[(SAMPLED, "")]), Err(Fault::Parts));
        is(&ids[..1], Err(Fault::Parts));
        is(&[(FLAGS, "1")], Ok(Some(Extracted::Decision(DEBUG))));
        is(&with(&[("b3", "0")]), Ok(Some(Extracted::Decision(TraceFlags(0)))));
        // What is not of the form is ignored, so that the other headers count.
        is(&with(&[("b3", "-")]), Ok(Some(Extracted::Deferred(context))));
        is(&[("b3", "-")], Err(Fault::NotHex));
        is(&[(TRACE_ID, "0"), (SPAN_ID, "1")], Err(Fault::ZeroTraceId));
    }

    proptest! {
        #[test]
        fn what_is_injected_is_extracted(mut context in context()) {
            context.flags = crate::carrier::jaeger_flags(context.flags.0);
            let mut headers = Pairs::new();
            inject(&context, &mut headers).unwrap();
            prop_assert_eq!(extract(&headers), Ok(Some(Extracted::Context(context))));
        }
    }
}

//! Carriers: the forms in which a context travels with a request.
//!
//! | module | form | bytes |
//! |---|---|---|
//! | [`binary`] | our own, for datagrams and buses | 25 |
//! | [`uber`] | `uber-trace-id`, the header of Jaeger's clients | up to 54 |
//!
//! Each has `inject` and `extract`. Extracting garbage is a typed error, never a panic and never a
//! made-up context.

pub mod binary;
pub mod uber;

/// Why a carrier has no context in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ExtractError {
    /// It is shorter or longer than the form.
    Length {
        /// Bytes that the form takes.
        wanted: usize,
        /// Bytes that there are.
        found: usize,
    },
    /// It is of a version that this crate does not know.
    Version(u8),
    /// A flag is set that this version does not know.
    Flags(u8),
    /// It does not have the parts of the form.
    Parts,
    /// A part is not a hexadecimal number of the right length.
    NotHex,
    /// The trace id is zero.
    ZeroTraceId,
    /// The span id is zero.
    ZeroSpanId,
}

impl core::fmt::Display for ExtractError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Length { wanted, found } => {
                write!(f, "a context of {wanted} bytes is wanted, and there are {found}")
            }
            Self::Version(version) => write!(f, "unknown version {version} of the context"),
            Self::Flags(flags) => write!(f, "unknown flags {flags:#x} of the context"),
            Self::Parts => f.write_str("not of the form trace:span:parent:flags"),
            Self::NotHex => f.write_str("a part is no hexadecimal number, or too long"),
            Self::ZeroTraceId => f.write_str("the trace id is zero"),
            Self::ZeroSpanId => f.write_str("the span id is zero"),
        }
    }
}

impl core::error::Error for ExtractError {}

/// The context with these ids, unless one of them is zero.
fn checked(context: crate::SpanContext) -> Result<crate::SpanContext, ExtractError> {
    if context.trace_id.is_zero() {
        Err(ExtractError::ZeroTraceId)
    } else if context.span_id.is_zero() {
        Err(ExtractError::ZeroSpanId)
    } else {
        Ok(context)
    }
}

#[cfg(test)]
mod tests {
    use super::ExtractError;
    use crate::{SpanContext, SpanId, TraceFlags, TraceId};
    use std::string::String;
    use std::vec::Vec;

    /// A line of a vector file: the carrier's bytes in hex (or its text in quotes), then either
    /// trace id, span id and flags, or the name of the error.
    pub(super) fn vector(line: &str) -> (Vec<u8>, Result<SpanContext, ExtractError>) {
        let (carrier, meaning) = line.split_once(" => ").unwrap();
        let carrier = match carrier.strip_prefix('"') {
            Some(text) => text.strip_suffix('"').unwrap().as_bytes().to_vec(),
            None => hex(carrier),
        };
        let meaning: Vec<&str> = meaning.split(' ').collect();
        let context = match meaning[..] {
            [trace, span, flags] => Ok(SpanContext::new(
                TraceId(hex(trace).try_into().unwrap()),
                SpanId(hex(span).try_into().unwrap()),
                TraceFlags(flags.parse().unwrap()),
            )),
            [error] => Err(match error {
                "length" => ExtractError::Length { wanted: 25, found: carrier.len() },
                "version" => ExtractError::Version(carrier[0] >> 4),
                "flags" => ExtractError::Flags(carrier[0] & 0xf),
                "parts" => ExtractError::Parts,
                "not-hex" => ExtractError::NotHex,
                "zero-trace-id" => ExtractError::ZeroTraceId,
                "zero-span-id" => ExtractError::ZeroSpanId,
                other => panic!("{other}"),
            }),
            _ => panic!("{line}"),
        };
        (carrier, context)
    }

    fn hex(digits: &str) -> Vec<u8> {
        let digits: Vec<char> = digits.chars().collect();
        let pair = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
        digits.chunks(2).map(|digits| pair(digits).unwrap()).collect()
    }
}

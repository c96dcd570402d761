//! What the tests of carriers share: vectors, and how any bytes and texts are tried.

use super::{ExtractError, Fault, Format, Headers, b3, jaeger, uber, w3c};
use crate::{SpanContext, SpanId, TraceFlags, TraceId};
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

/// Headers, or baggage.
pub(super) type Pairs = Vec<(String, String)>;

/// A line of a vector file, `carrier => meaning`: the carrier's bytes in hex or its text in quotes, and
/// what it means in words; of a context trace id, span id, flags, and `key=value` for its baggage; of
/// what is no context the name of the fault.
#[derive(Debug)]
pub(super) struct Vector {
    pub(super) bytes: Vec<u8>,
    pub(super) meaning: Vec<String>,
}

/// The lines of a file that are no comments.
pub(super) fn vectors(file: &str) -> impl Iterator<Item = Vector> {
    file.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (carrier, meaning) = line.rsplit_once(" => ").unwrap();
        let bytes = match carrier.strip_prefix('"') {
            Some(text) => unescaped(text.strip_suffix('"').unwrap()).into_bytes(),
            None => hex(carrier),
        };
        let meaning = meaning.split(' ').filter(|word| !word.is_empty()).map(Into::into).collect();
        Vector { bytes, meaning }
    })
}

impl Vector {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    pub(super) fn ids(&self) -> (TraceId, SpanId) {
        let id = |word: usize| hex(&self.meaning[word]);
        (TraceId(id(0).try_into().unwrap()), SpanId(id(1).try_into().unwrap()))
    }

    /// The first three words are what was found.
    #[track_caller]
    pub(super) fn assert_context(&self, format: Format, found: Result<SpanContext, ExtractError>) {
        match found {
            Ok(found) => {
                assert!(self.meaning.len() > 2, "{self:?}: {found:?}");
                let (trace_id, span_id) = self.ids();
                let flags = TraceFlags(self.meaning[2].parse().unwrap());
                assert_eq!(found, SpanContext::new(trace_id, span_id, flags), "{self:?}");
            }
            Err(error) => self.assert_fault(format, error),
        }
    }

    /// The first word is the name of the fault.
    #[track_caller]
    pub(super) fn assert_fault(&self, format: Format, error: ExtractError) {
        assert_eq!(error.format, format);
        let name = match error.fault {
            Fault::Length { found, .. } => {
                assert_eq!(found, self.bytes.len());
                "length"
            }
            Fault::Version(_) => "version",
            Fault::Flags(_) => "flags",
            Fault::Field(_) => "field",
            Fault::Parts => "parts",
            Fault::NotHex => "not-hex",
            Fault::ZeroTraceId => "zero-trace-id",
            Fault::ZeroSpanId => "zero-span-id",
            Fault::Repeated => "repeated",
            Fault::Baggage => "baggage",
            Fault::NoHandle => "no-handle",
        };
        assert_eq!(name, self.meaning[0], "{self:?}: {error}");
    }

    /// The words with `=` are what was found.
    #[track_caller]
    pub(super) fn assert_baggage(&self, found: &Pairs) {
        let found: Vec<String> = found
            .iter()
            .map(|(key, value)| {
                let mut escaped = heapless::Vec::<u8, 800>::new();
                super::escape::escape(value, &mut escaped).unwrap();
                std::format!("{key}={}", core::str::from_utf8(&escaped).unwrap())
            })
            .collect();
        let wanted: Vec<&String> = self.meaning.iter().filter(|word| word.contains('=')).collect();
        assert!(found.iter().eq(wanted), "{self:?}: {found:?}");
    }
}

/// `\r`, `\n`, `\t` and `\"` as the bytes that they mean.
fn unescaped(text: &str) -> String {
    text.replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t").replace("\\\"", "\"")
}

fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<char> = digits.chars().collect();
    let pair = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
    digits.chunks(2).map(|digits| pair(digits).unwrap()).collect()
}

/// Any valid context.
pub(super) fn context() -> impl Strategy<Value = SpanContext> {
    (1..=u128::MAX, 1..=u64::MAX, 0..4_u8).prop_map(|(trace, span, flags)| {
        let (trace_id, span_id) = (TraceId(trace.to_be_bytes()), SpanId(span.to_be_bytes()));
        SpanContext::new(trace_id, span_id, TraceFlags(flags))
    })
}

/// What a form of headers makes of them, in the words of a vector.
fn told(format: &str, headers: &Headers<'_>) -> Result<String, ExtractError> {
    let of_context = |context: SpanContext| {
        std::format!("{} {} {}", context.trace_id, context.span_id, context.flags.0)
    };
    let of_b3 = |found| match found {
        b3::Extracted::Context(context) => of_context(context),
        b3::Extracted::Deferred(of) => std::format!("{} {} deferred", of.trace_id, of.span_id),
        b3::Extracted::Decision(flags) => std::format!("decision {}", flags.0),
    };
    let of_start = |start| match start {
        jaeger::Start::Context(context) => of_context(context),
        jaeger::Start::Debug(id) => std::format!("debug {}", id.replace(' ', "%20")),
    };
    let found = match format {
        "w3c" => w3c::extract(headers)?.map(of_context),
        "uber" => uber::extract(headers)?.map(of_context),
        "b3-multi" => b3::multi::extract(headers)?.map(of_b3),
        "jaeger" => jaeger::extract(headers)?.map(of_start),
        other => panic!("{other}"),
    };
    Ok(found.unwrap_or_else(|| "none".into()))
}

#[test]
fn vectors_of_header_blocks_are_read() {
    let file = include_str!("../../../tests/vectors/carrier-headers.txt");
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        let (format, line) = line.split_once(' ').unwrap();
        let vector = vectors(line).next().unwrap();
        let headers = Headers(&vector.bytes);
        let mut baggage = Pairs::new();
        let carried = match format {
            "uber" => uber::extract_baggage(&headers, &mut baggage),
            "jaeger" => jaeger::extract_baggage(&headers, &mut baggage),
            _ => w3c::extract_baggage(&headers, &mut baggage),
        };
        assert_eq!(carried.no_room, 0);
        vector.assert_baggage(&baggage);
        match told(format, &headers) {
            Ok(found) => {
                let wanted = vector.meaning.iter().filter(|word| !word.contains('='));
                let wanted: Vec<&str> = wanted.map(String::as_str).collect();
                assert_eq!(found, wanted.join(" "), "{vector:?}");
            }
            Err(error) => vector.assert_fault(Format::Uber, error),
        }
    }
}

type Tried = Result<(), TestCaseError>;

fn try_one(found: Result<SpanContext, ExtractError>) -> Tried {
    if let Ok(context) = found {
        prop_assert!(context.is_valid(), "made up: {:?}", context);
    }
    Ok(())
}

/// Tries any bytes, and some over, in front of, and behind what is valid.
pub(super) fn bytes_are_an_error_or_a_context(
    valid: &[u8],
    any: &[u8],
    extract: impl Fn(&[u8]) -> Result<SpanContext, ExtractError>,
) -> Tried {
    try_one(extract(any))?;
    for at in 0..valid.len() {
        let (first, rest) = valid.split_at(at);
        try_one(extract(first))?;
        try_one(extract(&[first, any].concat()))?;
        try_one(extract(&[first, any.get(..1).unwrap_or_default(), &rest[1..]].concat()))?;
    }
    try_one(extract(&[valid, any].concat()))
}

/// As [`bytes_are_an_error_or_a_context`], of texts.
pub(super) fn texts_are_an_error_or_a_context(
    valid: &str,
    any: &str,
    parse: impl Fn(&str) -> Result<SpanContext, ExtractError>,
) -> Tried {
    bytes_are_an_error_or_a_context(valid.as_bytes(), any.as_bytes(), |bytes| {
        parse(&String::from_utf8_lossy(bytes))
    })
}

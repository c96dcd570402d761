//! What a gRPC server answers, and what that means by OTLP's rules.

use super::super::http::{Answer, words};
use super::super::otlp;
use super::super::send::Outcome;
use crate::protobuf::{Field, Fields};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use core::time::Duration;
use percent_encoding::percent_decode;

/// As gRPC has binary headers: with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// How the attempt went that was answered so.
pub(super) fn judge(answer: &Answer) -> Outcome {
    let header = |name: &str| answer.trailers.get(name).or_else(|| answer.headers.get(name));
    let Some(status) = header("grpc-status") else {
        let usual = "the OTLP/gRPC port (usually 4317)";
        return match answer.failure(usual) {
            // There was a success of HTTP without a status of gRPC, or something that is neither.
            Outcome::Refused { .. } if answer.status.is_success() => {
                let why = format!("it answered without a status of gRPC: is this {usual}?");
                Outcome::Broken { why }
            }
            outcome => outcome,
        };
    };
    let code = status.to_str().ok().and_then(|code| code.parse::<usize>().ok()).unwrap_or(2);
    if code == 0 {
        let (rejected, message) = otlp::partial_success(message(&answer.body));
        return Outcome::Delivered { rejected, message };
    }
    let message =
        header("grpc-message").map(|text| percent_decode(text.as_bytes()).collect::<Vec<_>>());
    let message = message.and_then(|text| words(&text)).unwrap_or_default();
    let name = NAMES.get(code).copied().unwrap_or("UNKNOWN");
    let why = if message.is_empty() { name.to_owned() } else { format!("{name}: {message}") };
    let details = header("grpc-status-details-bin").map(|details| details.as_bytes());
    let after = details.and_then(|details| retry_info(&BASE64.decode(details).ok()?));
    match code {
        8 | 11 if is_about_length(&message) => Outcome::TooLong { why },
        1 | 4 | 10 | 11 | 14 | 15 => Outcome::Later { why, after },
        8 if after.is_some() => Outcome::Later { why, after },
        _ => Outcome::Refused { why },
    }
}

/// There is no status for it, only what the servers of the usual libraries say.
fn is_about_length(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["larger than max", "too large", "exceeds maximum"].iter().any(|words| message.contains(words))
}

/// The message behind its five bytes; none is asked for in a compressed form.
fn message(body: &[u8]) -> &[u8] {
    match body.split_first_chunk::<5>() {
        Some(([0, length @ ..], rest)) => {
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            rest.get(..length).unwrap_or_default()
        }
        _ => &[],
    }
}

/// The pause that a `google.rpc.Status` asks for in a `google.rpc.RetryInfo`.
fn retry_info(status: &[u8]) -> Option<Duration> {
    let details = messages(status, 3).find(|detail| {
        let url = messages(detail, 1).last().unwrap_or_default();
        url.ends_with(b"/google.rpc.RetryInfo")
    })?;
    let delay = messages(messages(details, 2).last()?, 1).last().unwrap_or_default();
    let (mut seconds, mut nanos) = (0, 0);
    for field in Fields::new(delay).map_while(Result::ok) {
        match field {
            (1, Field::Varint(value)) => seconds = value.cast_signed(),
            (2, Field::Varint(value)) => nanos = value.cast_signed(),
            _ => {}
        }
    }
    // What is negative is no pause.
    let seconds = u64::try_from(seconds).unwrap_or(0);
    let nanos = u32::try_from(nanos).unwrap_or(0).min(999_999_999);
    Some(Duration::new(seconds, nanos))
}

fn messages(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    Fields::new(message).map_while(Result::ok).filter_map(move |field| match field {
        (found, Field::Bytes(bytes)) if found == number => Some(bytes),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protobuf::Writer;
    use http::{HeaderMap, HeaderName, StatusCode};
    use proptest::prelude::*;

    fn trailers(list: &[(&'static str, &str)]) -> HeaderMap {
        let list = list.iter();
        list.map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn judged(list: &[(&'static str, &str)], body: &[u8]) -> Outcome {
        judge(&Answer { trailers: trailers(list), body: body.to_vec(), ..Answer::default() })
    }

    /// A status with a pause, as it stands in the header.
    fn details(code: u64, seconds: u64, nanos: u64) -> String {
        let mut status = Writer::default();
        status.varint(1, code);
        status.message(3, |any| {
            any.bytes(1, b"type.googleapis.com/google.rpc.Other");
            any.bytes(2, b"\xff");
        });
        status.message(3, |any| {
            any.bytes(1, b"type.googleapis.com/google.rpc.RetryInfo");
            any.message(2, |info| {
                info.message(1, |delay| {
                    delay.varint(1, seconds);
                    delay.varint(2, nanos);
                });
            });
        });
        BASE64.encode(status.into_bytes())
    }

    #[test]
    fn the_statuses_of_the_specification_are_retried() {
        for code in 1..20_usize {
            let outcome = judged(&[("grpc-status", &code.to_string())], b"");
            let is_later = matches!(outcome, Outcome::Later { after: None, .. });
            assert_eq!(is_later, [1, 4, 10, 11, 14, 15].contains(&code), "{code}");
            assert_eq!(matches!(outcome, Outcome::Refused { .. }), !is_later, "{code}");
        }
    }

    #[test]
    fn who_is_exhausted_is_asked_again_if_it_says_when() {
        let info = details(8, 2, 500_000_000);
        for info in [info.clone(), info.trim_end_matches('=').to_owned()] {
            let list = [("grpc-status", "8"), ("grpc-status-details-bin", &info)];
            let after = Some(Duration::from_millis(2500));
            let why = "RESOURCE_EXHAUSTED".to_owned();
            assert_eq!(judged(&list, b""), Outcome::Later { why, after });
        }
        let never = details(14, u64::MAX, u64::MAX);
        let list = [("grpc-status", "14"), ("grpc-status-details-bin", &*never)];
        let Outcome::Later { after, .. } = judged(&list, b"") else { panic!() };
        assert_eq!(after, Some(Duration::ZERO));
        let refused = judged(&[("grpc-status", "8"), ("grpc-message", "no%20more")], b"");
        assert_eq!(refused, Outcome::Refused { why: "RESOURCE_EXHAUSTED: no more".to_owned() });
    }

    #[test]
    fn what_is_too_long_is_told_by_its_words() {
        for (code, message) in [
            ("8", "grpc: received message larger than max (5000000 vs. 4194304)"),
            ("8", "gRPC message exceeds maximum size 4194304: 5000000"),
            ("11", "Error, decoded message length too large: found 5000000 bytes"),
        ] {
            let outcome = judged(&[("grpc-status", code), ("grpc-message", message)], b"");
            assert!(matches!(outcome, Outcome::TooLong { .. }), "{message}");
        }
    }

    #[test]
    fn a_partial_success_is_read() {
        let body = b"\0\0\0\0\x09\x0a\x07\x08\x01\x12\x03old";
        let delivered =
            |rejected, message: &str| Outcome::Delivered { rejected, message: message.into() };
        assert_eq!(judged(&[("grpc-status", "0")], body), delivered(1, "old"));
        assert_eq!(judged(&[("grpc-status", "0")], b""), delivered(0, ""));
        assert_eq!(judged(&[("grpc-status", "0")], b"\0\xff\xff\xff\xff"), delivered(0, ""));
    }

    #[test]
    fn what_is_no_grpc_says_so() {
        let web = Answer { status: StatusCode::NOT_FOUND, ..Answer::default() };
        let Outcome::Refused { why } = judge(&web) else { panic!() };
        assert!(why.contains("4317"), "{why}");
        let Outcome::Broken { why } = judge(&Answer::default()) else { panic!() };
        assert!(why.contains("4317"), "{why}");
        let busy = Answer { status: StatusCode::BAD_GATEWAY, ..Answer::default() };
        assert!(matches!(judge(&busy), Outcome::Later { .. }));
        // An answer that is only a status has it in its headers.
        let headers = trailers(&[("grpc-status", "14")]);
        let only = Answer { headers, ..Answer::default() };
        assert!(matches!(judge(&only), Outcome::Later { .. }));
    }

    proptest! {
        #[test]
        fn any_answer_is_judged(
            status in 0..20_u8, body: Vec<u8>, details: Vec<u8>, text in "[ -~]{0,20}",
        ) {
            let details = BASE64.encode(details);
            let status = status.to_string();
            let list = [("grpc-status", &*status), ("grpc-message", &*text), ("grpc-status-details-bin", &*details)];
            judged(&list, &body);
            retry_info(&body);
        }
    }
}

//! gRPC over HTTP/2, as much as one message in and some out need: framing, status, trailers.
//!
//! A message is a byte that says whether it is compressed, its length in four bytes, big end first, and
//! its bytes. How a call went stands in the trailers, or in the headers where there is no message.

use super::answer::{Answer, essence, shown};
use super::payload::Payload;
use crate::protobuf::Writer;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::{BufMut as _, Bytes, BytesMut};
use core::fmt::Write as _;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use std::time::Duration;

/// What stands before a message.
pub(super) const HEAD: usize = 5;
const PROTOCOL: &str = "application/grpc";

pub(super) const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// How a call failed. The numbers are gRPC's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum Code {
    /// What was sent makes no sense.
    InvalidArgument = 3,
    /// It took too long.
    DeadlineExceeded = 4,
    /// There is no such thing.
    NotFound = 5,
    /// Whoever asks may not.
    PermissionDenied = 7,
    /// It is too much.
    ResourceExhausted = 8,
    /// There is no such method.
    Unimplemented = 12,
    /// It is our fault.
    Internal = 13,
    /// It is worth trying again.
    Unavailable = 14,
    /// It is not known who asks.
    Unauthenticated = 16,
}

/// How a call failed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// How.
    pub code: Code,
    /// Why.
    pub message: String,
    /// After how long it is worth trying again.
    pub retry: Option<Duration>,
}

impl Status {
    /// A call failed so.
    #[must_use]
    pub fn new(code: Code, message: &str) -> Self {
        Self { code, message: shown(message), retry: None }
    }

    /// The same, and it is worth trying again after so long.
    #[must_use]
    pub fn retry_after(mut self, time: Duration) -> Self {
        self.retry = Some(time);
        self
    }

    fn write(&self, headers: &mut HeaderMap) {
        headers.insert(STATUS, HeaderValue::from(self.code as u16));
        if let Ok(message) = percent_encoded(&self.message).parse() {
            headers.insert(MESSAGE, message);
        }
        if let Some(retry) = self.retry {
            let details = STANDARD_NO_PAD.encode(with_retry_info(self, retry));
            if let Ok(details) = details.parse() {
                headers.insert(DETAILS, details);
            }
        }
    }
}

/// A `google.rpc.Status` of this code and message.
pub(super) fn rpc_status(code: u64, message: &str) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.varint(1, code);
    writer.bytes(2, message.as_bytes());
    writer.into_bytes()
}

/// The same with a `google.rpc.RetryInfo`.
fn with_retry_info(status: &Status, retry: Duration) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.raw(&rpc_status(status.code as u64, &status.message));
    writer.message(3, |any| {
        any.bytes(1, b"type.googleapis.com/google.rpc.RetryInfo");
        any.message(2, |info| {
            info.message(1, |delay| {
                delay.varint(1, retry.as_secs());
                delay.varint(2, retry.subsec_nanos().into());
            });
        });
    });
    writer.into_bytes()
}

/// As `grpc-message` wants it.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'%' | 0..b' ' | 0x7f.. => {
                // Writing into a string does not fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
            _ => encoded.push(byte.into()),
        }
    }
    encoded
}

/// Whether a request is a call.
pub(super) fn is_call(headers: &HeaderMap) -> bool {
    let essence = essence(headers);
    let rest = essence.strip_prefix(PROTOCOL);
    rest.is_some_and(|rest| rest.is_empty() || rest == "+proto")
}

/// The one message of a body, and whether it is compressed.
pub(super) fn unframe(mut body: Bytes) -> Result<(bool, Bytes), Status> {
    let wrong = |why| Err(Status::new(Code::InvalidArgument, why));
    let Some((&[flag, a, b, c, d], rest)) = body.split_first_chunk::<HEAD>() else {
        return wrong("there is no message");
    };
    if flag > 1 {
        return wrong("a message is compressed or not: its first byte is 0 or 1");
    }
    if usize::try_from(u32::from_be_bytes([a, b, c, d])) != Ok(rest.len()) {
        return wrong("a message is cut off, or there is more than one");
    }
    Ok((flag == 1, body.split_off(HEAD)))
}

fn head(len: usize) -> Option<[u8; HEAD]> {
    let [a, b, c, d] = u32::try_from(len).ok()?.to_be_bytes();
    Some([0, a, b, c, d])
}

/// What goes out: messages, or how the call failed.
pub(super) fn response(outcome: Result<Vec<Bytes>, Status>) -> Response<Payload> {
    let outcome = outcome.and_then(|messages| {
        let mut parts = Vec::with_capacity(2 * messages.len());
        for message in messages {
            let too_long = || Status::new(Code::ResourceExhausted, "the answer is too long");
            let head = head(message.len()).ok_or_else(too_long)?;
            // Short messages are sent in one piece.
            if message.len() <= 4096 {
                let mut part = BytesMut::with_capacity(HEAD + message.len());
                part.put_slice(&head);
                part.put_slice(&message);
                parts.push(part.freeze());
            } else {
                parts.extend([Bytes::copy_from_slice(&head), message]);
            }
        }
        Ok(parts)
    });
    let mut response = match outcome {
        Ok(parts) => {
            let trailers = [(STATUS, HeaderValue::from_static("0"))].into_iter().collect();
            Response::new(Payload::new(parts).with_trailers(trailers))
        }
        Err(status) => {
            let mut response = Response::new(Payload::default());
            status.write(response.headers_mut());
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROTOCOL));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity,deflate,gzip"));
    response
}

/// What becomes of a refusal that an HTTP client would get.
pub(super) fn refusal(answer: &Answer) -> Response<Payload> {
    let code = match answer.status.as_u16() {
        401 => Code::Unauthenticated,
        403 | 421 => Code::PermissionDenied,
        404 | 405 => Code::Unimplemented,
        503 => Code::Unavailable,
        _ => Code::InvalidArgument,
    };
    let message = String::from_utf8_lossy(&answer.body);
    response(Err(Status::new(code, message.trim_end())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protobuf::{Field, Fields};

    #[test]
    fn a_message_is_framed_and_found_again() {
        let (compressed, message) = unframe(Bytes::from_static(b"\0\0\0\0\x02ab")).unwrap();
        assert_eq!((compressed, &*message), (false, &b"ab"[..]));
        assert_eq!(unframe(Bytes::from_static(b"\x01\0\0\0\0")), Ok((true, Bytes::new())));
        assert_eq!(head(0x1234), Some([0, 0, 0, 0x12, 0x34]));
    }

    #[test]
    fn what_is_no_single_message_is_refused() {
        let wrong: [&[u8]; 6] = [
            b"",
            b"\0\0\0\0",
            b"\0\0\0\0\x01",
            b"\0\0\0\0\0x",
            b"\x02\0\0\0\0",
            b"\0\xff\xff\xff\xffab",
        ];
        for body in wrong {
            let status = unframe(Bytes::from_static(body)).unwrap_err();
            assert_eq!(status.code, Code::InvalidArgument, "{body:?}");
        }
    }

    #[test]
    fn a_failure_says_how_and_why_and_when_to_try_again() {
        let status = Status::new(Code::Unavailable, "100 % full: größer");
        let response = response(Err(status.retry_after(Duration::from_millis(1500))));
        let header = |name: &str| response.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!((header("grpc-status"), header("content-type")), ("14", "application/grpc"));
        assert_eq!(header("grpc-message"), "100 %25 full: gr%C3%B6%C3%9Fer");
        let details = STANDARD_NO_PAD.decode(header("grpc-status-details-bin")).unwrap();
        let fields: Vec<_> = Fields::new(&details).map(Result::unwrap).collect();
        assert_eq!(fields[0], (1, Field::Varint(14)));
        let (3, Field::Bytes(any)) = fields[2] else { panic!("{fields:?}") };
        let any: Vec<_> = Fields::new(any).map(Result::unwrap).collect();
        assert_eq!(any[0].1, Field::Bytes(b"type.googleapis.com/google.rpc.RetryInfo"));
        assert_eq!(any[1].1, Field::Bytes(b"\x0a\x08\x08\x01\x10\x80\xca\xb5\xee\x01"));
    }

    #[test]
    fn calls_are_told_by_their_content_type() {
        let is = |value| {
            is_call(&[(CONTENT_TYPE, HeaderValue::from_static(value))].into_iter().collect())
        };
        assert!(is("application/grpc") && is("application/grpc+proto"));
        assert!(
            !is("application/grpc-web") && !is("application/grpc+json") && !is("application/json")
        );
    }
}

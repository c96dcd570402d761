//! How spans come over HTTP, and what is answered: how many were left out and why, or what is wrong, in
//! the form that was sent.

use super::answer::{Answer, shown};
use super::body::BodyError;
use super::grpc::{Code, Status, rpc_status};
use crate::model::{Checked, Chunk};
use crate::protobuf::Writer;
use crate::receiver::otlp::from_json;
use crate::receiver::zipkin;
use crate::storage::Refused;
use bytes::Bytes;
use http::StatusCode;
use http::header::ACCEPT_ENCODING;
use serde::Serialize;
use std::time::Duration;

/// A form in which spans come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// OTLP.
    Protobuf,
    /// OTLP.
    Json,
    ZipkinProtobuf,
    ZipkinJson,
}

/// Why spans were not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// They are in no form that is known.
    Type(String),
    /// They did not come whole.
    Body(BodyError),
    /// They make no sense.
    Nonsense(String),
    /// Nobody takes them now.
    Refused(Refused),
    /// Their source sent too much; it must wait for so long.
    TooFast(Duration),
}

const PROTOBUF: &str = "application/x-protobuf";

impl From<BodyError> for Trouble {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl Form {
    pub(super) fn of(content_type: &str) -> Result<Self, Trouble> {
        match content_type {
            "application/x-protobuf" | "application/protobuf" => Ok(Self::Protobuf),
            "application/json" => Ok(Self::Json),
            other => Err(Trouble::Type(other.to_owned())),
        }
    }

    /// The form of Zipkin's spans. Whatever says nothing else is JSON, as Zipkin has it.
    pub(super) fn of_zipkin(content_type: &str) -> Result<Self, Trouble> {
        match content_type {
            "application/x-protobuf" | "application/protobuf" => Ok(Self::ZipkinProtobuf),
            "application/x-thrift" => Err(Trouble::Type(content_type.to_owned())),
            _ => Ok(Self::ZipkinJson),
        }
    }

    /// The spans in a request.
    pub(super) fn read(self, body: Bytes) -> Result<Checked, Trouble> {
        let body = match self {
            Self::Protobuf => body,
            Self::Json => from_json(&body).map_err(nonsense)?.into(),
            // Zipkin's clients may send nothing.
            Self::ZipkinJson if body.is_empty() => body,
            Self::ZipkinJson => zipkin::from_json(&body).map_err(nonsense)?.into(),
            Self::ZipkinProtobuf => zipkin::from_protobuf(&body).map_err(nonsense)?.into(),
        };
        Chunk::check(body).map_err(nonsense)
    }

    /// It was taken, but for some spans, if there are any.
    pub(super) fn taken(self, rejected: usize, why: &str) -> Answer {
        match self {
            Self::ZipkinJson | Self::ZipkinProtobuf => Answer::empty(StatusCode::ACCEPTED),
            Self::Protobuf => Answer::new(PROTOBUF, partial_success(rejected, why)),
            Self::Json => {
                let rejected_spans = (rejected != 0).then(|| rejected.to_string());
                let partial_success = Partial { rejected_spans, error_message: why };
                json(StatusCode::OK, &Taken { partial_success })
            }
        }
    }

    /// It was not.
    pub(super) fn refused(self, trouble: &Trouble) -> Answer {
        let message = shown(&trouble.to_string());
        let code = trouble.code();
        let answer = match self {
            Self::Protobuf => Answer::new(PROTOBUF, rpc_status(code as u64, &message)),
            Self::Json => json(StatusCode::OK, &Failed { code: code as u8, message: &message }),
            Self::ZipkinJson | Self::ZipkinProtobuf => Answer::text(StatusCode::OK, &message),
        };
        let answer = answer.with_status(trouble.status());
        let answer = match trouble {
            Trouble::Body(BodyError::Coding(_)) => {
                answer.with_header(ACCEPT_ENCODING, "gzip, deflate")
            }
            _ => answer,
        };
        match trouble.retry() {
            Some(time) => answer.retry_after(time.as_secs()),
            None => answer,
        }
    }
}

fn nonsense(error: impl core::error::Error) -> Trouble {
    Trouble::Nonsense(error.to_string())
}

/// An `ExportTraceServiceResponse`.
pub(super) fn partial_success(rejected: usize, why: &str) -> Vec<u8> {
    let mut writer = Writer::default();
    if rejected != 0 || !why.is_empty() {
        writer.message(1, |partial| {
            partial.varint(1, rejected as u64);
            partial.bytes(2, why.as_bytes());
        });
    }
    writer.into_bytes()
}

impl core::fmt::Display for Trouble {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Type(given) => write!(
                f,
                "spans come as application/x-protobuf or application/json, not as `{given}`: set \
                 Content-Type"
            ),
            Self::Body(error) => error.fmt(f),
            Self::Nonsense(why) => f.write_str(why),
            Self::Refused(refused) => refused.fmt(f),
            Self::TooFast(_) => f.write_str(
                "more came from this address than --source-limit lets it send: try again later",
            ),
        }
    }
}

impl Trouble {
    fn status(&self) -> StatusCode {
        match self {
            Self::Type(_) | Self::Body(BodyError::Coding(_)) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body(BodyError::TooLong { .. } | BodyError::TooDense(_)) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Body(BodyError::NoRoom) | Self::Refused(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooFast(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Body(BodyError::TooSlow) => StatusCode::REQUEST_TIMEOUT,
            Self::Body(BodyError::CutOff | BodyError::Corrupt(_)) | Self::Nonsense(_) => {
                StatusCode::BAD_REQUEST
            }
        }
    }

    fn code(&self) -> Code {
        match self {
            Self::Body(BodyError::Coding(_)) => Code::Unimplemented,
            Self::Body(BodyError::TooLong { .. } | BodyError::TooDense(_)) | Self::TooFast(_) => {
                Code::ResourceExhausted
            }
            Self::Body(BodyError::NoRoom) | Self::Refused(_) => Code::Unavailable,
            Self::Body(BodyError::TooSlow) => Code::DeadlineExceeded,
            Self::Type(_)
            | Self::Body(BodyError::CutOff | BodyError::Corrupt(_))
            | Self::Nonsense(_) => Code::InvalidArgument,
        }
    }

    /// After how long it is worth trying again, where it is.
    fn retry(&self) -> Option<Duration> {
        match self {
            Self::Refused(Refused::Disk(_)) => Some(Duration::from_secs(10)),
            Self::Body(BodyError::NoRoom) | Self::Refused(_) => Some(Duration::from_secs(1)),
            // Whole seconds are what HTTP can say.
            Self::TooFast(wait) => Some(Duration::from_secs(wait.as_secs() + 1)),
            _ => None,
        }
    }

    /// What a client of gRPC is told.
    pub(super) fn call_status(&self) -> Status {
        let status = Status::new(self.code(), &self.to_string());
        match self.retry() {
            Some(time) => status.retry_after(time),
            None => status,
        }
    }

    /// What it is, for counting.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Type(_) | Self::Body(BodyError::Coding(_)) => "type",
            Self::Body(BodyError::TooLong { .. } | BodyError::TooDense(_)) => "too_long",
            Self::Body(BodyError::NoRoom) => "no_room",
            Self::Body(BodyError::TooSlow | BodyError::CutOff) => "cut_off",
            Self::Body(BodyError::Corrupt(_)) | Self::Nonsense(_) => "malformed",
            Self::Refused(_) => "refused",
            Self::TooFast(_) => "too_fast",
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Taken<'a> {
    partial_success: Partial<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Partial<'a> {
    /// 64-bit numbers are strings in protobuf's JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_spans: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    error_message: &'a str,
}

#[derive(Serialize)]
struct Failed<'a> {
    code: u8,
    message: &'a str,
}

fn json(status: StatusCode, content: &impl Serialize) -> Answer {
    // Only a serializer of ours could fail, and none does: numbers and strings.
    Answer::json(serde_json::to_vec(content).unwrap_or_default()).with_status(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_said_in_the_form_that_was_sent() {
        let json = Form::Json.taken(2, "no id");
        assert_eq!(json.body, r#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"no id"}}"#);
        assert_eq!(Form::Json.taken(0, "").body, r#"{"partialSuccess":{}}"#);
        let protobuf = Form::Protobuf.taken(2, "no id");
        assert_eq!(protobuf.body, &b"\x0a\x09\x08\x02\x12\x05no id"[..]);
        assert_eq!(protobuf.headers["content-type"], "application/x-protobuf");
        assert_eq!(Form::Protobuf.taken(0, "").body, &b""[..]);
    }

    #[test]
    fn a_failure_is_a_status_in_the_form_that_was_sent() {
        let trouble = Trouble::Nonsense("no \"OTLP\"".to_owned());
        let json = Form::Json.refused(&trouble);
        assert_eq!(
            (json.status, &*json.body),
            (StatusCode::BAD_REQUEST, &br#"{"code":3,"message":"no \"OTLP\""}"#[..])
        );
        let protobuf = Form::Protobuf.refused(&trouble);
        assert_eq!(protobuf.body, &b"\x08\x03\x12\x09no \"OTLP\""[..]);
    }

    #[test]
    fn only_what_may_go_better_later_is_worth_trying_again() {
        let later = [
            (Trouble::Refused(Refused::Full), "1"),
            (Trouble::Refused(Refused::Closing), "1"),
            (Trouble::Refused(Refused::Disk("full".to_owned())), "10"),
            (Trouble::Body(BodyError::NoRoom), "1"),
        ];
        for (trouble, seconds) in later {
            let answer = Form::Protobuf.refused(&trouble);
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(answer.headers["retry-after"], seconds);
            let status = trouble.call_status();
            assert!(status.code == Code::Unavailable && status.retry.is_some());
        }
        for trouble in
            [BodyError::TooLong { most: 1 }, BodyError::Corrupt("gzip"), BodyError::TooSlow]
        {
            let answer = Form::Json.refused(&trouble.clone().into());
            assert!(!answer.headers.contains_key("retry-after"), "{trouble}");
            assert_eq!(Trouble::from(trouble).call_status().retry, None);
        }
    }
}

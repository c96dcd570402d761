//! What a server answers, and what that means where it is not what was hoped for.

use super::super::send::Outcome;
use super::client::Failure;
use crate::protobuf::{Field, Fields};
use core::time::Duration;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use std::time::SystemTime;

/// How much of what a server says is passed on.
const LONGEST_WORDS: usize = 200;

/// An answer, whole or cut off.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: HeaderMap,
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreachable(why) => Self::Later { why, after: None },
            Failure::Broken(why) => Self::Broken { why },
        }
    }
}

impl Answer {
    /// What a status means that is no success, by OTLP's rules, which do for any server; `usual` is the
    /// port that one of the kind has.
    pub(crate) fn failure(&self, usual: &str) -> Outcome {
        let why = match (self.status.as_u16(), self.words()) {
            (404 | 405, _) => format!("{}: is this {usual}?", self.status),
            (301..=308, _) => format!("{}: redirects are not followed", self.status),
            (_, None) => self.status.to_string(),
            (_, Some(words)) => format!("{}: {words}", self.status),
        };
        match self.status.as_u16() {
            413 => Outcome::TooLong { why },
            429 | 502 | 503 | 504 => Outcome::Later { why, after: self.retry_after() },
            _ => Outcome::Refused { why },
        }
    }

    /// Whether its body says that it is JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.kind().starts_with(b"application/json")
    }

    fn kind(&self) -> &[u8] {
        self.headers.get(CONTENT_TYPE).map_or(b"", |kind| kind.as_bytes())
    }

    fn retry_after(&self) -> Option<Duration> {
        let value = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = value.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let at = httpdate::parse_http_date(value).ok()?;
        Some(at.duration_since(SystemTime::now()).unwrap_or_default())
    }

    /// What the server says, if that is text or a `google.rpc.Status`.
    fn words(&self) -> Option<String> {
        if self.kind().starts_with(b"application/x-protobuf") {
            let fields = Fields::new(&self.body).map_while(Result::ok);
            let message = fields.filter_map(|field| match field {
                (2, Field::Bytes(message)) => Some(message),
                _ => None,
            });
            return words(message.last()?);
        }
        words(&self.body)
    }
}

/// The start of what somebody says, if it is text, and something.
pub(crate) fn words(bytes: &[u8]) -> Option<String> {
    let text = str::from_utf8(bytes).ok()?.trim();
    let text: String = text.chars().take(LONGEST_WORDS).collect();
    (!text.is_empty() && !text.contains(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &[u8]) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers.collect(),
            body: body.to_vec(),
            ..Answer::default()
        }
    }

    #[test]
    fn the_statuses_of_the_specification_are_retried() {
        for code in [400_u16, 401, 404, 408, 413, 429, 500, 501, 502, 503, 504, 302] {
            let outcome = answer(code, &[], b"").failure("it");
            let is_later = matches!(outcome, Outcome::Later { after: None, .. });
            assert_eq!(is_later, [429, 502, 503, 504].contains(&code), "{code}");
            assert_eq!(matches!(outcome, Outcome::TooLong { .. }), code == 413, "{code}");
        }
    }

    #[test]
    fn a_server_may_say_when_to_come_back() {
        let after = |value| match answer(503, &[("retry-after", value)], b"").failure("it") {
            Outcome::Later { after, .. } => after,
            other => panic!("{other:?}"),
        };
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("Thu, 01 Jan 1970 00:00:01 GMT"), Some(Duration::ZERO));
        let later = after("Tue, 31 Dec 2999 23:59:59 GMT").unwrap();
        assert!(later > Duration::from_secs(86_400));
        for nonsense in ["soon", "-1", "", "99999999999999999999"] {
            assert_eq!(after(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_refusal_says_why() {
        let why = |answer: Answer| match answer.failure("it") {
            Outcome::Refused { why } => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(why(answer(400, &[], b"no such tenant\n")), "400 Bad Request: no such tenant");
        let status = b"\x08\x03\x12\x0eno such tenant";
        let protobuf = [("content-type", "application/x-protobuf")];
        let said = why(answer(400, &protobuf, status));
        assert_eq!(said, "400 Bad Request: no such tenant");
        assert_eq!(why(answer(400, &protobuf, b"\xff")), "400 Bad Request");
        assert_eq!(why(answer(404, &[], b"")), "404 Not Found: is this it?");
        assert_eq!(why(answer(400, &[], b"\x1b[31m")), "400 Bad Request");
    }
}

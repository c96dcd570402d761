//! What is asked and what is answered, as those see it who answer: plain data.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

/// A request.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Its method.
    pub method: Method,
    /// Its path, as it came.
    pub path: String,
    /// What stands in the path where the pattern has a name, decoded.
    pub parameters: Vec<(&'static str, String)>,
    /// What stands behind the `?`, decoded, in its order.
    pub query: Vec<(String, String)>,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, decompressed.
    pub body: Bytes,
    /// What a change of whoever comes by this browser must say; empty for others.
    pub proof: String,
}

impl Ask {
    /// What stands in the path where the pattern has this name; empty if it has no such name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The first of what the query says of this name.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| &**value)
    }

    /// All that the query says of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let of_name = self.query.iter().filter(move |(known, _)| known == name);
        of_name.map(|(_, value)| &**value)
    }

    /// What the body is, in lower case and without parameters; empty if it does not say so.
    #[must_use]
    pub fn content_type(&self) -> String {
        essence(&self.headers)
    }

    /// Whether who asks takes an answer that is compressed by gzip.
    pub(super) fn takes_gzip(&self) -> bool {
        let takes = |value: &HeaderValue| {
            let codings = value.to_str().unwrap_or_default().to_ascii_lowercase();
            codings.split(',').any(|coding| {
                let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
                name.trim() == "gzip"
                    && !matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
            })
        };
        self.headers.get_all(ACCEPT_ENCODING).iter().any(takes)
    }
}

/// The content type without parameters, in lower case.
pub(super) fn essence(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (essence, _) = value.split_once(';').unwrap_or((value, ""));
    essence.trim().to_ascii_lowercase()
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it went.
    pub status: StatusCode,
    /// Headers, among them what the body is.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// A body of this type; it went well.
    #[must_use]
    pub fn new(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let headers =
            [(CONTENT_TYPE, HeaderValue::from_static(content_type))].into_iter().collect();
        Self { status: StatusCode::OK, headers, body: body.into() }
    }

    /// JSON; it went well.
    #[must_use]
    pub fn json(body: impl Into<Bytes>) -> Self {
        Self::new("application/json", body)
    }

    /// Text of one line; it went so.
    #[must_use]
    pub fn text(status: StatusCode, line: &str) -> Self {
        Self::new("text/plain; charset=utf-8", format!("{line}\n")).with_status(status)
    }

    /// Nothing; it went so.
    #[must_use]
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// The same, but it went so.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same with this header; without it if it is none.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = value.parse() {
            self.headers.insert(name, value);
        }
        self
    }

    /// The same, and that it is worth trying again after so many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.headers.insert(RETRY_AFTER, seconds.into());
        self
    }
}

/// At most so much of what a client sent is said back to it.
const LONGEST_ECHO: usize = 500;

/// A message that may quote what a client sent, cut and without what a terminal obeys.
pub(super) fn shown(message: &str) -> String {
    let shown = message.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut shown: String = shown.take(LONGEST_ECHO).collect();
    if message.chars().nth(LONGEST_ECHO).is_some() {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_may_say_something_more_than_once() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let ask = Ask {
            method: Method::GET,
            path: "/api/traces/7".to_owned(),
            parameters: vec![("id", "7".to_owned())],
            query: vec![pair("tag", "a:1"), pair("limit", "3"), pair("tag", "b:2")],
            headers: HeaderMap::new(),
            body: Bytes::new(),
            proof: String::new(),
        };
        assert_eq!(ask.all("tag").collect::<Vec<_>>(), ["a:1", "b:2"]);
        assert_eq!((ask.first("limit"), ask.first("service")), (Some("3"), None));
        assert_eq!((ask.parameter("id"), ask.parameter("name")), ("7", ""));
    }

    #[test]
    fn what_a_client_sent_is_said_back_in_part() {
        assert_eq!(shown("a\nb\u{1b}[1m"), "a b [1m");
        assert_eq!(shown(&"x".repeat(10_000)).len(), LONGEST_ECHO + 3);
    }
}

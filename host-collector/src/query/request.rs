//! What is asked and what is answered, as plain data.

use std::borrow::Cow;

/// A request to one of the query APIs.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'a str,
    /// The path as it came, percent signs and all.
    pub path: &'a str,
    /// What stands behind the `?`, decoded: see [`pairs`].
    pub query: &'a [(String, String)],
    /// The body.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The first value of a parameter; empty if there is none.
    #[must_use]
    pub fn first(&self, name: &str) -> &'a str {
        self.given(name).unwrap_or_default()
    }

    /// The first value of a parameter, if it is there.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&'a str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// All values of a parameter.
    pub fn all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let query = self.query;
        query.iter().filter(move |(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// The last segment of the path, as it came.
    #[must_use]
    pub fn last_segment(&self) -> &'a str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// What stands behind the `?` of a URL, decoded, in its order. A pair that is malformed is left out.
#[must_use]
pub fn pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';'));
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.filter_map(|(key, value)| Some((decoded(key)?, decoded(value)?))).collect()
}

/// A part of a query without its percent signs, where `+` is a blank; none if it is malformed. What is no
/// UTF-8 then has replacement characters.
#[must_use]
pub fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high << 4 | low).ok()?
            }
            other => other,
        });
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// JSON.
pub const JSON: &str = "application/json";
/// Text, in which the errors of Go's servers come, whatever they are.
pub const TEXT: &str = "text/plain; charset=utf-8";

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP's status.
    pub status: u16,
    /// What the body is.
    pub content_type: &'static str,
    /// Other headers, by their names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A body of this type; it went so.
    #[must_use]
    pub fn new(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status, content_type, headers: Vec::new(), body }
    }

    /// JSON; it went well.
    #[must_use]
    pub fn json(body: Vec<u8>) -> Self {
        Self::new(200, JSON, body)
    }

    /// The same with another header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// HTTP's status.
    pub status: u16,
    /// What to tell whoever asked.
    pub message: Cow<'static, str>,
}

impl Failure {
    /// The request makes no sense.
    pub fn bad(message: impl Into<Cow<'static, str>>) -> Self {
        Self { status: 400, message: message.into() }
    }

    /// There is no such thing.
    pub fn missing(message: impl Into<Cow<'static, str>>) -> Self {
        Self { status: 404, message: message.into() }
    }

    /// It is more than an answer holds.
    pub fn too_much(message: impl Into<Cow<'static, str>>) -> Self {
        Self { status: 413, message: message.into() }
    }

    /// It is not the request's fault.
    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self { status: 500, message: message.into() }
    }
}

impl From<crate::protobuf::Malformed> for Failure {
    fn from(error: crate::protobuf::Malformed) -> Self {
        Self::bad(error.to_string())
    }
}

impl From<crate::storage::ReadError> for Failure {
    fn from(error: crate::storage::ReadError) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<crate::storage::EraseError> for Failure {
    fn from(error: crate::storage::EraseError) -> Self {
        let status = if error == crate::storage::EraseError::Full { 503 } else { 500 };
        Self { status, ..Self::internal(error.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_as_forms_are() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let query = "tag=a%3A1&&b=x+y%20z&only&c=1=2&bad=%zz&bad=%f&d=1;2&%E4%B8%96=%FF&tag=";
        let expected = [
            pair("tag", "a:1"),
            pair("b", "x y z"),
            pair("only", ""),
            pair("c", "1=2"),
            pair("世", "\u{fffd}"),
            pair("tag", ""),
        ];
        assert_eq!(pairs(query), expected);
        let query = pairs(query);
        let request =
            Request { method: "GET", path: "/api/traces/a%2Fb", query: &query, body: &[] };
        assert_eq!(request.first("tag"), "a:1");
        assert_eq!(request.all("tag").collect::<Vec<_>>(), ["a:1", ""]);
        assert_eq!((request.given("only"), request.given("none")), (Some(""), None));
        assert_eq!(request.last_segment(), "a%2Fb");
    }
}

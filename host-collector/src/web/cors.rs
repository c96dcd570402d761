//! Web pages of elsewhere that somebody let read answers here.

use super::answer::Answer;
use super::payload::Payload;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, VARY,
};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};

/// Whether a browser asks what a page may send.
pub(super) fn is_preflight(request: &Parts) -> bool {
    request.method == Method::OPTIONS && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// It may send what it wants to: the page's origin is known.
pub(super) fn preflight(request: &Parts) -> Answer {
    let mut answer = Answer::empty(StatusCode::NO_CONTENT)
        .with_header(ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE")
        .with_header(ACCESS_CONTROL_MAX_AGE, "600");
    if let Some(headers) = request.headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
    }
    answer
}

/// The page may read the answer.
pub(super) fn allow(response: &mut Response<Payload>, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(VARY, HeaderValue::from_static("origin"));
}

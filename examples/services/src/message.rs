//! What the services send each other: one datagram for a request, one for its answer.
//!
//! ```text
//! request  number 1 | context of the client's span 25 | text, 1 to 80
//! answer   number 1 | text, 0 to 88
//! ```
//!
//! The context is in the binary form of [`spandrel::carrier::binary`]. The number is the request's:
//! it tells the answer to this request from a late one to the request before. Text is UTF-8.

use core::fmt::{self, Write as _};
use heapless::{String, Vec};
use spandrel::SpanContext;
use spandrel::carrier::{ExtractError, binary};

/// The longest text of a request, in bytes.
pub const MAX_TEXT_LEN: usize = 80;

/// The longest text of an answer: a greeting is that much longer than who is greeted.
pub const MAX_ANSWER_LEN: usize = MAX_TEXT_LEN + "Hello, !".len();

const HEAD_LEN: usize = 1 + binary::LEN;

/// The longest datagram that is a request.
pub const MAX_REQUEST_LEN: usize = HEAD_LEN + MAX_TEXT_LEN;

/// Room for every datagram of the services, and for some that are too long, to see that they are.
pub const BUFFER_LEN: usize = 256;

/// The text of an answer.
pub type Text = String<MAX_ANSWER_LEN>;

/// The datagram of a request.
pub type RequestBytes = Vec<u8, MAX_REQUEST_LEN>;

/// The datagram of an answer.
pub type AnswerBytes = Vec<u8, { 1 + MAX_ANSWER_LEN }>;

/// A request as the server reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Its number.
    pub number: u8,
    /// The span that it was sent by; a request that carries none is served all the same.
    pub context: Result<SpanContext, ExtractError>,
    /// What it is about.
    pub text: &'a str,
}

impl<'a> Request<'a> {
    /// Reads a datagram.
    ///
    /// # Errors
    /// Where it is no request, whatever its context is.
    pub fn read(datagram: &'a [u8]) -> Result<Self, BadRequest> {
        let (number, rest) = datagram.split_first().ok_or(BadRequest::Short)?;
        let (context, text) = rest.split_at_checked(binary::LEN).ok_or(BadRequest::Short)?;
        if text.is_empty() {
            return Err(BadRequest::Short);
        }
        if text.len() > MAX_TEXT_LEN {
            return Err(BadRequest::Long);
        }
        let text = core::str::from_utf8(text).map_err(|_| BadRequest::NotUtf8)?;
        Ok(Self { number: *number, context: binary::extract(context), text })
    }
}

/// Why a datagram is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRequest {
    /// It ends before its text begins.
    Short,
    /// Its text is longer than [`MAX_TEXT_LEN`].
    Long,
    /// Its text is not UTF-8.
    NotUtf8,
}

impl fmt::Display for BadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => write!(f, "it has no text behind its first {HEAD_LEN} bytes"),
            Self::Long => write!(f, "its text is longer than {MAX_TEXT_LEN} bytes"),
            Self::NotUtf8 => f.write_str("its text is not UTF-8"),
        }
    }
}

impl core::error::Error for BadRequest {}

/// The datagram of a request; none where the text is empty or too long, or the context's ids are not
/// known here.
#[must_use]
pub fn request(number: u8, context: &SpanContext, text: &str) -> Option<RequestBytes> {
    if text.is_empty() {
        return None;
    }
    let mut datagram = RequestBytes::new();
    datagram.push(number).ok()?;
    datagram.extend_from_slice(&binary::inject(context).ok()?).ok()?;
    datagram.extend_from_slice(text.as_bytes()).ok()?;
    Some(datagram)
}

/// The datagram of an answer.
#[must_use]
pub fn answer(number: u8, text: &Text) -> AnswerBytes {
    [number].iter().chain(text.as_bytes()).copied().collect()
}

/// The text of an answer, if this datagram is the answer to the request with this number.
#[must_use]
pub fn read_answer(datagram: &[u8], number: u8) -> Option<Text> {
    let (found, text) = datagram.split_first()?;
    let text = core::str::from_utf8(text).ok().filter(|_| *found == number)?;
    Text::try_from(text).ok()
}

/// A value as text of at most `N` bytes; a longer one ends before the part that does not fit.
pub(crate) fn shown<const N: usize>(value: impl fmt::Display) -> String<N> {
    let mut text = String::new();
    // The one error is that the text is full, and what fitted is worth having.
    let _ = write!(text, "{value}");
    text
}

//! What `#[traced]` expands to: calls and futures whose result is looked at.

#[cfg(feature = "enable")]
mod watched;

use crate::tags::MAX_COPIED_LEN;
use crate::{Copied, Span, TagValue, semconv};
use core::fmt::{self, Write as _};
use core::future::Future;

#[cfg(feature = "enable")]
pub use watched::watch;

/// The value, whose type is checked here and not deep in `span!`.
#[inline(always)]
pub fn value<V: TagValue>(value: V) -> V {
    value
}

/// What a function returns that may fail.
#[diagnostic::on_unimplemented(
    message = "`err` needs a function that returns a `Result`, not `{Self}`",
    label = "no `Result`"
)]
pub trait Outcome {
    /// What it returns where it fails.
    type Error;
    /// The error, if there is one.
    fn error(&self) -> Option<&Self::Error>;
}

impl<T, E> Outcome for Result<T, E> {
    type Error = E;

    #[inline(always)]
    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }
}

/// Calls a body that may return early. That it is called once lets it give back what it borrows.
#[inline(always)]
pub fn call<T, F: FnOnce() -> T>(body: F) -> T {
    body()
}

/// The body of an `async fn`, whose output is known before it is looked into.
#[inline(always)]
pub fn output<T, F: Future<Output = T>>(body: F) -> F {
    body
}

/// Marks the span of a call that failed.
#[inline(always)]
pub fn failed<R: Outcome>(span: &Span, result: &R) {
    if result.error().is_some() {
        mark(span);
    }
}

/// The same, with the error's text.
#[inline(always)]
pub fn failed_display<R: Outcome<Error: fmt::Display>>(span: &Span, result: &R) {
    if let Some(error) = result.error()
        && span.is_sampled()
    {
        mark_with(span, format_args!("{error}"));
    }
}

/// The same, with the error's text for programmers.
#[inline(always)]
pub fn failed_debug<R: Outcome<Error: fmt::Debug>>(span: &Span, result: &R) {
    if let Some(error) = result.error()
        && span.is_sampled()
    {
        mark_with(span, format_args!("{error:?}"));
    }
}

/// The future as it is: there is no span.
#[cfg(not(feature = "enable"))]
#[inline(always)]
pub fn watch<F: Future>(future: F, _: Span, _: impl FnOnce(&Span, &F::Output)) -> F {
    future
}

#[cold]
fn mark(span: &Span) {
    crate::tag!(span, { semconv::ERROR } = true);
    crate::log!(span, { semconv::EVENT } = semconv::EVENT_ERROR);
}

#[cold]
fn mark_with(span: &Span, error: fmt::Arguments<'_>) {
    let mut text = Text { bytes: [0; _], len: 0 };
    // A `Display` that fails has said what it could.
    let _ = text.write_fmt(error);
    crate::tag!(span, { semconv::ERROR } = true);
    let message = Copied(text.as_str());
    crate::log!(span, { semconv::EVENT } = semconv::EVENT_ERROR, { semconv::MESSAGE } = message);
}

/// Text up to some bytes more than are copied: so it is seen to be cut, and counted.
struct Text {
    bytes: [u8; MAX_COPIED_LEN + 4],
    len: usize,
}

impl Text {
    fn as_str(&self) -> &str {
        let text = self.bytes.get(..self.len).and_then(|text| str::from_utf8(text).ok());
        text.unwrap_or_default()
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        let len = text.floor_char_boundary(room.len());
        let (to, from) = (room.get_mut(..len), text.as_bytes().get(..len));
        if let (Some(to), Some(from)) = (to, from) {
            to.copy_from_slice(from);
            self.len += len;
        }
        // What is longer need not be formatted.
        if len < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

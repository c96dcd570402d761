//! The attribute [`traced`] of `spandrel`, where it is behind the feature `macros`.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that fails may panic"))]

mod expand;
mod function;
mod options;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// A span around each call of a function, with the function's name.
///
/// `#[traced(TRACER)]` goes on an `fn` or `async fn`, a method or none. The first argument is the
/// tracer: a static, or whatever expression gives a `&'static Tracer`. The span is a child of the
/// active span, and is active itself while the body runs. It is what
/// [`span!`](https://docs.rs/spandrel/latest/spandrel/macro.span.html) makes, and costs as much.
///
/// ```
/// use spandrel::{Clock, Recorder, Tracer, traced};
///
/// static RECORDER: Recorder<1024> = Recorder::new();
/// static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic());
///
/// #[traced(TRACER, args)]
/// fn read(bus: u8, register: u16) -> u16 {
///     settle(); // a child of "read", which has the tags `bus` and `register`
///     register
/// }
///
/// #[traced(TRACER, name = "settle the supply")]
/// fn settle() {}
///
/// read(1, 0x10);
/// ```
///
/// | option | what it does |
/// |---|---|
/// | `name = ".."` | another name; a constant in braces or an expression, as in `span!` |
/// | `args` | a tag for each argument but `self`; without it none is recorded |
/// | `skip(a, b)` | leaves arguments out of `args` |
/// | `tags(a, key = value, "a key" = value, {KEY} = value)` | more tags; a name alone is that of an argument or of a constant |
/// | `parent = ..` | what the span is a child of: a span, a context, or `ChildOf::Root` |
/// | `err` | where the function returns `Err`: the tag `error` and a log with `event` = `error` |
/// | `err = "display"`, `err = "debug"` | `err`, and the error as text in the log's field `message`, up to 128 bytes |
///
/// Values are what `TagValue` lists; they are recorded when the call begins, and may refer to `self`
/// and to the arguments. An argument of type `&str` is copied. One of another type is left out by
/// `skip`, or something of it is recorded by `tags`.
///
/// ```
/// # use spandrel::{Clock, Recorder, Tracer};
/// # static RECORDER: Recorder<1024> = Recorder::new();
/// # static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic());
/// use spandrel::{semconv, traced};
///
/// struct Sensor {
///     address: u8,
/// }
///
/// #[derive(Debug)]
/// struct NoAnswer;
///
/// impl Sensor {
///     #[traced(
///         TRACER,
///         args, skip(buffer),
///         tags(address = self.address, bytes = buffer.len(), {semconv::SPAN_KIND} = "client"),
///         err = "debug",
///     )]
///     async fn fill(&mut self, register: u16, buffer: &mut [u8]) -> Result<(), NoAnswer> {
///         let Some(first) = buffer.first_mut() else { return Err(NoAnswer) };
///         *first = self.address;
///         Ok(())
///     }
/// }
/// # let mut sensor = Sensor { address: 1 };
/// # let mut future = std::pin::pin!(sensor.fill(2, &mut []));
/// # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// # assert!(std::future::Future::poll(future.as_mut(), &mut context).is_ready());
/// ```
///
/// The span of an `async fn` begins with the first poll, is active in every poll and only there, and
/// has the tag `cancelled` where the future is dropped before its end.
///
/// Without spandrel's feature `enable` nothing is recorded, and nothing that the options say is
/// evaluated.
///
/// What cannot be traced: a `const fn`, which takes no time, and a function without a body.
///
/// ```compile_fail
/// # use spandrel::{Clock, Recorder, Tracer, traced};
/// # static RECORDER: Recorder<1024> = Recorder::new();
/// # static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic());
/// #[traced(TRACER, args)]
/// fn write(bytes: &[u8]) {} // a slice cannot be the value of a tag
/// ```
#[proc_macro_attribute]
pub fn traced(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::traced(options.into(), item.into()).into()
}

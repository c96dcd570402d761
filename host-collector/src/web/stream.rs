//! Answers that go on: what is told to a client as it happens.

use bytes::Bytes;
use core::fmt::{self, Debug, Formatter};
use core::pin::Pin;
use core::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval_at};

/// What a client is told, piece by piece.
pub trait Stream: Send {
    /// The next piece, as server-sent events have it; none at the end. Whoever waits is woken.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>>;
}

/// So long nothing is said at most: a client that has gone is noticed, and one that is there knows that
/// the collector is.
const QUIET: Duration = Duration::from_secs(10);
/// A comment, which clients pass over.
const ALIVE: Bytes = Bytes::from_static(b": alive\n\n");

/// A stream that is not quiet for long.
pub(super) struct Lively {
    stream: Box<dyn Stream>,
    quiet: Interval,
    is_begun: bool,
}

impl Lively {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        let mut quiet = interval_at(tokio::time::Instant::now() + QUIET, QUIET);
        quiet.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { stream, quiet, is_begun: false }
    }

    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        // A client is to know at once that it is heard.
        if !core::mem::replace(&mut self.is_begun, true) {
            return Poll::Ready(Some(ALIVE));
        }
        if let Poll::Ready(piece) = self.stream.poll_next(context) {
            self.quiet.reset();
            return Poll::Ready(piece);
        }
        Pin::new(&mut self.quiet).poll_tick(context).map(|_| Some(ALIVE))
    }
}

impl Debug for Lively {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lively").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Never;

    impl Stream for Never {
        fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Bytes>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_stream_says_now_and_then_that_it_is_there() {
        let mut lively = Lively::new(Box::new(Never));
        let start = tokio::time::Instant::now();
        for seconds in [0, 10, 20] {
            let piece = core::future::poll_fn(|context| lively.poll_next(context)).await;
            assert_eq!(piece, Some(ALIVE));
            assert_eq!(start.elapsed().as_secs(), seconds);
        }
    }
}

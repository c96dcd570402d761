//! [`Upload`]: the body of a request, which says when it is the client's turn.

use super::connections::Exchange;
use bytes::Bytes;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use http_body::{Body, Frame, SizeHint};

/// A body that comes from a client. While it is waited for, its connection may go for others.
#[derive(Debug)]
pub(super) struct Upload<'a, B> {
    body: B,
    exchange: &'a Exchange,
    is_awaited: bool,
}

impl<'a, B> Upload<'a, B> {
    pub(super) fn new(body: B, exchange: &'a Exchange) -> Self {
        Self { body, exchange, is_awaited: false }
    }

    fn goes_on(&mut self) {
        if core::mem::take(&mut self.is_awaited) {
            self.exchange.goes_on();
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Upload<'_, B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(context);
        // A byte now and then does not make it a newer one among those that wait.
        if polled.is_pending() && !core::mem::replace(&mut this.is_awaited, true) {
            this.exchange.waits();
        }
        let frame = ready!(polled);
        if frame.is_none() || this.body.is_end_stream() {
            this.goes_on();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Upload<'_, B> {
    fn drop(&mut self) {
        self.goes_on();
    }
}

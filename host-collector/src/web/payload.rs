//! The body of an answer, which goes out in pieces that a client takes one by one.

use super::budget::Share;
use super::connections::Exchange;
use super::stream::Lively;
use bytes::Bytes;
use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use std::collections::VecDeque;

/// The longest piece, so that what waits for a slow client waits here and is seen to.
const PIECE: usize = 64 << 10;

/// What is left of an answer.
#[derive(Debug, Default)]
pub(super) struct Payload {
    parts: VecDeque<Bytes>,
    trailers: Option<HeaderMap>,
    /// What comes behind them, for as long as there is anything.
    rest: Option<Lively>,
    share: Option<Share>,
    exchange: Option<Exchange>,
}

impl Payload {
    pub(super) fn new(parts: impl IntoIterator<Item = Bytes>) -> Self {
        let parts = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Self { parts, ..Self::default() }
    }

    pub(super) fn live(stream: Lively) -> Self {
        Self { rest: Some(stream), ..Self::default() }
    }

    pub(super) fn with_trailers(mut self, trailers: HeaderMap) -> Self {
        self.trailers = Some(trailers);
        self
    }

    /// How many bytes it has; none if that is not known.
    pub(super) fn len(&self) -> Option<usize> {
        self.rest.is_none().then(|| self.parts.iter().map(Bytes::len).sum())
    }

    /// Nothing is sent but the headers.
    pub(super) fn clear(&mut self) {
        self.parts.clear();
        self.rest = None;
    }

    /// The request that it answers ends with it, and so does what it holds of the budget.
    pub(super) fn ends(mut self, exchange: Exchange, share: Share) -> Self {
        exchange.taken();
        self.exchange = Some(exchange);
        self.share = Some(share);
        self
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        if let Some(exchange) = &this.exchange {
            exchange.taken();
        }
        let Some(first) = this.parts.front_mut() else {
            if let Some(rest) = &mut this.rest {
                return rest
                    .poll_next(context)
                    .map(|piece| piece.map(|piece| Ok(Frame::data(piece))));
            }
            return Poll::Ready(this.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))));
        };
        let piece = first.split_to(first.len().min(PIECE));
        if first.is_empty() {
            this.parts.pop_front();
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty() && self.trailers.is_none() && self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match self.len() {
            Some(len) if self.trailers.is_none() => SizeHint::with_exact(len as u64),
            _ => SizeHint::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(payload: &mut Payload) -> Option<Frame<Bytes>> {
        let waker = core::task::Waker::noop();
        match Pin::new(payload).poll_frame(&mut Context::from_waker(waker)) {
            Poll::Ready(frame) => frame.map(|frame| frame.unwrap()),
            Poll::Pending => panic!("it never waits"),
        }
    }

    #[test]
    fn it_comes_in_pieces_and_then_its_trailers() {
        let long = Bytes::from(vec![7; PIECE + 1]);
        let trailers = HeaderMap::from_iter([(http::header::AGE, http::HeaderValue::from(1))]);
        let mut payload = Payload::new([Bytes::new(), long, Bytes::from_static(b"x")]);
        assert_eq!(payload.len(), Some(PIECE + 2));
        payload = payload.with_trailers(trailers.clone());
        let mut lengths = Vec::new();
        loop {
            match frame(&mut payload).unwrap().into_data() {
                Ok(data) => lengths.push(data.len()),
                Err(frame) => break assert_eq!(frame.into_trailers().unwrap(), trailers),
            }
        }
        assert_eq!(lengths, [PIECE, 1, 1]);
        assert!(payload.is_end_stream() && frame(&mut payload).is_none());
    }
}

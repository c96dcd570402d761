//! A request's body in the pieces that it was made of, or compressed.

use bytes::Bytes;
use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll};
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body::{Body, Frame, SizeHint};
use std::collections::VecDeque;
use std::io::Write as _;

/// Pieces of a body one after the other, without copying them together.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    pieces: VecDeque<Bytes>,
    left: u64,
}

impl Pieces {
    pub(crate) fn new(pieces: &[Bytes]) -> Self {
        let left = pieces.iter().map(|piece| piece.len() as u64).sum();
        Self { pieces: pieces.iter().filter(|piece| !piece.is_empty()).cloned().collect(), left }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.pieces.pop_front();
        self.left -= piece.as_ref().map_or(0, |piece| piece.len() as u64);
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// The pieces as one gzip file of this level.
pub(crate) fn gzip(pieces: &[Bytes], level: u32) -> Bytes {
    let bytes: usize = pieces.iter().map(Bytes::len).sum();
    let mut encoder =
        GzEncoder::new(Vec::with_capacity(bytes / 4 + 64), Compression::new(level.min(9)));
    for piece in pieces {
        // Memory takes everything.
        let _ = encoder.write_all(piece);
    }
    encoder.finish().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use proptest::prelude::*;
    use std::io::Read as _;

    proptest! {
        #[test]
        fn what_is_compressed_is_all_of_it(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5),
            level in 0..12_u32,
        ) {
            let pieces: Vec<Bytes> = pieces.into_iter().map(Bytes::from).collect();
            let mut plain = Vec::new();
            GzDecoder::new(&*gzip(&pieces, level)).read_to_end(&mut plain).unwrap();
            prop_assert_eq!(&plain, &pieces.concat());
            let mut body = Pieces::new(&pieces);
            prop_assert_eq!(body.size_hint().exact(), Some(plain.len() as u64));
            let mut sent = Vec::new();
            let mut context = Context::from_waker(core::task::Waker::noop());
            while let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut body).poll_frame(&mut context) {
                sent.extend_from_slice(frame.data_ref().unwrap());
            }
            prop_assert!(body.is_end_stream() && body.size_hint().exact() == Some(0));
            prop_assert_eq!(sent, plain);
        }
    }
}

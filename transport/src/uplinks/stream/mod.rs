//! [`StreamUplink`]: frames over any stream of bytes.
//!
//! | module | feature | stream |
//! |---|---|---|
//! | [`timed`] | `embedded-io-async` | whatever has its traits, with a timer: UART, USB-CDC |
//! | [`tcp`](super::tcp) | `embassy-net` | a connection that is made again when it breaks |
//! | [`std_stream`](super::std_stream), [`std_tcp`](super::std_tcp) | `std` | files, ports and sockets of a host |

#[cfg(feature = "embedded-io-async")]
pub mod timed;

use crate::Uplink;
use crate::framing::stream::{Encoder, Item, Splitter, buffer_len};
use core::time::Duration;

/// The longest frame of most streams: what a UART at 115,200 baud takes 45 ms for.
pub const MTU: usize = 508;

/// The buffer for frames that come down: longer than any that a collector sends.
const DOWN: usize = buffer_len(256);
/// Bytes that are read at once, and written.
const PIECE: usize = 64;

/// A stream of bytes whose waits end.
#[expect(async_fn_in_trait, reason = "the reporter is a task of its own and is not boxed")]
pub trait ByteStream {
    /// Waits for bytes at most so long; says how many it gives. 0 where none came, or none can.
    ///
    /// With an empty buffer it only waits. What it does not give must not be lost.
    async fn read(&mut self, buffer: &mut [u8], within: Duration) -> usize;

    /// Hands over all of the bytes; false where it cannot, be it for part of them.
    ///
    /// It may wait for room, but not for ever.
    async fn write(&mut self, bytes: &[u8]) -> bool;

    /// Sees to it that what was written goes out without another write.
    async fn flush(&mut self) -> bool;
}

/// Frames over a [`ByteStream`], by [`framing::stream`](crate::framing::stream).
///
/// The line may be shared with text. A frame that could be written only in part is written again, whole.
#[derive(Debug)]
pub struct StreamUplink<S> {
    stream: S,
    mtu: usize,
    splitter: Splitter<[u8; DOWN]>,
    /// What was read and is still to be looked at.
    piece: [u8; PIECE],
    unread: core::ops::Range<usize>,
}

impl<S: ByteStream> StreamUplink<S> {
    /// An uplink whose frames have at most [`MTU`] bytes.
    pub fn new(stream: S) -> Self {
        Self {
            stream,
            mtu: MTU,
            splitter: Splitter::new([0; DOWN]),
            piece: [0; PIECE],
            unread: 0..0,
        }
    }

    /// With frames of at most so many bytes: longer ones cost less each, and more where one is lost.
    ///
    /// The collector takes up to 16,384.
    #[must_use]
    pub fn with_mtu(mut self, mtu: usize) -> Self {
        self.mtu = mtu;
        self
    }

    /// The stream.
    pub fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Takes the next frame out of what was read.
    fn take_frame(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let mut rest = self.piece.get(self.unread.clone()).unwrap_or_default();
        let mut len = None;
        while len.is_none()
            && let Some(item) = self.splitter.next(&mut rest)
        {
            // Text that comes down is for nobody; nor is a frame that is longer than the buffer.
            if let Item::Frame(frame) = item
                && let Some(room) = buffer.get_mut(..frame.len())
            {
                room.copy_from_slice(frame);
                len = Some(frame.len());
            }
        }
        self.unread.start = self.unread.end - rest.len();
        len
    }
}

impl<S: ByteStream> Uplink for StreamUplink<S> {
    fn mtu(&self) -> usize {
        self.mtu
    }

    async fn send(&mut self, frame: &[u8]) -> bool {
        let mut encoder = Encoder::new(frame);
        let mut piece = [0; PIECE];
        loop {
            let len = encoder.fill(&mut piece);
            if len == 0 {
                return self.stream.flush().await;
            }
            if !self.stream.write(piece.get(..len).unwrap_or_default()).await {
                return false;
            }
        }
    }

    /// May end early where bytes come that are no whole frame yet: they are kept for the next call.
    async fn receive(&mut self, buffer: &mut [u8], within: Duration) -> Option<usize> {
        if buffer.is_empty() {
            self.stream.read(&mut [], within).await;
            return None;
        }
        if let Some(len) = self.take_frame(buffer) {
            return Some(len);
        }
        let len = self.stream.read(&mut self.piece, within).await;
        self.unread = 0..len.min(PIECE);
        self.take_frame(buffer)
    }
}

#[cfg(test)]
mod tests;

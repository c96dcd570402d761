//! A stream over the readers and writers of the standard library: files, ports, sockets, pipes.

use super::stream::ByteStream;
use alloc::vec::Vec;
use core::time::Duration;
use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;

/// Pieces that wait to be looked at; a reader that is ahead of that waits.
const PIECES: usize = 64;

/// Both ways of a stream. Its reader has a thread of its own, since most readers wait as long as they
/// like.
///
/// A write may block its thread for as long as the writer does; set a timeout where it has one.
#[derive(Debug)]
pub struct StdStream<W> {
    bytes: Option<Receiver<Vec<u8>>>,
    /// What is left of a piece.
    rest: Vec<u8>,
    writer: W,
}

impl<W: Write> StdStream<W> {
    /// A stream both ways.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn new(reader: impl Read + Send + 'static, writer: W) -> io::Result<Self> {
        let (sender, bytes) = sync_channel(PIECES);
        let read = move || read(reader, &sender);
        thread::Builder::new().name("spandrel-downlink".into()).spawn(read)?;
        Ok(Self { bytes: Some(bytes), rest: Vec::new(), writer })
    }

    /// A stream that only sends: everything decodes all the same.
    pub fn transmit_only(writer: W) -> Self {
        Self { bytes: None, rest: Vec::new(), writer }
    }

    /// Whether nothing more can come: the reader has ended, or there is none.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.bytes.is_none() && self.rest.is_empty()
    }
}

/// Reads until the stream ends or nobody wants it any more.
fn read(mut reader: impl Read, pieces: &SyncSender<Vec<u8>>) {
    let mut buffer = [0; 256];
    loop {
        let len = match reader.read(&mut buffer) {
            Ok(0) => return,
            Ok(len) => len,
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted
                | io::ErrorKind::WouldBlock
                | io::ErrorKind::TimedOut => 0,
                _ => return,
            },
        };
        // An empty piece, from a reader that times out, finds out whether somebody is there.
        if pieces.send(buffer.get(..len).unwrap_or_default().to_vec()).is_err() {
            return;
        }
    }
}

impl<W: Write> ByteStream for StdStream<W> {
    /// Blocks its thread instead of waiting: the reporter has one of its own.
    async fn read(&mut self, buffer: &mut [u8], within: Duration) -> usize {
        if buffer.is_empty() || (self.rest.is_empty() && self.bytes.is_none()) {
            thread::sleep(within);
            return 0;
        }
        if self.rest.is_empty()
            && let Some(bytes) = &self.bytes
        {
            match bytes.recv_timeout(within) {
                Ok(piece) => self.rest = piece,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.bytes = None;
                    thread::sleep(within);
                }
            }
        }
        let len = self.rest.len().min(buffer.len());
        for (place, byte) in buffer.iter_mut().zip(self.rest.drain(..len)) {
            *place = byte;
        }
        len
    }

    async fn write(&mut self, bytes: &[u8]) -> bool {
        self.writer.write_all(bytes).is_ok()
    }

    async fn flush(&mut self) -> bool {
        self.writer.flush().is_ok()
    }
}

//! Frames in streams of bytes: what TCP, serial ports and probes have in common.

use super::{Closed, Feed, Outbox, Peer};
use spandrel_transport::framing::stream::{Encoder, Item, Splitter, buffer_len};
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

/// The longest frame that a stream may have. No device has so much memory for one.
pub const LONGEST: usize = 16 << 10;

/// Bytes that are read at once.
const PIECE: usize = 4 << 10;

/// A frame that does not go on for this time was cut off, and was none.
const STALLED: Duration = Duration::from_secs(1);

/// Takes what is no frame: what a device prints on the line that it shares.
pub trait Text {
    /// Bytes as they came, delimiters of frames left out.
    fn write(&mut self, bytes: &[u8]);
}

/// Drops it.
impl Text for () {
    fn write(&mut self, _: &[u8]) {}
}

/// Why a stream is not read any more.
#[derive(Debug)]
pub enum End {
    /// The program ends.
    Over,
    /// Whoever writes it has closed it.
    Closed,
    /// It brought no frame for too long.
    Idle,
    /// It cannot be read.
    Failed(io::Error),
}

/// How long a stream may bring no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Before the first.
    pub first: Duration,
    /// Behind the last.
    pub next: Duration,
}

/// Reads a stream until it ends.
///
/// Its reads should time out now and then, or block no longer than the program may take to end. `patience` is for
/// streams that take a place from others.
pub fn read(
    mut reader: impl Read,
    peer: &Peer,
    feed: &Feed,
    text: &mut impl Text,
    patience: Option<Patience>,
) -> End {
    let mut splitter = Splitter::new(vec![0; buffer_len(LONGEST)]);
    let mut buffer = vec![0; PIECE];
    let mut allowed = patience.map(|patience| patience.first);
    let (mut frame_at, mut heard_at) = (Instant::now(), Instant::now());
    loop {
        if feed.is_over() {
            return End::Over;
        }
        if allowed.is_some_and(|allowed| frame_at.elapsed() >= allowed) {
            return End::Idle;
        }
        let received = reader.read(&mut buffer);
        let at = Instant::now();
        match received {
            Ok(0) => {
                pass_rest(&mut splitter, text);
                return End::Closed;
            }
            Ok(len) => {
                heard_at = at;
                let bytes = buffer.get(..len).unwrap_or_default();
                match take(&mut splitter, bytes, peer, feed, text, at) {
                    Ok(false) => {}
                    Ok(true) => {
                        frame_at = at;
                        allowed = patience.map(|patience| patience.next);
                    }
                    Err(Closed) => return End::Over,
                }
            }
            Err(error) if is_timeout(&error) => {
                if at - heard_at >= STALLED {
                    pass_rest(&mut splitter, text);
                }
            }
            Err(error) => {
                pass_rest(&mut splitter, text);
                return End::Failed(error);
            }
        }
    }
}

/// Takes bytes that came; whether there was a frame in them.
fn take(
    splitter: &mut Splitter<Vec<u8>>,
    mut bytes: &[u8],
    peer: &Peer,
    feed: &Feed,
    text: &mut impl Text,
    at: Instant,
) -> Result<bool, Closed> {
    let mut was_frame = false;
    let damaged = splitter.damaged();
    while let Some(item) = splitter.next(&mut bytes) {
        match item {
            Item::Frame(frame) => {
                was_frame = true;
                feed.frame(frame, peer, at)?;
            }
            Item::Text(bytes) => text.write(bytes),
        }
    }
    if splitter.damaged() != damaged {
        log::debug!("{peer}: {} frames were damaged on the way so far", splitter.damaged());
    }
    Ok(was_frame)
}

fn pass_rest(splitter: &mut Splitter<Vec<u8>>, text: &mut impl Text) {
    if let Some(Item::Text(bytes)) = splitter.give_up() {
        text.write(bytes);
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// Writes replies as frames of a stream until it is closed, or does not take them.
pub fn write(outbox: Outbox, mut writer: impl Write) {
    outbox.run(|reply| {
        let mut encoder = Encoder::new(&reply.bytes);
        let mut piece = [0; 512];
        loop {
            let len = encoder.fill(&mut piece);
            if len == 0 {
                break;
            }
            if let Err(error) = writer.write_all(piece.get(..len).unwrap_or_default()) {
                log::debug!("no way back to {}: {error}", reply.peer);
                return false;
            }
        }
        // Most replies are shorter than one piece: they go out in one call.
        writer.flush().is_ok()
    });
}

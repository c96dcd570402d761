//! Frames in a stream of bytes, between text that others print there.
//!
//! ```text
//! 00  01  COBS of (frame, CRC-32 of the frame, little-endian)  00
//! ```
//!
//! A frame stands between two zero bytes, so that text before or behind it cannot become part of
//! it, and whatever is damaged, the next frame is found. The byte behind the first zero says that a frame follows;
//! anything else there is text, and passes at once. (01 and what follows is COBS of a zero byte and the
//! rest: whoever has a COBS decoder drops the zero.) What looks like a frame and is none passes
//! as text, too.

mod encoder;
mod splitter;

pub use encoder::Encoder;
pub use splitter::{Item, Splitter};

use super::crc::CHECK;

/// Ends and begins a frame.
const DELIMITER: u8 = 0;
/// Behind a delimiter: a frame follows.
const MARK: u8 = 1;
/// The longest run of bytes that COBS puts behind one count.
const LONGEST_RUN: usize = 254;

/// How many bytes a frame of `len` bytes takes in a stream at most.
#[must_use]
pub const fn encoded_len(len: usize) -> usize {
    2 + buffer_len(len)
}

/// How long the buffer of a [`Splitter`] must be for frames of up to `len` bytes.
#[must_use]
pub const fn buffer_len(len: usize) -> usize {
    let body = len + CHECK;
    1 + body + body / LONGEST_RUN + 1
}

#[cfg(test)]
mod tests;

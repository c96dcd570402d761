//! Frames over datagrams that are shorter: classic CAN, CAN-FD, small packets of a radio.
//!
//! ```text
//! datagram: first 1 bit | last 1 bit | number 6 bits | piece of (frame, CRC-32 of the frame, little-endian)
//! ```
//!
//! Datagrams are numbered one after the other, across frames. One that is lost, or comes out of
//! order, costs its frame and no other; one that comes twice in a row costs nothing. Pieces of two
//! frames would have to be 64 datagrams apart to look like one, and then the checksum tells.

mod assembler;
mod segmenter;

pub use assembler::Assembler;
pub use segmenter::Segmenter;

use super::crc::CHECK;

/// The shortest datagram: that of classic CAN.
pub const MIN_DATAGRAM: usize = 8;

/// The header: the first datagram of a frame, the last one, and its number.
const FIRST: u8 = 0x80;
const LAST: u8 = 0x40;
const NUMBER: u8 = 0x3f;

/// How long the buffer of an [`Assembler`] must be for frames of up to `len` bytes.
#[must_use]
pub const fn buffer_len(len: usize) -> usize {
    len + CHECK
}

/// The longest CAN-FD datagram of at most `len` bytes that goes without padding.
#[must_use]
pub const fn can_fd_len(len: usize) -> usize {
    match len {
        64.. => 64,
        48.. => 48,
        32.. => 32,
        24.. => 24,
        20.. => 20,
        16.. => 16,
        12.. => 12,
        8.. => 8,
        _ => len,
    }
}

#[cfg(test)]
mod tests;

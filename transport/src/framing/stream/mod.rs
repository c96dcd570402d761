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

use crc::{CRC_32_ISO_HDLC, Crc};

/// Ends and begins a frame.
const DELIMITER: u8 = 0;
/// Behind a delimiter: a frame follows.
const MARK: u8 = 1;
/// Bytes of the checksum.
const CHECK: usize = 4;
/// The longest run of bytes that COBS puts behind one count.
const LONGEST_RUN: usize = 254;

/// A table of 16 KiB where memory is plenty, none where it is flash: a byte takes some 30 instructions then,
/// which is far less than it takes to send it.
#[cfg(feature = "std")]
type Table = crc::Table<16>;
#[cfg(not(feature = "std"))]
type Table = crc::NoTable;

/// CRC-32 as in Ethernet, zip and PNG.
static CRC: Crc<u32, Table> = Crc::<u32, Table>::new(&CRC_32_ISO_HDLC);

/// What the checksum of a frame and its checksum always is.
const RESIDUE: u32 = CRC_32_ISO_HDLC.residue ^ CRC_32_ISO_HDLC.xorout;

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

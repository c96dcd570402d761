//! RTT's control block, as it lies in the memory of a target; nothing in it is believed.
//!
//! It is sixteen bytes of name, how many channels there are up and down, and for each six words: where
//! its name and its ring are, how long the ring is, where the next byte is written and read, and flags.
//! All words have 32 bits and are little-endian, as on every Cortex-M, 32-bit RISC-V and Xtensa.

use std::ops::Range;

/// How a control block begins.
pub const ID: [u8; 16] = *b"SEGGER RTT\0\0\0\0\0\0";
/// Length of what is before the channels, in bytes.
pub const HEADER_LEN: usize = HEADER_SIZE as usize;
pub(super) const HEADER_SIZE: u32 = 24;
/// Length of a channel in the control block, in bytes.
pub const CHANNEL_LEN: usize = CHANNEL_SIZE as usize;
pub(super) const CHANNEL_SIZE: u32 = 24;
/// More channels than this, in each direction, nobody has.
pub const MAX_CHANNELS: u32 = 32;
/// The longest ring that is read or written, in bytes.
pub const MAX_RING: u32 = 64 << 10;
/// Where the offset of the next byte written is in a channel.
pub const WRITE_AT: u32 = 12;
/// Where the offset of the next byte read is in a channel.
pub const READ_AT: u32 = 16;

/// How many channels there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// From the target to here.
    pub up: u32,
    /// From here to the target.
    pub down: u32,
}

impl Header {
    /// Reads the first [`HEADER_LEN`] bytes; none where this is no control block, or not yet.
    #[must_use]
    pub fn parse(bytes: &[u8; HEADER_LEN]) -> Option<Self> {
        let (id, counts) = bytes.split_first_chunk::<16>()?;
        let (&up, rest) = counts.split_first_chunk::<4>()?;
        let header =
            Self { up: u32::from_le_bytes(up), down: u32::from_le_bytes(*rest.first_chunk()?) };
        let is_sound = *id == ID && header.up <= MAX_CHANNELS && header.down <= MAX_CHANNELS;
        is_sound.then_some(header)
    }

    /// Length of the channels behind the header, in bytes.
    #[must_use]
    pub fn channels_size(self) -> u32 {
        (self.up + self.down) * CHANNEL_SIZE
    }
}

/// A channel, as the target describes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Channel {
    /// Address of its name, which ends with a zero.
    pub name: u32,
    /// Address of its ring; 0 where it has none.
    pub buffer: u32,
    /// Length of the ring, in bytes; it holds one less.
    pub size: u32,
    /// Where the next byte is written.
    pub write: u32,
    /// Where the next byte is read.
    pub read: u32,
}

/// Why a channel cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelFault {
    /// The firmware has not set it up.
    #[error("it has no ring")]
    NoRing,
    /// The firmware is broken, or this is another thing than a control block.
    #[error("its ring of {0} bytes is too long or not within the memory")]
    Ring(u32),
    /// The firmware is broken, or wrote over it.
    #[error("its offsets are not within its ring")]
    Offsets,
}

impl Channel {
    /// Reads [`CHANNEL_LEN`] bytes.
    #[must_use]
    pub fn parse(bytes: &[u8; CHANNEL_LEN]) -> Self {
        let (words, _) = bytes.as_chunks::<4>();
        let mut words = words.iter().map(|word| u32::from_le_bytes(*word));
        let mut next = || words.next().unwrap_or_default();
        Self { name: next(), buffer: next(), size: next(), write: next(), read: next() }
    }

    /// Looks whether it can be used.
    ///
    /// # Errors
    /// If not.
    pub fn check(&self) -> Result<(), ChannelFault> {
        if self.buffer == 0 || self.size == 0 {
            return Err(ChannelFault::NoRing);
        }
        if self.size > MAX_RING || self.buffer.checked_add(self.size).is_none() {
            return Err(ChannelFault::Ring(self.size));
        }
        if self.write >= self.size || self.read >= self.size {
            return Err(ChannelFault::Offsets);
        }
        Ok(())
    }

    /// Whether it is the same channel, wherever its offsets are.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.name, self.buffer, self.size) == (other.name, other.buffer, other.size)
    }

    /// What is in the ring, as offsets, in two pieces; the channel must have been checked.
    #[must_use]
    pub fn filled(&self) -> [Range<u32>; 2] {
        if self.read <= self.write {
            [self.read..self.write, 0..0]
        } else {
            [self.read..self.size, 0..self.write]
        }
    }

    /// What is free in the ring, as offsets, in two pieces; the channel must have been checked.
    #[must_use]
    pub fn free(&self) -> [Range<u32>; 2] {
        // One byte stays free: a ring that is full would look like an empty one.
        match self.read.checked_sub(1) {
            Some(end) if self.write <= end => [self.write..end, 0..0],
            Some(end) => [self.write..self.size, 0..end],
            None => [self.write..self.size.saturating_sub(1), 0..0],
        }
    }

    /// The offset that is so many bytes behind another.
    #[must_use]
    pub fn advance(&self, offset: u32, len: u32) -> u32 {
        let end = u64::from(offset) + u64::from(len);
        u32::try_from(end % u64::from(self.size.max(1))).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn len(pieces: &[Range<u32>; 2]) -> u32 {
        pieces.iter().map(|piece| piece.end - piece.start).sum()
    }

    #[test]
    fn only_a_sound_header_is_one() {
        let mut bytes = [0; HEADER_LEN];
        bytes[..16].copy_from_slice(&ID);
        bytes[16] = 2;
        bytes[20] = 1;
        assert_eq!(Header::parse(&bytes), Some(Header { up: 2, down: 1 }));
        bytes[17] = 1;
        assert_eq!(Header::parse(&bytes), None);
        bytes[17] = 0;
        bytes[23] = 0x80;
        assert_eq!(Header::parse(&bytes), None);
        bytes[23] = 0;
        bytes[3] = b'g';
        assert_eq!(Header::parse(&bytes), None);
    }

    #[test]
    fn what_cannot_be_a_ring_is_not_used() {
        let sound = Channel { name: 0, buffer: 0x2000_0000, size: 8, write: 7, read: 0 };
        assert_eq!(sound.check(), Ok(()));
        let fault = |channel: Channel| channel.check().unwrap_err();
        assert_eq!(fault(Channel { buffer: 0, ..sound }), ChannelFault::NoRing);
        assert_eq!(fault(Channel { size: 0, ..sound }), ChannelFault::NoRing);
        assert_eq!(fault(Channel { size: 1 << 20, ..sound }), ChannelFault::Ring(1 << 20));
        assert_eq!(fault(Channel { buffer: u32::MAX - 6, ..sound }), ChannelFault::Ring(8));
        assert_eq!(fault(Channel { write: 8, ..sound }), ChannelFault::Offsets);
        assert_eq!(fault(Channel { read: u32::MAX, ..sound }), ChannelFault::Offsets);
    }

    proptest! {
        #[test]
        fn pieces_are_within_the_ring_and_all_of_it(
            size in 1..200_u32, write in 0..200_u32, read in 0..200_u32,
        ) {
            let channel = Channel { name: 0, buffer: 4, size, write: write % size, read: read % size };
            prop_assert_eq!(channel.check(), Ok(()));
            let (filled, free) = (channel.filled(), channel.free());
            prop_assert_eq!(len(&filled) + len(&free), size - 1);
            for piece in filled.iter().chain(&free) {
                prop_assert!(piece.start <= piece.end && piece.end <= size);
            }
            prop_assert_eq!(channel.advance(channel.read, len(&filled)), channel.write);
        }
    }
}

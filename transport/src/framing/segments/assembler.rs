//! [`Assembler`]: frames from datagrams.

use super::{FIRST, LAST, NUMBER};
use crate::framing::crc::{CHECK, CRC, RESIDUE};

/// Joins the datagrams of one sender.
///
/// The buffer is an array, a slice or a vector of [`buffer_len`](super::buffer_len) bytes.
#[derive(Clone, Debug)]
pub struct Assembler<B> {
    buffer: B,
    len: usize,
    /// The number of the datagram that must come next; none where no frame has begun.
    next: Option<u8>,
    lost: u32,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Assembler<B> {
    /// Begins in the middle of a frame, perhaps.
    pub const fn new(buffer: B) -> Self {
        Self { buffer, len: 0, next: None, lost: 0 }
    }

    /// Takes a datagram; gives the frame that is whole with it.
    pub fn take(&mut self, datagram: &[u8]) -> Option<&[u8]> {
        let (head, piece) = datagram.split_first()?;
        let number = head & NUMBER;
        if self.next == Some((number + 1) & NUMBER) {
            // The one before comes twice.
            return None;
        }
        if head & FIRST != 0 {
            self.give_up();
            self.len = 0;
        } else if self.next != Some(number) {
            self.give_up();
            return None;
        }
        self.next = Some((number + 1) & NUMBER);
        let end = self.len + piece.len();
        let Some(room) = self.buffer.as_mut().get_mut(self.len..end) else {
            self.give_up();
            return None;
        };
        room.copy_from_slice(piece);
        self.len = end;
        if head & LAST == 0 {
            return None;
        }
        let bytes = self.buffer.as_ref().get(..end).unwrap_or_default();
        if end <= CHECK || CRC.checksum(bytes) != RESIDUE {
            self.give_up();
            return None;
        }
        self.next = None;
        self.buffer.as_ref().get(..end - CHECK)
    }

    /// Frames that began and did not become whole, as far as can be counted.
    #[must_use]
    pub fn lost(&self) -> u32 {
        self.lost
    }

    fn give_up(&mut self) {
        self.lost = self.lost.saturating_add(u32::from(self.next.is_some()));
        self.next = None;
    }
}

//! [`Segmenter`]: a frame as datagrams.

use super::{FIRST, LAST, NUMBER};
use crate::framing::crc::{CHECK, CRC};

/// Cuts one frame into datagrams.
///
/// ```
/// use spandrel_transport::framing::segments::Segmenter;
///
/// let mut segmenter = Segmenter::new(b"a frame", 5);
/// let (mut can, mut datagrams) = ([0; 8], Vec::new());
/// while let Some(len) = segmenter.fill(&mut can) {
///     datagrams.push(can[..len].to_vec());
/// }
/// assert_eq!(datagrams[0], *b"\x85a frame");
/// assert_eq!((datagrams[1][0], datagrams[1].len()), (0x46, 5));
/// // The number of the next frame's first.
/// assert_eq!(segmenter.number(), 7);
/// ```
#[derive(Clone, Debug)]
pub struct Segmenter<'f> {
    frame: &'f [u8],
    check: [u8; CHECK],
    at: usize,
    number: u8,
}

impl<'f> Segmenter<'f> {
    /// Begins a frame with the datagram of this number: 0, then what [`number`](Self::number) says.
    #[must_use]
    pub fn new(frame: &'f [u8], number: u8) -> Self {
        let check = CRC.checksum(frame).to_le_bytes();
        Self { frame, check, at: 0, number: number & NUMBER }
    }

    /// How long a datagram with all that is left would be; 1 where nothing is.
    #[must_use]
    pub fn left(&self) -> usize {
        1 + self.frame.len() + CHECK - self.at
    }

    /// Writes the next datagram: as long as there is room for, at least 2 bytes, or shorter if it is the last. None
    /// behind that.
    pub fn fill(&mut self, datagram: &mut [u8]) -> Option<usize> {
        let len = datagram.len().min(self.left());
        let (head, piece) = datagram.get_mut(..len)?.split_first_mut()?;
        if piece.is_empty() {
            return None;
        }
        let first = if self.at == 0 { FIRST } else { 0 };
        for place in piece {
            let check = || self.check.get(self.at - self.frame.len());
            *place = self.frame.get(self.at).or_else(check).copied()?;
            self.at += 1;
        }
        let last = if self.left() == 1 { LAST } else { 0 };
        *head = first | last | self.number;
        self.number = (self.number + 1) & NUMBER;
        Some(len)
    }

    /// The number of the next datagram.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.number
    }
}

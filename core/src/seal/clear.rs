//! What of a sealed frame everybody can read.

use super::{Direction, SEALED};
use crate::wire::{FrameKind, VERSION, varint};
use crate::{DeviceId, Session};

/// The clear fields of a sealed frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clear {
    /// What the frame is: 0 to 7.
    pub kind: u8,
    /// See [`Session::tag`](crate::Session::tag).
    pub tag: [u8; 4],
    /// Up the number of the packet, of 32 bits; down the number of the frame.
    pub number: u64,
    /// How many bytes they are.
    pub len: usize,
}

impl Clear {
    /// Reads them; none where the frame ends before they do, is not sealed or of another version.
    #[inline(never)]
    pub fn read(frame: &[u8], direction: Direction) -> Option<Self> {
        let ([first, tag @ ..], rest) = frame.split_first_chunk::<5>()?;
        if first >> 4 != VERSION || first & SEALED == 0 {
            return None;
        }
        let kind = first >> 1 & 7;
        let mut rest = rest.iter();
        let number = varint(&mut rest)?;
        if let Direction::Up = direction
            && kind == FrameKind::Hello as u8
        {
            // Device and session.
            varint(&mut rest)?;
            varint(&mut rest)?;
        }
        Some(Self { kind, tag: *tag, number, len: frame.len() - rest.len() })
    }

    /// The device and session that a hello of these fields says it is of, where its tag agrees.
    #[must_use]
    pub fn identity(&self, hello: &[u8]) -> Option<(DeviceId, Session)> {
        let mut rest = hello.get(5..self.len)?.iter();
        varint(&mut rest)?;
        let device = DeviceId(varint(&mut rest)?);
        let number = u32::try_from(varint(&mut rest)?).ok()?;
        let session = Session::new(number);
        let agrees = session.get() == number && session.tag(device) == self.tag;
        (agrees && self.kind == FrameKind::Hello as u8).then_some((device, session))
    }
}

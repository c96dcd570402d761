//! Spans one behind the other, as fields of OTLP's `ScopeSpans`, in a buffer that is used again.

use super::piece::Piece;
use crate::protobuf::{Writer, varint_len};

/// There is always room for so much; a span that is longer asks for more.
const ROOM: usize = 1 << 12;
/// A buffer that has grown more than this is not kept.
const MOST_KEPT: usize = 256 << 10;

/// The buffer.
#[derive(Debug)]
pub(crate) struct Line {
    /// Longer than what is in it.
    buf: Vec<u8>,
    len: usize,
    /// How many bytes the length of the last span took: that of the next most likely takes as many.
    len_bytes: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self { buf: Vec::new(), len: 0, len_bytes: 1 }
    }
}

/// A span's field and type in `ScopeSpans`.
const SPAN: u8 = 2 << 3 | 2;

impl Line {
    /// Makes it empty.
    pub(super) fn clear(&mut self) {
        self.len = 0;
        if self.buf.len() > MOST_KEPT {
            self.buf = Vec::new();
        }
    }

    /// About how many bytes it holds.
    pub(crate) fn weight(&self) -> usize {
        self.buf.capacity()
    }

    /// The fields that were written.
    pub(super) fn fields(&self) -> &[u8] {
        self.buf.get(..self.len).unwrap_or_default()
    }

    /// Writes a span as `write` does; false, and nothing, where that gives up.
    #[inline]
    pub(super) fn span(&mut self, write: impl Fn(&mut Put<'_>) -> Result<(), Stop>) -> bool {
        let mut room = ROOM;
        loop {
            match self.try_span(&write, room) {
                Ok(()) => return true,
                Err(Stop::NoRoom) => room *= 2,
                Err(Stop::NotPlain) => return false,
            }
        }
    }

    #[inline]
    fn try_span(
        &mut self,
        write: impl Fn(&mut Put<'_>) -> Result<(), Stop>,
        room: usize,
    ) -> Result<(), Stop> {
        if self.buf.len() < self.len + room {
            self.buf.resize(self.len + 2 * room, 0);
        }
        let start = self.len + 1 + self.len_bytes;
        let rest = self.buf.get_mut(start..).ok_or(Stop::NoRoom)?;
        let before = rest.len();
        let mut put = Put { rest };
        write(&mut put)?;
        let len = before - put.rest.len();
        self.finish(start, len).ok_or(Stop::NoRoom)
    }

    /// Puts type and length before a span that lies at `start`.
    #[inline]
    fn finish(&mut self, start: usize, len: usize) -> Option<()> {
        let len_bytes = match len {
            ..0x80 => 1,
            0x80..0x4000 => 2,
            _ => varint_len(len as u64),
        };
        let place = self.len + 1 + len_bytes;
        if place != start {
            if self.buf.len() < place + len {
                return None;
            }
            self.buf.copy_within(start..start + len, place);
            self.len_bytes = len_bytes;
        }
        let mut before = Put { rest: self.buf.get_mut(self.len..place)? };
        before.array([SPAN]).ok()?;
        before.varint(len as u64).ok()?;
        self.len = place + len;
        Some(())
    }

    /// Writes a span as anybody does.
    pub(super) fn owned(&mut self, write: impl FnOnce(&mut Writer)) {
        let mut buf = core::mem::take(&mut self.buf);
        buf.truncate(self.len);
        let mut writer = Writer::behind(buf);
        writer.message(2, write);
        self.buf = writer.into_bytes();
        self.len = self.buf.len();
    }
}

/// Why a span is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It is longer than there is room.
    NoRoom,
    /// It is out of the ordinary.
    NotPlain,
}

/// Puts bytes one behind the other as long as there is room.
#[derive(Debug)]
pub(super) struct Put<'a> {
    rest: &'a mut [u8],
}

impl<'a> Put<'a> {
    pub(super) fn new(rest: &'a mut [u8]) -> Self {
        Self { rest }
    }

    /// For how many bytes there is room.
    pub(super) fn room(&self) -> usize {
        self.rest.len()
    }

    /// So many of some bytes; there must be room for all of them.
    #[inline(always)]
    pub(super) fn up_to<const N: usize>(&mut self, bytes: [u8; N], len: usize) -> Result<(), Stop> {
        *self.rest.first_chunk_mut().ok_or(Stop::NoRoom)? = bytes;
        self.skip(len)
    }

    #[inline(always)]
    fn skip(&mut self, len: usize) -> Result<(), Stop> {
        let rest = core::mem::take(&mut self.rest);
        self.rest = rest.get_mut(len..).ok_or(Stop::NoRoom)?;
        Ok(())
    }

    #[inline(always)]
    pub(super) fn array<const N: usize>(&mut self, bytes: [u8; N]) -> Result<(), Stop> {
        *self.rest.first_chunk_mut().ok_or(Stop::NoRoom)? = bytes;
        self.skip(N)
    }

    #[inline]
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.rest.get_mut(..bytes.len()).ok_or(Stop::NoRoom)?.copy_from_slice(bytes);
        self.skip(bytes.len())
    }

    #[inline(always)]
    pub(super) fn piece<const N: usize>(&mut self, piece: &Piece<N>) -> Result<(), Stop> {
        match (piece.short(), self.rest.first_chunk_mut()) {
            (Some(short), Some(place)) => {
                *place = *short;
                self.skip(piece.len())
            }
            _ => self.bytes(piece.bytes()),
        }
    }

    /// A piece with another second byte.
    #[inline(always)]
    pub(super) fn piece_with(&mut self, piece: &Piece, second: u8) -> Result<(), Stop> {
        let place = self.rest.first_chunk_mut().zip(piece.short());
        if let Some((place, short)) = place {
            *place = *short;
        } else {
            let place = self.rest.get_mut(..piece.len()).ok_or(Stop::NoRoom)?;
            place.copy_from_slice(piece.bytes());
        }
        *self.rest.get_mut(1).ok_or(Stop::NoRoom)? = second;
        self.skip(piece.len())
    }

    /// So many of some bytes, of which those from `AT` on are others.
    #[inline(always)]
    pub(super) fn up_to_with<const N: usize, const AT: usize>(
        &mut self,
        bytes: &[u8; N],
        len: usize,
        other: [u8; 8],
    ) -> Result<(), Stop> {
        let place = self.rest.first_chunk_mut::<N>().ok_or(Stop::NoRoom)?;
        *place = *bytes;
        set::<AT, 8>(place, other)?;
        self.skip(len)
    }

    /// The fields of start and end.
    #[inline(always)]
    pub(super) fn times(&mut self, [start_ns, end_ns]: [u64; 2]) -> Result<(), Stop> {
        let place = self.rest.first_chunk_mut::<18>().ok_or(Stop::NoRoom)?;
        set::<0, 1>(place, [0x39])?;
        set::<1, 8>(place, start_ns.to_le_bytes())?;
        set::<9, 1>(place, [0x41])?;
        set::<10, 8>(place, end_ns.to_le_bytes())?;
        self.skip(18)
    }

    #[inline]
    pub(super) fn varint(&mut self, mut value: u64) -> Result<(), Stop> {
        while value > 0x7f {
            self.array([value.to_le_bytes()[0] | 0x80])?;
            value >>= 7;
        }
        self.array([value.to_le_bytes()[0]])
    }
}

/// Sets some bytes from `AT` on.
#[inline(always)]
fn set<const AT: usize, const LEN: usize>(place: &mut [u8], bytes: [u8; LEN]) -> Result<(), Stop> {
    let place = place.get_mut(AT..).and_then(<[u8]>::first_chunk_mut);
    *place.ok_or(Stop::NoRoom)? = bytes;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_any_length_has_its_length_before_it() {
        let mut line = Line::default();
        let mut expected = Writer::default();
        for len in [5, 127, 128, 127, 126, 16_383, 16_384, 3, 100_000, 130, 0] {
            let body: Vec<u8> = (0..=250).cycle().take(len).collect();
            assert!(line.span(|put| put.bytes(&body)));
            expected.bytes_always(2, &body);
            assert!(!line.span(|put| put.bytes(&body).and(Err(Stop::NotPlain))));
        }
        line.owned(|out| out.varint(3, 7));
        expected.message(2, |out| out.varint(3, 7));
        assert!(line.span(|put| put.piece(&Piece::<32>::new(&[1, 2, 3]))));
        expected.bytes_always(2, &[1, 2, 3]);
        assert_eq!(line.fields(), expected.into_bytes());
        line.clear();
        assert_eq!(line.fields(), b"");
    }
}

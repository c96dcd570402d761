//! Baggage behind the binary forms: items of a key and a value, each with its length before it.

use super::{Carried, Fault, TextReader, TextWriter, hex};

/// How many bytes a length takes, big-endian.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// Our own form's.
    One,
    /// Jaeger's.
    Four,
}

impl Length {
    /// Takes a text with its length before it.
    fn take(self, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let (len, rest) = match self {
            Self::One => bytes.split_first().map(|(len, rest)| (u32::from(*len), rest))?,
            Self::Four => {
                let (len, rest) = bytes.split_first_chunk()?;
                (u32::from_be_bytes(*len), rest)
            }
        };
        rest.split_at_checked(usize::try_from(len).ok()?)
    }

    /// Puts a text with its length at the start of `out`: what is behind it, if it fits.
    fn put<'a>(self, out: &'a mut [u8], text: &str) -> Option<&'a mut [u8]> {
        let len = u32::try_from(text.len()).ok()?.to_be_bytes();
        let len = match (self, &len) {
            (Self::One, [0, 0, 0, len]) => core::slice::from_ref(len),
            (Self::One, _) => return None,
            (Self::Four, len) => len.as_slice(),
        };
        if out.len() < len.len().saturating_add(text.len()) {
            return None;
        }
        Some(hex::put_bytes(hex::put_bytes(out, len), text.as_bytes()))
    }

    /// Writes the items that fit, as many and as long as the form allows: the bytes that they take.
    pub(super) fn write(
        self,
        items: &(impl TextReader + ?Sized),
        room: &mut [u8],
        max_items: usize,
        max_item_len: usize,
    ) -> (usize, Carried) {
        let (mut len, mut carried) = (0, Carried::default());
        items.each(&mut |key, value| {
            let is_allowed = usize::from(carried.items) < max_items
                && key.len().saturating_add(value.len()) <= max_item_len;
            let written = room.get_mut(len..).filter(|_| is_allowed).and_then(|out| {
                let before = out.len();
                let rest = self.put(self.put(out, key)?, value)?;
                Some(before - rest.len())
            });
            len += written.unwrap_or(0);
            carried.count(written.is_some());
        });
        (len, carried)
    }

    /// What is behind so many items.
    ///
    /// # Errors
    /// Where they are not all there, or one is too long.
    pub(super) fn behind(
        self,
        count: usize,
        mut bytes: &[u8],
        max_item_len: usize,
    ) -> Result<&[u8], Fault> {
        for _ in 0..count {
            let (key, value, rest) = self.item(bytes).ok_or(Fault::Baggage)?;
            if key.len() + value.len() > max_item_len {
                return Err(Fault::Baggage);
            }
            bytes = rest;
        }
        Ok(bytes)
    }

    /// Gives so many items to `sink`; they must be there.
    pub(super) fn each(
        self,
        count: usize,
        mut bytes: &[u8],
        sink: &mut (impl TextWriter + ?Sized),
    ) -> Carried {
        let mut carried = Carried::default();
        for _ in 0..count {
            let Some((key, value, rest)) = self.item(bytes) else { break };
            match (core::str::from_utf8(key), core::str::from_utf8(value)) {
                (Ok(key), Ok(value)) => carried.count(sink.set(key, value).is_ok()),
                _ => carried.count_malformed(),
            }
            bytes = rest;
        }
        carried
    }

    /// Key and value of the first item, and what is behind it.
    fn item(self, bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
        let (key, rest) = self.take(bytes)?;
        let (value, rest) = self.take(rest)?;
        Some((key, value, rest))
    }
}

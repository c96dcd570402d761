//! Bytes that come in pieces, in any order and more than once.

use serde::{Deserialize, Serialize};

/// What was said in more than this many bytes is not believed.
const LARGEST: usize = 64 * 1024;

/// A whole that is known up to some pieces.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Pieces {
    bytes: Vec<u8>,
    known: Vec<bool>,
    missing: usize,
}

impl Pieces {
    /// Adds a piece of a whole of `total` bytes; false where that contradicts what is known.
    pub(super) fn put(&mut self, total: u32, offset: u32, piece: &[u8]) -> bool {
        let (Ok(total), Ok(offset)) = (usize::try_from(total), usize::try_from(offset)) else {
            return false;
        };
        if total > LARGEST {
            return false;
        }
        if self.bytes.is_empty() {
            *self = Self { bytes: vec![0; total], known: vec![false; total], missing: total };
        }
        let Some(end) = offset.checked_add(piece.len()).filter(|_| self.bytes.len() == total)
        else {
            return false;
        };
        let (Some(bytes), Some(known)) =
            (self.bytes.get_mut(offset..end), self.known.get_mut(offset..end))
        else {
            return false;
        };
        bytes.copy_from_slice(piece);
        self.missing -= known.iter().filter(|known| !**known).count();
        known.fill(true);
        true
    }

    /// The whole, once nothing is missing.
    pub(super) fn whole(&self) -> Option<&[u8]> {
        (self.missing == 0).then_some(&self.bytes)
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        size_of::<Self>() + 2 * self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_in_any_order_and_twice() {
        let mut pieces = Pieces::default();
        for (offset, piece) in [(3, &b"lo"[..]), (0, b"he"), (3, b"lo"), (1, b"el")] {
            assert!(pieces.put(5, offset, piece));
        }
        assert_eq!(pieces.whole(), Some(&b"hello"[..]));
    }

    #[test]
    fn what_contradicts_is_refused() {
        let mut pieces = Pieces::default();
        assert!(pieces.put(5, 0, b"he"));
        assert!(!pieces.put(6, 0, b"he"));
        assert!(!pieces.put(5, 4, b"lo"));
        assert!(!pieces.put(5, u32::MAX, b"lo"));
        assert!(!Pieces::default().put(u32::MAX, 0, b""));
        assert_eq!(pieces.whole(), None);
        assert!(Pieces::default().put(0, 0, b""));
    }
}

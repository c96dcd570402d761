//! Bytes that are written again and again: a name, a key, a string.

/// What is shorter is copied as if it were so long, which takes two instructions instead of a call.
pub(super) const SHORT: usize = 32;

/// Some bytes, and behind them at least as many zeros as make them [`SHORT`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    padded: Box<[u8]>,
    len: usize,
}

impl Piece {
    pub(super) fn new(mut bytes: Vec<u8>) -> Self {
        let len = bytes.len();
        bytes.resize(len.max(SHORT), 0);
        Self { padded: bytes.into(), len }
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The bytes, where there are few: so many as count, and zeros.
    pub(super) fn short(&self) -> Option<&[u8; SHORT]> {
        if self.len <= SHORT { self.padded.first_chunk() } else { None }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.padded.get(..self.len).unwrap_or_default()
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        size_of::<Self>() + self.padded.len() + 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_ones_are_what_they_were_made_of() {
        for len in [0, 1, 31, 32, 33, 300] {
            let bytes: Vec<_> = (0..=u8::MAX).cycle().take(len).collect();
            let piece = Piece::new(bytes.clone());
            assert_eq!((piece.bytes(), piece.len()), (&bytes[..], len));
            let short = piece.short().map(|short| &short[..len]);
            assert_eq!(short, (len <= SHORT).then_some(&bytes[..]));
        }
    }
}

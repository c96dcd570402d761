//! Bytes that are written again and again: a name, a key, a string.

/// What most names, keys and strings take no more than.
pub(super) const SHORT: usize = 32;

/// Some bytes. As many as `N`, or fewer, are copied as if they were so many, which takes a few
/// instructions instead of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece<const N: usize = SHORT> {
    /// The bytes where there are few, and zeros.
    short: [u8; N],
    len: usize,
    /// All of them where there are many.
    long: Box<[u8]>,
}

impl<const N: usize> Piece<N> {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut short = [0; N];
        let place = short.get_mut(..bytes.len());
        let is_long = place.map(|place| place.copy_from_slice(bytes)).is_none();
        let long = if is_long { bytes.into() } else { Box::default() };
        Self { short, len: bytes.len(), long }
    }

    /// How many bytes there are.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The bytes, where there are few: so many as count, and zeros.
    #[inline(always)]
    pub(super) fn short(&self) -> Option<&[u8; N]> {
        (self.len <= N).then_some(&self.short)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.short.get(..self.len).unwrap_or(&self.long)
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        size_of::<Self>() + self.long.len() + 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_ones_are_what_they_were_made_of() {
        for len in [0, 1, 31, 32, 33, 300] {
            let bytes: Vec<_> = (0..=u8::MAX).cycle().take(len).collect();
            let piece = Piece::<SHORT>::new(&bytes);
            assert_eq!((piece.bytes(), piece.len()), (&bytes[..], len));
            let short = piece.short().map(|short| &short[..len]);
            assert_eq!(short, (len <= SHORT).then_some(&bytes[..]));
        }
    }
}

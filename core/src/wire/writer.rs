//! [`Writer`]: postcard's few forms, written straight into the buffer that will be sent.
//!
//! Reading goes through serde, so that `postcard::from_bytes` does it for whoever has a host. Writing
//! does not: serde's generic code for every type was most of what a device's reporter took of flash.

/// Writes bytes, varints and texts the way postcard does; counts also what no longer fits.
#[derive(Debug)]
pub struct Writer<'b> {
    bytes: &'b mut [u8],
    at: usize,
    /// So many bytes are left out before the next that is kept.
    skip: usize,
}

impl<'b> Writer<'b> {
    /// Begins at the start of a buffer.
    #[must_use]
    pub fn new(bytes: &'b mut [u8]) -> Self {
        Self { bytes, at: 0, skip: 0 }
    }

    /// Leaves out the next `skip` bytes.
    pub fn skip(&mut self, skip: usize) {
        self.skip = skip;
    }

    /// Bytes written so far, whether they fit or not.
    #[must_use]
    pub fn written(&self) -> usize {
        self.at
    }

    /// Bytes that are left.
    #[must_use]
    pub fn room(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    /// Keeps what was written from `begin` on as far as it fits and up to `most` bytes; says how many
    /// those are.
    pub(crate) fn cut(&mut self, begin: usize, most: usize) -> usize {
        let room = self.bytes.len().saturating_sub(begin);
        let kept = self.at.saturating_sub(begin).min(room).min(most);
        self.at = begin + kept;
        self.skip = 0;
        kept
    }

    /// Whether every byte so far is in the buffer.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.at <= self.bytes.len()
    }

    /// Goes back to where [`Writer::written`] was `at`.
    pub(super) fn go_back(&mut self, at: usize) {
        self.at = at;
    }

    /// Makes that it fits no longer: for what has no room elsewhere.
    pub(super) fn overflow(&mut self) {
        self.at = usize::MAX / 2;
    }

    /// Leaves a place for a byte that is known later, for [`Writer::set`].
    pub(super) fn place(&mut self) -> usize {
        // What is left out has no place.
        let at = if self.skip > 0 { usize::MAX } else { self.at };
        self.byte(0);
        at
    }

    /// Writes another byte over one that was written.
    pub(crate) fn set(&mut self, at: usize, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(at) {
            *slot = byte;
        }
    }

    /// Sets bits of a byte that was written.
    pub(super) fn mark(&mut self, at: usize, bits: u8) {
        if let Some(slot) = self.bytes.get_mut(at) {
            *slot |= bits;
        }
    }

    /// What was written; none where it does not fit.
    #[must_use]
    pub fn finish(self) -> Option<&'b [u8]> {
        self.bytes.get(..self.at)
    }

    /// One byte.
    #[inline(never)]
    pub fn byte(&mut self, byte: u8) {
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        self.set(self.at, byte);
        self.at += 1;
    }

    /// Bytes as they are.
    #[inline(never)]
    pub fn raw(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.byte(*byte));
    }

    /// An unsigned integer of up to 64 bits, seven bits a byte, the lowest first.
    #[inline(never)]
    #[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
    pub fn varint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    /// A signed integer, zigzag-coded into a varint.
    #[inline(never)]
    pub fn zigzag(&mut self, value: i64) {
        self.varint((value << 1 ^ value >> 63).cast_unsigned());
    }

    /// Bytes behind their length.
    #[inline(never)]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.raw(bytes);
    }

    /// Text behind its length.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_writes_what_postcard_writes(
            unsigned in any::<u64>(), shift in 0..64, signed in any::<i64>(), text in "\\PC{0,40}",
        ) {
            let (unsigned, signed) = (unsigned >> shift, signed >> shift);
            let (mut ours, mut theirs) = ([0; 256], [0; 256]);
            let mut writer = Writer::new(&mut ours);
            writer.varint(unsigned);
            writer.zigzag(signed);
            writer.text(&text);
            writer.byte(255);
            let ours = writer.finish().unwrap();
            let value = (unsigned, signed, text.as_str(), 255_u8);
            prop_assert_eq!(ours, &*postcard::to_slice(&value, &mut theirs).unwrap());
        }
    }

    #[test]
    fn what_is_left_out_leaves_no_gap() {
        let mut bytes = [0; 3];
        let mut writer = Writer::new(&mut bytes);
        writer.skip(2);
        writer.raw(b"abcdef");
        assert_eq!(writer.written(), 4);
        assert_eq!(&bytes, b"cde");
    }

    #[test]
    fn what_does_not_fit_is_counted_and_gives_nothing() {
        let mut bytes = [0; 3];
        let mut writer = Writer::new(&mut bytes);
        writer.raw(b"abc");
        assert!(writer.fits() && writer.room() == 0);
        writer.byte(b'd');
        assert!(!writer.fits() && writer.finish().is_none());
    }
}

//! Eight bytes of text at a time, as one number: the first is the lowest.

/// Eight bytes that need nothing.
pub(super) const PLAIN: u64 = u64::from_le_bytes([b' '; 8]);

/// Text of up to eight bytes, the first lowest.
#[inline]
pub(super) fn word(text: &[u8]) -> Option<u64> {
    let at = |place: usize, bits: u32| u64::from(bits) << (8 * place);
    let four = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes);
    match text {
        [] => Some(0),
        [one] => Some((*one).into()),
        [one, middle @ .., last] if text.len() < 4 => {
            let middle = middle.first().map_or(0, |byte| at(1, (*byte).into()));
            Some(u64::from(*one) | middle | at(text.len() - 1, (*last).into()))
        }
        // Both halves have what is in the middle.
        _ if text.len() <= 8 => {
            let (first, last) = (text.first_chunk()?, text.last_chunk()?);
            Some(u64::from(four(first)) | at(text.len() - 4, four(last)))
        }
        _ => None,
    }
}

/// Whether each of eight bytes is ASCII and must not be escaped, all at once.
#[inline]
pub(super) fn is_plain(word: u64) -> bool {
    const fn all(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    // The highest bit of each byte: as long as it is ASCII, none of these sums reaches the next byte.
    let is_printed = word.wrapping_add(all(0x80 - b' '));
    let is_no_quote = (word ^ all(b'"')).wrapping_add(all(0x7f));
    let is_no_backslash = (word ^ all(b'\\')).wrapping_add(all(0x7f));
    is_printed & is_no_quote & is_no_backslash & !word & all(0x80) == all(0x80)
}

/// Eight hexadecimal digits, all at once: each byte of a word of eight holds one of them.
pub(super) fn hex8(value: u32) -> [u8; 8] {
    let value = u64::from(value);
    let halves = (value << 16 | value) & 0x0000_ffff_0000_ffff;
    let bytes = (halves << 8 | halves) & 0x00ff_00ff_00ff_00ff;
    let digits = (bytes << 4 | bytes) & 0x0f0f_0f0f_0f0f_0f0f;
    // 1 in each byte whose digit is a letter.
    let letters = ((digits + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    (digits + 0x3030_3030_3030_3030 + letters * u64::from(b'a' - b'0' - 10)).to_be_bytes()
}

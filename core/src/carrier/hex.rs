//! Bytes of texts, four at a time: ids as hexadecimal digits without the formatting machinery, ASCII,
//! and where a byte is.

use super::Fault;

/// Nine more than a letter's low four bits say is its value: 0x61 is `a`.
const LETTERS: u32 = 0x4040_4040;
const NIBBLES: u32 = 0x0f0f_0f0f;
const ONES: u32 = 0x0101_0101;
const TOPS: u32 = 0x8080_8080;

/// Reads lower-case digits, two for each byte: 0 if that is what they are.
///
/// The results of several are or-ed together, so that one look at the end tells.
#[inline]
pub(super) fn lower<const N: usize>(digits: &[u8], bytes: &mut [u8; N]) -> u32 {
    let (groups, []) = digits.as_chunks::<4>() else { return 1 };
    let (pairs, []) = bytes.as_chunks_mut::<2>() else { return 1 };
    if groups.len() != pairs.len() {
        return 1;
    }
    let mut wrong = 0;
    for (pair, group) in pairs.iter_mut().zip(groups) {
        let group = u32::from_be_bytes(*group);
        let nibbles = (group & NIBBLES) + ((group & LETTERS) >> 6) * 9;
        // What was no lower-case digit is not what its value would be written as.
        wrong |= (nibbles & !NIBBLES) | (group ^ digits_of(nibbles));
        let [_, high, _, low] = (nibbles | nibbles >> 4).to_be_bytes();
        *pair = [high, low];
    }
    wrong
}

/// The byte that two lower-case digits are.
///
/// # Errors
/// Where one of them is no digit.
#[inline]
pub(super) fn lower_byte([high, low]: [u8; 2]) -> Result<u8, Fault> {
    let mut bytes = [0; 2];
    let wrong = lower(&[b'0', b'0', high, low], &mut bytes);
    if wrong == 0 { Ok(bytes[1]) } else { Err(Fault::NotHex) }
}

/// The number of up to `2 N` digits, of either case and without leading zeros or with them.
///
/// # Errors
/// Where one of them is no digit, or there are none, or too many.
pub(super) fn padded<const N: usize>(digits: &[u8]) -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    if digits.is_empty() || digits.len() > 2 * N {
        return Err(Fault::NotHex);
    }
    let mut rest = digits.iter().rev();
    for byte in bytes.iter_mut().rev() {
        let Some(low) = rest.next() else { break };
        let high = rest.next().map_or(Some(0), nibble);
        *byte = nibble(low).zip(high).map(|(low, high)| high << 4 | low).ok_or(Fault::NotHex)?;
    }
    Ok(bytes)
}

/// The value of one digit.
pub(super) fn nibble(digit: &u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The digits of four values, of which each has its byte.
#[inline]
const fn digits_of(nibbles: u32) -> u32 {
    let letters = nibbles.wrapping_add(ONES * 6) >> 4 & ONES;
    nibbles.wrapping_add(ONES * 0x30).wrapping_add(letters.wrapping_mul(0x27))
}

/// Puts the digits of an id, which has a multiple of four bytes, at the start of `out`, and returns
/// what is behind them.
#[inline]
pub(super) fn put<'a>(out: &'a mut [u8], id: &[u8]) -> &'a mut [u8] {
    let Some((digits, rest)) = out.split_at_mut_checked(2 * id.len()) else { return &mut [] };
    let (groups, _) = digits.as_chunks_mut::<4>();
    let (groups, _) = groups.as_chunks_mut::<2>();
    for (group, four) in groups.iter_mut().zip(id.as_chunks::<4>().0) {
        let four = u32::from_le_bytes(*four);
        let (high, low) = (digits_of(four >> 4 & NIBBLES), digits_of(four & NIBBLES));
        // The digits of the first and third byte, and of the second and fourth.
        let odd = high & 0x00ff_00ff | (low & 0x00ff_00ff) << 8;
        let even = high >> 8 & 0x00ff_00ff | low & 0xff00_ff00;
        *group = [odd & 0xffff | even << 16, odd >> 16 | even & 0xffff_0000].map(u32::to_le_bytes);
    }
    rest
}

/// Puts bytes at the start of `out`, and returns what is behind them.
#[inline]
pub(super) fn put_bytes<'a>(out: &'a mut [u8], bytes: &[u8]) -> &'a mut [u8] {
    let Some((begin, rest)) = out.split_at_mut_checked(bytes.len()) else { return &mut [] };
    begin.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    rest
}

/// Bytes that are ASCII as a text; none if they are not.
///
/// `core::str::from_utf8` takes several times as long for texts as short as these.
#[inline]
pub(super) fn ascii(bytes: &[u8]) -> Option<&str> {
    let (groups, rest) = bytes.as_chunks::<4>();
    let all = groups.iter().fold(0, |all, group| all | u32::from_le_bytes(*group));
    let all = rest.iter().fold(all, |all, byte| all | u32::from(*byte));
    if all & TOPS != 0 {
        return None;
    }
    // SAFETY: no byte has its top bit set, so each is a character by itself.
    Some(unsafe { core::str::from_utf8_unchecked(bytes) })
}

/// What is before the first such byte, and behind it.
#[inline]
pub(super) fn split_at(bytes: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let pattern = u32::from(wanted) * ONES;
    let has_none = |group: &&[u8; 4]| {
        let differs = u32::from_le_bytes(**group) ^ pattern;
        differs.wrapping_sub(ONES) & !differs & TOPS == 0
    };
    let skipped = 4 * bytes.as_chunks::<4>().0.iter().take_while(has_none).count();
    let at = bytes.get(skipped..)?.iter().position(|byte| *byte == wanted)?;
    let (before, rest) = bytes.split_at_checked(skipped + at)?;
    Some((before, rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that two characters can be, at each place of a group.
    fn read(digits: &[u8]) -> Option<[u8; 2]> {
        let mut bytes = [0; 2];
        (lower(digits, &mut bytes) == 0).then_some(bytes)
    }

    #[test]
    fn lower_takes_lower_case_digits_and_nothing_else() {
        for high in 0..=255 {
            for low in 0..=255 {
                let wanted = [high, low]
                    .map(|digit: u8| nibble(&digit).filter(|_| !digit.is_ascii_uppercase()));
                let wanted = wanted[0].zip(wanted[1]).map(|(high, low)| high << 4 | low);
                let first = read(&[high, low, b'f', b'0']);
                assert_eq!(first, wanted.map(|byte| [byte, 0xf0]));
                assert_eq!(lower_byte([high, low]).ok(), wanted);
            }
        }
        assert_eq!(read(b"12345678"), None);
        assert_eq!(read(b"123"), None);
    }

    #[test]
    fn what_is_put_is_read_again() {
        for value in 0..=u16::MAX {
            let bytes = (u32::from(value) << 16 | u32::from(!value)).to_be_bytes();
            let mut digits = [0; 8];
            assert!(put(&mut digits, &bytes).is_empty());
            assert_eq!(digits, *std::format!("{value:04x}{:04x}", !value).as_bytes());
            assert_eq!(read(&digits[..4]), Some(value.to_be_bytes()));
            assert_eq!(padded(&digits), Ok(bytes));
        }
    }

    #[test]
    fn ascii_is_what_it_says() {
        assert_eq!(ascii(b""), Some(""));
        assert_eq!(ascii(b"0123456\x7f"), Some("0123456\x7f"));
        for at in 0..7 {
            let mut bytes = *b"0123456";
            bytes[at] = 0x80;
            assert_eq!(ascii(&bytes), None);
        }
    }

    #[test]
    fn a_text_is_split_at_the_first_such_byte() {
        for len in 0..9 {
            let text = &b"01234567"[..len];
            assert_eq!(split_at(text, b':'), None);
            for at in 0..len {
                let mut text = text.to_vec();
                text[at..].fill(b':');
                text[..at].fill(b';');
                assert_eq!(split_at(&text, b':'), Some((&text[..at], &text[at + 1..])));
            }
        }
        assert_eq!(split_at(b"\xba\x3b\x00\x3a:", b':'), Some((&b"\xba\x3b\x00"[..], &b":"[..])));
    }

    #[test]
    fn padded_takes_what_old_clients_write() {
        assert_eq!(padded(b"1aF"), Ok([1, 0xaf]));
        assert_eq!(padded(b"0"), Ok([0, 0]));
        for wrong in ["", "12345", "g", "+1", "1 "] {
            assert_eq!(padded::<2>(wrong.as_bytes()), Err(Fault::NotHex), "{wrong}");
        }
    }
}

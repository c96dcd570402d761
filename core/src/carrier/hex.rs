//! Ids as hexadecimal digits, four digits at a time and without the formatting machinery.

use super::Fault;

/// Nine more than a letter's low four bits say is its value: 0x61 is `a`.
const LETTERS: u32 = 0x4040_4040;
const NIBBLES: u32 = 0x0f0f_0f0f;
const ONES: u32 = 0x0101_0101;

/// The bytes that these lower-case digits are, two for each byte.
///
/// # Errors
/// Where one of them is no digit, or there are more or fewer.
#[inline]
pub(super) fn lower<const N: usize>(digits: &[u8]) -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    let (groups, []) = digits.as_chunks::<4>() else { return Err(Fault::NotHex) };
    let (pairs, []) = bytes.as_chunks_mut::<2>() else { return Err(Fault::NotHex) };
    if groups.len() != pairs.len() {
        return Err(Fault::NotHex);
    }
    let mut wrong = 0;
    for (pair, group) in pairs.iter_mut().zip(groups) {
        let group = u32::from_be_bytes(*group);
        let nibbles = (group & NIBBLES) + ((group & LETTERS) >> 6) * 9;
        // What was no lower-case digit is not what its value would be written as.
        wrong |= (nibbles & !NIBBLES) | (group ^ digits_of(nibbles));
        let bytes = nibbles | nibbles >> 4;
        let [_, high, _, low] = bytes.to_be_bytes();
        *pair = [high, low];
    }
    if wrong == 0 { Ok(bytes) } else { Err(Fault::NotHex) }
}

/// The byte that two lower-case digits are.
///
/// # Errors
/// As [`lower`].
#[inline]
pub(super) fn lower_byte([high, low]: [u8; 2]) -> Result<u8, Fault> {
    lower::<2>(&[b'0', b'0', high, low]).map(|[_, byte]| byte)
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

/// Puts the digits of bytes at the start of `out`, and returns what is behind them.
#[inline]
pub(super) fn put<'a>(out: &'a mut [u8], bytes: &[u8]) -> &'a mut [u8] {
    let Some((digits, rest)) = out.split_at_mut_checked(2 * bytes.len()) else { return &mut [] };
    let (groups, _) = digits.as_chunks_mut::<4>();
    for (group, pair) in groups.iter_mut().zip(bytes.as_chunks::<2>().0) {
        let pair = u32::from(u16::from_be_bytes(*pair));
        let bytes = (pair | pair << 8) & 0x00ff_00ff;
        *group = digits_of((bytes | bytes << 4) & NIBBLES).to_be_bytes();
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

#[cfg(test)]
mod tests {
    use super::*;

    /// All that two characters can be, at each place of a group.
    #[test]
    fn lower_takes_lower_case_digits_and_nothing_else() {
        for high in 0..=255 {
            for low in 0..=255 {
                let wanted = [high, low]
                    .map(|digit: u8| nibble(&digit).filter(|_| !digit.is_ascii_uppercase()));
                let wanted = wanted[0].zip(wanted[1]).map(|(high, low)| high << 4 | low);
                let first = lower::<2>(&[high, low, b'f', b'0']);
                assert_eq!(first.ok(), wanted.map(|byte| [byte, 0xf0]));
                assert_eq!(lower_byte([high, low]).ok(), wanted);
            }
        }
        assert_eq!(lower::<2>(b"12345678"), Err(Fault::NotHex));
        assert_eq!(lower::<2>(b"123"), Err(Fault::NotHex));
    }

    #[test]
    fn what_is_put_is_read_again() {
        for value in 0..=u16::MAX {
            let mut digits = [0; 4];
            assert!(put(&mut digits, &value.to_be_bytes()).is_empty());
            assert_eq!(digits, *std::format!("{value:04x}").as_bytes());
            assert_eq!(lower(&digits), Ok(value.to_be_bytes()));
            assert_eq!(padded(&digits), Ok(value.to_be_bytes()));
        }
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

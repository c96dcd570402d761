//! A section: bytes that are compressed where that helps, behind what tells whether they are whole.
//!
//! ```text
//!  0        4   5           8               16
//!  | length | m | 0  0  0   | checksum      | as stored ...
//! ```
//!
//! `length` is that of the content; `m` says how it is stored: 0 as it is, 1 as an LZ4 block. The
//! checksum is XXH3-64 of what stands behind it, seeded by the first eight bytes.

use super::hash;
use super::wire::{Damaged, Reader};

/// No section holds more.
const MOST: usize = 1 << 30;

/// Adds `content` as a section.
pub(crate) fn put(to: &mut Vec<u8>, content: &[u8]) {
    let mut packed = lz4_flex::block::compress(content);
    // What hardly shrinks is quicker to read as it is.
    let is_packed = packed.len() < content.len() - content.len() / 16;
    if !is_packed {
        packed.clear();
    }
    put_as(to, content.len(), if is_packed { (1, &packed) } else { (0, content) });
}

fn put_as(to: &mut Vec<u8>, length: usize, (method, stored): (u8, &[u8])) {
    let [a, b, c, d] = super::wire::narrow(length).to_le_bytes();
    let head = [a, b, c, d, method, 0, 0, 0];
    to.extend_from_slice(&head);
    let seed = u64::from_le_bytes(head);
    to.extend_from_slice(&hash::checksum(stored, seed).to_le_bytes());
    to.extend_from_slice(stored);
}

/// The content of a section that takes all of `bytes`.
pub(crate) fn get(bytes: &[u8]) -> Result<std::borrow::Cow<'_, [u8]>, Damaged> {
    let mut reader = Reader::new(bytes);
    let head = reader.array::<8>()?;
    let sum = reader.u64()?;
    let stored = reader.rest();
    if hash::checksum(stored, u64::from_le_bytes(head)) != sum {
        return Err(Damaged);
    }
    let [a, b, c, d, method, ..] = head;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    match method {
        0 if length == stored.len() => Ok(stored.into()),
        // LZ4 cannot make more than 255 bytes of one.
        1 if length <= MOST && length / 255 <= stored.len() => {
            let content = lz4_flex::block::decompress(stored, length).map_err(|_| Damaged)?;
            if content.len() == length { Ok(content.into()) } else { Err(Damaged) }
        }
        _ => Err(Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_put_is_got_and_any_change_is_seen(
            part in prop::collection::vec(any::<u8>(), 0..60),
            times in 0_usize..20,
            at: prop::sample::Index,
            flip in 1_u8..,
        ) {
            let content = part.repeat(times);
            let mut bytes = Vec::new();
            put(&mut bytes, &content);
            prop_assert_eq!(get(&bytes).unwrap().into_owned(), content);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert!(get(&bytes).is_err());
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
            prop_assert!(get(&bytes).is_err());
        }
    }
}

//! Columns of numbers, 128 at a time, in as many bits as the widest of them needs.
//!
//! ```text
//! | d w w w w w w w | least (zigzag varint) | values, w bits each, the low ones first ...
//! ```
//!
//! Each value is what it is above the least of its block. With `d` the numbers are differences
//! to the one before; in the first block of a column a number follows `least` that stands before
//! the first (zigzag varint). Numbers are 64 bits wide and signed; what is unsigned is taken as
//! the signed number of the same bits.

use super::wire::{Damaged, Reader, put_varint, unzigzag, zigzag};

const BLOCK: usize = 128;
const DIFFERENCES: u8 = 0x80;

/// Writes a column.
pub(crate) fn put(to: &mut Vec<u8>, values: &[u64]) {
    let mut before = None;
    let mut steps = [0; BLOCK];
    for block in values.chunks(BLOCK) {
        // A first step that is like the second costs nothing.
        let start = before.unwrap_or_else(|| match block {
            [first, second, ..] => first.wrapping_mul(2).wrapping_sub(*second),
            _ => 0,
        });
        let is_first = before.is_none();
        let mut last = start;
        for (value, step) in block.iter().zip(&mut steps) {
            *step = value.wrapping_sub(last);
            last = *value;
        }
        before = Some(last);
        let steps = steps.get(..block.len()).unwrap_or_default();
        let (least, width) = range(block);
        let (least_step, step_width) = range(steps);
        // A start takes up to ten bytes.
        if step_width + if is_first { 2 } else { 0 } < width {
            to.push(step_width.to_le_bytes()[0] | DIFFERENCES);
            put_varint(to, zigzag(least_step));
            if is_first {
                put_varint(to, zigzag(start.cast_signed()));
            }
            pack(to, steps, least_step, step_width);
        } else {
            to.push(width.to_le_bytes()[0]);
            put_varint(to, zigzag(least));
            pack(to, block, least, width);
        }
    }
}

/// The least, and how many bits it takes to say how far above it the others are.
fn range(values: &[u64]) -> (i64, u32) {
    let signed = || values.iter().map(|value| value.cast_signed());
    let (least, most) = signed().fold((i64::MAX, i64::MIN), |(a, b), v| (a.min(v), b.max(v)));
    (least, u64::BITS - most.wrapping_sub(least).cast_unsigned().leading_zeros())
}

fn pack(to: &mut Vec<u8>, values: &[u64], least: i64, width: u32) {
    if width == 0 {
        return;
    }
    let (mut held, mut count) = (0_u128, 0);
    for value in values {
        held |= u128::from(value.wrapping_sub(least.cast_unsigned())) << count;
        count += width;
        if count >= 64 {
            let [low, _] = halves(held);
            to.extend_from_slice(&low.to_le_bytes());
            held >>= 64;
            count -= 64;
        }
    }
    let bytes = held.to_le_bytes();
    to.extend_from_slice(bytes.split_at(count.div_ceil(8) as usize).0);
}

/// The low half and the high one.
pub(crate) fn halves(value: u128) -> [u64; 2] {
    let bytes = value.to_le_bytes();
    let (words, _) = bytes.as_chunks::<8>();
    let word = |index: usize| words.get(index).copied().map_or(0, u64::from_le_bytes);
    [word(0), word(1)]
}

/// Reads a column of `count` numbers into `into`, behind what is there.
pub(crate) fn get(
    reader: &mut Reader<'_>,
    count: usize,
    into: &mut Vec<u64>,
) -> Result<(), Damaged> {
    // A block takes two bytes at least.
    if reader.rest().len() / 2 < count.div_ceil(BLOCK) {
        return Err(Damaged);
    }
    into.reserve(count);
    let mut before = None;
    let mut left = count;
    while left > 0 {
        let length = left.min(BLOCK);
        left -= length;
        let head = reader.byte()?;
        let width = u32::from(head & !DIFFERENCES);
        let least = unzigzag(reader.varint()?).cast_unsigned();
        let is_stepped = head & DIFFERENCES != 0;
        let mut last = match before {
            None if is_stepped => unzigzag(reader.varint()?).cast_unsigned(),
            before => before.unwrap_or_default(),
        };
        let from = into.len();
        match width {
            0 => into.resize(from + length, least),
            1..=64 => {
                let packed = reader.take((length * width as usize).div_ceil(8))?;
                unpack(packed, width, least, length, into);
            }
            _ => return Err(Damaged),
        }
        if is_stepped {
            for value in into.iter_mut().skip(from) {
                last = last.wrapping_add(*value);
                *value = last;
            }
        }
        before = into.last().copied();
    }
    Ok(())
}

/// A value of at most so many bits is whole in the eight bytes from that on in which it begins.
const NARROW: u32 = 57;

fn unpack(packed: &[u8], width: u32, least: u64, length: usize, into: &mut Vec<u64>) {
    let mask = u64::MAX >> (64 - width);
    let mut padded = [0; BLOCK * NARROW as usize / 8 + 8];
    if width <= NARROW
        && let Some(start) = padded.get_mut(..packed.len())
    {
        start.copy_from_slice(packed);
        into.extend((0..length).map(|index| {
            let bit = index * width as usize;
            let word = padded.get(bit / 8..).and_then(|rest| rest.first_chunk());
            let word = word.map_or(0, |word| u64::from_le_bytes(*word));
            (word >> (bit % 8) & mask).wrapping_add(least)
        }));
        return;
    }
    let (words, rest) = packed.as_chunks::<8>();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let mut words = words.iter().copied().chain([last]).map(u64::from_le_bytes);
    let (mut held, mut count) = (0_u128, 0);
    for _ in 0..length {
        if count < width {
            held |= u128::from(words.next().unwrap_or_default()) << count;
            count += 64;
        }
        let [low, _] = halves(held);
        into.push((low & mask).wrapping_add(least));
        held >>= width;
        count -= width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round(values: &[u64]) -> usize {
        let mut bytes = Vec::new();
        put(&mut bytes, values);
        let mut reader = Reader::new(&bytes);
        let mut read = Vec::new();
        get(&mut reader, values.len(), &mut read).unwrap();
        assert_eq!(read, values);
        assert!(reader.rest().is_empty());
        bytes.len()
    }

    proptest! {
        #[test]
        fn numbers_of_any_width_come_back(
            values in prop::collection::vec((any::<u64>(), 0_u32..64), 0..400)
        ) {
            round(&values.into_iter().map(|(value, shift)| value >> shift).collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>, count in 0_usize..5000) {
            let mut read = Vec::new();
            if get(&mut Reader::new(&bytes), count, &mut read).is_ok() {
                prop_assert_eq!(read.len(), count);
            }
        }
    }

    #[test]
    fn every_width_comes_back_whole_block_or_not() {
        for width in 0..=64 {
            let mask = u64::MAX.checked_shr(64 - width).unwrap_or_default();
            for count in [1, 127, 128, 141] {
                let mixed = (1_u64..).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(7));
                let values = mixed.map(|value| value & mask).chain([mask]);
                round(&values.take(count).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn what_grows_evenly_takes_next_to_nothing() {
        assert_eq!(round(&[7; 128]), 2);
        let even: Vec<u64> = (0..1280).map(|number| 1_700_000_000 + number * 1000).collect();
        assert!(round(&even) < 50);
        round(&[0, u64::MAX, 1 << 63, (1 << 63) - 1]);
    }

    #[test]
    fn no_room_is_made_for_what_cannot_be_there() {
        assert_eq!(get(&mut Reader::new(&[0; 8]), usize::MAX, &mut Vec::new()), Err(Damaged));
    }
}

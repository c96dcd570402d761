//! A set of hashes that may say yes for one that is not there, and never no for one that is.
//!
//! It is the split block Bloom filter of Parquet's specification: a hash chooses a block of 32
//! bytes, and in each of its eight words one bit. At ten bits for each hash it errs in about one
//! of a hundred.

use super::wire::Damaged;

const SALT: [u32; 8] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

const BITS_PER_HASH: usize = 10;

type Block = [u32; 8];

/// The set.
#[derive(Debug)]
pub(crate) struct Filter {
    blocks: Vec<Block>,
}

/// Spreads 32 bits over 64, since the block and the bits in it come from different halves.
fn spread(hash: u32) -> u64 {
    let hash = u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ hash >> 29
}

impl Filter {
    /// An empty set with room for `count` hashes.
    pub(crate) fn with_room(count: usize) -> Self {
        let blocks = (count * BITS_PER_HASH).div_ceil(256).max(1);
        Self { blocks: vec![Block::default(); blocks] }
    }

    fn place(&self, hash: u64) -> usize {
        let place = (hash >> 32).wrapping_mul(self.blocks.len() as u64) >> 32;
        usize::try_from(place).unwrap_or_default()
    }

    fn bits(hash: u64) -> Block {
        let [a, b, c, d, ..] = hash.to_le_bytes();
        let low = u32::from_le_bytes([a, b, c, d]);
        SALT.map(|salt| 1 << (low.wrapping_mul(salt) >> 27))
    }

    /// Adds a hash.
    pub(crate) fn insert(&mut self, hash: u32) {
        let hash = spread(hash);
        let place = self.place(hash);
        if let Some(block) = self.blocks.get_mut(place) {
            block.iter_mut().zip(Self::bits(hash)).for_each(|(word, bit)| *word |= bit);
        }
    }

    /// Whether it may have been added.
    pub(crate) fn may_have(&self, hash: u32) -> bool {
        let hash = spread(hash);
        let block = self.blocks.get(self.place(hash));
        block.is_none_or(|block| block.iter().zip(Self::bits(hash)).all(|(w, bit)| w & bit != 0))
    }

    /// As it stands in a file.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.blocks.iter().flatten().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// Reads it back.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let (blocks, rest) = bytes.as_chunks::<32>();
        if blocks.is_empty() || !rest.is_empty() {
            return Err(Damaged);
        }
        let block = |bytes: &[u8; 32]| {
            let mut block = Block::default();
            let (words, _) = bytes.as_chunks::<4>();
            block
                .iter_mut()
                .zip(words)
                .for_each(|(word, bytes)| *word = u32::from_le_bytes(*bytes));
            block
        };
        Ok(Self { blocks: blocks.iter().map(block).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_denies_what_was_added_and_seldom_claims_what_was_not() {
        let hash = |number: u32| super::super::hash::short(&number.to_le_bytes(), 1);
        let mut filter = Filter::with_room(10_000);
        (0..10_000).for_each(|number| filter.insert(hash(number)));
        let filter = Filter::from_bytes(&filter.to_bytes()).unwrap();
        assert!((0..10_000).all(|number| filter.may_have(hash(number))));
        let wrong = (10_000..110_000).filter(|number| filter.may_have(hash(*number))).count();
        assert!(wrong < 2_500, "{wrong} of 100,000");
        assert!(Filter::from_bytes(&[0; 31]).is_err());
    }
}

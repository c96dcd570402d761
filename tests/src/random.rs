//! Numbers that look random, and are the same for the same seed on every machine.

use core::ops::Range;

/// Sebastiano Vigna's splitmix64: any seed is good, and each number is a step of its own.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Numbers of their own for a part, which do not depend on how many others are drawn.
    #[must_use]
    pub fn of(seed: u64, part: u64) -> Self {
        Self(Self(seed ^ part.wrapping_mul(0xd6e8_feb8_6659_fd93)).word())
    }

    /// 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `end`, or 0 where that is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        // The upper half of the product; what it is biased by is far below anything counted here.
        let product = u128::from(self.word()) * u128::from(end);
        u64::try_from(product >> 64).unwrap_or_default()
    }

    /// An index of a list of so many, which has at least one.
    pub fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.below(count as u64)).unwrap_or_default()
    }

    /// A number of a range that is not empty.
    pub fn within(&mut self, range: Range<i64>) -> i64 {
        range.start.wrapping_add_unsigned(self.below(range.end.abs_diff(range.start)))
    }

    /// A number up to `most` to either side of 0.
    pub fn around(&mut self, most: i64) -> i64 {
        self.within(-most..most + 1)
    }

    /// A number from 0 up to 1.
    pub fn share(&mut self) -> f64 {
        // As many bits as a mantissa has.
        (self.word() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether what happens in this share of all cases happens now.
    pub fn chance(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// Eight bits.
    pub fn byte(&mut self) -> u8 {
        self.word().to_le_bytes()[7]
    }

    /// One of a list that is not empty.
    ///
    /// # Panics
    /// If it is.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.index(all.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_and_another_gives_others() {
        // The first numbers of the published generator for the seed 0.
        let mut random = Random::new(0);
        assert_eq!([random.word(), random.word()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
        assert_ne!(Random::of(1, 0).word(), Random::of(1, 1).word());
        assert_ne!(Random::of(1, 0).word(), Random::of(2, 0).word());
    }

    #[test]
    fn numbers_are_in_their_ranges_and_reach_all_of_them() {
        let mut random = Random::new(7);
        let mut seen = [false; 5];
        for _ in 0..200 {
            seen[random.index(5)] = true;
            assert!((-3..4).contains(&random.within(-3..4)));
            assert!((0.0..1.0).contains(&random.share()));
        }
        assert_eq!(seen, [true; 5]);
        assert!((0..100).all(|_| random.chance(1.0) && !random.chance(0.0)));
        let hits = (0..10_000).filter(|_| random.chance(0.3)).count();
        assert!((2_800..3_200).contains(&hits), "{hits}");
    }
}

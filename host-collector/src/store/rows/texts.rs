//! Lists of bytes, each once, by number.

use crate::store::codec::wire::narrow;
use hashbrown::HashTable;
use std::hash::{BuildHasher as _, RandomState};

/// Bytes by number; number 0 is empty.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { bytes: Vec::new(), ends: vec![0] }
    }
}

impl Texts {
    /// The bytes of a number; empty if there is none such.
    pub(crate) fn get(&self, number: u32) -> &[u8] {
        let index = number as usize;
        let from = index.checked_sub(1).and_then(|before| self.ends.get(before));
        let end = self.ends.get(index);
        match (from, end) {
            (Some(from), Some(end)) => {
                self.bytes.get(*from as usize..*end as usize).unwrap_or_default()
            }
            _ => &[],
        }
    }

    pub(crate) fn text(&self, number: u32) -> &str {
        str::from_utf8(self.get(number)).unwrap_or_default()
    }

    /// The numbers that stand for some bytes.
    pub(crate) fn numbers(&self, bytes: &[u8]) -> Vec<u32> {
        let is_it = |number: &u32| self.get(*number) == bytes;
        (0..narrow(self.ends.len())).filter(is_it).collect()
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> u32 {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(narrow(self.bytes.len()));
        narrow(self.ends.len() - 1)
    }

    pub(crate) fn weight(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 4
    }
}

/// Finds the number of bytes that have one.
///
/// It is seeded by chance, so that nobody can choose texts whose hashes meet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    table: HashTable<u32>,
    seed: Seed,
}

#[derive(Clone, Debug)]
pub(crate) struct Seed(u64);

impl Default for Seed {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0))
    }
}

impl Seed {
    pub(crate) fn hash(&self, bytes: &[u8]) -> u64 {
        xxhash_rust::xxh3::xxh3_64_with_seed(bytes, self.0)
    }
}

impl Interner {
    /// The number of `bytes` in `texts`, which gets them if it has not.
    pub(crate) fn number(&mut self, texts: &mut Texts, bytes: &[u8]) -> u32 {
        if bytes.is_empty() {
            return 0;
        }
        let hash = self.seed.hash(bytes);
        if let Some(number) = self.table.find(hash, |number| texts.get(*number) == bytes) {
            return *number;
        }
        let number = texts.push(bytes);
        let seed = &self.seed;
        self.table.insert_unique(hash, number, |number| seed.hash(texts.get(*number)));
        number
    }

    pub(crate) fn weight(&self) -> usize {
        self.table.capacity() * 6
    }
}

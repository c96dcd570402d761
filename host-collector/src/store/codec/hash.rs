//! The hashes that the files rely on: all of them are XXH3, which its specification fixes.

use crate::model::TraceId;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128};

/// Tells whether bytes are those that were written.
pub(crate) fn checksum(bytes: &[u8], seed: u64) -> u64 {
    xxh3_64_with_seed(bytes, seed)
}

/// The same for what is short and frequent.
pub(crate) fn short(bytes: &[u8], seed: u64) -> u32 {
    let [a, b, c, d, ..] = checksum(bytes, seed).to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// By which a trace is looked for: by the low 64 bits, since ids of 64 and 128 bits are to meet.
pub(crate) fn of_trace(trace: TraceId) -> u32 {
    high(xxh3_64(&trace.low().to_le_bytes()))
}

/// The upper half of a hash, by which hashes are sorted too.
pub(crate) fn high(hash: u64) -> u32 {
    let [.., a, b, c, d] = hash.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Content that is the same has the same; no two others meet in practice.
pub(crate) fn content(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

/// What a search can ask for, as a hash: terms of different kinds never meet by their form.
pub(crate) fn term(kind: u8, key: &[u8], value: &[u8]) -> u64 {
    let seed = xxh3_64_with_seed(key, kind.into());
    xxh3_64_with_seed(value, seed)
}

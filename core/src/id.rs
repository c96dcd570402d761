//! Identities: counted on the device, expanded by the same functions on both sides.
//!
//! A device never draws a random number for a span. It counts, and a fixed permutation turns
//! (device, session, counter) into the ids that Jaeger and W3C carriers want. A permutation cannot
//! map two inputs to one output, so two different roots never share a trace id and two spans of a
//! session never share a span id, also on a thousand boards that run the same image.

use core::fmt;
use serde::{Deserialize, Serialize};

/// Bits of the session number: one boot of one device.
pub const SESSION_BITS: u32 = 24;
/// Bits of the span counter as it travels on the wire.
pub const COUNTER_BITS: u32 = 40;

/// The 64-bit identity of a device; 0 is not valid.
///
/// Use what the board has: the unique id of the chip, a MAC address, a number from its flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DeviceId(pub u64);

/// The 24-bit number of one boot of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Session(u32);

impl Session {
    /// The session with this number; bits above [`SESSION_BITS`] are cut off.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number & ((1 << SESSION_BITS) - 1))
    }

    /// The session of a device whose trace ids have this base.
    #[cfg(feature = "enable")]
    pub(crate) const fn of_base(device: DeviceId, base: u64) -> Self {
        Self(((base ^ TraceId::base(device, Self(0))) >> COUNTER_BITS) as u32)
    }

    /// The number, below 2^24.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Four bytes that name (device, session) in every frame.
    ///
    /// They are a hash, not an identity: the collector learns the identity from the hello and
    /// reports two sessions that share a tag as a clash.
    #[must_use]
    pub const fn tag(self, device: DeviceId) -> [u8; 4] {
        let mixed = mix(device.0 ^ ((self.0 as u64) << COUNTER_BITS));
        let bytes = mixed.to_le_bytes();
        [bytes[0], bytes[1], bytes[2], bytes[3]]
    }
}

/// The 128-bit trace id of W3C and Jaeger, big-endian as in their headers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TraceId(pub [u8; 16]);

/// The 64-bit span id of W3C and Jaeger, big-endian as in their headers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SpanId(pub [u8; 8]);

impl TraceId {
    /// The id of the trace whose root is span `counter` of this session.
    ///
    /// Steps on (device, session | counter), each of them reversible, hence a permutation of the
    /// 128 bits. It maps only the all-zero input to the all-zero id, and device 0 is not valid.
    #[must_use]
    pub const fn expand(device: DeviceId, session: Session, counter: u64) -> Self {
        let low = Self::expand_low(device, session, counter);
        let high = mix(device.0 ^ mix(low));
        Self((((high as u128) << 64) | low as u128).to_be_bytes())
    }

    /// The low 64 bits of [`TraceId::expand`]: all that a probabilistic sampler looks at.
    #[must_use]
    #[inline]
    pub const fn expand_low(device: DeviceId, session: Session, counter: u64) -> u64 {
        Self::low_of(Self::base(device, session), counter & COUNTER_MASK)
    }

    /// What the low halves of all trace ids of a session have in common.
    #[inline(never)]
    pub(crate) const fn base(device: DeviceId, session: Session) -> u64 {
        ((session.0 as u64) << COUNTER_BITS) ^ device.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// The low half of the id of a session with this base; the counter has no more than its bits.
    #[inline]
    pub(crate) const fn low_of(base: u64, counter: u64) -> u64 {
        mix(base ^ counter)
    }

    /// The low 64 bits, which 64-bit systems use as the whole id.
    #[must_use]
    pub const fn low(self) -> u64 {
        let [_, _, _, _, _, _, _, _, low @ ..] = self.0;
        u64::from_be_bytes(low)
    }

    /// The id as words, the lowest first.
    #[cfg(any(feature = "enable", feature = "alloc"))]
    #[expect(clippy::cast_possible_truncation, reason = "one word at a time")]
    pub(crate) fn words(self) -> [u32; 4] {
        let id = u128::from_be_bytes(self.0);
        [id as u32, (id >> 32) as u32, (id >> 64) as u32, (id >> 96) as u32]
    }

    /// The id with these words.
    #[cfg(any(feature = "enable", feature = "alloc"))]
    pub(crate) fn of_words(words: [u32; 4]) -> Self {
        let id = words.iter().rev().fold(0_u128, |id, word| id << 32 | u128::from(*word));
        Self(id.to_be_bytes())
    }

    /// What an id begins with that stands for another one.
    const SHORT: [u8; 16] = *b"spandrel-can\0\0\0\0";

    /// The id that stands for one that the [short form](crate::carrier::short) tells by 32 bits.
    pub(crate) const fn standing_for(bits: u32) -> Self {
        Self((u128::from_be_bytes(Self::SHORT) | bits as u128).to_be_bytes())
    }

    /// Whether it stands for another one, as the [short form](crate::carrier::short) has it: its first
    /// twelve bytes say so, which in a real id are as unlikely as any 96 bits.
    #[must_use]
    pub const fn is_short(self) -> bool {
        u128::from_be_bytes(self.0) >> 32 == u128::from_be_bytes(Self::SHORT) >> 32
    }

    /// Whether all bits are zero, which no format allows.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        u128::from_be_bytes(self.0) == 0
    }
}

impl SpanId {
    /// The id of span `counter` of this session.
    ///
    /// A permutation of 64 bits whose key is (device, session). Counters use 40 of the 64 bits, so
    /// the one input that would give 0 is sent to an input that no counter uses.
    #[must_use]
    pub const fn expand(device: DeviceId, session: Session, counter: u64) -> Self {
        Self::of_key(Self::key(device, session), counter)
    }

    /// What the ids of all spans of a session have in common.
    #[inline(always)]
    const fn key(device: DeviceId, session: Session) -> u64 {
        mix(device.0.wrapping_add((session.0 as u64) << COUNTER_BITS))
    }

    #[inline(always)]
    const fn of_key(key: u64, counter: u64) -> Self {
        let mut id = mix((counter & COUNTER_MASK) ^ key);
        if id == 0 {
            id = mix((counter & COUNTER_MASK) ^ key ^ (1 << 63));
        }
        Self(id.to_be_bytes())
    }

    /// The id of what no device has counted: a span that a collector makes in place of what was lost.
    ///
    /// It is the permutation of [`SpanId::expand`] on inputs that no counter of the session gives: bit
    /// 62 is set, and below it are the low bits of `number`. So no span of the session has this id.
    #[must_use]
    pub const fn expand_aside(device: DeviceId, session: Session, number: u64) -> Self {
        let key = mix(device.0.wrapping_add((session.0 as u64) << COUNTER_BITS));
        let input = number & (ASIDE - 1) | ASIDE;
        let mut id = mix(input ^ key);
        if id == 0 {
            id = mix(input ^ key ^ (1 << 63));
        }
        Self(id.to_be_bytes())
    }

    /// Whether all bits are zero, which no format allows.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        u64::from_be_bytes(self.0) == 0
    }
}

/// The ids of the spans of one session: [`SpanId::expand`], for many of them.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanIds {
    key: u64,
}

#[cfg(feature = "alloc")]
impl SpanIds {
    /// Those of this session.
    #[must_use]
    pub const fn new(device: DeviceId, session: Session) -> Self {
        Self { key: SpanId::key(device, session) }
    }

    /// The id of span `counter`.
    #[must_use]
    #[inline]
    pub const fn get(self, counter: u64) -> SpanId {
        SpanId::of_key(self.key, counter)
    }

    /// The counter of the span that has this id; none where it is of no span of the session, but for one
    /// in 2^24.
    #[must_use]
    pub const fn counter(self, id: SpanId) -> Option<u64> {
        let input = unmix(u64::from_be_bytes(id.0)) ^ self.key;
        let counter = input & COUNTER_MASK;
        // What would give 0 is sent to another input.
        if input == counter || u64::from_be_bytes(self.get(counter).0) == u64::from_be_bytes(id.0) {
            Some(counter)
        } else {
            None
        }
    }
}

/// The inverse of [`mix`]: the rounds, backwards.
#[cfg(any(feature = "alloc", test))]
#[expect(clippy::cast_possible_truncation, reason = "one half at a time")]
const fn unmix(value: u64) -> u64 {
    let (mut low, mut high) = (value as u32, (value >> 32) as u32);
    let mut rounds: &[[u32; 2]] = &ROUNDS;
    while let [rest @ .., [first, second]] = rounds {
        low ^= blend(high, *second);
        high ^= blend(low, *first);
        rounds = rest;
    }
    (high as u64) << 32 | low as u64
}

/// What no input of a counter has in it, nor the one that it has in place of what would give 0.
const ASIDE: u64 = 1 << 62;

const COUNTER_MASK: u64 = (1 << COUNTER_BITS) - 1;

/// The number of a span that has none of its own: its record's, in the upper half of all numbers.
///
/// A span is counted only once something needs its number before it ends: a child, a log, a
/// context. Most need none, and cost nothing for it. Both kinds of numbers stay apart, so that a
/// session never gives one twice.
#[must_use]
pub const fn record_number(record: u64) -> u64 {
    RECORD_NUMBERS | record & (RECORD_NUMBERS - 1)
}

/// The first number of a span that is numbered by its record.
const RECORD_NUMBERS: u64 = 1 << (COUNTER_BITS - 1);

/// A permutation of 64 bits with full avalanche, which maps 0 to 0.
///
/// Four Feistel rounds on its halves: they take no multiplication of 64 bits, which a Cortex-M0 would
/// have to call a function for.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "one half at a time")]
const fn mix(value: u64) -> u64 {
    let (mut low, mut high) = (value as u32, (value >> 32) as u32);
    let mut rounds: &[[u32; 2]] = &ROUNDS;
    while let [[first, second], rest @ ..] = rounds {
        high ^= blend(low, *first);
        low ^= blend(high, *second);
        rounds = rest;
    }
    (high as u64) << 32 | low as u64
}

/// The multipliers of the rounds, two by two.
const ROUNDS: [[u32; 2]; 2] = [[0x9e37_79b1, 0x85eb_ca6b], [0xc2b2_ae35, 0x27d4_eb2f]];

#[inline]
const fn blend(half: u32, multiplier: u32) -> u32 {
    let product = half.wrapping_mul(multiplier);
    product ^ (product >> 16)
}

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// 32 lower-case hexadecimal digits.
impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

/// 16 lower-case hexadecimal digits.
impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for TraceId {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=u128:032x}", u128::from_be_bytes(self.0));
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for SpanId {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=u64:016x}", u64::from_be_bytes(self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// A fleet that runs one image: ids must differ although everything but the counts is equal.
    #[test]
    fn a_thousand_identical_images_never_collide() {
        let mut traces = HashSet::new();
        for image in 0..1000_u64 {
            let (device, session) = (DeviceId(1 + image % 10), Session::new((image / 10) as u32));
            let mut spans = HashSet::new();
            for counter in 1..=1000 {
                assert!(traces.insert(TraceId::expand(device, session, counter)));
                let id = SpanId::expand(device, session, counter);
                assert!(!id.is_zero() && spans.insert(id));
            }
        }
    }

    #[test]
    fn the_low_half_is_the_sampler_s_half() {
        let (device, session) = (DeviceId(0xdead_beef), Session::new(77));
        let id = TraceId::expand(device, session, 5);
        assert_eq!(id.low(), TraceId::expand_low(device, session, 5));
    }

    #[test]
    fn the_counter_that_would_give_zero_gives_another_id() {
        let (device, session) = (DeviceId(9), Session::new(3));
        // mix maps 0 alone to 0, so the key itself is the input to avoid; choose a device whose
        // key lies among the counters by running the permutation backwards over small keys.
        let key = unmix(12);
        let device_with_key = DeviceId(key.wrapping_sub((session.get() as u64) << COUNTER_BITS));
        assert!(!SpanId::expand(device_with_key, session, 12).is_zero());
        #[cfg(feature = "alloc")]
        {
            let ids = SpanIds::new(device_with_key, session);
            assert_eq!(ids.counter(ids.get(12)), Some(12));
        }
        assert!(!SpanId::expand(device, session, 12).is_zero());
        assert_ne!(
            SpanId::expand(device_with_key, session, 12),
            SpanId::expand(device_with_key, session, 13)
        );
    }

    #[test]
    #[cfg(feature = "alloc")]
    fn many_ids_are_those_of_each() {
        let (device, session) = (DeviceId(9), Session::new(3));
        let ids = SpanIds::new(device, session);
        for counter in (0..1000).chain([u64::MAX, record_number(7)]) {
            let id = SpanId::expand(device, session, counter);
            assert_eq!((ids.get(counter), ids.counter(id)), (id, Some(counter & COUNTER_MASK)));
            let other = SpanId::expand(device, Session::new(4), counter);
            assert_eq!(ids.counter(other), None);
            assert_eq!(ids.counter(SpanId::expand_aside(device, session, counter)), None);
        }
    }

    #[test]
    fn what_is_made_aside_has_no_id_of_a_span() {
        let (device, session) = (DeviceId(9), Session::new(3));
        let counters = (0..1000).chain((1 << 39)..(1 << 39) + 1000);
        let ids: HashSet<_> = counters.map(|n| SpanId::expand(device, session, n)).collect();
        let kinds = [0, 1 << 60, 3 << 60, 1 << 63];
        for number in kinds.into_iter().flat_map(|kind| kind..kind + 1000) {
            let id = SpanId::expand_aside(device, session, number);
            assert!(!id.is_zero() && !ids.contains(&id));
        }
        // The input that would give 0 gives another id, and not that of a counter.
        let key = unmix(ASIDE | 7);
        let device = DeviceId(key.wrapping_sub((session.get() as u64) << COUNTER_BITS));
        let id = SpanId::expand_aside(device, session, 7);
        assert!(!id.is_zero() && id != SpanId::expand(device, session, 7));
    }

    /// One bit of the counter changes each bit of an id half the time.
    #[test]
    fn mix_has_avalanche() {
        for input in 0..24 {
            let mut flips = [0_u32; 64];
            for counter in 0..4096_u64 {
                let key = 0x0123_4567_89ab_0000;
                let changed = mix(counter ^ key) ^ mix(counter ^ key ^ 1 << input);
                flips.iter_mut().enumerate().for_each(|(bit, n)| *n += (changed >> bit & 1) as u32);
            }
            for (bit, flips) in flips.into_iter().enumerate() {
                assert!((1750..2350).contains(&flips), "bit {input} on bit {bit}: {flips}");
            }
        }
    }

    #[test]
    fn mix_is_reversible() {
        for value in [0, 1, 12, u64::MAX, 0x0123_4567_89ab_cdef] {
            assert_eq!(mix(unmix(value)), value);
        }
    }
}

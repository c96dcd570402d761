//! A link for bytes that treats them badly, in time that its user tells.

use std::collections::VecDeque;

use crate::random::Random;

/// How a stream treats bytes in one direction. Shares are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamFaults {
    /// Share of bits that are wrong.
    pub bit_errors: f64,
    /// Share of bytes that are lost, as where a receiver is overrun.
    pub lost: f64,
    /// How long the way takes, in nanoseconds.
    pub delay_ns: u64,
    /// How long a byte takes on the line, in nanoseconds; 86,806 at 115,200 baud.
    pub byte_ns: u64,
    /// How many bytes are let through at most at one go, so that frames come in pieces.
    pub piece: usize,
}

impl StreamFaults {
    /// A stream without faults that takes no time.
    pub const NONE: Self =
        Self { bit_errors: 0.0, lost: 0.0, delay_ns: 0, byte_ns: 0, piece: usize::MAX };

    /// A stream in which such a share of the bits is wrong.
    #[must_use]
    pub const fn noisy(bit_errors: f64) -> Self {
        Self { bit_errors, ..Self::NONE }
    }
}

/// What a stream did, counted in bytes but for the bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamCounts {
    /// Given to it.
    pub pushed: u64,
    /// Never to arrive.
    pub lost: u64,
    /// Bits that were wrong.
    pub wrong_bits: u64,
    /// Taken out of it.
    pub popped: u64,
}

/// One direction of a stream of bytes.
#[derive(Debug)]
pub struct Stream {
    faults: StreamFaults,
    random: Random,
    is_cut: bool,
    is_stalled: bool,
    /// Bytes under way, by the time of arrival.
    under_way: VecDeque<(u64, u8)>,
    /// Until when the line is busy.
    busy_ns: u64,
    /// Bits until the next wrong one; none where none is.
    good_bits: u64,
    counts: StreamCounts,
}

impl Stream {
    /// A stream that is whole.
    #[must_use]
    pub fn new(faults: StreamFaults, seed: u64) -> Self {
        let mut stream = Self {
            faults,
            random: Random::new(seed),
            is_cut: false,
            is_stalled: false,
            under_way: VecDeque::new(),
            busy_ns: 0,
            good_bits: 0,
            counts: StreamCounts::default(),
        };
        stream.good_bits = stream.next_error();
        stream
    }

    /// Cuts the line: what is given to it, and what is under way, is lost; or joins it again.
    pub fn set_cut(&mut self, is_cut: bool) {
        self.is_cut = is_cut;
        if is_cut {
            self.counts.lost += self.under_way.len() as u64;
            self.under_way.clear();
        }
    }

    /// Has nothing come out until it is let go again; nothing is lost.
    pub fn set_stalled(&mut self, is_stalled: bool) {
        self.is_stalled = is_stalled;
    }

    /// Puts bytes in at `now_ns`.
    pub fn push(&mut self, now_ns: u64, bytes: &[u8]) {
        for byte in bytes {
            self.counts.pushed += 1;
            self.busy_ns = self.busy_ns.max(now_ns) + self.faults.byte_ns;
            let byte = self.with_errors(*byte);
            if self.is_cut || self.random.chance(self.faults.lost) {
                self.counts.lost += 1;
            } else {
                self.under_way.push_back((self.busy_ns + self.faults.delay_ns, byte));
            }
        }
    }

    fn with_errors(&mut self, mut byte: u8) -> u8 {
        let mut left = 8;
        while self.good_bits < left {
            let bit = 8 - left + self.good_bits;
            byte ^= 1 << bit;
            self.counts.wrong_bits += 1;
            left = 7 - bit;
            self.good_bits = self.next_error();
        }
        self.good_bits -= left;
        byte
    }

    /// So many bits are right before the next wrong one.
    ///
    /// Drawn once an error and not once a bit: errors are some in ten thousand.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    fn next_error(&mut self) -> u64 {
        match self.faults.bit_errors {
            ..=0.0 => u64::MAX,
            1.0.. => 0,
            share => ((1.0 - self.random.share()).ln() / (1.0 - share).ln()) as u64,
        }
    }

    /// The bytes that have arrived by `now_ns` and were not taken yet, up to one piece; empty where
    /// there are none.
    pub fn pop(&mut self, now_ns: u64) -> Vec<u8> {
        if self.is_stalled {
            return Vec::new();
        }
        let here = self.under_way.partition_point(|(at_ns, _)| *at_ns <= now_ns);
        let piece = here.min(self.faults.piece);
        let bytes: Vec<u8> = self.under_way.drain(..piece).map(|(_, byte)| byte).collect();
        self.counts.popped += bytes.len() as u64;
        bytes
    }

    /// When the next byte arrives; none while it is stalled.
    #[must_use]
    pub fn next_ns(&self) -> Option<u64> {
        self.under_way.front().filter(|_| !self.is_stalled).map(|(at_ns, _)| *at_ns)
    }

    /// What it did so far.
    #[must_use]
    pub fn counts(&self) -> StreamCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bit_errors_are_as_many_as_were_asked_and_spread_over_all_bits() {
        let mut stream = Stream::new(StreamFaults::noisy(0.002), 3);
        stream.push(0, &vec![0; 1_000_000]);
        let bytes = stream.pop(0);
        let wrong: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
        assert_eq!(u64::from(wrong), stream.counts().wrong_bits);
        assert!((15_500..16_500).contains(&wrong), "{wrong} of 8,000,000 bits");
        for bit in 0..8 {
            let count = bytes.iter().filter(|byte| **byte & 1 << bit != 0).count();
            assert!((1_800..2_200).contains(&count), "bit {bit}: {count}");
        }
    }

    #[test]
    fn every_bit_may_be_wrong_or_none() {
        let mut all = Stream::new(StreamFaults::noisy(1.0), 3);
        all.push(0, b"\x00\xff\x55");
        assert_eq!(all.pop(0), b"\xff\x00\xaa");
        let mut none = Stream::new(StreamFaults::NONE, 3);
        none.push(0, b"\x00\xff\x55");
        assert_eq!(none.pop(0), b"\x00\xff\x55");
    }

    #[test]
    fn bytes_take_their_time_on_the_line_and_come_in_pieces() {
        let faults = StreamFaults { delay_ns: 100, byte_ns: 10, piece: 2, ..StreamFaults::NONE };
        let mut stream = Stream::new(faults, 3);
        stream.push(1_000, b"abcd");
        assert_eq!(stream.next_ns(), Some(1_110));
        assert_eq!((stream.pop(1_109), stream.pop(1_110)), (vec![], b"a".to_vec()));
        assert_eq!((stream.pop(1_140), stream.pop(1_140)), (b"bc".to_vec(), b"d".to_vec()));
    }

    #[test]
    fn a_cut_loses_what_is_under_way_and_a_stall_nothing() {
        let mut stream = Stream::new(StreamFaults { delay_ns: 5, ..StreamFaults::NONE }, 3);
        stream.push(0, b"ab");
        stream.set_cut(true);
        stream.push(1, b"c");
        stream.set_cut(false);
        stream.push(2, b"d");
        stream.set_stalled(true);
        assert_eq!((stream.pop(100), stream.next_ns()), (vec![], None));
        stream.set_stalled(false);
        assert_eq!(stream.pop(100), b"d");
        assert_eq!(stream.counts(), StreamCounts { pushed: 4, lost: 3, wrong_bits: 0, popped: 1 });
    }
}

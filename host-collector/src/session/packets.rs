//! Numbers of packets and records: what came twice, and what never came.

use core::ops::Range;

/// Remembers which of the latest packets came.
#[derive(Debug)]
pub(super) struct Window {
    /// One more than the highest number seen.
    end: u64,
    /// Bit i of word w: whether packet `64 w + i`, modulo the window, came.
    bits: [u64; WORDS],
}

const WORDS: usize = 16;
const WINDOW: u64 = 64 * WORDS as u64;

impl Window {
    pub(super) fn new() -> Self {
        Self { end: 0, bits: [0; WORDS] }
    }

    /// Notes a packet; false if it came before, or is too old to tell.
    pub(super) fn insert(&mut self, packet: u32) -> bool {
        let packet = u64::from(packet);
        if packet + WINDOW < self.end {
            return false;
        }
        if packet >= self.end {
            // What the window moves over is forgotten; more than all of it need not be.
            for skipped in self.end.max((packet + 1).saturating_sub(WINDOW))..packet {
                self.set(skipped, false);
            }
            self.end = packet + 1;
            self.set(packet, true);
            return true;
        }
        !self.set(packet, true)
    }

    /// Whether a packet would be behind all that came.
    pub(super) fn is_newer(&self, packet: u32) -> bool {
        u64::from(packet) >= self.end
    }

    /// Sets a bit; says what it was.
    fn set(&mut self, packet: u64, came: bool) -> bool {
        let bit = 1 << (packet % 64);
        let word = usize::try_from(packet / 64 % WORDS as u64).unwrap_or_default();
        let Some(word) = self.bits.get_mut(word) else { return false };
        let before = *word & bit != 0;
        *word = if came { *word | bit } else { *word & !bit };
        before
    }
}

/// Records that were numbered and did not come.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// The number that the next record should have; none before the first frame.
    next: Option<u64>,
    /// What is missing, and since when.
    missing: Vec<(Range<u64>, u64)>,
    lost: u64,
}

/// A frame that is later than this has been lost, whatever becomes of it.
const PATIENCE_NS: u64 = 2_000_000_000;
/// More gaps than this are not waited for.
const MOST_GAPS: usize = 64;

impl Gaps {
    /// Notes the records of a frame.
    ///
    /// What came before the first frame is not missed: the collector may have been started late.
    pub(super) fn insert(&mut self, first: u64, count: u64, now_ns: u64) {
        let end = first.saturating_add(count);
        let next = self.next.unwrap_or(first);
        if first > next {
            self.missing.push((next..first, now_ns));
        } else {
            self.found(first..end);
        }
        self.next = Some(next.max(end));
        self.expire(now_ns);
    }

    fn found(&mut self, came: Range<u64>) {
        let mut rest = Vec::with_capacity(self.missing.len());
        for (gap, since) in self.missing.drain(..) {
            let below = gap.start..gap.end.min(came.start);
            let above = gap.start.max(came.end)..gap.end;
            rest.extend(
                [below, above].into_iter().filter(|gap| !gap.is_empty()).map(|gap| (gap, since)),
            );
        }
        self.missing = rest;
    }

    /// Gives up what has been missing for too long.
    pub(super) fn expire(&mut self, now_ns: u64) {
        let mut too_many = self.missing.len().saturating_sub(MOST_GAPS);
        let lost = &mut self.lost;
        self.missing.retain(|(gap, since)| {
            let keep = too_many == 0 && now_ns.saturating_sub(*since) < PATIENCE_NS;
            if !keep {
                too_many = too_many.saturating_sub(1);
                *lost = lost.saturating_add(gap.end - gap.start);
            }
            keep
        });
    }

    /// Whether a record with a lower number than this may still come.
    pub(super) fn is_missing_below(&self, number: u64) -> bool {
        self.missing.iter().any(|(gap, _)| gap.start < number)
    }

    /// How many records are lost for good.
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn a_packet_comes_once() {
        let mut window = Window::new();
        assert!(window.insert(5) && window.insert(3) && window.insert(4));
        assert!(!window.insert(5) && !window.insert(3));
        assert!(window.insert(u32::MAX));
        assert!(!window.insert(6), "too old to tell");
    }

    #[test]
    fn a_late_collector_misses_nothing() {
        let mut gaps = Gaps::default();
        gaps.insert(1_000, 5, 0);
        gaps.insert(1_005, 5, 0);
        gaps.expire(u64::MAX);
        assert_eq!(gaps.lost(), 0);
    }

    #[test]
    fn a_gap_is_lost_when_it_was_not_filled_in_time() {
        let mut gaps = Gaps::default();
        gaps.insert(0, 5, 0);
        gaps.insert(20, 5, 0);
        gaps.insert(10, 4, PATIENCE_NS / 2);
        gaps.expire(PATIENCE_NS - 1);
        assert_eq!(gaps.lost(), 0);
        gaps.expire(PATIENCE_NS);
        assert_eq!(gaps.lost(), 5 + 6);
    }

    #[test]
    fn gaps_that_make_no_sense_do_no_harm() {
        let mut gaps = Gaps::default();
        gaps.insert(0, 1, 0);
        gaps.insert(u64::MAX, 255, 0);
        gaps.insert(u64::MAX - 1, 255, 0);
        for first in (0..10_000).rev() {
            gaps.insert(first * 7, 1, 0);
        }
        assert!(gaps.missing.len() <= MOST_GAPS + 1);
        gaps.expire(u64::MAX);
        assert!(gaps.lost() > 1 << 60);
    }

    proptest! {
        #[test]
        fn the_window_agrees_with_a_set(packets in prop::collection::vec(0..3_000_u32, 0..500)) {
            let (mut window, mut set, mut highest) = (Window::new(), HashSet::new(), 0);
            for packet in packets {
                let too_old = u64::from(packet) + WINDOW < highest;
                let is_new = set.insert(packet);
                prop_assert_eq!(window.insert(packet), is_new && !too_old);
                highest = highest.max(u64::from(packet) + 1);
            }
        }

        #[test]
        fn every_record_either_came_or_is_lost(
            frames in prop::collection::vec((0..40_u64, 1..4_u64), 1..30),
        ) {
            let (mut gaps, mut came) = (Gaps::default(), HashSet::new());
            let start = frames[0].0;
            for (first, count) in frames {
                gaps.insert(first, count, 0);
                came.extend((first..first + count).filter(|record| *record >= start));
            }
            gaps.expire(u64::MAX);
            let end = came.iter().max().unwrap() + 1;
            prop_assert_eq!(gaps.lost(), end - start - came.len() as u64);
        }
    }
}

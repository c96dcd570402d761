//! What a device that waits for it is told: which of its records came.

use super::Session;
use super::gaps::Gaps;
use spandrel::wire::{Ack, MAX_RANGES, Request};

impl Session {
    /// Whether the device waits to be told that what it sent will not be lost.
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.options.downlink && self.gaps.held_from().is_some()
    }

    /// What came so far, where the device holds records until it is told.
    pub(super) fn ack(&self) -> Option<Request<'static>> {
        let is_asked = self.options.downlink && self.identity.is_some();
        is_asked.then(|| self.gaps.ack()).flatten().map(Request::Ack)
    }
}

impl Gaps {
    /// What came of the records that are held; none where the device holds none.
    ///
    /// What is missing below the oldest that it holds was given up, and is not waited for. Of what is
    /// missing above, as much is told as one message has room for: with each that comes the next can tell
    /// more.
    pub(super) fn ack(&self) -> Option<Ack> {
        let held_from = self.held_from()?;
        let sent_end = self.sent_end()?.max(held_from);
        let missing = self.missing_from(held_from);
        let mut ack = Ack { next: sent_end, ..Ack::default() };
        let mut before = None;
        for gap in missing {
            match before {
                None => ack.next = gap.start,
                Some(end) => {
                    // Nothing came between two gaps that touch.
                    if end < gap.start && ack.ranges.push(end..gap.start).is_err() {
                        return Some(ack);
                    }
                }
            }
            before = Some(gap.end);
        }
        if let Some(end) = before.filter(|end| *end < sent_end && ack.ranges.len() < MAX_RANGES) {
            // Cannot fail: there is room.
            let _ = ack.ranges.push(end..sent_end);
        }
        Some(ack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::ops::Range;
    use proptest::prelude::*;

    fn ack(next: u64, ranges: &[Range<u64>]) -> Option<Ack> {
        Some(Ack { next, ranges: ranges.iter().cloned().collect() })
    }

    #[test]
    fn nothing_is_told_to_who_does_not_wait() {
        let mut gaps = Gaps::default();
        gaps.came(0, 0);
        gaps.oldest(0, false, 0);
        assert_eq!(gaps.ack(), None);
    }

    #[test]
    fn it_tells_what_came_and_no_more() {
        let mut gaps = Gaps::default();
        gaps.oldest(5, true, 0);
        assert_eq!(gaps.ack(), ack(5, &[]));
        for number in [5, 6, 9, 10, 20] {
            assert!(gaps.came(number, 0));
        }
        assert_eq!(gaps.ack(), ack(7, &[9..11, 20..21]));
        assert!(gaps.came(7, 0) && gaps.came(8, 0));
        assert_eq!(gaps.ack(), ack(11, core::slice::from_ref(&(20..21))));
        // The device gave up the rest.
        gaps.oldest(15, true, 0);
        assert_eq!(gaps.ack(), ack(15, core::slice::from_ref(&(20..21))));
    }

    proptest! {
        #[test]
        fn what_is_told_came(
            numbers in prop::collection::vec(0..200_u64, 0..120), oldest in 0..100_u64,
        ) {
            let mut gaps = Gaps::default();
            gaps.oldest(0, true, 0);
            for number in &numbers {
                gaps.came(*number, 0);
            }
            gaps.oldest(oldest, true, 0);
            let ack = gaps.ack().unwrap();
            let told = |number: u64| {
                number < ack.next || ack.ranges.iter().any(|range| range.contains(&number))
            };
            for number in oldest..200 {
                prop_assert!(!told(number) || numbers.contains(&number), "{number} {ack:?}");
            }
            if ack.ranges.len() < MAX_RANGES {
                prop_assert!(numbers.iter().all(|number| told(*number)));
            }
        }
    }
}

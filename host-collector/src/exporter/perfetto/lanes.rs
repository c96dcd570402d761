//! [`Lanes`]: tracks on which spans lie within each other.

/// Tracks of one process. Spans come by start, of equal starts the longest first.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// Of each track the ends of the spans that are open, the outermost first.
    open: Vec<Vec<u64>>,
}

impl Lanes {
    /// The first track on which the span lies within the innermost that is open, or on which none is; and
    /// whether it is a new one.
    pub(super) fn take(&mut self, start_ns: u64, end_ns: u64) -> (u64, bool) {
        let mut fits = None;
        for (lane, open) in self.open.iter_mut().enumerate() {
            while open.last().is_some_and(|end| *end <= start_ns) {
                open.pop();
            }
            if fits.is_none() && open.last().is_none_or(|end| end_ns <= *end) {
                fits = Some(lane);
                open.push(end_ns);
                break;
            }
        }
        let is_new = fits.is_none();
        let lane = fits.unwrap_or_else(|| {
            self.open.push(vec![end_ns]);
            self.open.len() - 1
        });
        (lane as u64, is_new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cmp::Reverse;
    use proptest::prelude::*;

    #[test]
    fn what_overlaps_is_on_another_track_and_what_nests_is_not() {
        let mut lanes = Lanes::default();
        assert_eq!(lanes.take(0, 10), (0, true));
        assert_eq!(lanes.take(2, 5), (0, false));
        assert_eq!(lanes.take(3, 7), (1, true));
        assert_eq!(lanes.take(5, 10), (0, false));
        assert_eq!(lanes.take(10, 12), (0, false));
    }

    proptest! {
        #[test]
        fn spans_of_a_track_never_cross(mut spans in prop::collection::vec((0..50_u64, 1..30_u64), 0..60)) {
            spans.sort_by_key(|(start, length)| (*start, Reverse(*length)));
            let mut lanes = Lanes::default();
            let placed: Vec<_> = spans
                .into_iter()
                .map(|(start, length)| (lanes.take(start, start + length).0, start, start + length))
                .collect();
            for (index, (lane, start, end)) in placed.iter().enumerate() {
                for (other, later, ends) in &placed[index + 1..] {
                    prop_assert!(lane != other || later >= end || ends <= end, "{start} {end} {later} {ends}");
                }
            }
        }
    }
}

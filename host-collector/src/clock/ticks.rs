//! From ticks to nanoseconds of the device's own clock, across pauses and changes of its rate.
//!
//! Nanoseconds are what the counter would have measured had it run on at what the device says of its
//! rate: a straight line in pieces. A record of a pause or a change may come after a tick that lies
//! behind it was used, so nobody keeps these nanoseconds for long: ticks are kept.

use serde::{Deserialize, Serialize};

/// No device changes its clock more often than this within what is looked at; the oldest changes go,
/// and what lies before them is told by the oldest that is left.
const MOST_PIECES: usize = 64;
/// Nanoseconds are summed in this part of one, so that pieces do not add up what they round.
const FINE: i128 = 1 << 16;

/// What changed at a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Change {
    Begun,
    /// The counter stood still for so many nanoseconds.
    Paused(u64),
    /// It counts so many ticks a second from here on.
    Rate(u32),
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Piece {
    change: Change,
    /// It begins behind this tick.
    ticks: u64,
    /// The time there, once it has begun, in [`FINE`] parts of a nanosecond.
    fine: i128,
    hz: u32,
}

impl Piece {
    fn fine(&self, ticks: u64) -> i128 {
        let behind = i128::from(ticks) - i128::from(self.ticks);
        self.fine + behind * (1_000_000_000 * FINE) / i128::from(self.hz)
    }
}

/// From ticks to nanoseconds behind the last change, around one moment: by numbers of 64 bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct NearScale {
    first_tick: u64,
    /// The moment, its nanoseconds, and what is left of them.
    ticks: u64,
    ns: i64,
    fine: i64,
    /// A second, in [`FINE`] parts of a nanosecond, by the ticks in it: whole, and what is left.
    whole: i64,
    rest: i64,
    hz: i64,
    /// What is left of them at the moment.
    left: i64,
    /// So far away it holds.
    reach: i64,
}

impl NearScale {
    /// The first and the last tick for which it holds.
    pub(super) fn range(&self) -> [u64; 2] {
        let reach = self.reach.unsigned_abs();
        let first = self.ticks.saturating_sub(reach).max(self.first_tick);
        [first, self.ticks.saturating_add(reach)]
    }

    /// What [`Timeline::ns`] says, within its [range](Self::range).
    #[inline(always)]
    pub(super) fn ns(&self, ticks: u64) -> i64 {
        let away = ticks.wrapping_sub(self.ticks).cast_signed();
        let mut fine = self.fine + away * self.whole;
        if self.rest != 0 {
            fine += (away * self.rest + self.left).div_euclid(self.hz);
        }
        self.ns + (fine >> FINE.trailing_zeros())
    }
}

/// What lies between two ticks, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Between {
    /// Pauses.
    pub(super) paused_ns: f64,
    /// The time at other rates than at the first of the two.
    pub(super) other_rate_ns: f64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Timeline {
    /// By tick; never empty.
    first: Piece,
    later: Vec<Piece>,
}

impl Timeline {
    pub(super) fn new(hz: u32) -> Self {
        let first = Piece { change: Change::Begun, ticks: 0, fine: 0, hz: hz.max(1) };
        Self { first, later: Vec::new() }
    }

    /// Notes a change; false if it was known, or is none.
    pub(super) fn change(&mut self, ticks: u64, change: Change) -> bool {
        let is_known =
            self.later.iter().any(|piece| (piece.ticks, piece.change) == (ticks, change));
        if is_known || matches!(change, Change::Begun | Change::Rate(0) | Change::Paused(0)) {
            return false;
        }
        let place = self.later.partition_point(|piece| piece.ticks <= ticks);
        self.later.insert(place, Piece { change, ticks, fine: 0, hz: 1 });
        let mut before = self.first;
        for piece in &mut self.later {
            piece.fine = before.fine(piece.ticks);
            piece.hz = before.hz;
            match piece.change {
                Change::Begun => {}
                Change::Paused(ns) => piece.fine += i128::from(ns) * FINE,
                Change::Rate(hz) => piece.hz = hz,
            }
            before = *piece;
        }
        if self.later.len() > MOST_PIECES {
            self.first = self.later.remove(0);
        }
        true
    }

    fn piece(&self, ticks: u64) -> &Piece {
        let place = self.later.partition_point(|piece| piece.ticks < ticks);
        place.checked_sub(1).and_then(|place| self.later.get(place)).unwrap_or(&self.first)
    }

    /// When the counter showed `ticks`, in nanoseconds since it was 0, rounded down.
    pub(super) fn ns(&self, ticks: u64) -> i128 {
        self.piece(ticks).fine(ticks).div_euclid(FINE)
    }

    /// What lies between a tick and another, which may be before it.
    #[expect(clippy::cast_precision_loss, reason = "how much is unknown need not be told exactly")]
    pub(super) fn between(&self, from_ticks: u64, to_ticks: u64) -> Between {
        let (low, high) = (from_ticks.min(to_ticks), from_ticks.max(to_ticks));
        let changes = self.later.iter().filter(|piece| (low..high).contains(&piece.ticks));
        let mut between = Between::default();
        for piece in changes {
            match piece.change {
                Change::Paused(ns) => between.paused_ns += ns as f64,
                Change::Rate(_) => {
                    let away_ns = (self.ns(to_ticks) - self.ns(piece.ticks)).unsigned_abs() as f64;
                    between.other_rate_ns = between.other_rate_ns.max(away_ns);
                }
                Change::Begun => {}
            }
        }
        between
    }

    /// The scale behind the last change, around a moment; none where that is before it.
    pub(super) fn scale_near(&self, ticks: u64) -> Option<NearScale> {
        const SECOND: i64 = 1_000_000_000 << FINE.trailing_zeros();
        /// Seconds around it that are not too many for 64 bits.
        const REACH: i64 = 3_600;

        let (piece, first_tick) = match self.later.last() {
            Some(last) => (last, last.ticks.saturating_add(1)),
            None => (&self.first, self.first.ticks),
        };
        let hz = i64::from(piece.hz);
        let behind = ticks.checked_sub(piece.ticks).filter(|_| ticks >= first_tick)?;
        let fine = piece.fine(ticks);
        let left = i128::from(behind) * i128::from(SECOND) % i128::from(hz);
        Some(NearScale {
            first_tick,
            ticks,
            ns: i64::try_from(fine.div_euclid(FINE)).ok()?,
            fine: i64::try_from(fine.rem_euclid(FINE)).ok()?,
            whole: SECOND / hz,
            rest: SECOND % hz,
            hz,
            left: i64::try_from(left).ok()?,
            reach: (REACH * hz).min(i64::MAX / 4 / hz),
        })
    }

    /// Whether it is no straight line.
    pub(super) fn has_changes(&self) -> bool {
        !self.later.is_empty()
    }

    /// How long one tick lasts there, rounded up.
    pub(super) fn tick_ns(&self, ticks: u64) -> u64 {
        1_000_000_000_u64.div_ceil(self.piece(ticks).hz.into())
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        self.later.capacity() * size_of::<Piece>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pauses_and_rates_count_from_their_tick_on_in_whatever_order_they_come() {
        let changes =
            [(100, Change::Paused(7_000)), (200, Change::Rate(500_000)), (300, Change::Paused(50))];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut line = Timeline::new(1_000_000);
            for index in order {
                let (ticks, change) = changes[index];
                assert!(line.change(ticks, change));
                assert!(!line.change(ticks, change), "it is known");
            }
            let expected =
                [(100, 100_000), (101, 108_000), (200, 207_000), (201, 209_000), (301, 409_050)];
            for (ticks, ns) in expected {
                assert_eq!(line.ns(ticks), ns, "{ticks}");
            }
            assert_eq!([line.tick_ns(1), line.tick_ns(201)], [1_000, 2_000]);
            let both = Between { paused_ns: 7_050.0, other_rate_ns: 202_050.0 };
            assert_eq!(line.between(90, 301), both);
            assert_eq!(line.between(301, 90), Between { other_rate_ns: 117_000.0, ..both });
            assert_eq!(line.between(101, 200), Between::default());
        }
    }

    #[test]
    fn the_oldest_changes_go() {
        let mut line = Timeline::new(1_000_000_000);
        for pause in 1..=1_000 {
            line.change(pause * 10, Change::Paused(1));
        }
        assert_eq!(line.ns(20_000), 21_000);
        assert_eq!(line.later.len(), MOST_PIECES);
    }

    proptest! {
        #[test]
        fn later_ticks_are_later(hz: u32, changes: Vec<(u64, u64, bool)>, a: u64, b: u64) {
            let mut line = Timeline::new(hz);
            for (ticks, number, is_pause) in changes {
                #[expect(clippy::cast_possible_truncation, reason = "any rate")]
                line.change(ticks, if is_pause { Change::Paused(number) } else { Change::Rate(number as u32) });
            }
            prop_assert!(line.ns(a.min(b)) <= line.ns(a.max(b)));
        }
    }
}

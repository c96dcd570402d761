//! Where a device's ticks lie in the host's time, and how sure that is.
//!
//! [`ClockEstimate`] is plain functions over numbers. It is told what is known of a device's clock,
//! and keeps the set of all (offset, rate) that this allows:
//!
//! - an exchange of four time stamps: the device had the ping after it was sent, and the host had
//!   the answer after it left. Each is a half-plane of (offset, rate);
//! - the device's own wall clock, if it has one: two half-planes more;
//! - what arrived, where nothing else is known: bounds from one side;
//! - that the counter stood still, changed its rate, or stepped.
//!
//! The truth is inside the bound that is stated, at any time, as long as the clock keeps what it is
//! taken to keep: `docs/timekeeping.md` has the figures and the maths.
//!
//! ```
//! use spandrel_collector::clock::{ClockEstimate, Exchange};
//! let mut clock = ClockEstimate::new(1_000_000);
//! // The ping took 300 us, the answer 100 us; the device's clock was 0 at 5 s of the host's.
//! let (sent_ns, arrived_ns) = (7_000_000_000, 7_000_400_000);
//! let taken = clock.exchanged(&Exchange {
//!     sent_ns, received_ticks: 2_000_300, answered_ticks: 2_000_300, arrived_ns,
//! });
//! assert!(taken.is_some());
//! let placement = clock.placement(arrived_ns).unwrap();
//! assert_eq!(clock.place(0, &placement), 4_999_900_000);
//! let error_ns = clock.error_ns(2_000_300, &placement).unwrap();
//! assert!((200_000..202_000).contains(&error_ns));
//! ```

mod arrivals;
mod fit;
mod points;
mod polygon;
mod ruler;
mod segment;
mod ticks;
mod told;

use fit::{Fit, LOOSE, Line, QUARTZ};
use points::Point;
pub(crate) use ruler::Ruler;
use segment::{Began, Segment};
use serde::{Deserialize, Serialize};
use ticks::Timeline;

/// A pause may explain a contradiction when its record comes; so long nobody is told of it.
const EXPLAINED_NS: u64 = 2_000_000_000;

/// How a session's times are known.
///
/// The later of two is the surer.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Sync {
    /// As the device's ticks, from the first arrival on.
    #[default]
    None,
    /// From one side: nothing arrives before it was sent.
    Arrival,
    /// By the device's own wall clock.
    Wall,
    /// By exchanges of time stamps.
    Exchange,
}

impl Sync {
    /// The value of the tag `clock.sync`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Arrival => "arrival",
            Self::Wall => "wall",
            Self::Exchange => "exchange",
        }
    }
}

/// Four time stamps: a ping, and the answer to it. Those of the host are nanoseconds since the Unix
/// epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// When the ping left, or a little before.
    pub sent_ns: u64,
    /// The device's counter once it had the ping.
    pub received_ticks: u64,
    /// The device's counter before it answered.
    pub answered_ticks: u64,
    /// When the answer was there, or a little later.
    pub arrived_ns: u64,
}

impl Exchange {
    fn points(&self) -> [Point; 2] {
        // A counter shows a number until it shows the next.
        let received_ticks = self.received_ticks.saturating_add(1);
        [
            Point { ticks: received_ticks, host_ns: self.sent_ns, is_upper: false },
            Point { ticks: self.answered_ticks, host_ns: self.arrived_ns, is_upper: true },
        ]
    }
}

/// What became of something that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It fits all that was known.
    Used,
    /// It was known, or is of a time before the clock stepped.
    Ignored,
    /// The clock must have stepped, or paused, without saying so: what was known of it is over.
    Contradicted,
    /// The device's wall clock is not the host's: it is not used.
    WallRefused,
}

/// Where ticks are placed: a straight line, from the device's time to the host's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    line: Line,
    segment: u32,
    sync: Sync,
}

impl Placement {
    /// What it was made of.
    #[must_use]
    pub fn sync(&self) -> Sync {
        self.sync
    }

    /// Whether no step lies between the two.
    #[must_use]
    pub fn is_of_one_stretch(&self, other: &Self) -> bool {
        self.segment == other.segment
    }
}

/// What is known of a clock. Bounded, whatever it is told.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClockEstimate {
    timeline: Timeline,
    /// Those that have ended; the oldest first.
    ended: Vec<Segment>,
    current: Segment,
    exchanges: u32,
    contradictions: u32,
    /// Where it is not to be aligned: the first arrival, once there is one.
    raw: Option<Option<Line>>,
}

impl ClockEstimate {
    /// A clock of `hz` ticks a second; 0 counts as 1.
    #[must_use]
    pub fn new(hz: u32) -> Self {
        Self {
            timeline: Timeline::new(hz),
            ended: Vec::new(),
            current: Segment::new(0, QUARTZ, Began::Told, 0),
            exchanges: 0,
            contradictions: 0,
            raw: None,
        }
    }

    /// A clock that is not to be aligned: its ticks go on from the first arrival at its own rate.
    #[must_use]
    pub fn raw(hz: u32) -> Self {
        Self { raw: Some(None), ..Self::new(hz) }
    }

    /// So many ticks as nanoseconds of the device's clock, counted from 0.
    #[must_use]
    pub fn device_ns(&self, ticks: u64) -> u64 {
        u64::try_from(self.timeline.ns(ticks).max(0)).unwrap_or(u64::MAX)
    }

    /// Something sent at `ticks`, or later, arrived at `rx_ns`.
    pub fn arrived(&mut self, ticks: u64, rx_ns: u64) {
        if let Some(first @ None) = &mut self.raw {
            let point = Point { ticks, host_ns: rx_ns, is_upper: true };
            *first = Some(Line { origin: point.origin(&self.timeline), rate: 0.0, offset: 0.0 });
        }
        if ticks >= self.current.from_ticks {
            self.current.arrivals.insert(ticks, rx_ns, &self.timeline);
        }
    }

    /// A ping was answered. None where that cannot be, whatever the clock does.
    pub fn exchanged(&mut self, exchange: &Exchange) -> Option<Taken> {
        let points = exchange.points();
        let alone = Fit::of(points.iter(), &self.timeline, LOOSE)?;
        if exchange.sent_ns > exchange.arrived_ns
            || exchange.received_ticks > exchange.answered_ticks
            || alone.is_empty()
        {
            return None;
        }
        self.exchanges = self.exchanges.saturating_add(1);
        if exchange.received_ticks < self.current.from_ticks {
            return Some(Taken::Ignored);
        }
        let taken = self.refit(&points, exchange.arrived_ns);
        if self.current.claim == LOOSE && self.current.shows_quartz(&self.timeline) {
            self.current.claim = QUARTZ;
            self.refit(&[], exchange.arrived_ns);
        }
        Some(taken)
    }

    /// How many exchanges there were.
    #[must_use]
    pub fn exchanges(&self) -> u32 {
        self.exchanges
    }

    /// How often exchanges contradicted those before, and nothing that the device told explained it
    /// within two seconds.
    #[must_use]
    pub fn contradictions(&self, now_ns: u64) -> u32 {
        let may_be_explained = match self.current.began {
            Began::Contradiction(at_ns) => now_ns.saturating_sub(at_ns) < EXPLAINED_NS,
            Began::Told => false,
        };
        self.contradictions.saturating_sub(may_be_explained.into())
    }

    /// The best placement; none before anything arrived.
    #[must_use]
    pub fn placement(&self, now_ns: u64) -> Option<Placement> {
        let placement = |line, sync| Placement { line, sync, segment: self.current.id };
        if let Some(line) = self.raw {
            return line.map(|line| placement(line, Sync::None));
        }
        if let Some((line, is_two_sided)) = self.current.line(&self.timeline, Some(now_ns)) {
            let sync = match (is_two_sided, self.current.exchanges.is_empty()) {
                (false, _) => Sync::Arrival,
                (true, true) => Sync::Wall,
                (true, false) => Sync::Exchange,
            };
            return Some(placement(line, sync));
        }
        // Behind a step of which nothing came yet but that it was: of the order alone one can be sure.
        let before = self.ended.iter().rev().find_map(|segment| segment.last_line)?;
        Some(placement(before, Sync::Arrival))
    }

    /// Whether there is a [`placement`](Self::placement).
    pub(crate) fn is_placed(&self) -> bool {
        match self.raw {
            Some(line) => line.is_some(),
            None => {
                self.current.is_placed() || self.ended.iter().any(|ended| ended.last_line.is_some())
            }
        }
    }

    /// The stretch to which a moment belongs, and the one before.
    fn segments_of(&self, ticks: u64) -> (&Segment, Option<&Segment>) {
        let all = || self.ended.iter().chain([&self.current]).rev();
        let mut from = all().skip_while(|segment| ticks < segment.from_ticks);
        match from.next() {
            Some(segment) => (segment, from.next()),
            None => (self.ended.first().unwrap_or(&self.current), None),
        }
    }

    /// A moment of the device, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn place(&self, ticks: u64, placement: &Placement) -> u64 {
        let (segment, _) = self.segments_of(ticks);
        let is_other = placement.sync != Sync::None && segment.id != placement.segment;
        let line = segment.last_line.filter(|_| is_other).unwrap_or(placement.line);
        let placed = line.place(self.timeline.ns(ticks));
        u64::try_from(placed.max(0)).unwrap_or(u64::MAX)
    }

    /// By how much [`place`](Self::place) may be wrong; none where that is not known from both sides.
    #[must_use]
    pub fn error_ns(&self, ticks: u64, placement: &Placement) -> Option<u64> {
        if matches!(placement.sync, Sync::None | Sync::Arrival) {
            return None;
        }
        let (segment, before) = self.segments_of(ticks);
        let [mut earliest, mut latest] = segment.fit.as_ref()?.range_ns(&self.timeline, ticks);
        if ticks < segment.sure_ticks
            && let Some(before) = before
        {
            let [other_earliest, other_latest] =
                before.fit.as_ref()?.range_ns(&self.timeline, ticks);
            (earliest, latest) = (earliest.min(other_earliest), latest.max(other_latest));
        }
        let placed = i128::from(self.place(ticks, placement));
        let latest = latest.saturating_add(self.timeline.tick_ns(ticks).into());
        let error = latest.saturating_sub(placed).max(placed.saturating_sub(earliest));
        Some(u64::try_from(error.max(0)).unwrap_or(u64::MAX))
    }

    /// Whether the error from here on has no bends but those of what exchanges allow, so that
    /// [`error_within`](Self::error_within) can tell it.
    pub(crate) fn is_smooth(&self, ticks: u64, placement: &Placement) -> bool {
        placement.segment == self.current.id
            && ticks >= self.current.sure_ticks.max(self.current.from_ticks)
            && !self.timeline.has_changes()
    }

    /// By how much [`place`](Self::place) may be wrong between two moments that are
    /// [smooth](Self::is_smooth): no less than [`error_ns`](Self::error_ns) for any of them.
    ///
    /// What exchanges allow is convex, and doubt grows with the distance from the newest of them: so both
    /// are greatest at one of the ends.
    pub(crate) fn error_within(&self, ticks: [u64; 2], placement: &Placement) -> Option<u64> {
        /// Ends are whole nanoseconds, and so is what lies between.
        const ROUNDING_NS: i128 = 2;

        if matches!(placement.sync, Sync::None | Sync::Arrival) {
            return None;
        }
        let fit = self.current.fit.as_ref()?;
        let (mut error_ns, mut doubt_ns) = (0, 0);
        for ticks in ticks {
            let ([earliest, latest], doubt) = fit.range_and_doubt_ns(&self.timeline, ticks);
            let placed = i128::from(self.place(ticks, placement));
            let latest = latest.saturating_add(self.timeline.tick_ns(ticks).into());
            let error = latest.saturating_sub(placed).max(placed.saturating_sub(earliest));
            error_ns = error.max(error_ns);
            doubt_ns = doubt.max(doubt_ns);
        }
        let all = error_ns.saturating_add(doubt_ns).saturating_add(ROUNDING_NS);
        Some(u64::try_from(all).unwrap_or(u64::MAX))
    }

    /// How much faster its counter is than it says, in parts per million, and by how much that may be
    /// wrong. None where nothing bounds it from both sides.
    #[must_use]
    pub fn drift_ppm(&self) -> Option<(f64, f64)> {
        let [least, most] = self.current.fit.as_ref()?.rates();
        Some((-f64::midpoint(least, most) * 1e6, (most - least) / 2.0 * 1e6))
    }

    /// The host's clock was set. What the device's wall clock says stays as it is.
    pub fn host_stepped(&mut self, step_ns: i64, now_ns: u64) {
        for segment in self.ended.iter_mut().chain([&mut self.current]) {
            segment.host_stepped(step_ns);
        }
        if let Some(Some(line)) = &mut self.raw {
            line.host_stepped(step_ns);
        }
        self.refit(&[], now_ns);
    }

    /// About how many bytes it holds.
    #[must_use]
    pub fn weight(&self) -> usize {
        let segments = self.ended.iter().chain([&self.current]);
        self.timeline.weight() + segments.map(Segment::weight).sum::<usize>()
    }
}

#[cfg(test)]
mod tests;

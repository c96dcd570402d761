//! A stretch of a clock's time in which it ran on without a step.

use super::arrivals::Arrivals;
use super::fit::{Claim, Fit, LOOSE, Line, QUARTZ};
use super::points::{Point, Points};
use super::ticks::Timeline;
use serde::{Deserialize, Serialize};

/// Why a segment began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Began {
    /// It is the first, or the device told of a step.
    Told,
    /// An exchange at this time contradicted those before.
    Contradiction(u64),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Segment {
    pub(super) id: u32,
    pub(super) claim: Claim,
    pub(super) began: Began,
    /// Ticks from here on belong to it, as far as is known.
    pub(super) from_ticks: u64,
    /// Ticks from here on belong to it for sure.
    pub(super) sure_ticks: u64,
    pub(super) exchanges: Points,
    pub(super) wall: Points,
    pub(super) arrivals: Arrivals,
    /// What exchanges and wall allow; never empty.
    pub(super) fit: Option<Fit>,
    /// Where its ticks are placed once it has ended.
    pub(super) last_line: Option<Line>,
}

impl Segment {
    pub(super) fn new(id: u32, claim: Claim, began: Began, from_ticks: u64) -> Self {
        Self {
            id,
            claim,
            began,
            from_ticks,
            sure_ticks: from_ticks,
            exchanges: Points::default(),
            wall: Points::default(),
            arrivals: Arrivals::default(),
            fit: None,
            last_line: None,
        }
    }

    fn points(&self) -> impl Iterator<Item = &Point> + Clone {
        self.exchanges.iter().chain(self.wall.iter())
    }

    /// Computes anew what the points allow; false, and nothing new, where they contradict each other.
    pub(super) fn refit(&mut self, timeline: &Timeline) -> bool {
        let fit = Fit::of(self.points(), timeline, self.claim);
        self.takes(fit)
    }

    /// Takes an exchange that was there at `now_ns`; false, and nothing new, where it contradicts the
    /// others.
    ///
    /// It must not come among them then: in its light some would no longer seem to bind.
    pub(super) fn exchanged(&mut self, timeline: &Timeline, new: &[Point], now_ns: u64) -> bool {
        let fit = Fit::of(self.points().chain(new), timeline, self.claim);
        let is_possible = self.takes(fit);
        if is_possible {
            for point in new {
                self.exchanges.insert(*point, timeline, now_ns);
            }
        }
        is_possible
    }

    /// Takes what a wall clock said at `now_ns`, with what it said before or, where that contradicts it,
    /// instead; false, and nothing new, where it contradicts the exchanges.
    pub(super) fn wall(&mut self, timeline: &Timeline, new: &[Point], now_ns: u64) -> bool {
        let with_all = Fit::of(self.points().chain(new), timeline, self.claim);
        let mut is_possible = self.takes(with_all);
        if !is_possible {
            let alone = Fit::of(self.exchanges.iter().chain(new), timeline, self.claim);
            is_possible = self.takes(alone);
            if is_possible {
                self.wall = Points::default();
            }
        }
        if is_possible {
            for point in new {
                self.wall.insert(*point, timeline, now_ns);
            }
        }
        is_possible
    }

    fn takes(&mut self, fit: Option<Fit>) -> bool {
        let is_possible = fit.as_ref().is_none_or(|fit| !fit.is_empty());
        if is_possible {
            self.fit = fit;
        }
        is_possible
    }

    /// Whether the exchanges alone show that the rate is that of a quartz.
    pub(super) fn shows_quartz(&self, timeline: &Timeline) -> bool {
        let claim = Claim { rate: LOOSE.rate, ..QUARTZ };
        Fit::of(self.exchanges.iter(), timeline, claim).is_some_and(|fit| {
            let [least, most] = fit.rates();
            !fit.is_empty() && -QUARTZ.rate < least && most < QUARTZ.rate
        })
    }

    /// Where its ticks are placed at `now_ns`, or at its end; and whether from both sides.
    pub(super) fn line(&self, timeline: &Timeline, now_ns: Option<u64>) -> Option<(Line, bool)> {
        match &self.fit {
            Some(fit) => Some((fit.line(now_ns, timeline), true)),
            None => self.arrivals.line(timeline).map(|line| (line, false)),
        }
    }

    /// Whether there is such a line.
    pub(super) fn is_placed(&self) -> bool {
        self.fit.is_some() || self.arrivals.is_placed()
    }

    /// Ends it, since the clock stepped.
    pub(super) fn end(&mut self, timeline: &Timeline) {
        self.last_line = self.line(timeline, None).map(|(line, _)| line);
        self.arrivals = Arrivals::default();
    }

    /// The newest point that contradicts what is newer, of which `newest` are the newest: no quartz
    /// passes all of them on the right side. None where all is well.
    pub(super) fn contradicting(&self, timeline: &Timeline, newest: &[Point]) -> Option<Point> {
        let mut others: Vec<_> =
            self.exchanges.iter().filter(|point| !newest.contains(point)).collect();
        others.sort_by_key(|point| core::cmp::Reverse(point.host_ns));
        let is_possible = |count| {
            let points = newest.iter().chain(others.iter().take(count).copied());
            Fit::of(points, timeline, QUARTZ).is_none_or(|fit| !fit.is_empty())
        };
        // Of more points less is possible.
        let (mut possible, mut impossible) = (0, others.len());
        if is_possible(impossible) {
            return None;
        }
        while possible + 1 < impossible {
            let middle = usize::midpoint(possible, impossible);
            if is_possible(middle) { possible = middle } else { impossible = middle }
        }
        others.get(possible).map(|point| **point)
    }

    /// The newest point of either side.
    pub(super) fn newest(&self) -> Vec<Point> {
        let newest = |is_upper| {
            let points = self.exchanges.iter().filter(move |point| point.is_upper == is_upper);
            points.max_by_key(|point| point.host_ns).copied()
        };
        [newest(true), newest(false)].into_iter().flatten().collect()
    }

    pub(super) fn host_stepped(&mut self, step_ns: i64) {
        self.exchanges.host_stepped(step_ns);
        self.arrivals.host_stepped(step_ns);
        if let Some(fit) = &mut self.fit {
            fit.host_stepped(step_ns);
        }
        if let Some(line) = &mut self.last_line {
            line.host_stepped(step_ns);
        }
        if let Began::Contradiction(at_ns) = &mut self.began {
            *at_ns = at_ns.saturating_add_signed(step_ns);
        }
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        size_of::<Self>()
            + self.exchanges.weight()
            + self.wall.weight()
            + self.arrivals.weight()
            + self.fit.as_ref().map_or(0, Fit::weight)
    }
}

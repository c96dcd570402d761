//! What a clock does but run on: pauses, other rates and steps, whether the device tells of them or its
//! exchanges show them.

use super::fit::{Fit, LOOSE, QUARTZ};
use super::points::{Point, Points};
use super::segment::{Began, Segment};
use super::ticks::Change;
use super::{ClockEstimate, Taken};
use spandrel::wire::ClockEvent;

/// The placement of what is older than the last steps is that of the oldest that is left.
const MOST_SEGMENTS: usize = 4;

impl ClockEstimate {
    /// The device told of its clock, of when it showed `ticks`.
    pub fn told(&mut self, ticks: u64, event: &ClockEvent, now_ns: u64) -> Taken {
        match *event {
            ClockEvent::Paused { ns } => self.changed(ticks, Change::Paused(ns), now_ns),
            ClockEvent::Rate { hz } => self.changed(ticks, Change::Rate(hz), now_ns),
            ClockEvent::Stepped => self.stepped(ticks),
            ClockEvent::Wall { unix_ns, error_ns } => self.wall(ticks, unix_ns, error_ns, now_ns),
        }
    }

    fn changed(&mut self, ticks: u64, change: Change, now_ns: u64) -> Taken {
        if !self.timeline.change(ticks, change) {
            return Taken::Ignored;
        }
        for segment in &mut self.ended {
            // What it contradicts stays as it was.
            let _ = segment.refit(&self.timeline);
        }
        if self.explains(ticks) { Taken::Used } else { self.refit(&[], now_ns) }
    }

    /// Whether the change at `ticks` is why the last exchanges seemed to contradict those before.
    fn explains(&mut self, ticks: u64) -> bool {
        let Segment { began: Began::Contradiction(_), from_ticks, sure_ticks, .. } = self.current
        else {
            return false;
        };
        let Some(before) = self.ended.last().filter(|_| (from_ticks..=sure_ticks).contains(&ticks))
        else {
            return false;
        };
        let both = before.exchanges.iter().chain(self.current.exchanges.iter());
        let fit = Fit::of(both, &self.timeline, QUARTZ).filter(|fit| !fit.is_empty());
        let (Some(_), Some(mut whole)) = (fit, self.ended.pop()) else { return false };
        whole.exchanges.append(core::mem::take(&mut self.current.exchanges));
        whole.arrivals = core::mem::take(&mut self.current.arrivals);
        self.current = whole;
        self.contradictions = self.contradictions.saturating_sub(1);
        self.current.refit(&self.timeline)
    }

    /// What was learned before `ticks` says nothing of what comes after.
    fn stepped(&mut self, ticks: u64) -> Taken {
        let Segment { began, from_ticks, sure_ticks, .. } = self.current;
        if ticks < from_ticks || (began, from_ticks, ticks) == (Began::Told, ticks, sure_ticks) {
            return Taken::Ignored;
        }
        if began != Began::Told && ticks <= sure_ticks {
            // It explains what was noticed before.
            self.current.began = Began::Told;
            self.current.from_ticks = ticks;
            self.current.sure_ticks = ticks;
            self.contradictions = self.contradictions.saturating_sub(1);
            return Taken::Used;
        }
        let mut next = Segment::new(self.next_id(), self.current.claim, Began::Told, ticks);
        next.exchanges = self.current.exchanges.take(|point| point.ticks > ticks);
        next.wall = self.current.wall.take(|point| point.ticks > ticks);
        self.begin(next);
        Taken::Used
    }

    fn wall(&mut self, ticks: u64, unix_ns: u64, error_ns: u64, now_ns: u64) -> Taken {
        if ticks < self.current.from_ticks {
            return Taken::Ignored;
        }
        let (latest_ns, earliest_ns) =
            (unix_ns.saturating_add(error_ns), unix_ns.saturating_sub(error_ns));
        let after = ticks.saturating_add(1);
        let points = [
            Point { ticks: after, host_ns: earliest_ns, is_upper: false },
            Point { ticks, host_ns: latest_ns, is_upper: true },
        ];
        match self.current.wall(&self.timeline, &points, now_ns) {
            true => Taken::Used,
            false => Taken::WallRefused,
        }
    }

    /// Computes anew what is allowed, with an exchange that has just come or without. Where nothing is,
    /// the wall clock is the first to go, then all but the newest exchange.
    pub(super) fn refit(&mut self, exchange: &[Point], now_ns: u64) -> Taken {
        let mut taken = Taken::Used;
        if self.current.exchanged(&self.timeline, exchange, now_ns) {
            return taken;
        }
        if !self.current.wall.is_empty() {
            self.current.wall = Points::default();
            taken = Taken::WallRefused;
            if self.current.exchanged(&self.timeline, exchange, now_ns) {
                return taken;
            }
        }
        // No rate of a quartz explains it. Which other one would is for the next exchanges to say.
        let newest = if exchange.is_empty() { self.current.newest() } else { exchange.to_vec() };
        let Some(before) = self.current.contradicting(&self.timeline, &newest) else {
            // An exchange that by itself is none of a quartz.
            self.current.claim = LOOSE;
            self.current.exchanged(&self.timeline, exchange, now_ns);
            return taken;
        };
        // The step is somewhere behind `before`: what is newer may be of either side, but for the newest.
        self.contradictions = self.contradictions.saturating_add(1);
        let sure_ticks = newest.iter().map(|point| point.ticks).min().unwrap_or(before.ticks);
        let from_ticks = before.ticks.min(sure_ticks);
        let began = Began::Contradiction(now_ns);
        let mut next = Segment::new(self.next_id(), LOOSE, began, from_ticks);
        next.sure_ticks = sure_ticks;
        self.current.exchanges.take(|point| point.host_ns > before.host_ns);
        self.begin(next);
        self.current.exchanged(&self.timeline, &newest, now_ns);
        Taken::Contradicted
    }

    fn next_id(&self) -> u32 {
        self.current.id.wrapping_add(1)
    }

    fn begin(&mut self, next: Segment) {
        let mut before = core::mem::replace(&mut self.current, next);
        let _ = before.refit(&self.timeline);
        before.end(&self.timeline);
        if self.ended.len() >= MOST_SEGMENTS {
            self.ended.remove(0);
        }
        self.ended.push(before);
        let _ = self.current.refit(&self.timeline);
    }
}

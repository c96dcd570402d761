//! A clock that is known from one side: nothing arrives before it was sent.
//!
//! The truth lies below all arrivals, and by how much nobody knows. Of the lines below all of them
//! the one is taken that is nearest to them in their middle, which is an edge of their lower hull.

use super::fit::{LOOSE, Line, QUARTZ};
use super::points::{Point, Points, bend};
use super::polygon::Limit;
use super::ticks::Timeline;
use serde::{Deserialize, Serialize};

/// Before so many arrivals, and so much time, they tell nothing of the rate.
const FEW: u32 = 8;
const SHORT_NS: f64 = 5e9;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Arrivals {
    points: Points,
    count: u32,
}

impl Arrivals {
    pub(super) fn insert(&mut self, ticks: u64, rx_ns: u64, timeline: &Timeline) {
        self.count = self.count.saturating_add(1);
        self.points.insert(Point { ticks, host_ns: rx_ns, is_upper: true }, timeline, rx_ns);
    }

    /// None before anything arrived.
    pub(super) fn line(&self, timeline: &Timeline) -> Option<Line> {
        let newest = self.points.latest().max_by_key(|point| point.ticks)?;
        let origin = newest.origin(timeline);
        let mut all: Vec<_> =
            self.points.latest().map(|point| point.limit(timeline, &origin)).collect();
        all.sort_by(|a, b| a.x.total_cmp(&b.x));
        let mut limits: Vec<Limit> = Vec::with_capacity(all.len());
        for limit in all {
            while let [.., a, b] = limits.as_slice()
                && bend(a, b, &limit) <= 0.0
            {
                limits.pop();
            }
            limits.push(limit);
        }
        let under = |rate: f64| {
            limits.iter().map(|limit| limit.y - rate * limit.x).fold(f64::INFINITY, f64::min)
        };
        let span_ns = limits.first().map_or(0.0, |first| -first.x);
        let mut rate = 0.0;
        if self.count >= FEW && span_ns >= SHORT_NS {
            let middle = -span_ns / 2.0;
            let edge = limits.windows(2).find_map(|edge| match edge {
                [a, b] if b.x >= middle => Some((b.y - a.y) / (b.x - a.x)),
                _ => None,
            });
            let steep = edge.unwrap_or(0.0).clamp(-LOOSE.rate, LOOSE.rate);
            // By how much the arrivals are late on average; over this time that may look like a rate.
            let offset = under(steep);
            let late: f64 = limits.iter().map(|limit| limit.y - steep * limit.x - offset).sum();
            #[expect(clippy::cast_precision_loss, reason = "they are few")]
            let doubt = 4.0 * late / limits.len() as f64 / span_ns;
            let is_quartz = steep.abs() - doubt <= QUARTZ.rate;
            rate = if is_quartz { steep.clamp(-QUARTZ.rate, QUARTZ.rate) } else { steep };
        }
        Some(Line { origin, rate, offset: under(rate) })
    }

    /// Whether anything arrived.
    pub(super) fn is_placed(&self) -> bool {
        self.points.latest().next().is_some()
    }

    pub(super) fn host_stepped(&mut self, step_ns: i64) {
        self.points.host_stepped(step_ns);
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        self.points.weight()
    }
}

//! The points that bound a clock, of the last while, and no more of them than can matter.
//!
//! Of points that a line must not lie above only the corners of their lower hull can bind, of those
//! that it must not lie below only the corners of their upper hull. A point that is dropped for want
//! of room, or of age, only allows more lines: what is left never cuts off the truth.

use super::polygon::Limit;
use super::ticks::Timeline;
use serde::{Deserialize, Serialize};

/// A hull goes as a whole when it is old; so there are some of them, each of so much time.
const BLOCK_NS: u64 = 16_000_000_000;
const MOST_BLOCKS: usize = 5;
/// Corners of one hull; hulls of random points have some ten.
const MOST_CORNERS: usize = 24;

/// For how long a point counts, at least: then also the rate may have changed.
pub(super) const WINDOW_NS: u64 = BLOCK_NS * (MOST_BLOCKS as u64 - 1);

/// When the counter showed `ticks` it was `host_ns`, or later, or earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Point {
    pub(super) ticks: u64,
    pub(super) host_ns: u64,
    /// It was no later; else it was no earlier.
    pub(super) is_upper: bool,
}

impl Point {
    /// The point as what is 0.
    pub(super) fn origin(&self, timeline: &Timeline) -> Origin {
        let device_ns = timeline.ns(self.ticks);
        let offset_ns = i128::from(self.host_ns) - device_ns;
        Origin { ticks: self.ticks, device_ns, offset_ns }
    }

    /// The point around `origin`: device's time to the right, offset up.
    pub(super) fn limit(&self, timeline: &Timeline, origin: &Origin) -> Limit {
        let device_ns = timeline.ns(self.ticks);
        Limit {
            x: origin.x(device_ns),
            y: origin.y(i128::from(self.host_ns) - device_ns),
            is_upper: self.is_upper,
        }
    }
}

/// What is 0, so that numbers are small: a time of the device, in both units, and the host's time less
/// that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) ticks: u64,
    pub(super) device_ns: i128,
    pub(super) offset_ns: i128,
}

#[expect(clippy::cast_precision_loss, reason = "what is far away need not be told exactly")]
impl Origin {
    pub(super) fn x(&self, device_ns: i128) -> f64 {
        (device_ns - self.device_ns) as f64
    }

    pub(super) fn y(&self, offset_ns: i128) -> f64 {
        (offset_ns - self.offset_ns) as f64
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Block {
    since_ns: u64,
    upper: Vec<Point>,
    lower: Vec<Point>,
}

impl Block {
    fn side(&mut self, is_upper: bool) -> &mut Vec<Point> {
        if is_upper { &mut self.upper } else { &mut self.lower }
    }

    fn points(&self) -> impl Iterator<Item = &Point> + Clone {
        self.upper.iter().chain(&self.lower)
    }
}

/// Points of either side.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Points {
    blocks: Vec<Block>,
}

impl Points {
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Point> + Clone {
        self.blocks.iter().flat_map(Block::points)
    }

    /// The points of the last two blocks.
    pub(super) fn latest(&self) -> impl Iterator<Item = &Point> {
        let before = self.blocks.len().saturating_sub(2);
        self.blocks.iter().skip(before).flat_map(Block::points)
    }

    /// Adds a point that was learned at `now_ns`.
    pub(super) fn insert(&mut self, point: Point, timeline: &Timeline, now_ns: u64) {
        let is_over = |block: &Block| {
            now_ns.saturating_sub(block.since_ns) >= BLOCK_NS || now_ns < block.since_ns
        };
        if self.blocks.last().is_none_or(is_over) {
            if self.blocks.len() >= MOST_BLOCKS {
                self.blocks.remove(0);
            }
            self.blocks.push(Block { since_ns: now_ns, ..Block::default() });
            let oldest_ns = now_ns.saturating_sub(BLOCK_NS * MOST_BLOCKS as u64);
            self.blocks.retain(|block| block.since_ns >= oldest_ns);
        }
        if let Some(block) = self.blocks.last_mut() {
            add(block.side(point.is_upper), point, timeline);
        }
    }

    /// Takes out the points for which `is_out` holds.
    pub(super) fn take(&mut self, is_out: impl Fn(&Point) -> bool) -> Self {
        let mut out = self.clone();
        let keep = |points: &mut Self, is_kept: &dyn Fn(&Point) -> bool| {
            for block in &mut points.blocks {
                block.upper.retain(is_kept);
                block.lower.retain(is_kept);
            }
            points.blocks.retain(|block| block.points().next().is_some());
        };
        keep(&mut out, &is_out);
        keep(self, &|point| !is_out(point));
        out
    }

    /// Adds all the others, which are newer.
    pub(super) fn append(&mut self, newer: Self) {
        self.blocks.extend(newer.blocks);
        let surplus = self.blocks.len().saturating_sub(MOST_BLOCKS);
        self.blocks.drain(..surplus);
    }

    /// The host's clock was set.
    pub(super) fn host_stepped(&mut self, step_ns: i64) {
        for block in &mut self.blocks {
            block.since_ns = block.since_ns.saturating_add_signed(step_ns);
            for point in block.upper.iter_mut().chain(&mut block.lower) {
                point.host_ns = point.host_ns.saturating_add_signed(step_ns);
            }
        }
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        let points = |block: &Block| block.upper.capacity() + block.lower.capacity();
        let points: usize = self.blocks.iter().map(points).sum();
        self.blocks.capacity() * size_of::<Block>() + points * size_of::<Point>()
    }
}

/// Adds a point to a hull in order of ticks, if it is a corner of it; the corners that are none any more
/// go, and of too many the flattest.
fn add(hull: &mut Vec<Point>, point: Point, timeline: &Timeline) {
    let origin = point.origin(timeline);
    let limit = |point: &Point| point.limit(timeline, &origin);
    // Whether the second of three that are there is no corner.
    let is_flat = |hull: &[Point], first: usize| match hull.get(first..first + 3) {
        Some([a, b, c]) => bend(&limit(a), &limit(b), &limit(c)) <= 0.0,
        _ => false,
    };
    let mut place = hull.partition_point(|other| other.ticks <= point.ticks);
    hull.insert(place, point);
    if place > 0 && is_flat(hull, place - 1) {
        hull.remove(place);
        return;
    }
    while place > 1 && is_flat(hull, place - 2) {
        place -= 1;
        hull.remove(place);
    }
    while is_flat(hull, place) {
        hull.remove(place + 1);
    }
    if hull.len() > MOST_CORNERS {
        let limits: Vec<_> = hull.iter().map(limit).collect();
        let bends = limits.windows(3).map(|corner| match corner {
            [a, b, c] => bend(a, b, c),
            _ => f64::INFINITY,
        });
        let flattest = bends.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b));
        if let Some((before, _)) = flattest {
            hull.remove(before + 1);
        }
    }
}

/// Twice the area of a triangle of points in order: above 0 if the second is a corner of the hull.
pub(super) fn bend(a: &Limit, b: &Limit, c: &Limit) -> f64 {
    let area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    if b.is_upper { area } else { -area }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::polygon::Polygon;
    use proptest::prelude::*;

    const HZ: u32 = 1_000_000_000;

    fn limits(points: &[Point], timeline: &Timeline) -> Vec<Limit> {
        points.iter().map(|point| point.limit(timeline, &Origin::default())).collect()
    }

    proptest! {
        /// What is thinned out does not bind.
        #[test]
        fn the_hull_allows_just_what_all_points_allow(
            points in prop::collection::vec((0..10_000_000_000_u64, 0..2_000_000_u64, any::<bool>()), 2..200),
        ) {
            let timeline = Timeline::new(HZ);
            let point = |(ticks, away, is_upper): (u64, u64, bool)| {
                let base_ns = ticks + 5_000_000;
                let host_ns = if is_upper { base_ns + away } else { base_ns - away };
                Point { ticks, host_ns, is_upper }
            };
            let mut all = vec![point((0, 0, true)), point((0, 0, false))];
            all.extend(points.into_iter().map(point));
            let mut thinned = Points::default();
            for point in &all {
                thinned.insert(*point, &timeline, 0);
            }
            let kept: Vec<_> = thinned.iter().copied().collect();
            prop_assert!(kept.len() <= 2 * MOST_CORNERS);
            let [exact, found] = [&all, &kept].map(|points| Polygon::of(&limits(points, &timeline), 1e-3));
            for x in [0.0, 3e9, 1e10, 2e10] {
                let [[a, b], [c, d]] = [exact.values(x), found.values(x)];
                prop_assert!((a - c).abs() < 1e-2 && (b - d).abs() < 1e-2, "{a} {c} {b} {d}");
            }
        }
    }

    #[test]
    fn old_points_go_and_a_flood_is_bounded() {
        let timeline = Timeline::new(HZ);
        let mut points = Points::default();
        for index in 0..20_000_u64 {
            // A bow, all of whose points are corners.
            let (ticks, now_ns) = (index * 10_000_000, index * 10_000_000);
            let host_ns = now_ns + index * index;
            points.insert(Point { ticks, host_ns, is_upper: true }, &timeline, now_ns);
        }
        assert_eq!(points.iter().count(), MOST_BLOCKS * MOST_CORNERS);
        let newest_ns = 20_000 * 10_000_000;
        let oldest = points.iter().map(|point| point.ticks).min().unwrap();
        assert!((WINDOW_NS..=WINDOW_NS + BLOCK_NS).contains(&(newest_ns - oldest)));
    }
}

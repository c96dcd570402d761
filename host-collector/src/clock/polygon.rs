//! The straight lines that a set of points allows: a convex polygon of (rate, offset).
//!
//! A line is `offset + rate * x`. A point that it must not lie above, or below, is a half-plane of
//! such pairs; all of them, and a limit on the rate, cut out the polygon. The largest and the
//! smallest value at any `x` are at its corners.
//!
//! `x` and offsets are nanoseconds from a moment nearby, so that a double has them to a millionth;
//! every half-plane is moved out by [`SLACK_NS`], which is a million times what rounding may do.

use serde::{Deserialize, Serialize};

/// Ticks are rounded to nanoseconds, and corners to doubles; neither may cut off the truth.
const SLACK_NS: f64 = 2.0;

/// A point that a line must pass on one side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Limit {
    pub(super) x: f64,
    pub(super) y: f64,
    /// Whether the line must not be above it; else it must not be below.
    pub(super) is_upper: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Corner {
    rate: f64,
    offset: f64,
}

impl Corner {
    fn at(&self, x: f64) -> f64 {
        self.offset + self.rate * x
    }
}

/// A convex polygon, by its corners in turn. Empty where the points contradict each other.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Polygon {
    corners: Vec<Corner>,
}

impl Polygon {
    /// The lines with a rate within `most_rate`, either way, and an offset at 0 within `most_offset`.
    pub(super) fn new(most_rate: f64, most_offset: f64) -> Self {
        let corner = |rate, offset| Corner { rate, offset };
        let corners = vec![
            corner(-most_rate, -most_offset),
            corner(most_rate, -most_offset),
            corner(most_rate, most_offset),
            corner(-most_rate, most_offset),
        ];
        Self { corners }
    }

    /// All lines that `limits` allow, among which there are some of either kind.
    pub(super) fn of(limits: &[Limit], most_rate: f64) -> Self {
        let reach = |limit: &Limit| limit.y.abs() + limit.x.abs() * most_rate;
        let most_offset = limits.iter().map(reach).fold(0.0, f64::max) + 2.0 * SLACK_NS;
        let mut polygon = Self::new(most_rate, most_offset);
        for limit in limits {
            polygon.cut(limit);
        }
        polygon
    }

    /// Leaves only the lines that pass a point on the right side.
    pub(super) fn cut(&mut self, limit: &Limit) {
        // How far a corner is beyond the limit.
        let beyond = |corner: &Corner| {
            let over = corner.at(limit.x) - limit.y;
            (if limit.is_upper { over } else { -over }) - SLACK_NS
        };
        if self.corners.iter().all(|corner| beyond(corner) <= 0.0) {
            return;
        }
        let mut kept = Vec::with_capacity(self.corners.len() + 1);
        let next = self.corners.iter().cycle().skip(1);
        for (from, to) in self.corners.iter().zip(next) {
            let (a, b) = (beyond(from), beyond(to));
            if a <= 0.0 {
                kept.push(*from);
            }
            if (a < 0.0 && b > 0.0) || (a > 0.0 && b < 0.0) {
                let part = a / (a - b);
                let between = |from: f64, to: f64| from + (to - from) * part;
                kept.push(Corner {
                    rate: between(from.rate, to.rate),
                    offset: between(from.offset, to.offset),
                });
            }
        }
        self.corners = kept;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.corners.is_empty()
    }

    /// The smallest and the largest value at `x`; not for an empty one.
    pub(super) fn values(&self, x: f64) -> [f64; 2] {
        bounds(self.corners.iter().map(|corner| corner.at(x)))
    }

    /// The smallest and the largest rate; not for an empty one.
    pub(super) fn rates(&self) -> [f64; 2] {
        bounds(self.corners.iter().map(|corner| corner.rate))
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        self.corners.capacity() * size_of::<Corner>()
    }
}

fn bounds(values: impl Iterator<Item = f64>) -> [f64; 2] {
    values.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, most], value| {
        [least.min(value), most.max(value)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limit(x: f64, y: f64, is_upper: bool) -> Limit {
        Limit { x, y, is_upper }
    }

    #[test]
    fn one_point_on_either_side_leaves_a_strip_that_widens() {
        let polygon = Polygon::of(&[limit(0.0, 100.0, true), limit(0.0, -300.0, false)], 1e-4);
        assert_eq!(polygon.values(0.0), [-302.0, 102.0]);
        let [least, most] = polygon.values(1e6);
        assert!((least + 402.0).abs() < 1e-6 && (most - 202.0).abs() < 1e-6);
        assert_eq!(polygon.rates(), [-1e-4, 1e-4]);
    }

    #[test]
    fn points_that_no_line_passes_leave_nothing() {
        let limits = [
            limit(0.0, 10.0, true),
            limit(1e9, -10.0, false),
            limit(2e9, 10.0, true),
            limit(1e9, 50.0, false),
        ];
        assert!(!Polygon::of(&limits[..3], 1e-4).is_empty());
        assert!(Polygon::of(&limits, 1e-4).is_empty());
    }

    proptest! {
        /// A line that passes all points on the right side is among those that are left.
        #[test]
        fn the_true_line_is_never_cut_off(
            rate in -1e-4..1e-4_f64,
            offset in -1e9..1e9_f64,
            points in prop::collection::vec((-6e10..6e10_f64, 0.0..1e7_f64, any::<bool>()), 2..200),
            at in -1e11..1e11_f64,
        ) {
            let limits: Vec<_> = points.iter().map(|(x, away, is_upper)| {
                let side = if *is_upper { 1.0 } else { -1.0 };
                limit(*x, offset + rate * x + side * away, *is_upper)
            }).collect();
            let polygon = Polygon::of(&limits, 1e-4);
            prop_assert!(!polygon.is_empty());
            let [least, most] = polygon.values(at);
            let truth = offset + rate * at;
            prop_assert!(least <= truth && truth <= most, "{least} {truth} {most}");
            let [slowest, fastest] = polygon.rates();
            prop_assert!(slowest <= rate && rate <= fastest);
        }
    }
}

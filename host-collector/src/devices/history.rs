//! How a device's clock and losses went over time, in few points.

/// So many points are kept.
pub const MOST_POINTS: usize = 64;
/// Points are no closer than this.
const CLOSEST_NS: u64 = 10_000_000_000;

/// What was known at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When, in nanoseconds since the Unix epoch.
    pub at_ns: u64,
    /// By how much times may be off.
    pub error_ns: Option<u64>,
    /// How much faster the counter is than it says.
    pub drift_ppm: Option<f64>,
    /// Records that came.
    pub records: u64,
    /// Records that were lost, wherever.
    pub lost: u64,
}

/// Points over the whole life of a boot: the newest are close, older ones farther apart.
#[derive(Clone, Debug, Default)]
pub struct History {
    points: Vec<Point>,
}

impl History {
    /// The points, oldest first.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// One more; the last is made anew where it is too close to the one before.
    pub fn note(&mut self, point: Point) {
        if let [.., before, last] = self.points.as_mut_slice()
            && point.at_ns.saturating_sub(before.at_ns) < CLOSEST_NS
        {
            *last = point;
            return;
        }
        if self.points.len() >= MOST_POINTS {
            // Of the older half every second one goes; the first stays.
            let mut place = 0;
            self.points.retain(|_| {
                place += 1;
                place > MOST_POINTS / 2 || place % 2 == 1
            });
        }
        self.points.push(point);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(second: u64) -> Point {
        Point {
            at_ns: second * 1_000_000_000,
            error_ns: None,
            drift_ppm: None,
            records: second,
            lost: 0,
        }
    }

    #[test]
    fn it_reaches_from_the_first_to_the_last_in_few_points() {
        let mut history = History::default();
        for second in 0..100_000 {
            history.note(point(second));
            let points = history.points();
            assert!(points.len() <= MOST_POINTS);
            assert_eq!(points[0].records, 0);
            assert_eq!(points.last().unwrap().records, second);
            assert!(points.windows(2).all(|two| two[0].at_ns < two[1].at_ns));
        }
        let points = history.points();
        let last = points[points.len() - 2].at_ns - points[points.len() - 3].at_ns;
        assert!((CLOSEST_NS / 2..=CLOSEST_NS).contains(&last), "the newest are close");
    }
}

//! From points to what they allow, and to the line in the middle of it.

use super::points::{Origin, Point, WINDOW_NS};
use super::polygon::{Limit, Polygon};
use super::ticks::{Between, Timeline};
use serde::{Deserialize, Serialize};

/// What a clock is taken to keep, as parts of one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Claim {
    /// Its rate is off by no more than this, seen from here: what the host's is off is in it.
    pub(super) rate: f64,
    /// Its rate changes by no more than this within [`WINDOW_NS`], by temperature for example.
    pub(super) drift: f64,
}

/// 100 ppm for the device's quartz, half of it more for the host's and for whoever corrects it.
pub(super) const QUARTZ: Claim = Claim { rate: 150e-6, drift: 5e-6 };
/// A clock of a resistor and a capacitor.
pub(super) const LOOSE: Claim = Claim { rate: 0.05, drift: 500e-6 };

/// The line goes through the middle of what is allowed now, and so long ago.
const LOOK_BACK_NS: f64 = 10e9;

impl Claim {
    /// How far the clock may part, until `ticks`, from a line that goes through it at `origin` at the
    /// rate that it has there.
    fn doubt_ns(&self, timeline: &Timeline, origin: &Origin, ticks: u64) -> f64 {
        let away_ns = origin.x(timeline.ns(ticks)).abs();
        #[expect(clippy::cast_precision_loss, reason = "a minute is exact")]
        let windows = (away_ns / WINDOW_NS as f64).ceil();
        let drift_ns = away_ns * (self.drift * windows).min(2.0 * self.rate);
        let Between { paused_ns, other_rate_ns } = timeline.between(origin.ticks, ticks);
        // A pause is measured by a clock that is no better, and at another rate it may be another clock.
        drift_ns + self.rate * (paused_ns + 2.0 * other_rate_ns)
    }

    /// What a point says, as loose as its distance from the origin makes it.
    fn limit(&self, point: &Point, timeline: &Timeline, origin: &Origin) -> Limit {
        let doubt_ns = self.doubt_ns(timeline, origin, point.ticks);
        let limit = point.limit(timeline, origin);
        Limit { y: if limit.is_upper { limit.y + doubt_ns } else { limit.y - doubt_ns }, ..limit }
    }
}

/// What the points of a clock allow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Fit {
    origin: Origin,
    claim: Claim,
    polygon: Polygon,
}

/// A straight line: the host's time for the device's. Later is later on it, since its rate is small.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) origin: Origin,
    /// What the host's time grows more than the device's.
    pub(super) rate: f64,
    /// At the origin, in nanoseconds.
    pub(super) offset: f64,
}

impl Line {
    /// The host's time when the device's was `device_ns`.
    pub(super) fn place(&self, device_ns: i128) -> i128 {
        let more = self.offset + self.rate * self.origin.x(device_ns);
        // A cast saturates.
        #[expect(clippy::cast_possible_truncation, reason = "it is rounded")]
        let more_ns = more.round() as i128;
        device_ns + self.origin.offset_ns + more_ns
    }

    /// The same for moments around one, by numbers of 64 bits; none where that is far from the origin.
    pub(super) fn near(&self, device_ns: i64) -> Option<NearLine> {
        let Self { origin, rate, offset } = *self;
        let away = i128::from(device_ns) - origin.device_ns;
        (away.unsigned_abs() < FAR_NS.unsigned_abs().into()).then_some(())?;
        let origin_ns = i64::try_from(origin.device_ns).ok()?;
        let offset_ns = i64::try_from(origin.offset_ns).ok()?;
        // So that nothing overflows: the century is far from being over.
        let is_sane = [origin_ns, offset_ns].iter().all(|ns| ns.unsigned_abs() < 1 << 62);
        let is_flat = rate.abs() < 1.0 && offset.abs() < FAR;
        (is_sane && is_flat).then_some(NearLine { origin_ns, offset_ns, rate, offset })
    }

    pub(super) fn host_stepped(&mut self, step_ns: i64) {
        self.origin.offset_ns += i128::from(step_ns);
    }
}

/// Below this all halves of nanoseconds are exact.
const FAR: f64 = (1_u64 << 50) as f64;
const FAR_NS: i64 = 1 << 50;

/// What is added to it has no bits below the point any more, halves having gone to the even side, and
/// its lowest bits are the number: as long as that is below 2^51.
const WHOLE: f64 = (3_u64 << 51) as f64;

/// A line around a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct NearLine {
    origin_ns: i64,
    offset_ns: i64,
    rate: f64,
    offset: f64,
}

impl NearLine {
    /// Whether it [places](Self::place) this moment. Where it places two, it does all between them.
    pub(super) fn holds(&self, device_ns: i64) -> bool {
        (-FAR_NS..FAR_NS).contains(&(device_ns - self.origin_ns)) && self.place(device_ns) >= 0
    }

    /// What [`Line::place`] says, as far as it [holds](Self::holds).
    #[inline(always)]
    pub(super) fn place(&self, device_ns: i64) -> i64 {
        let x = device_ns - self.origin_ns;
        #[expect(clippy::cast_precision_loss, reason = "it is near")]
        let more = self.offset + self.rate * x as f64;
        // What `round` does, without a call: halves go away from 0.
        let shifted = more + WHOLE;
        let whole = shifted.to_bits().wrapping_sub(WHOLE.to_bits()).cast_signed();
        let part = more - (shifted - WHOLE);
        let (up, down) = (part >= 0.5 && more > 0.0, part <= -0.5 && more < 0.0);
        let more_ns = whole + i64::from(up) - i64::from(down);
        device_ns + self.offset_ns + more_ns
    }
}

impl Fit {
    /// None where there is nothing on one side. Empty where the points contradict each other.
    pub(super) fn of<'a>(
        points: impl Iterator<Item = &'a Point> + Clone,
        timeline: &Timeline,
        claim: Claim,
    ) -> Option<Self> {
        let newest = points.clone().max_by_key(|point| point.ticks)?;
        let origin = newest.origin(timeline);
        let limits: Vec<_> = points.map(|point| claim.limit(point, timeline, &origin)).collect();
        if limits.iter().all(|limit| limit.is_upper) || limits.iter().all(|limit| !limit.is_upper) {
            return None;
        }
        Some(Self { origin, claim, polygon: Polygon::of(&limits, claim.rate) })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.polygon.is_empty()
    }

    /// The host's earliest and latest time when the counter showed `ticks`.
    pub(super) fn range_ns(&self, timeline: &Timeline, ticks: u64) -> [i128; 2] {
        let device_ns = timeline.ns(ticks);
        let [least, most] = self.polygon.values(self.origin.x(device_ns));
        let doubt_ns = self.claim.doubt_ns(timeline, &self.origin, ticks);
        let (least, most) = ((least - doubt_ns).floor(), (most + doubt_ns).ceil());
        #[expect(clippy::cast_possible_truncation, reason = "both are whole, and a cast saturates")]
        let bounds = [least as i128, most as i128];
        bounds
            .map(|more_ns| device_ns.saturating_add(self.origin.offset_ns).saturating_add(more_ns))
    }

    /// The same without what is in doubt away from the origin, and that, rounded up.
    pub(super) fn range_and_doubt_ns(&self, timeline: &Timeline, ticks: u64) -> ([i128; 2], i128) {
        let device_ns = timeline.ns(ticks);
        let [least, most] = self.polygon.values(self.origin.x(device_ns));
        let doubt_ns = self.claim.doubt_ns(timeline, &self.origin, ticks).ceil();
        #[expect(clippy::cast_possible_truncation, reason = "all are whole, and a cast saturates")]
        let [least, most, doubt_ns] = [least.floor(), most.ceil(), doubt_ns].map(|ns| ns as i128);
        let bounds = [least, most]
            .map(|more_ns| device_ns.saturating_add(self.origin.offset_ns).saturating_add(more_ns));
        (bounds, doubt_ns)
    }

    /// The smallest and the largest rate.
    pub(super) fn rates(&self) -> [f64; 2] {
        self.polygon.rates()
    }

    /// The line in the middle at the host's time `now_ns`, or at the newest point.
    pub(super) fn line(&self, now_ns: Option<u64>, timeline: &Timeline) -> Line {
        let middle = |x: f64| {
            let [least, most] = self.polygon.values(x);
            f64::midpoint(least, most)
        };
        let x = now_ns.map_or(0.0, |now_ns| {
            self.origin.x(i128::from(now_ns) - self.origin.offset_ns) - middle(0.0)
        });
        let rate = (middle(x) - middle(x - LOOK_BACK_NS)) / LOOK_BACK_NS;
        // A counter that shows some ticks has done so for half of one, on average.
        #[expect(clippy::cast_precision_loss, reason = "a tick is short")]
        let half_a_tick = timeline.tick_ns(self.origin.ticks) as f64 / 2.0;
        Line { origin: self.origin, rate, offset: middle(x) - rate * x + half_a_tick }
    }

    pub(super) fn host_stepped(&mut self, step_ns: i64) {
        self.origin.offset_ns += i128::from(step_ns);
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        self.polygon.weight()
    }
}

//! What counts: numbers that many threads change and nobody waits for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// It only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts `count` more.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// What it is at.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// It grows and shrinks, never below 0.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// One more.
    pub fn enter(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less.
    pub fn leave(&self) {
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |value| {
            Some(value.saturating_sub(1))
        });
    }

    /// What it is at.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How long things took, in classes.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    /// Upper bounds, in ascending order.
    bounds: [Duration; N],
    /// How many were within each bound and not within the one before.
    within: [AtomicU64; N],
    beyond: AtomicU64,
    sum_us: AtomicU64,
}

impl<const N: usize> Histogram<N> {
    /// One with these upper bounds, in ascending order.
    #[must_use]
    pub fn new(bounds: [Duration; N]) -> Self {
        Self {
            bounds,
            within: core::array::from_fn(|_| AtomicU64::new(0)),
            beyond: AtomicU64::new(0),
            sum_us: AtomicU64::new(0),
        }
    }

    /// Counts one that took so long.
    pub fn note(&self, took: Duration) {
        let class = self.bounds.iter().position(|bound| took <= *bound);
        let class = class.and_then(|index| self.within.get(index)).unwrap_or(&self.beyond);
        class.fetch_add(1, Ordering::Relaxed);
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.sum_us.fetch_add(took_us, Ordering::Relaxed);
    }

    /// Each upper bound in seconds with how many were within it; then the sum in seconds, and all.
    pub(super) fn read(&self) -> (Vec<(f64, u64)>, f64, u64) {
        let mut count = 0;
        let read = |class: &AtomicU64| class.load(Ordering::Relaxed);
        let classes = self.bounds.iter().zip(&self.within);
        let classes = classes.map(|(bound, class)| {
            count += read(class);
            (bound.as_secs_f64(), count)
        });
        let classes: Vec<_> = classes.collect();
        let sum = Duration::from_micros(read(&self.sum_us)).as_secs_f64();
        (classes, sum, count + read(&self.beyond))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_does_not_go_below_0() {
        let gauge = Gauge::default();
        gauge.leave();
        gauge.enter();
        assert_eq!(gauge.get(), 1);
    }

    #[test]
    fn classes_hold_what_is_within_their_bound_and_all_below() {
        let histogram = Histogram::new([Duration::from_millis(1), Duration::from_millis(10)]);
        for took_ms in [1, 2, 10, 500] {
            histogram.note(Duration::from_millis(took_ms));
        }
        assert_eq!(histogram.read(), (vec![(0.001, 1), (0.01, 3)], 0.513, 4));
    }
}

//! The time at which bytes arrive.
//!
//! Devices are placed in time by differences between arrivals, so the clock must not be set under
//! them: it is the wall clock as of the start, carried on by the monotonic one. The two part when
//! the machine sleeps or somebody sets the time; then the clock is set, and says by how much.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How far the two may be apart: more than a time server corrects in one go, less than a sleep.
const TOLERANCE_NS: u64 = 1_000_000_000;

/// Nanoseconds since the Unix epoch, without steps but those that it announces.
#[derive(Clone, Copy, Debug)]
pub struct HostClock {
    monotonic: Instant,
    wall_ns: u64,
}

impl HostClock {
    /// A clock that agrees with the wall clock now.
    #[must_use]
    pub fn new() -> Self {
        Self { monotonic: Instant::now(), wall_ns: wall_ns() }
    }

    /// Now, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.wall_ns.saturating_add(nanoseconds(self.monotonic.elapsed()))
    }

    /// A moment that was noted, in nanoseconds since the Unix epoch: by the clock as it is set now.
    #[must_use]
    pub fn at_ns(&self, moment: Instant) -> u64 {
        match moment.checked_duration_since(self.monotonic) {
            Some(behind) => self.wall_ns.saturating_add(nanoseconds(behind)),
            None => self.wall_ns.saturating_sub(nanoseconds(self.monotonic - moment)),
        }
    }

    /// Sets the clock if the wall clock has gone elsewhere; says by how many nanoseconds.
    pub fn check(&mut self) -> Option<i64> {
        self.follow(wall_ns())
    }

    fn follow(&mut self, wall_ns: u64) -> Option<i64> {
        let now_ns = self.now_ns();
        if wall_ns.abs_diff(now_ns) < TOLERANCE_NS {
            return None;
        }
        *self = Self { monotonic: Instant::now(), wall_ns };
        Some(wall_ns.wrapping_sub(now_ns).cast_signed())
    }
}

impl Default for HostClock {
    fn default() -> Self {
        Self::new()
    }
}

/// A machine that believes to be before 1970 is taken to be at its beginning.
fn wall_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, nanoseconds)
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_differences_are_ignored_and_large_ones_are_steps() {
        let mut clock = HostClock::new();
        let now_ns = clock.now_ns();
        assert_eq!(clock.follow(now_ns + TOLERANCE_NS / 2), None);
        let hour_ns = 3_600_000_000_000;
        let step = clock.follow(now_ns + hour_ns).unwrap();
        assert!(step.abs_diff(hour_ns.cast_signed()) < TOLERANCE_NS / 2);
        assert!(clock.now_ns() >= now_ns + hour_ns);
        assert!(clock.follow(now_ns).unwrap() < 0);
    }

    #[test]
    fn a_moment_from_before_a_step_is_told_by_the_clock_behind_it() {
        let mut clock = HostClock::new();
        let (moment, now_ns) = (Instant::now(), clock.now_ns());
        let before_ns = clock.at_ns(moment);
        assert!(before_ns <= now_ns);
        let step_ns = clock.follow(now_ns + 3_600_000_000_000).unwrap();
        let moved_ns = clock.at_ns(moment);
        let apart_ns = moved_ns.abs_diff(before_ns.saturating_add_signed(step_ns));
        assert!(apart_ns < TOLERANCE_NS, "{apart_ns}");
    }
}

//! When what was not acknowledged is sent again.
//!
//! The time of a round trip is measured on records that were sent once, smoothed as TCP does (RFC 6298
//! without its variance: a frame that is sent too early costs a frame, and is dropped as a double). Each
//! time in a row doubles the wait.

use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

/// For the one drain alone. All times are in ticks of the clock's counter.
#[derive(Debug)]
pub(crate) struct Timer {
    /// Since when nothing was acknowledged.
    since: AtomicU32,
    /// Round trip, smoothed; 0 where none was measured.
    round: AtomicU32,
    /// The record, by the low bits of its number, that is measured, and when it was sent.
    probe: AtomicU32,
    probe_since: AtomicU32,
    /// Bit 0: a record is being measured. From bit 8 on: how often it was sent again in a row.
    state: AtomicU32,
}

const PROBING: u32 = 1;
const AGAIN: u32 = 1 << 8;
/// The wait is doubled so often at most.
const MOST_DOUBLED: u32 = 5;

impl Timer {
    pub(super) const fn new() -> Self {
        Self {
            since: AtomicU32::new(0),
            round: AtomicU32::new(0),
            probe: AtomicU32::new(0),
            probe_since: AtomicU32::new(0),
            state: AtomicU32::new(0),
        }
    }

    /// What is sent from now on is the oldest under way.
    pub(crate) fn start(&self, now: u32) {
        self.since.store(now, Relaxed);
    }

    /// Records up to this number are sent for the first time.
    pub(crate) fn sends(&self, number: u32, now: u32) {
        let state = self.state.load(Relaxed);
        if state & PROBING == 0 {
            self.state.store(state | PROBING, Relaxed);
            self.probe.store(number, Relaxed);
            self.probe_since.store(now, Relaxed);
        }
    }

    /// All records below this number were acknowledged, and some were not before.
    pub(crate) fn progressed(&self, number: u32, now: u32) {
        self.since.store(now, Relaxed);
        let is_probe = self.state.load(Relaxed) & PROBING != 0
            && number.wrapping_sub(self.probe.load(Relaxed)).cast_signed() > 0;
        let probing = if is_probe { 0 } else { self.state.load(Relaxed) & PROBING };
        self.state.store(probing, Relaxed);
        if is_probe {
            let sample = now.wrapping_sub(self.probe_since.load(Relaxed)).max(1);
            let round = self.round.load(Relaxed);
            let smooth = if round == 0 { sample } else { round - round / 8 + sample / 8 };
            self.round.store(smooth, Relaxed);
        }
    }

    /// Whether it is time to send again what was not acknowledged.
    pub(crate) fn is_due(&self, now: u32, hz: u32) -> bool {
        let again = self.state.load(Relaxed) / AGAIN;
        now.wrapping_sub(self.since.load(Relaxed)) >= self.wait(hz) << again
    }

    /// The same; where it is time the next wait begins.
    pub(crate) fn is_over(&self, now: u32, hz: u32) -> bool {
        if !self.is_due(now, hz) {
            return false;
        }
        let again = self.state.load(Relaxed) / AGAIN;
        // What comes now may answer the first sending or the second: it is no measure.
        self.state.store(again.saturating_add(1).min(MOST_DOUBLED) * AGAIN, Relaxed);
        self.since.store(now, Relaxed);
        true
    }

    /// How long is waited: three round trips, from 1/32 s to 1/4 s; so with all doublings up to 8 s, and no
    /// longer than an eighth of a turn of the counter.
    fn wait(&self, hz: u32) -> u32 {
        const MOST: u32 = (1 << 29) >> MOST_DOUBLED;

        let round = self.round.load(Relaxed);
        let longest = hz / 4;
        let wait = if round == 0 { longest } else { round.saturating_mul(3) };
        // Not `clamp`, which may panic as far as the compiler can tell.
        wait.max(hz / 32).min(longest.max(1)).min(MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HZ: u32 = 32_000;

    #[test]
    fn the_wait_follows_the_round_trip_and_doubles() {
        let timer = Timer::new();
        timer.start(0);
        assert!(!timer.is_over(HZ / 4 - 1, HZ) && timer.is_over(HZ / 4, HZ));
        assert!(!timer.is_over(HZ / 4 + HZ / 2 - 1, HZ) && timer.is_over(HZ / 4 + HZ / 2, HZ));
        timer.progressed(1, HZ);
        timer.sends(5, HZ);
        timer.progressed(5, HZ + 10);
        timer.progressed(6, HZ + 2_000);
        // Three round trips of 2,000.
        assert!(!timer.is_over(HZ + 7_999, HZ) && timer.is_over(HZ + 8_000, HZ));
    }

    #[test]
    fn what_was_sent_again_is_no_measure() {
        let timer = Timer::new();
        timer.sends(5, 0);
        assert!(timer.is_over(HZ, HZ));
        timer.progressed(6, HZ + 1);
        assert_eq!(timer.round.load(Relaxed), 0);
    }

    #[test]
    fn no_wait_is_longer_than_an_eighth_of_a_turn() {
        for hz in [1, 31, 1_000, 64_000_000, u32::MAX] {
            let timer = Timer::new();
            let mut now = 0_u32;
            for _ in 0..20 {
                now = now.wrapping_add(1 << 29);
                assert!(timer.is_over(now, hz), "{hz}");
            }
        }
    }
}

//! A simulated board: a real tracer whose clock runs as its quartz does, in virtual time.

use core::sync::atomic::{AtomicU32, Ordering};

use spandrel::{Clock, Recorder, Tracer};

/// How a board's clock runs against true time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quartz {
    /// What the board says, in ticks a second.
    pub hz: u32,
    /// What it is off by, in parts of a thousand million: 100,000 are 100 ppm too fast.
    pub ppb: i32,
    /// What the counter shows when true time begins.
    pub first_ticks: u64,
}

impl Quartz {
    /// A clock that counts microseconds of true time.
    pub const MICROSECONDS: Self = Self { hz: 1_000_000, ppb: 0, first_ticks: 0 };

    /// What it has counted when so many nanoseconds of true time are over.
    #[must_use]
    pub fn ticks(self, true_ns: u64) -> u64 {
        let a_second = 1_000_000_000;
        let rate = i128::from(self.hz) * (a_second + i128::from(self.ppb));
        let ticks = i128::from(true_ns) * rate / (a_second * a_second);
        self.first_ticks + u64::try_from(ticks).unwrap_or_default()
    }
}

/// A tracer, and the counter that its clock reads. Both last until the program ends.
#[derive(Debug)]
pub struct Board {
    /// What the board records with.
    pub tracer: &'static Tracer,
    counter: &'static AtomicU32,
    quartz: Quartz,
}

impl Board {
    /// A board whose ring has `WORDS` words and whose frames can name `NAMES` strings.
    ///
    /// `equip` gives the tracer its identity, and whatever else it has.
    pub fn new<const WORDS: usize, const NAMES: usize>(
        service: &'static str,
        quartz: Quartz,
        equip: impl FnOnce(Tracer) -> Tracer,
    ) -> Self {
        let counter: &AtomicU32 = Box::leak(Box::new(AtomicU32::new(0)));
        let recorder: &Recorder<WORDS, 0, NAMES> = Box::leak(Box::new(Recorder::new()));
        // SAFETY: the counter lives for ever, and is read as whole words.
        let clock = unsafe { Clock::register(counter.as_ptr(), quartz.hz) };
        let tracer = Box::leak(Box::new(equip(Tracer::new(service, recorder, clock))));
        let board = Self { tracer, counter, quartz };
        board.set_time(0);
        board
    }

    /// Has the clock show what it does when so many nanoseconds of true time are over.
    #[expect(clippy::cast_possible_truncation, reason = "a counter of 32 bits turns")]
    pub fn set_time(&self, true_ns: u64) {
        let ticks = self.quartz.ticks(true_ns) as u32;
        if self.counter.swap(ticks, Ordering::Relaxed) != ticks {
            self.tracer.keep_time();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quartz_is_off_by_its_share() {
        let hour_ns = 3_600_000_000_000;
        let fast = Quartz { hz: 64_000_000, ppb: 100_000, first_ticks: 5 };
        assert_eq!(fast.ticks(0), 5);
        assert_eq!(fast.ticks(hour_ns), 5 + 3_600 * 64_000_000 + 360 * 64_000);
        let slow = Quartz { ppb: -100_000, ..fast };
        assert_eq!(slow.ticks(hour_ns), 5 + 3_600 * 64_000_000 - 360 * 64_000);
        assert_eq!(Quartz::MICROSECONDS.ticks(1_999), 1);
    }

    #[test]
    fn a_counter_that_turns_is_followed() {
        let quartz = Quartz { hz: 64_000_000, ppb: 0, first_ticks: u32::MAX.into() };
        let board = Board::new::<64, 4>("turns", quartz, |tracer| tracer);
        let mut drain = board.tracer.drain().expect("nobody else drains it");
        let first = drain.now_ticks();
        for second in 1..200 {
            board.set_time(second * 1_000_000_000);
            assert_eq!(drain.now_ticks() - first, second * 64_000_000);
        }
    }
}

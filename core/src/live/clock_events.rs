//! What befell the clock, told to the collector: it stood still, runs at another rate, or a better one
//! on the board says what time it is.

use super::home::Home;
use super::record;
use super::ring::COMMITTED;
use super::time::Moment;
use super::tracer::Tracer;
use crate::Ticks;
use crate::wire::ClockEvent;

impl Tracer {
    /// The clock stood still for so many nanoseconds until now: a sleep that stops it, of which another
    /// clock says how long it was.
    ///
    /// Spans that were open meanwhile last by so much longer than their ticks. Callable from every
    /// context, as all of these.
    pub fn clock_paused(&self, ns: u64) {
        self.clock_event(self.now(), ClockEvent::Paused { ns });
    }

    /// The clock runs at so many ticks a second from now on, which is not 0.
    pub fn clock_changed(&self, hz: u32) {
        self.clock_event(self.now(), ClockEvent::Rate { hz });
    }

    /// The clock stood still or jumped, and nobody knows for how long or how far.
    pub fn clock_stepped(&self) {
        self.clock_event(self.now(), ClockEvent::Stepped);
    }

    /// A wall clock on the board (SNTP, PTP, GNSS) said that it is, at a tick, so many nanoseconds since
    /// the Unix epoch, give or take `error_ns`. The collector takes it for what it is: one more bound.
    ///
    /// ```
    /// # use spandrel::{Clock, Recorder, Tracer};
    /// # static RECORDER: Recorder<1024> = Recorder::new();
    /// # static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic());
    /// let ticks = TRACER.now();
    /// let (unix_ns, error_ns) = (1_800_000_000_000_000_000, 2_000_000); // SNTP, to 2 ms
    /// TRACER.wall_clock(ticks, unix_ns, error_ns);
    /// ```
    pub fn wall_clock(&self, at: Ticks, unix_ns: u64, error_ns: u64) {
        self.clock_event(at, ClockEvent::Wall { unix_ns, error_ns });
    }

    #[expect(clippy::cast_possible_truncation, reason = "one half at a time")]
    fn clock_event(&self, at: Ticks, event: ClockEvent) {
        let (code, first, second) = match event {
            ClockEvent::Paused { ns } => (PAUSED, ns, 0),
            ClockEvent::Rate { hz } => (RATE, hz.into(), 0),
            ClockEvent::Stepped => (STEPPED, 0, 0),
            ClockEvent::Wall { unix_ns, error_ns } => (WALL, unix_ns, error_ns),
        };
        let is_kept = Moment::now(self.recorder.state(), &self.clock).is_kept();
        let at = Moment::at(at.0, is_kept);
        let halves = [first, first >> 32, second, second >> 32].map(|half| half as u32);
        let words = [u32::from(at.half_wraps) | code << CODE_SHIFT, at.ticks].into_iter();
        let Some(reserved) = self.recorder.reserve(&Home::new(), WORDS) else { return };
        for (at, word) in (1..).zip(words.chain(halves)) {
            // SAFETY: six words behind the first of seven.
            unsafe { reserved.write(at, word) };
        }
        reserved.commit(record::first(record::KIND_CLOCK, WORDS) | COMMITTED);
    }
}

/// Words of such a record: the first; code and half wraps; ticks; two numbers of two words.
const WORDS: u32 = 7;
/// Where the code stands above the half wraps.
const CODE_SHIFT: u32 = 16;
const PAUSED: u32 = 0;
const RATE: u32 = 1;
const STEPPED: u32 = 2;
const WALL: u32 = 3;

/// The event that is in the words of a record behind the first.
#[expect(clippy::cast_possible_truncation, reason = "it was no wider")]
pub(super) fn read(words: [u32; 6]) -> (Moment, ClockEvent) {
    let [code, ticks, halves @ ..] = words;
    let [low, high, second_low, second_high] = halves.map(u64::from);
    let (first, second) = (high << 32 | low, second_high << 32 | second_low);
    let event = match code >> CODE_SHIFT {
        PAUSED => ClockEvent::Paused { ns: first },
        RATE => ClockEvent::Rate { hz: first as u32 },
        WALL => ClockEvent::Wall { unix_ns: first, error_ns: second },
        _ => ClockEvent::Stepped,
    };
    let half_wraps = code as u16 & !super::time::LONG_WAY;
    (Moment { half_wraps, ticks }, event)
}

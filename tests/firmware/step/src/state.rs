//! The states in which the ring is when a stretch begins.

use spandrel::{Drain, span};

use crate::frames;
use crate::{RING_WORDS, TRACER};

/// Words of a filler.
const FILLER: usize = 8;
/// The ring is filled up to here where nothing more is to fit, and where one record is.
const TO_THE_END: usize = RING_WORDS;
const NEARLY: usize = RING_WORDS - FILLER;

/// How full the ring is, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) enum State {
    /// Never used.
    Empty,
    /// Empty, with room for one record before its end.
    NearEnd,
    /// Empty, and at its end: the next record goes to the start.
    AtEnd,
    /// It has turned; there is room for one more record.
    Turned,
    /// There is room for one more record, and the ring has not turned.
    LastRoom,
    /// One record did not fit.
    Full,
}

impl State {
    pub(crate) const ALL: [Self; 6] =
        [Self::Empty, Self::NearEnd, Self::AtEnd, Self::Turned, Self::LastRoom, Self::Full];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NearEnd => "near-end",
            Self::AtEnd => "at-end",
            Self::Turned => "turned",
            Self::LastRoom => "last-room",
            Self::Full => "full",
        }
    }

    /// Brings the new ring there; says how many spans that took, dropped ones included.
    pub(crate) fn prepare(self, drain: &mut Drain) -> u32 {
        let mut filler = Filler { count: 0 };
        match self {
            Self::Empty => {}
            Self::NearEnd => {
                filler.fill(drain, NEARLY);
                frames::empty(drain);
            }
            Self::AtEnd => {
                filler.fill(drain, TO_THE_END);
                frames::empty(drain);
            }
            Self::Turned => {
                filler.fill(drain, TO_THE_END);
                // Half of them go, and come again behind the turn.
                let mut buffer = [0; 160];
                if let Some(frame) = drain.frame(&mut buffer) {
                    frames::keep(frame);
                }
                filler.fill(drain, NEARLY);
            }
            Self::LastRoom => filler.fill(drain, NEARLY),
            Self::Full => {
                while TRACER.losses().ring_full == 0 {
                    filler.record();
                }
            }
        }
        filler.count
    }
}

struct Filler {
    count: u32,
}

impl Filler {
    fn record(&mut self) {
        span!(TRACER, "filler", count = self.count).finish();
        self.count += 1;
    }

    /// Records as long as no more than so many words are in the ring.
    fn fill(&mut self, drain: &Drain, words: usize) {
        while drain.backlog_words() + FILLER <= words {
            self.record();
        }
    }
}

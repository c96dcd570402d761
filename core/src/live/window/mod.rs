//! [`Window`]: what a tracer keeps that holds records until they are acknowledged, or that gives up
//! the oldest to keep the newest.
//!
//! The ring is the window: a record that was sent stays where it is, between the tail and the cursor
//! of the drain, until it is acknowledged. Nothing of this is known to who records, and without a
//! window nothing of it is in the program.

mod acked;
mod timer;

use super::Halves;
use super::drain::Drain;
use super::ring::Committed;
use super::tracer::Tracer;
use acked::Acked;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;
pub(super) use timer::Timer;

/// Memory for [`Tracer::acknowledged`] and [`Tracer::keep_newest`]; all zero at first.
///
/// ```
/// # use spandrel::Window;
/// assert!(size_of::<Window>() <= 128);
/// ```
#[derive(Debug)]
pub struct Window {
    /// Where in the ring the next record is that is to be sent.
    pub(super) cursor: AtomicU32,
    /// The number of the oldest record in the ring.
    pub(super) oldest: Halves,
    /// One more than the highest number that was sent.
    pub(super) high: Halves,
    /// What above the oldest was acknowledged.
    pub(super) acked: Acked,
    pub(super) timer: Timer,
    /// Records that were given up before they were sent.
    pub(super) evicted: AtomicU32,
}

impl Window {
    /// Memory for one tracer.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "for statics alone")]
    pub const fn new() -> Self {
        Self {
            cursor: AtomicU32::new(0),
            oldest: Halves::new(),
            high: Halves::new(),
            acked: Acked::new(),
            timer: Timer::new(),
            evicted: AtomicU32::new(0),
        }
    }

    /// The oldest record of a ring that is not new, where it is and its number.
    #[cfg(feature = "retained")]
    pub(super) fn begin(&self, at: u32, oldest: u64) {
        self.cursor.store(at, Relaxed);
        self.oldest.store(oldest);
        self.high.store(oldest);
        self.acked.clear();
    }
}

/// A tracer that holds its records, and what is done then. Without one nothing refers to the functions,
/// and they are not in the program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) window: &'static Window,
    /// The record that is to be sent next.
    pub(super) next: fn(&Drain, &Window) -> Option<Committed<'static>>,
    /// It was sent.
    pub(super) sent: fn(&Drain, &Window, &Committed<'_>),
    /// Words of records that were not sent.
    pub(super) unsent: fn(&Drain, &Window) -> u32,
    /// Whether it is time to send again what was.
    pub(super) is_due: fn(&Drain, &Window) -> bool,
    /// What stands behind the session tag of an acknowledgement.
    pub(super) on_ack: fn(&mut Drain, &Window, &[u8]),
    /// Has all of them be sent again.
    #[cfg_attr(not(feature = "fault-flush"), expect(dead_code, reason = "only after a fault"))]
    pub(super) go_back: fn(&mut Drain, &Window),
    /// Before a frame: goes back to what is to be sent again, and passes what need not be.
    pub(super) turn: fn(&mut Drain, &Window),
}

/// A tracer that gives up its oldest records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Newest {
    pub(super) window: &'static Window,
    pub(super) evict: fn(&mut Drain, &Window),
}

impl Tracer {
    /// Holds each record in the ring until the collector acknowledges it, and sends it again until then;
    /// for a link with a downlink.
    ///
    /// A collector that is not there for a while, or was started anew, misses nothing that the ring
    /// has room for. Records are acknowledged by their numbers, in any order; what was acknowledged is
    /// not sent again.
    ///
    /// Recording costs what it costs without. Not together with `ring_per_thread`.
    ///
    /// ```
    /// use spandrel::{Clock, Recorder, Tracer, Window};
    ///
    /// static RECORDER: Recorder<4096> = Recorder::new();
    /// static WINDOW: Window = Window::new();
    /// static TRACER: Tracer =
    ///     Tracer::new("sensor", &RECORDER, Clock::monotonic()).acknowledged(&WINDOW);
    /// ```
    ///
    /// # Panics
    /// At compile time, where each thread has a ring of its own.
    #[cfg(feature = "window")]
    #[must_use]
    pub const fn acknowledged(mut self, window: &'static Window) -> Self {
        assert!(!self.recorder.is_per_thread(), "records are held in one ring");
        self.optional.held = Some(Held {
            window,
            next: Drain::next_held,
            sent: Drain::sent_held,
            unsent: Drain::unsent_held,
            is_due: Drain::is_due_held,
            on_ack: Drain::on_ack,
            go_back: Drain::go_back,
            turn: Drain::turn_held,
        });
        self
    }

    /// Keeps the newest records where there is no room for all: once the ring is three quarters full,
    /// the reporter gives up the oldest, and counts them as evicted.
    ///
    /// Without it the oldest are kept, and what finds the ring full is dropped. That is so here too, for
    /// what fills the last quarter between two turns of the reporter. Not together with
    /// `ring_per_thread`.
    ///
    /// # Panics
    /// At compile time, where each thread has a ring of its own.
    #[cfg(feature = "window")]
    #[must_use]
    pub const fn keep_newest(mut self, window: &'static Window) -> Self {
        assert!(!self.recorder.is_per_thread(), "records are given up in one ring");
        self.optional.newest = Some(Newest { window, evict: Drain::evict_oldest });
        self
    }

    /// Records that were given up before they were sent.
    pub(super) fn evicted(&self) -> u32 {
        self.newest().map_or(0, |newest| newest.window.evicted.load(Relaxed))
    }
}

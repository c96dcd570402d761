//! What a tracer counts of itself, for who wants to know: [`Tracer::stats_in`].

use super::mask;
use super::tracer::Tracer;
use crate::wire::{FrameKind, Losses, Stats, Writer};
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

/// Where a tracer counts what it does; 12 bytes of RAM, and 4 with the feature `auth`, all zero at first.
#[derive(Debug)]
pub struct StatsCell {
    most_words: AtomicU32,
    frames: AtomicU32,
    bytes: AtomicU32,
    #[cfg(feature = "auth")]
    refused: AtomicU32,
}

impl StatsCell {
    /// Counts of nothing.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "for statics alone")]
    pub const fn new() -> Self {
        Self {
            most_words: AtomicU32::new(0),
            frames: AtomicU32::new(0),
            bytes: AtomicU32::new(0),
            #[cfg(feature = "auth")]
            refused: AtomicU32::new(0),
        }
    }

    /// Notes how full the ring is, and a frame if there is one. For the one drain alone.
    fn note(&self, used: u32, len: u32) {
        self.most_words.store(self.most_words.load(Relaxed).max(used), Relaxed);
        if len != 0 {
            self.frames.store(self.frames.load(Relaxed).wrapping_add(1), Relaxed);
            self.bytes.store(self.bytes.load(Relaxed).wrapping_add(len), Relaxed);
        }
    }
}

/// Where a tracer counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct StatsRef(&'static StatsCell);

impl StatsRef {
    pub(super) fn note(self, used: u32, len: u32) {
        self.0.note(used, len);
    }

    /// Notes how many frames that came down were refused.
    #[cfg(feature = "auth")]
    pub(super) fn note_refused(self, refused: u32) {
        self.0.refused.store(refused, Relaxed);
    }

    pub(super) fn write(self, tracer: &Tracer, tag: [u8; 4], packet: u32, out: &mut Writer<'_>) {
        FrameKind::Stats.begin(tag, out);
        self.read(tracer).write(packet, out);
    }

    /// The counts as they are now.
    #[expect(clippy::cast_possible_truncation, reason = "no ring has 2^32 words")]
    fn read(self, tracer: &Tracer) -> Stats {
        let (ring_words, losses) = (tracer.recorder.ring().words.len() as u32, tracer.losses());
        let most = self.0.most_words.load(Relaxed);
        Stats {
            ring_words,
            // What found the ring full says that it was.
            ring_most_words: if losses.ring_full == 0 { most } else { ring_words },
            frames: self.0.frames.load(Relaxed),
            bytes: self.0.bytes.load(Relaxed),
            longest_mask_cycles: mask::longest(),
            #[cfg(feature = "auth")]
            refused: self.0.refused.load(Relaxed),
            #[cfg(not(feature = "auth"))]
            refused: 0,
        }
    }
}

impl Tracer {
    /// Has the tracer count what it does, and tell the collector with each hello.
    ///
    /// ```
    /// use spandrel::{Clock, Recorder, StatsCell, Tracer};
    ///
    /// static RECORDER: Recorder<1024> = Recorder::new();
    /// static STATS: StatsCell = StatsCell::new();
    /// static TRACER: Tracer =
    ///     Tracer::new("sensor", &RECORDER, Clock::monotonic()).stats_in(&STATS);
    ///
    /// let (stats, losses) = TRACER.stats().expect("it counts");
    /// assert!(stats.ring_most_words <= stats.ring_words && losses.ring_full == 0);
    /// ```
    #[must_use]
    #[cfg(feature = "stats")]
    pub const fn stats_in(self, cell: &'static StatsCell) -> Self {
        self.counting_in(StatsRef(cell))
    }

    /// What it has counted, if it does, and what was lost. Callable from every context.
    pub fn stats(&self) -> Option<(Stats, Losses)> {
        Some((self.stats_ref()?.read(self), self.losses()))
    }
}

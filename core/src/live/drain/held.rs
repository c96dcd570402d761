//! Records that are held until they are acknowledged, and records that are given up for newer ones.
//!
//! The ring is the window. Between its tail and the [cursor](Window::cursor) are records that were
//! sent; from there to the head those that were not. To send again is to put the cursor back to the
//! tail; what was acknowledged out of order is then passed over. So nothing is kept twice, and whoever
//! records knows nothing of it.

use super::super::ring::Committed;
use super::super::window::Window;
use super::Drain;
use super::take::{NOTHING, RECORD};
use crate::wire::Ack;
use core::sync::atomic::Ordering::Relaxed;

impl Drain {
    /// Before a frame is made: goes back to the oldest record where it is time to send it again, and
    /// passes records that were acknowledged meanwhile.
    pub(in super::super) fn turn_held(&mut self, window: &Window) {
        let now = self.counter();
        let is_under_way = window.oldest.load() < window.high.load();
        if !is_under_way {
            window.timer.start(now);
        } else if window.timer.is_over(now, self.tick_hz()) {
            self.go_back(window);
        }
        self.pass_acked(window);
        if self.record >= window.high.load() {
            #[expect(clippy::cast_possible_truncation, reason = "the low bits are meant")]
            window.timer.sends(self.record as u32, now);
        }
    }

    /// Has everything that was not acknowledged be sent again.
    pub(in super::super) fn go_back(&mut self, window: &Window) {
        self.unbreak();
        window.cursor.store(self.tracer.recorder.ring().tail(), Relaxed);
        self.record = window.oldest.load();
    }

    /// What of a record went up in fragments begins anew.
    pub(super) fn unbreak(&mut self) {
        if self.broken == RECORD {
            (self.broken, self.fragment_at) = (NOTHING, 0);
        }
    }

    /// A frame's records follow each other: it begins behind what was acknowledged.
    fn pass_acked(&mut self, window: &Window) {
        while self.record < window.high.load()
            && window.acked.has(self.record)
            && let Some((record, at)) = self.at_cursor(window)
        {
            self.unbreak();
            window.cursor.store(at + record.len(), Relaxed);
            self.record += 1;
        }
    }

    fn at_cursor(&self, window: &Window) -> Option<(Committed<'static>, u32)> {
        self.tracer.recorder.ring().at(window.cursor.load(Relaxed))
    }

    /// The record at the cursor; none where it was acknowledged, which ends the frame.
    pub(in super::super) fn next_held(&self, window: &Window) -> Option<Committed<'static>> {
        let is_acked = self.record < window.high.load() && window.acked.has(self.record);
        if is_acked { None } else { self.at_cursor(window).map(|(record, _)| record) }
    }

    /// The record at the cursor was sent, with the number before [`Drain::record`].
    pub(in super::super) fn sent_held(&self, window: &Window, record: &Committed<'_>) {
        if let Some((_, at)) = self.at_cursor(window) {
            window.cursor.store(at + record.len(), Relaxed);
            window.high.store(window.high.load().max(self.record));
        }
    }

    /// Words from the cursor on.
    pub(in super::super) fn unsent_held(&self, window: &Window) -> u32 {
        self.tracer.recorder.ring().used_from(window.cursor.load(Relaxed))
    }

    pub(in super::super) fn is_due_held(&self, window: &Window) -> bool {
        let is_under_way = window.oldest.load() < window.high.load();
        is_under_way && window.timer.is_due(self.counter(), self.tick_hz())
    }

    /// Frees what was acknowledged. What was never sent cannot have been.
    pub(in super::super) fn on_ack(&mut self, window: &Window, bytes: &[u8]) {
        let (oldest, high) = (window.oldest.load(), window.high.load());
        let mut last = 0;
        let Some(next) = Ack::read(bytes, |range| last = range.end) else { return };
        // One that was overtaken says less than is known.
        if next.max(last) > high || next < oldest {
            return;
        }
        window.acked.clear();
        Ack::read(bytes, |range| window.acked.add(&range));
        for number in oldest..next {
            if !self.free_oldest(window, number) {
                return;
            }
        }
        if next > oldest {
            #[expect(clippy::cast_possible_truncation, reason = "the low bits are meant")]
            window.timer.progressed(next as u32, self.counter());
        }
    }

    /// Frees the oldest record, which has this number; false where there is none.
    pub(super) fn free_oldest(&mut self, window: &Window, number: u64) -> bool {
        let ring = self.tracer.recorder.ring();
        #[cfg(feature = "retained")]
        if self.tracer.retained.is_some() {
            if !self.free_first(number + 1) {
                return false;
            }
            self.freed(window, number);
            return true;
        }
        let Some(record) = ring.oldest() else { return false };
        ring.release(&record);
        self.freed(window, number);
        true
    }

    /// Goes on behind the record with this number, which was freed.
    fn freed(&mut self, window: &Window, number: u64) {
        window.oldest.store(number + 1);
        if self.record <= number {
            // It was to be sent again.
            self.unbreak();
            self.record = number + 1;
            window.cursor.store(self.tracer.recorder.ring().tail(), Relaxed);
        }
    }

    /// Gives up the oldest records while the ring is more than three quarters full.
    ///
    /// What was numbered and never came is missed by its number; the others are counted here.
    pub(in super::super) fn evict_oldest(&mut self, window: &Window) {
        #[cfg(feature = "retained")]
        if self.tracer.retained.is_some() {
            return self.evict_kept(window);
        }
        let ring = self.tracer.recorder.ring();
        let most = ring.words.len() / 4 * 3;
        while ring.used() as usize > most
            && let Some(record) = ring.oldest()
        {
            let oldest = window.oldest.load();
            if self.tracer.held().is_some() && oldest < window.high.load() {
                self.free_oldest(window, oldest);
                continue;
            }
            ring.release(&record);
            window.cursor.store(ring.tail(), Relaxed);
            if self.broken == RECORD {
                // A fragment of it went up under its number, which no other record may have.
                self.unbreak();
                self.record += 1;
                window.high.store(window.high.load().max(self.record));
                window.oldest.store(self.record);
            } else {
                window.evicted.store(window.evicted.load(Relaxed).wrapping_add(1), Relaxed);
            }
        }
    }
}

//! The hello, with a piece of the description of the process.

use super::Drain;
use crate::site::table;
use crate::wire::{Hello, Writer};

/// The longest piece whose length takes one byte.
const MAX_PIECE: usize = 127;

impl Drain {
    /// Says who speaks, or where the tracer has [counts](crate::Tracer::stats_in) every other time those; and has
    /// a share of the definitions go up again.
    ///
    /// To be sent once a second until the collector has seen it, or ever where nothing comes down:
    /// a collector that comes late then knows everything within ten seconds. None where the buffer
    /// is shorter than [`MIN_MTU`](crate::wire::MIN_MTU).
    pub fn hello<'b>(&mut self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        if cfg!(feature = "stats")
            && core::mem::take(&mut self.is_stats_due)
            && let Some(stats) = self.tracer.stats_ref()
        {
            let mut out = Writer::new(self.room(buffer)?);
            stats.write(self.tracer, self.tag, self.packet, &mut out);
            let len = out.finish()?.len();
            return self.sent(buffer, len);
        }
        self.is_stats_due = self.tracer.stats_ref().is_some();
        self.rotate_definitions();
        self.write_hello(buffer)
    }

    /// Has a share of the definitions go up again: all of them in ten calls.
    ///
    /// [`Drain::hello`] does it once. Whoever says hello less often than once a second makes up for
    /// it, so that all definitions go up every ten seconds.
    pub fn rotate_definitions(&mut self) {
        if !self.is_broken() {
            self.names.rotate();
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a description is below 4 GiB")]
    fn write_hello<'b>(&mut self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let total = self.description_len();
        let offset = if self.process_told < total { self.process_told } else { 0 };
        let sent_ticks = self.now_ticks();
        let losses = self.losses();
        let kept = if self.moment().is_kept() { Hello::KEPT } else { 0 };
        let held = if self.tracer.held.is_some() { Hello::ACKNOWLEDGED } else { 0 };
        let mut out = Writer::new(self.room(buffer)?);
        Hello {
            packet: self.packet,
            device: self.tracer.device().0,
            session: self.tracer.session_number().get(),
            clock_hz: self.tracer.clock.hz(),
            sent_ticks,
            flags: kept | held,
            sites: table().units(),
            first_record: self.oldest_number(),
            #[cfg(feature = "retained")]
            previous: self.previous(),
            process_total: total as u32,
            process_offset: offset as u32,
            process: &[],
            challenge: self.challenge(),
            ..Hello::default()
        }
        .write_with(self.tag, &losses, &mut out);
        self.process_told = self.append_description(offset, &mut out);
        let len = out.finish()?.len();
        self.sent(buffer, len)
    }

    /// Appends a piece of the description to a hello that has an empty one; says where it ends.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "a piece is short")]
    pub(super) fn append_description(&self, offset: usize, out: &mut Writer<'_>) -> usize {
        // The frame ends in the length of an empty piece: one byte, which is now known better.
        let begin = out.written();
        out.skip(offset);
        self.tracer.describe(out);
        let piece = out.cut(begin, MAX_PIECE);
        out.set(begin - 1, piece as u8);
        offset + piece
    }

    /// Whether the hellos have told, with the counts that belong to the last, the whole description since it last began.
    pub fn is_described(&self) -> bool {
        let is_counted = cfg!(not(feature = "stats")) || !self.is_stats_due;
        is_counted && self.process_told >= self.description_len()
    }

    #[inline(never)]
    pub(super) fn description_len(&self) -> usize {
        let mut out = Writer::new(&mut []);
        self.tracer.describe(&mut out);
        out.written()
    }
}

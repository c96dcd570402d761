//! The drain: takes records from the ring and makes them frames, for any link.

mod down;
#[cfg(feature = "retained")]
mod earlier;
mod encode;
#[cfg_attr(not(feature = "window"), expect(dead_code, reason = "nobody has a window"))]
mod held;
mod hello;
#[cfg(feature = "retained")]
mod kept;
#[cfg(feature = "auth")]
mod sealed;
mod source;
mod take;

#[cfg(feature = "auth")]
pub(super) use sealed::Sealing;

use super::control::Controlled;
use super::names::Names;
use super::recorder::flag;
use super::time::{self, Moment};
use super::tracer::Tracer;
#[cfg(feature = "auth")]
use crate::Session;
use crate::wire::{DataHead, DataWriter, Losses, MIN_MTU};

/// Takes finished spans out of a tracer as frames: the one consumer of its ring.
///
/// It does no input or output. `spandrel-transport` has a reporter that drives one over a link; on a
/// link of your own, send what [`Drain::frame`] and once a second [`Drain::hello`] give, and hand
/// [`Drain::on_downlink`] what comes back, if anything can.
///
/// ```
/// # use spandrel::{Clock, Recorder, Tracer, span};
/// # static RECORDER: Recorder<1024> = Recorder::new();
/// # static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic());
/// let mut drain = TRACER.drain().expect("nobody else drains");
/// span!(TRACER, "read", bus = 1).finish();
///
/// let mut buffer = [0; 508];
/// while let Some(frame) = drain.frame(&mut buffer) {
///     // send the frame
/// #   assert!(frame.len() <= 508);
/// }
/// ```
#[derive(Debug)]
pub struct Drain {
    tracer: &'static Tracer,
    names: Names,
    /// Names device and session in every frame.
    tag: [u8; 4],
    packet: u32,
    #[cfg(feature = "std")]
    source: core::cell::Cell<source::Source>,
    /// Number of the next record.
    record: u64,
    /// The long count of the clock when last seen, and the ticks before it began anew: it
    /// [turns](time::extend).
    time_seen: u64,
    time_before: u64,
    /// How far the hellos have told the description of the process.
    process_told: usize,
    /// The next hello is the counts that go with it.
    is_stats_due: bool,
    /// What is longer than a frame and was begun, if anything.
    broken: u8,
    /// How much of it went up.
    fragment_at: usize,
    /// How far, in a recorder that a reset does not take.
    #[cfg(feature = "retained")]
    kept: kept::Kept,
    /// Static strings that were cut in the record that was written last.
    cut_now: u8,
    cut: u32,
    #[cfg(feature = "auth")]
    sealed: sealed::Sealed,
}

impl Drain {
    pub(crate) fn new(tracer: &'static Tracer, names: Names) -> Self {
        tracer.keep_time();
        let now = Moment::now(tracer.recorder.state(), &tracer.clock);
        #[cfg_attr(not(feature = "retained"), expect(unused_mut, reason = "it begins as it is"))]
        let mut drain = Self {
            tracer,
            names,
            tag: tracer.session_number().tag(tracer.device()),
            packet: 0,
            #[cfg(feature = "std")]
            source: core::cell::Cell::new(source::Source::START),
            record: 0,
            time_seen: now.wide(),
            time_before: 0,
            process_told: 0,
            is_stats_due: false,
            broken: take::NOTHING,
            fragment_at: 0,
            #[cfg(feature = "retained")]
            kept: kept::Kept::new(),
            cut_now: 0,
            cut: 0,
            #[cfg(feature = "auth")]
            sealed: sealed::Sealed::START,
        };
        #[cfg(feature = "retained")]
        drain.begin_kept();
        drain
    }

    /// Fills a frame with what is due: the oldest records, and definitions of what they refer to.
    ///
    /// None where there is nothing. The buffer is as long as the uplink's frames may be, at least
    /// [`MIN_MTU`](crate::wire::MIN_MTU). A record that fits no frame goes in fragments.
    pub fn frame<'b>(&mut self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        self.keep_time();
        if buffer.len() < self.tracer.min_mtu() {
            return None;
        }
        self.make_room();
        if let Some(control) = self.tracer.control()
            && !(control.may_send)(self, control.cell)
        {
            return None;
        }
        #[cfg(feature = "retained")]
        {
            self.let_go();
            if let Some(len) = self.earlier_frame(buffer) {
                return buffer.get(..len).filter(|frame| !frame.is_empty());
            }
        }
        if let Some(held) = self.tracer.held() {
            (held.turn)(self, held.window);
        }
        self.note(0);
        let losses = self.losses();
        self.frame_of_records(buffer, self.tracer.last_number(), &losses)
    }

    #[cfg_attr(not(feature = "retained"), inline(always))]
    #[cfg_attr(feature = "retained", inline(never))]
    fn frame_of_records<'b>(
        &mut self,
        buffer: &'b mut [u8],
        last_number: u64,
        losses: &Losses,
    ) -> Option<&'b [u8]> {
        let head = DataHead {
            packet: self.packet,
            first_record: self.record,
            last_number,
            ..DataHead::default()
        };
        let room = self.room(buffer)?;
        let mut frame = DataWriter::with_losses(room, self.tag, &head, losses);
        while self.take(&mut frame) {}
        let len = frame.finish()?.len();
        self.sent(buffer, len)
    }

    /// What of a buffer a frame may take; none where that is too little.
    #[cfg_attr(feature = "auth", inline(never))]
    fn room<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b mut [u8]> {
        #[cfg(feature = "auth")]
        if self.tracer.sealing().is_some() {
            return self.sealed_room(buffer);
        }
        if buffer.len() < MIN_MTU { None } else { Some(buffer) }
    }

    /// Goes on where another ended: with this packet, and this record or the oldest that is held.
    #[cfg(feature = "fault-flush")]
    pub(crate) fn resume(&mut self, packet: u32, record: u64) {
        #[cfg(feature = "retained")]
        if self.tracer.retained.is_some() {
            // It has noted that itself.
            return;
        }
        (self.packet, self.record) = (packet, record);
        if let Some(held) = self.tracer.held() {
            (held.go_back)(self, held.window);
        }
    }

    /// Whether what is encoded just now is of an earlier boot.
    #[cfg(not(feature = "retained"))]
    #[inline(always)]
    #[expect(clippy::unused_self, reason = "the other asks whose turn it is")]
    const fn has_earlier_records(&self) -> bool {
        false
    }

    /// Notes that the frame of this length in the buffer goes up, and seals it where the tracer has a key.
    #[expect(clippy::cast_possible_truncation, reason = "no frame is 4 GiB long")]
    #[cfg_attr(feature = "auth", inline(never))]
    fn sent<'b>(&mut self, buffer: &'b mut [u8], len: usize) -> Option<&'b [u8]> {
        self.packet = self.packet.wrapping_add(1);
        #[cfg(feature = "retained")]
        self.keep_sent();
        // Noted before it is sealed: its number is used from then on.
        if let Some(point) = self.tracer.noted_point().filter(|_| !self.has_earlier_records()) {
            point.note(self.packet, self.record);
        }
        #[cfg(feature = "auth")]
        let len = match self.tracer.sealing() {
            Some(sealing) => sealing.seal(self, buffer, len)?,
            None => len,
        };
        if let Some(control) = self.tracer.control() {
            (control.sent)(control.cell, len as u32);
        }
        self.note(len as u32);
        buffer.get(..len)
    }

    /// The session whose frame is made just now.
    #[cfg(feature = "auth")]
    fn session(&self) -> Session {
        #[cfg(feature = "retained")]
        if let Some(session) = self.earlier_session().filter(|_| self.has_earlier_records()) {
            return session;
        }
        self.tracer.session_number()
    }

    /// Whether a session with this tag is one whose records are here.
    #[cfg(feature = "auth")]
    fn is_ours(&self, tag: [u8; 4]) -> bool {
        #[cfg(feature = "retained")]
        if self.is_tag_of_earlier(tag) {
            return true;
        }
        tag == self.tag
    }

    /// The session with this tag, which is one of them.
    #[cfg(feature = "auth")]
    #[cfg_attr(not(feature = "retained"), expect(unused_variables, reason = "there is one"))]
    fn session_of(&self, tag: [u8; 4]) -> Session {
        #[cfg(feature = "retained")]
        if let Some(session) = self.earlier_session().filter(|_| self.is_tag_of_earlier(tag)) {
            return session;
        }
        self.tracer.session_number()
    }

    /// Notes how full the ring is, and the length of a frame that goes up.
    fn note(&self, len: u32) {
        if let Some(stats) = self.tracer.stats_ref() {
            stats.note(self.used(), len);
        }
    }

    /// Words of the ring that wait to be sent, about eight a span.
    pub fn backlog_words(&self) -> usize {
        #[cfg(feature = "retained")]
        if self.kept.has_earlier() {
            return self.unsent_kept();
        }
        let held = self.tracer.held();
        held.map_or_else(|| self.used(), |held| (held.unsent)(self, held.window)) as usize
    }

    /// Whether it is time to send again what was not acknowledged: then [`Drain::frame`] does.
    pub fn is_resend_due(&self) -> bool {
        #[cfg(feature = "retained")]
        if self.kept.has_earlier() {
            return self.is_earlier_due();
        }
        self.tracer.held().is_some_and(|held| (held.is_due)(self, held.window))
    }

    /// Gives up the oldest records where [`Tracer::keep_newest`] says so and there is no room for all.
    ///
    /// [`Drain::frame`] does it first; to be called also while no frame can be sent.
    pub fn make_room(&mut self) {
        if let Some(newest) = self.tracer.newest() {
            (newest.evict)(self, newest.window);
        }
    }

    /// The number of the oldest record that is held, or that of the next.
    pub(super) fn oldest_number(&self) -> u64 {
        self.tracer.held().map_or(self.record, |held| held.window.oldest.load())
    }

    /// Whether there is nothing to put into a frame.
    pub fn is_idle(&self) -> bool {
        #[cfg(feature = "retained")]
        if self.kept.has_earlier() {
            return false;
        }
        let has_site = self.tracer.control().is_some_and(Controlled::is_site_due);
        self.backlog_words() == 0 && self.names.due().is_none() && !has_site
    }

    /// Whether [`Tracer::flush`] asks that they do not wait longer.
    pub fn is_flush_asked(&self) -> bool {
        !self.tracer.is_flushed()
    }

    /// Answers [`Tracer::flush`]: everything recorded before was sent.
    pub fn flushed(&mut self) {
        self.tracer.change_flags(0, flag::FLUSH);
    }

    /// Ticks of the clock a second.
    pub fn tick_hz(&self) -> u32 {
        self.tracer.clock.hz()
    }

    pub(super) fn tracer(&self) -> &'static Tracer {
        self.tracer
    }

    pub(super) fn packet(&self) -> u32 {
        self.packet
    }

    pub(super) fn tag(&self) -> [u8; 4] {
        self.tag
    }

    /// Ticks since the clock began, in 64 bits.
    pub fn now_ticks(&mut self) -> u64 {
        self.keep_time();
        self.extend(self.moment())
    }

    /// The counter of the clock.
    pub fn counter(&self) -> u32 {
        self.tracer.clock.ticks()
    }

    /// Running counts of losses, those of the drain included.
    #[inline(never)]
    pub fn losses(&self) -> Losses {
        let losses = self.tracer.losses();
        #[cfg(feature = "retained")]
        let losses = self.with_evicted(losses);
        Losses {
            names_full: self.names.full(),
            tag_cut: losses.tag_cut.wrapping_add(self.cut),
            ..losses
        }
    }

    fn moment(&self) -> Moment {
        Moment::now(self.tracer.recorder.state(), &self.tracer.clock)
    }

    fn keep_time(&mut self) {
        self.tracer.keep_time();
        let now = self.moment();
        let (wide, ticks) = (now.wide(), self.extend(now));
        #[cfg(feature = "retained")]
        self.keep_clock(now.ticks);
        (self.time_seen, self.time_before) = (wide, ticks.wrapping_sub(wide));
    }

    #[inline(never)]
    fn extend(&self, moment: Moment) -> u64 {
        time::extend(moment, self.time_seen, self.time_before)
    }
}

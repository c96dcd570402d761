//! The drain: takes records from the ring and makes them frames, for any link.

mod hello;
mod read;
mod split;
mod window;
mod writer;

use self::writer::FrameWriter;
use super::names::Names;
use super::recorder::flag;
use super::time::{Moment, TURN};
use super::tracer::Tracer;
use crate::site::table;
use crate::wire::{
    Asked, DataHead, Downlink, FrameKind, Losses, Pong, Record, Request, decode_downlink,
};

/// Takes finished spans out of a tracer as frames: the one consumer of its ring.
///
/// It does no input or output. `spandrel-transport` has a reporter that drives one over a link; on a
/// link of your own, send what [`Drain::frame`] and once a second [`Drain::hello`] give, and hand
/// [`Drain::on_downlink`] what comes back, if anything can.
///
/// `NAMES` is how many call sites and static strings frames name by number. Beyond it strings
/// travel in full, which costs bytes and is counted.
///
/// ```
/// # use spandrel::{Clock, Recorder, Tracer, span};
/// # static RECORDER: Recorder<1024> = Recorder::new();
/// # static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic());
/// let mut drain = TRACER.drain::<32>().expect("nobody else drains");
/// span!(TRACER, "read", bus = 1).finish();
///
/// let mut buffer = [0; 508];
/// while let Some(frame) = drain.frame(&mut buffer) {
///     // send the frame
/// #   assert!(frame.len() <= 508);
/// }
/// ```
#[derive(Debug)]
pub struct Drain<const NAMES: usize> {
    tracer: &'static Tracer,
    names: Names<NAMES>,
    packet: u32,
    /// Number of the next record.
    record: u64,
    /// Turns of the long count of the clock, see [`TURN`], and the count when last seen.
    time_turns: u32,
    time_seen: u64,
    /// How far the hellos have told the description of the process.
    process_told: usize,
    /// How far the oldest record has gone up, where no frame holds it whole.
    split: u8,
    too_large: u32,
    cut: u32,
}

impl<const NAMES: usize> Drain<NAMES> {
    pub(crate) fn new(tracer: &'static Tracer) -> Self {
        tracer.keep_time();
        Self {
            tracer,
            names: Names::new(),
            packet: 0,
            record: 0,
            time_turns: 0,
            time_seen: 0,
            process_told: 0,
            split: 0,
            too_large: 0,
            cut: 0,
        }
    }

    /// Fills a frame with what is due: definitions first, then the oldest records.
    ///
    /// None where there is nothing. The buffer is as long as the uplink's frames may be, at least
    /// [`MIN_MTU`](crate::wire::MIN_MTU). A record that fits no frame goes in pieces.
    pub fn frame<'b>(&mut self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        self.keep_time();
        let head = DataHead {
            packet: self.packet,
            first_record: self.record,
            losses: self.losses(),
            count: 0,
        };
        let mut frame = FrameWriter::new(buffer, self.tag(), &head)?;
        self.define(&mut frame);
        while !frame.is_full() && self.take(&mut frame) {}
        let frame = frame.finish()?;
        self.packet = self.packet.wrapping_add(1);
        Some(frame)
    }

    /// Words of the ring that wait, about eight a span.
    pub fn backlog_words(&self) -> usize {
        self.tracer.recorder.ring().used() as usize
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

    /// Answers the ping with this number, received at `received_ticks` of [`Drain::now_ticks`].
    ///
    /// To be called just before sending, since the answer says when it was sent.
    pub fn pong<'b>(
        &mut self,
        buffer: &'b mut [u8],
        id: u32,
        received_ticks: u64,
    ) -> Option<&'b [u8]> {
        let packet = self.packet;
        let pong = Pong { packet, id, received_ticks, sent_ticks: self.now_ticks() };
        let len = window::write(&(FrameKind::Pong.head(), self.tag(), pong), buffer)?;
        self.packet = packet.wrapping_add(1);
        buffer.get(..len)
    }

    /// Reads a frame that came down; says what the reporter is to do.
    ///
    /// What is malformed or meant for another session asks for nothing.
    pub fn on_downlink(&mut self, bytes: &[u8]) -> Asked {
        let Ok(Downlink { session_tag, request }) = decode_downlink(bytes) else {
            return Asked::Nothing;
        };
        if session_tag != self.tag() {
            return Asked::Nothing;
        }
        match request {
            Request::HelloSeen => Asked::HelloSeen,
            Request::SendHello => Asked::Hello,
            Request::Ping(id) => Asked::Pong(id),
            Request::SendDefinitions { sites, names } => {
                sites.iter().for_each(|id| self.names.ask(false, *id, table()));
                names.iter().for_each(|id| self.names.ask(true, *id, table()));
                Asked::Nothing
            }
        }
    }

    /// Ticks since the clock began, in 64 bits.
    pub fn now_ticks(&mut self) -> u64 {
        self.keep_time();
        self.extend(self.moment())
    }

    /// Running counts of losses, those of the drain included.
    pub fn losses(&self) -> Losses {
        let losses = self.tracer.losses();
        Losses {
            names_full: self.names.full(),
            too_large: self.too_large,
            tag_cut: losses.tag_cut.wrapping_add(self.cut),
            ..losses
        }
    }

    fn tag(&self) -> [u8; 4] {
        self.tracer.session_number().tag(self.tracer.device())
    }

    fn moment(&self) -> Moment {
        Moment::now(self.tracer.recorder.state(), &self.tracer.clock)
    }

    fn keep_time(&mut self) {
        self.tracer.keep_time();
        let now = self.moment().wide();
        if now < self.time_seen {
            self.time_turns = self.time_turns.wrapping_add(1);
        }
        self.time_seen = now;
    }

    /// The one moment of those that the count could mean which lies nearest to now.
    fn extend(&self, moment: Moment) -> u64 {
        let wide = moment.wide();
        let turns = u64::from(self.time_turns);
        // A record may be older than the last look by days, or newer by moments.
        let is_older_turn = wide > self.time_seen && wide - self.time_seen > TURN / 2;
        let turns = if is_older_turn { turns.saturating_sub(1) } else { turns };
        turns * TURN + wide
    }

    /// Puts definitions that are due into the frame, as far as they fit.
    #[inline(never)]
    fn define(&mut self, frame: &mut FrameWriter<'_>) {
        while let Some(due) = self.names.due(table()) {
            let upto = frame.define(&due);
            if upto == due.sent && !due.bytes.is_empty() {
                return;
            }
            self.names.sent(&due, upto);
            if upto < due.bytes.len() {
                return;
            }
        }
    }

    /// Moves the oldest record into the frame; false where there is none or it does not fit.
    fn take(&mut self, frame: &mut FrameWriter<'_>) -> bool {
        let ring = self.tracer.recorder.ring();
        let Some(committed) = ring.oldest() else { return false };
        let Some(record) = self.read(&committed) else {
            // Not a record of this program: it is counted, and the next one is read.
            self.too_large = self.too_large.wrapping_add(1);
            ring.release(committed);
            return true;
        };
        // What the record refers to goes up before it.
        self.define(frame);
        let taken = if self.split == 0 && frame.record(&record) {
            self.record += 1;
            true
        } else if frame.is_empty() {
            self.take_piece(frame, &record)
        } else {
            return false;
        };
        if taken {
            ring.release(committed);
        }
        taken
    }

    /// Moves the next piece of a record that fits no frame whole; true where it was the last.
    #[inline(never)]
    fn take_piece(&mut self, frame: &mut FrameWriter<'_>, record: &Record<'_>) -> bool {
        let Some(piece) = split::piece(record, self.split) else {
            self.split = 0;
            return true;
        };
        let outcome = frame.record(&piece) || {
            let cut = split::cut(piece, frame.room());
            self.cut = self.cut.wrapping_add(1);
            cut.is_some_and(|cut| frame.record(&cut))
        };
        if outcome {
            self.record += 1;
        } else {
            self.too_large = self.too_large.wrapping_add(1);
        }
        self.split += 1;
        if split::piece(record, self.split).is_some() {
            return false;
        }
        self.split = 0;
        true
    }
}

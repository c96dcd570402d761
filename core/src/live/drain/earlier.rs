//! The records of earlier boots, which a reset left: they go up first, under the sessions that they belong to.
//!
//! While they are taken, the fields of [`Drain`] that belong to a session are changed for those of that boot, and
//! changed back before the frame is given. Everything else says what the live one says.

use super::super::retained::{Look, Note, Order, Progress, is_sane};
use super::super::time::in_turn;
use super::kept::{Stage, Stream};
use super::{Drain, take};
use crate::site::table;
use crate::wire::{Ack, DataWriter, Define, Hello, Losses, Said, Writer, read_downlink};
use crate::{DeviceId, Session};
use core::mem::swap;
use core::sync::atomic::Ordering::Relaxed;

impl Drain {
    /// Begins with the oldest boot that left something.
    pub(super) fn begin_kept(&mut self) {
        let Some(retained) = self.tracer.retained else { return };
        let header = retained.header();
        let Some(order) = header.order() else { return };
        let progress = header.progress_of(&order);
        self.kept.at.set(progress.tail);
        self.kept.live = order.live();
        // Another drain of this boot may have sent something: after a fault there is one more.
        self.packet = header.note(order.live().into()).packet.load(Relaxed);
        self.take_up(&order, &progress);
        // What was said to be defined may never have left.
        self.names.ask_all();
    }

    #[inline(never)]
    fn take_up(&mut self, order: &Order, progress: &Progress) {
        let Some(retained) = self.tracer.retained else { return };
        self.kept.note = order.oldest();
        self.kept.slots.set(progress.slots);
        if order.earlier().is_empty() {
            self.kept.stage = Stage::Live;
            self.record = progress.record;
            // Behind what an earlier boot left that is no record.
            let _ = self.oldest_kept(&retained);
            self.free_to(progress.record, self.kept.at.get(), 0);
            if let Some(held) = self.tracer.held() {
                held.window.begin(self.kept.at.get(), progress.record);
            }
            return;
        }
        let note = retained.header().note(self.kept.note.into());
        let ticks = note.ticks.load();
        let session = Session::new(note.session.load(Relaxed));
        self.kept.stage = if note.boots_given_up() == 0 { Stage::Hello } else { Stage::Over };
        let live = retained.header().note(order.live().into());
        self.kept.is_same_build = note.build.load(Relaxed) == live.build.load(Relaxed);
        self.kept.other = Stream {
            tag: session.tag(DeviceId(note.device.load())),
            packet: note.packet.load(Relaxed),
            record: progress.record,
            time_seen: in_turn(ticks),
            time_before: ticks - in_turn(ticks),
            process_told: 0,
            broken: take::NOTHING,
            fragment_at: 0,
            cut: note.cut.load(Relaxed),
        };
    }

    /// The length of a frame of what earlier boots left, 0 where what was sent must be acknowledged first; none
    /// where all is sent.
    #[inline(never)]
    pub(super) fn earlier_frame(&mut self, buffer: &mut [u8]) -> Option<usize> {
        while self.kept.has_earlier() {
            self.change();
            let len = self.frame_of_earlier(buffer);
            self.change();
            if len.is_some() {
                return len;
            }
            self.next_boot();
        }
        None
    }

    /// Changes the fields of the live session for those of the earlier one, or back.
    fn change(&mut self) {
        let other = &mut self.kept.other;
        swap(&mut self.tag, &mut other.tag);
        swap(&mut self.packet, &mut other.packet);
        swap(&mut self.record, &mut other.record);
        swap(&mut self.time_seen, &mut other.time_seen);
        swap(&mut self.time_before, &mut other.time_before);
        swap(&mut self.process_told, &mut other.process_told);
        swap(&mut self.broken, &mut other.broken);
        swap(&mut self.fragment_at, &mut other.fragment_at);
        swap(&mut self.cut, &mut other.cut);
        self.kept.is_earlier = !self.kept.is_earlier;
    }

    #[inline(never)]
    fn frame_of_earlier(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let note = self.boot()?;
        if self.kept.stage == Stage::Hello {
            let is_untold = self.kept.is_same_build && self.process_told < self.description_len();
            if self.process_told == 0 || is_untold {
                let len = self.write_ended(note, buffer);
                // Where nothing can be said of the process, it is said once.
                self.process_told = self.process_told.max(1);
                return Some(len);
            }
            self.kept.stage = Stage::Records;
        }
        if self.kept.stage == Stage::Records {
            self.turn_earlier();
            let losses = Losses { names_full: self.names.full(), ..note.losses() };
            let frame = self.frame_of_records(buffer, note.last_number.load(), &losses);
            if let Some(frame) = frame {
                return Some(frame.len());
            }
            if self.is_under_way() {
                return Some(0);
            }
            self.kept.stage = Stage::LastHello;
        }
        if self.kept.stage == Stage::LastHello {
            self.kept.stage = Stage::Over;
            return Some(self.write_ended(note, buffer));
        }
        None
    }

    /// Sends again what was not acknowledged, where it is time.
    fn turn_earlier(&mut self) {
        let Some(held) = self.tracer.held() else { return };
        let (timer, now) = (&held.window.timer, self.counter());
        if !self.is_under_way() {
            timer.start(now);
        } else if timer.is_over(now, self.tick_hz()) {
            self.go_back_in_earlier();
        }
        #[expect(clippy::cast_possible_truncation, reason = "the low bits are meant")]
        timer.sends(self.record as u32, now);
    }

    /// Whether it is time to send again what was not acknowledged of an earlier boot.
    pub(super) fn is_earlier_due(&self) -> bool {
        let now = self.counter();
        let is_due = self.tracer.held().map(|held| held.window.timer.is_due(now, self.tick_hz()));
        self.is_under_way() && is_due == Some(true)
    }

    /// The boot's hello, which says that it has ended.
    #[expect(clippy::cast_possible_truncation, reason = "a description is below 4 GiB")]
    fn write_ended(&mut self, note: &Note, buffer: &mut [u8]) -> usize {
        let total = if self.kept.is_same_build { self.description_len() } else { 0 };
        let offset = if self.process_told < total { self.process_told } else { 0 };
        let kept = if note.was_kept() { Hello::KEPT } else { 0 };
        let held = if self.tracer.held().is_some() { Hello::ACKNOWLEDGED } else { 0 };
        let Some(room) = self.room(buffer) else { return 0 };
        let mut out = Writer::new(room);
        let losses = Losses { names_full: self.names.full(), ..note.losses() };
        Hello {
            packet: self.packet,
            device: note.device.load(),
            session: note.session.load(Relaxed),
            clock_hz: note.hz.load(Relaxed),
            sent_ticks: note.ticks.load(),
            flags: kept | held,
            sites: if self.kept.is_same_build { table().units() } else { 0 },
            first_record: self.record,
            ended: Some(note.cause()),
            previous: note.previous.load(Relaxed).checked_sub(1),
            process_total: total as u32,
            process_offset: offset as u32,
            process: &[],
            challenge: self.challenge(),
            ..Hello::default()
        }
        .write_with(self.tag, &losses, &mut out);
        if total != 0 {
            self.process_told = self.append_description(offset, &mut out);
        }
        let len = out.finish().map_or(0, <[u8]>::len);
        self.sent(buffer, len).map_or(0, <[u8]>::len)
    }

    /// Whether this is the tag of an earlier boot whose records are here.
    #[cfg(feature = "auth")]
    pub(super) fn is_tag_of_earlier(&self, tag: [u8; 4]) -> bool {
        self.kept.has_earlier() && self.kept.other.tag == tag
    }

    /// The session of the earlier boot whose records are here, if any are.
    #[cfg(feature = "auth")]
    pub(super) fn earlier_session(&self) -> Option<Session> {
        let note = self.boot().filter(|_| self.kept.has_earlier())?;
        Some(Session::new(note.session.load(Relaxed)))
    }

    /// The session of the boot before this one, if that is known.
    pub(super) fn previous(&self) -> Option<u32> {
        let header = self.tracer.retained?.header();
        header.note(self.kept.live.into()).previous.load(Relaxed).checked_sub(1)
    }

    /// Goes on with the next boot.
    fn next_boot(&mut self) {
        let Some(retained) = self.tracer.retained else { return };
        let header = retained.header();
        let Some(order) = header.order() else {
            self.kept.stage = Stage::Live;
            return;
        };
        if let Some(note) = self.boot().filter(|note| note.boots_given_up() != 0) {
            self.pass_over(note, header.note(self.kept.live.into()));
        }
        for (at, slot) in self.tracer.recorder.slots().enumerate() {
            if retained.owner(at).load(Relaxed) == self.kept.note {
                retained.free_slot(at, slot);
            }
        }
        // The numbers of names are those of a session.
        self.names.clear();
        let order = order.without_oldest();
        let (tail, note) = (self.kept.at.get(), order.oldest().into());
        let progress = Progress { record: 0, tail, note, slots: 0 };
        header.set_order(order);
        header.set_progress(progress);
        self.tracer.recorder.ring().release_to(tail);
        self.take_up(&order, &progress);
    }

    /// Counts what boots left whose records are given up, and goes behind it.
    fn pass_over(&self, note: &Note, live: &Note) {
        let (ring, end) = (self.tracer.recorder.ring(), note.end.load(Relaxed));
        let (mut at, mut count) = (self.kept.at.get(), note.evicted.load(Relaxed));
        while let Look::Record(record, next) = ring.look(at, end) {
            count += u32::from(is_sane(&record));
            at = next;
        }
        self.kept.at.set(end);
        live.evicted.store(live.evicted.load(Relaxed).wrapping_add(count), Relaxed);
    }

    /// The number on the wire of a call site.
    pub(super) fn site_id(&self, bits: u32) -> u16 {
        self.site_id_of(bits, self.boot().filter(|_| self.kept.is_earlier))
    }

    /// The same of a boot, or of this one.
    pub(super) fn site_id_of(&self, bits: u32, boot: Option<&Note>) -> u16 {
        let Some(note) = boot.filter(|_| self.kept.has_earlier()) else {
            return table().id(bits);
        };
        let sites = note.sites.load(Relaxed);
        if bits == sites >> 16 {
            return 0;
        }
        #[expect(clippy::cast_possible_truncation, reason = "modulo 2^16 on purpose")]
        let id = bits.wrapping_sub(sites).wrapping_add(1) as u16;
        id
    }

    /// Whether what is encoded just now is of an earlier boot, and its memory may have been damaged.
    pub(super) fn has_earlier_records(&self) -> bool {
        self.kept.is_earlier
    }

    /// Whether the definitions of this program's call sites are not those that records are of just now.
    pub(super) fn has_other_sites(&self) -> bool {
        self.kept.is_earlier && !self.kept.is_same_build
    }

    /// Whether an address that a record holds may be followed.
    pub(super) fn may_follow(&self, address: usize, len: usize) -> bool {
        let is_followed = |retained: super::super::retained::RetainedRef| {
            self.kept.is_same_build && retained.has_string(address, len)
        };
        !self.kept.is_earlier || self.tracer.retained.is_some_and(is_followed)
    }

    /// Writes the definition of a name by its address.
    pub(super) fn define_by_address(
        id: u16,
        address: usize,
        len: usize,
        frame: &mut DataWriter<'_>,
    ) {
        let mut bytes = [0; 16];
        let mut out = Writer::new(&mut bytes);
        out.varint(address as u64);
        out.varint(len as u64);
        let bytes = out.finish().unwrap_or_default();
        frame.define(&Define { is_name: true, by_address: true, id, bytes });
    }

    /// Reads a frame that came down for the earlier boot: it asks for definitions, or says what came.
    pub(super) fn on_downlink_of_earlier(&mut self, bytes: &[u8]) {
        if !self.kept.has_earlier() {
            return;
        }
        let (is_broken, tag) = (self.is_broken(), self.kept.other.tag);
        let names = &mut self.names;
        let ask = |is_name, id| {
            if !is_broken {
                names.ask(is_name, id, table());
            }
        };
        let read = read_downlink(bytes, Some(tag), ask);
        if let Ok((_, Said::Challenge(challenge))) = read {
            self.note_challenge(challenge);
        }
        let (Ok((_, Said::Ack(ack))), Some(held)) = (read, self.tracer.held()) else { return };
        // What came out of order is sent again: an earlier boot's records are few.
        if let Some(next) = Ack::read(ack, |_| {}) {
            self.acknowledged_of_earlier(next);
            #[expect(clippy::cast_possible_truncation, reason = "the low bits are meant")]
            held.window.timer.progressed(next as u32, self.counter());
        }
    }
}

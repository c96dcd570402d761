//! How far a recorder is drained that a reset does not take.
//!
//! A record stays in the ring until the next frame is asked for: the one that holds it has gone then; or, where
//! records are held, until it is acknowledged. So a reset in between has it sent twice and not lost; under the same
//! number, by which the collector knows it. What is freed is noted in the header before it is.

use super::super::retained::{Look, Note, Progress, RetainedRef, is_sane, is_void};
use super::super::ring::Committed;
use super::super::time::Moment;
use super::super::window::Window;
use super::{Drain, take};
use crate::site::table;
use crate::wire::Losses;
use core::cell::Cell;
use core::sync::atomic::Ordering::Relaxed;

/// How far, and of which boot.
#[derive(Debug)]
pub(super) struct Kept {
    /// Where the next record is, and what is behind the one that was given last.
    pub(super) at: Cell<u32>,
    behind: Cell<Behind>,
    /// One more than the slot of the open span that was taken last; 0 before the first.
    pub(super) slots: Cell<u32>,
    /// The note of the boot whose records are taken, and that of the one that runs.
    pub(super) note: u8,
    pub(super) live: u8,
    pub(super) stage: Stage,
    /// What belongs to the session whose turn it is not.
    pub(super) other: Stream,
    /// Whether the drain's fields are those of an earlier boot just now.
    pub(super) is_earlier: bool,
    /// Whether the program is that of the boot: then its addresses mean what they did.
    pub(super) is_same_build: bool,
}

/// What is behind a record.
#[derive(Clone, Copy, Debug)]
enum Behind {
    Record(u32),
    /// It is no record, but the span in the slot before this.
    Slot(u32),
}

/// What goes up of a boot next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Who it was, and that it has ended.
    Hello,
    /// Its records, and the spans that were open.
    Records,
    /// The same hello again: one may be lost, and now it says how many records there were.
    LastHello,
    Over,
    /// It is the one that runs.
    Live,
}

/// What of a drain belongs to a session.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) tag: [u8; 4],
    pub(super) packet: u32,
    pub(super) record: u64,
    pub(super) time_seen: u64,
    pub(super) time_before: u64,
    pub(super) process_told: usize,
    pub(super) broken: u8,
    pub(super) fragment_at: usize,
    pub(super) cut: u32,
}

impl Kept {
    /// That of a recorder of any kind, before anything is known of it.
    pub(super) fn new() -> Self {
        Self {
            at: Cell::new(0),
            behind: Cell::new(Behind::Record(0)),
            slots: Cell::new(0),
            note: 0,
            live: 0,
            stage: Stage::Live,
            other: Stream {
                tag: [0; 4],
                packet: 0,
                record: 0,
                time_seen: 0,
                time_before: 0,
                process_told: 0,
                broken: take::NOTHING,
                fragment_at: 0,
                cut: 0,
            },
            is_earlier: false,
            is_same_build: true,
        }
    }

    /// Whether something of earlier boots is still to be sent.
    pub(super) fn has_earlier(&self) -> bool {
        self.stage != Stage::Live
    }

    /// Whether a fragment of a record of the other session went up, and not the last.
    pub(super) fn is_broken(&self) -> bool {
        self.other.broken != take::NOTHING
    }
}

/// Something that goes up with a number.
enum Item {
    Record(Committed<'static>),
    Open(Committed<'static>),
}

impl Drain {
    /// The memory, if records are taken here and not from the [window](Window).
    #[inline(always)]
    pub(super) fn takes_itself(&self) -> Option<&'static RetainedRef> {
        let retained = self.tracer.retained.as_ref()?;
        (self.kept.is_earlier || self.tracer.held.is_none()).then_some(retained)
    }

    /// The note of the boot whose records are taken.
    pub(super) fn boot(&self) -> Option<&'static Note> {
        self.tracer.retained.map(|retained| retained.header().note(self.kept.note.into()))
    }

    /// The oldest record of the boot whose turn it is, or the next span that was open when it ended.
    pub(super) fn oldest_kept(&self, retained: &RetainedRef) -> Option<Committed<'static>> {
        let (at, slots) = (self.kept.at.get(), self.kept.slots.get());
        let (item, begin, behind) = self.item(retained, at, slots);
        self.kept.at.set(begin);
        self.kept.behind.set(behind);
        match item? {
            Item::Record(record) | Item::Open(record) => Some(record),
        }
    }

    /// What is at a place or behind it and has a number, where it is and what is behind it.
    fn item(&self, retained: &RetainedRef, at: u32, slots: u32) -> (Option<Item>, u32, Behind) {
        let ring = self.tracer.recorder.ring();
        let note = self.boot().filter(|_| self.kept.has_earlier());
        let end = note.map_or_else(|| ring.head(), |note| note.end.load(Relaxed));
        let mut at = at;
        while let Look::Record(record, next) = ring.look(at, end) {
            let first = record.first();
            let is_one = match note {
                Some(_) => is_sane(&record) && self.knows_site(first),
                // That is one of an earlier boot that left nothing else.
                None => !is_void(first),
            };
            if is_one {
                return (Some(Item::Record(record)), at, Behind::Record(next));
            }
            at = next;
        }
        let Some(note) = note else { return (None, at, Behind::Record(at)) };
        let all = (0..).zip(self.tracer.recorder.slots()).skip(slots as usize);
        for (slot_at, slot) in all {
            let slot_at: u32 = slot_at;
            let Some((own, words)) = slot.whole() else { continue };
            let is_its = retained.owner(slot_at as usize).load(Relaxed) == self.kept.note;
            let moment = Moment::at(note.ticks.load(), note.was_kept());
            if is_its && self.knows_site(words[0]) {
                // SAFETY: this is the one drain, and the one before was written into a frame.
                let record = unsafe { retained.as_record(slot, own, words, moment) };
                if is_sane(&record) {
                    return (Some(Item::Open(record)), end, Behind::Slot(slot_at + 1));
                }
            }
        }
        (None, end, Behind::Record(end))
    }

    /// Whether a record has a call site, or none, and not something in between.
    fn knows_site(&self, first: u32) -> bool {
        let id = self.site_id_of(first & 0xffff, self.boot());
        !self.kept.is_same_build || id == 0 || cfg!(miri) || table().content(id).is_some()
    }

    /// Goes behind the record that was given last. It is freed later.
    pub(super) fn release_kept(&self) {
        match self.kept.behind.get() {
            Behind::Record(next) => self.kept.at.set(next),
            Behind::Slot(next) => self.kept.slots.set(next),
        }
    }

    /// Whether what is encoded just now is a span that a reset cut off.
    pub(super) fn is_cut_off(&self) -> bool {
        self.kept.is_earlier && matches!(self.kept.behind.get(), Behind::Slot(_))
    }

    /// How far it was sent and is freed.
    fn progress(&self) -> Option<Progress> {
        let header = self.tracer.retained?.header();
        Some(header.progress_of(&header.order()?))
    }

    /// Before a frame: those before have gone, and what they held is freed, unless it is held.
    pub(super) fn let_go(&mut self) {
        if self.tracer.held.is_some() || self.tracer.retained.is_none() {
            return;
        }
        let record = if self.kept.has_earlier() { self.kept.other.record } else { self.record };
        self.free_to(record, self.kept.at.get(), self.kept.slots.get());
    }

    /// Notes that all before was sent, and frees it.
    pub(super) fn free_to(&self, record: u64, tail: u32, slots: u32) {
        let Some(retained) = self.tracer.retained else { return };
        let progress = Progress { record, tail, note: self.kept.note.into(), slots };
        if self.progress() == Some(progress) {
            return;
        }
        retained.header().set_progress(progress);
        self.tracer.recorder.ring().release_to(tail);
        for (at, slot) in self.tracer.recorder.slots().enumerate().take(slots as usize) {
            if retained.owner(at).load(Relaxed) == self.kept.note {
                retained.free_slot(at, slot);
            }
        }
    }

    /// Frees the oldest record of the boot that runs, behind which the one with this number is; false where there
    /// is none.
    pub(super) fn free_first(&self, next_number: u64) -> bool {
        let ring = self.tracer.recorder.ring();
        let Look::Record(_, next) = ring.look(ring.tail(), ring.head()) else { return false };
        self.free_to(next_number, next, 0);
        true
    }

    /// Frees what the collector has of an earlier boot: all records below this number.
    pub(super) fn acknowledged_of_earlier(&mut self, next: u64) {
        let Some(retained) = self.tracer.retained else { return };
        let Some(Progress { record, mut tail, mut slots, .. }) = self.progress() else { return };
        // What was never sent cannot have come.
        let next = next.min(self.kept.other.record);
        for _ in record..next {
            match self.item(&retained, tail, slots).2 {
                Behind::Record(behind) => tail = behind,
                Behind::Slot(behind) => slots = behind,
            }
        }
        if next > record {
            self.free_to(next, tail, slots);
        }
    }

    /// Whether records of an earlier boot were sent and not acknowledged.
    pub(super) fn is_under_way(&self) -> bool {
        let sent = if self.kept.is_earlier { self.record } else { self.kept.other.record };
        self.tracer.held.is_some() && self.progress().is_some_and(|progress| progress.record < sent)
    }

    /// Has everything of the earlier boot that was not acknowledged be sent again.
    pub(super) fn go_back_in_earlier(&mut self) {
        let Some(Progress { record, tail, slots, .. }) = self.progress() else { return };
        self.kept.at.set(tail);
        self.kept.slots.set(slots);
        (self.record, self.broken, self.fragment_at) = (record, take::NOTHING, 0);
    }

    /// Words that wait to be sent.
    pub(super) fn unsent_kept(&self) -> usize {
        self.tracer.recorder.ring().used_from(self.kept.at.get()) as usize
    }

    /// Gives up the oldest records where there is no room for all.
    pub(super) fn evict_kept(&mut self, window: &Window) {
        let ring = self.tracer.recorder.ring();
        let most = ring.words.len() / 4 * 3;
        // What was sent makes room first.
        self.let_go();
        while ring.used() as usize > most {
            let is_done = if self.kept.has_earlier() {
                self.evict_of_earlier()
            } else {
                self.evict_own(window)
            };
            if !is_done {
                return;
            }
        }
    }

    /// Gives up the oldest record of an earlier boot; false where it has none.
    fn evict_of_earlier(&mut self) -> bool {
        let (Some(retained), Some(progress)) = (self.tracer.retained, self.progress()) else {
            return false;
        };
        let (Some(Item::Record(_)), at, Behind::Record(next)) =
            self.item(&retained, progress.tail, progress.slots)
        else {
            return false;
        };
        let was_sent = progress.record < self.kept.other.record;
        let has_begun = at == self.kept.at.get() && self.kept.is_broken();
        // A number that was given is missed by itself.
        let number = progress.record + u64::from(was_sent || has_begun);
        if let Some(note) = self.boot().filter(|_| !was_sent && !has_begun) {
            note.evicted.store(note.evicted.load(Relaxed).wrapping_add(1), Relaxed);
        }
        if !was_sent {
            self.kept.at.set(next);
            self.kept.other.record = number;
            (self.kept.other.broken, self.kept.other.fragment_at) = (take::NOTHING, 0);
        }
        self.free_to(number, next, progress.slots);
        true
    }

    /// The same of the boot that runs.
    fn evict_own(&mut self, window: &Window) -> bool {
        let oldest = if self.tracer.held.is_some() { window.oldest.load() } else { self.record };
        if self.tracer.held.is_some() && oldest < window.high.load() {
            return self.free_oldest(window, oldest);
        }
        let has_begun = self.broken == take::RECORD;
        if !self.free_first(oldest + u64::from(has_begun)) {
            return false;
        }
        let tail = self.tracer.recorder.ring().tail();
        self.kept.at.set(tail);
        window.cursor.store(tail, Relaxed);
        if has_begun {
            // A fragment of it went up under its number, which no other record may have.
            self.unbreak();
            self.record += 1;
            window.high.store(window.high.load().max(self.record));
            window.oldest.store(self.record);
        } else if let Some(retained) = self.tracer.retained {
            let note = retained.header().note(self.kept.live.into());
            note.evicted.store(note.evicted.load(Relaxed).wrapping_add(1), Relaxed);
        }
        true
    }

    /// Adds what was given up of this boot and of earlier ones.
    pub(super) fn with_evicted(&self, losses: Losses) -> Losses {
        let Some(retained) = self.tracer.retained else { return losses };
        let note = retained.header().note(self.kept.live.into());
        Losses { evicted: note.evicted.load(Relaxed), ..losses }
    }

    /// Keeps when the clock was looked at last.
    pub(super) fn keep_clock(&self, ticks: u32) {
        if let Some(retained) = self.tracer.retained {
            retained.header().note(self.kept.live.into()).clock.store(ticks, Relaxed);
        }
    }

    /// Keeps what the next boot must know of a frame before it goes.
    pub(super) fn keep_sent(&self) {
        let Some(retained) = self.tracer.retained else { return };
        let note = if self.kept.is_earlier { self.kept.note } else { self.kept.live };
        let note = retained.header().note(note.into());
        note.packet.store(self.packet, Relaxed);
        note.cut.store(self.cut, Relaxed);
        if self.kept.is_earlier == self.kept.has_earlier() {
            note.names_full.store(self.names.full(), Relaxed);
        }
        if !self.kept.is_earlier && note.time_before.load() != self.time_before {
            note.time_before.store(self.time_before);
        }
    }
}

//! What happens once at each start: the memory is looked at, and the boot before gets its note.
//!
//! A reset may come at any instruction of this too. Until the one store of the new order all is derived from what
//! the boot before left, and derived again the next time; behind it only what is the new boot's own is written,
//! and until that is done the new boot counts as one that recorded nothing.

use super::super::names::Entry;
use super::super::recorder::RecorderRef;
use super::super::ring::Committed;
use super::super::time::{self, Moment};
use super::super::tracer::Tracer;
use super::header::{Header, Progress};
use super::note::{Note, Who, hash};
use super::order::{MOST_EARLIER, Order};
use super::scan::{self, Found};
use super::{LIVE, RetainedRef};
use crate::config::{Boot, SessionSource};
use crate::site::{NO_SITE, table};
use crate::wire::ResetCause;
use crate::{Session, TraceId};
use core::sync::atomic::Ordering::{Relaxed, Release};

impl Tracer {
    /// Looks at the memory of a [`Retained`](crate::Retained) recorder, and begins this boot's session.
    ///
    /// To be called once, first of all, with the cause of the reset as far as the chip tells it: it is said of the
    /// boot before. Some thousand instructions, and ten for each record that is still there. The second call and
    /// that of a tracer without such a recorder change nothing and say nothing. Where it is never called,
    /// [`Tracer::drain`] does it.
    pub fn boot(&'static self, cause: ResetCause) -> Boot {
        match self.retained {
            Some(retained) if !retained.is_awake() => {
                let start = Start { tracer: self, retained, header: retained.header() };
                let boot = start.run(cause);
                retained.cell.awake.store(1, Release);
                boot
            }
            _ => Boot::default(),
        }
    }
}

/// One start.
struct Start {
    tracer: &'static Tracer,
    retained: RetainedRef,
    header: &'static Header,
}

impl Start {
    fn run(&self, cause: ResetCause) -> Boot {
        let words = self.tracer.recorder.ring().words.len();
        let is_ours = self.header.is_ours(words, self.retained.tables);
        let order = if is_ours { self.header.order() } else { None };
        let (boot, order) = match order {
            Some(order) => self.go_on(&order, cause),
            None => {
                self.header.disown();
                self.forget();
                let order = self.begin(&[], 0, 0);
                self.header.own(words, self.retained.tables);
                (Boot { is_cold: true, ..Boot::default() }, order)
            }
        };
        self.make_new(order);
        boot
    }

    /// Has the memory be that of an empty recorder.
    fn forget(&self) {
        let recorder = &self.tracer.recorder;
        let ring = recorder.ring();
        // What memory holds without power differs from chip to chip and from time to time.
        let garbage = ring.words.iter().take(64).map(|word| word.load(Relaxed));
        let boots = garbage.fold(self.header.boots.load(Relaxed), hash);
        let entropy =
            if let SessionSource::Counted(read) = self.tracer.session { read() } else { 0 };
        self.header.boots.store(hash(boots, entropy), Relaxed);
        ring.set(0, 0);
        recorder.slots().enumerate().for_each(|(at, slot)| {
            slot.clear();
            self.retained.owner(at).store(LIVE, Relaxed);
        });
    }

    /// Takes up what the boots before left.
    fn go_on(&self, order: &Order, cause: ResetCause) -> (Boot, Order) {
        let ring = self.tracer.recorder.ring();
        let earlier = order.earlier();
        let progress = self.header.progress_of(order);
        self.free_dead_slots(order, &progress);
        let ended = self.header.note(order.live().into());
        let mut clock = LastTick::of(ended, &self.tracer.recorder);
        let mut ends = [0; MOST_EARLIER];
        for (end, note) in ends.iter_mut().zip(earlier) {
            *end = self.header.note((*note).into()).end.load(Relaxed);
        }
        let ends = ends.get(..earlier.len()).unwrap_or(&[]);
        let found = ring.scan(progress.tail, ends, |record, is_newest| {
            if is_newest {
                self.free_slot_of(record);
                scan::latest(record).into_iter().for_each(|moment| clock.see(moment));
            }
        });
        ring.set(found.tail, found.head);
        self.header.set_progress(Progress { tail: found.tail, ..progress });
        self.mend_ends(earlier, &found);
        let open_spans = self.give_slots(order, &mut clock);
        if order.has_begun {
            self.note_end(ended, &found, &clock, cause);
        }
        let is_worth_it = order.has_begun
            && (found.newest != 0 || self.has_slots_of(order.live()) || ended.has_spoken());
        let mut all = [0; MOST_EARLIER + 1];
        let mut len = 0;
        let last = is_worth_it.then_some(order.live());
        for (to, note) in all.iter_mut().zip(earlier.iter().copied().chain(last)) {
            (*to, len) = (note, len + 1);
        }
        if let ([_, given_up, kept, newest], true) = (all, len > MOST_EARLIER) {
            self.give_up(given_up, kept, ended);
            (all, len) = ([*earlier.first().unwrap_or(&0), kept, newest, 0], MOST_EARLIER);
        }
        let next = all.get(..len).unwrap_or(&[]);
        let previous = if order.has_begun {
            ended.session.load(Relaxed) + 1
        } else {
            ended.previous.load(Relaxed)
        };
        let given_up = next.iter().map(|note| self.header.note((*note).into()).boots_given_up());
        let (given_up, gaps) =
            given_up.fold((0, 0), |(sum, gaps), n| (sum + n, gaps + usize::from(n != 0)));
        #[expect(clippy::cast_possible_truncation, reason = "there are few")]
        let boot = Boot {
            is_cold: false,
            sessions: (next.len() - gaps) as u8,
            records: found.records,
            open_spans,
            unfinished: found.unfinished,
            given_up,
            is_damaged: found.is_damaged,
        };
        (boot, self.begin(next, previous, order.live()))
    }

    /// Frees slots that are not whole, those of boots that nobody knows, and what was sent last.
    fn free_dead_slots(&self, order: &Order, progress: &Progress) {
        for (at, slot) in self.tracer.recorder.slots().enumerate() {
            let owner = self.retained.owner(at).load(Relaxed);
            let is_live = owner == LIVE || owner == order.live();
            let is_sent = usize::from(owner) == progress.note && at < progress.slots as usize;
            let is_known = is_live && order.has_begun || order.earlier().contains(&owner);
            if slot.whole().is_none() || !is_known || is_sent {
                self.retained.free_slot(at, slot);
            }
        }
    }

    /// Frees the slot of a span whose record is committed: the reset came just then.
    fn free_slot_of(&self, record: &Committed<'_>) {
        for (at, slot) in self.tracer.recorder.slots().enumerate() {
            if let Some((own, words)) = slot.whole()
                && self.retained.owner(at).load(Relaxed) == LIVE
                && scan::is_of(record, own, &words)
            {
                self.retained.free_slot(at, slot);
                // Each record is of one span.
                return;
            }
        }
    }

    /// Ends of boots that are not where they were said to be: what is before the damage is theirs who come first.
    fn mend_ends(&self, earlier: &[u8], found: &Found) {
        for (at, note) in earlier.iter().enumerate() {
            let note = self.header.note((*note).into());
            if at >= found.ends {
                note.end.store(found.head, Relaxed);
            }
            // Where it is the end that is damaged, nobody knows whose records these are.
            let is_lost = at >= found.ends && !found.is_damaged;
            if (is_lost || !note.is_whole()) && note.boots_given_up() == 0 {
                note.given_up.store(1, Relaxed);
            }
        }
    }

    /// Gives the slots of the boot that ended to its note; says how many are of earlier boots.
    fn give_slots(&self, order: &Order, clock: &mut LastTick) -> u32 {
        let mut count = 0;
        for (at, slot) in self.tracer.recorder.slots().enumerate() {
            let Some((_, words)) = slot.whole() else { continue };
            let owner = self.retained.owner(at);
            slot.keep_apart();
            if owner.load(Relaxed) == LIVE {
                owner.store(order.live(), Relaxed);
            }
            if owner.load(Relaxed) == order.live() {
                let [_, kinds, start, ..] = words;
                clock.see(Moment::of(kinds, start));
            }
            count += 1;
        }
        count
    }

    fn has_slots_of(&self, note: u8) -> bool {
        let mut slots = self.tracer.recorder.slots().enumerate();
        slots.any(|(at, slot)| {
            slot.whole().is_some() && self.retained.owner(at).load(Relaxed) == note
        })
    }

    /// Notes of the boot that ended what the drain will need.
    fn note_end(&self, note: &Note, found: &Found, clock: &LastTick, cause: ResetCause) {
        note.end.store(found.head, Relaxed);
        note.ticks.store(clock.latest);
        note.last_number.store(self.tracer.last_number());
        note.end_with(cause, clock.is_kept, &self.tracer.losses_of_recorder());
        if !note.is_whole() {
            note.given_up.store(1, Relaxed);
        }
    }

    /// Gives up a boot and the one behind it, whose note stands for both.
    fn give_up(&self, gone: u8, kept: u8, ended: &Note) {
        let mut spans = 0;
        for (at, slot) in self.tracer.recorder.slots().enumerate() {
            // This boot needs them more.
            if [gone, kept].contains(&self.retained.owner(at).load(Relaxed)) {
                self.retained.free_slot(at, slot);
                spans += 1;
            }
        }
        let (gone, kept) = (self.header.note(gone.into()), self.header.note(kept.into()));
        // A reset may come before the order says so: then this comes again, and must not count twice.
        let by = ended.session.load(Relaxed) << 16;
        let before = kept.given_up.load(Relaxed);
        if before == 0 || before >> 16 << 16 != by {
            let boots = gone.boots_given_up().max(1) + kept.boots_given_up().max(1);
            // What they had lost themselves would be said by nobody.
            let evicted = [gone, kept].map(Note::evicted_with_losses).into_iter();
            kept.evicted.store(evicted.fold(spans, u32::wrapping_add), Relaxed);
            kept.given_up.store(boots.min(0xffff) | by, Relaxed);
        }
    }

    /// Begins the note of this boot, behind those of `earlier` ones, in another than that of the `last`.
    fn begin(&self, earlier: &[u8], previous: u32, last: u8) -> Order {
        let boots = self.header.boots.load(Relaxed).wrapping_add(1);
        self.header.boots.store(boots, Relaxed);
        let tracer = self.tracer;
        let session = match tracer.session {
            SessionSource::Counted(_) => Session::new(boots),
            ref source => source.get(),
        };
        let device = tracer.device();
        let who = Who {
            session: session.get(),
            device: device.0,
            hz: tracer.clock.hz(),
            build: self.retained.build(tracer),
            sites: table().start_bits() | NO_SITE.bits() << 16,
            previous,
        };
        let live = Order::free(earlier, last);
        self.header.note(live.into()).begin(&who);
        let order = Order::of(earlier, live);
        self.header.set_order(order);
        order
    }

    /// Has the recorder's state be that of a boot that begins.
    fn make_new(&self, order: Order) {
        let recorder = &self.tracer.recorder;
        let note = self.header.note(order.live().into());
        let base = TraceId::base(self.tracer.device(), Session::new(note.session.load(Relaxed)));
        recorder.state().restart(base);
        recorder.restart_table();
        if order.earlier().is_empty() {
            // SAFETY: there is no drain yet.
            unsafe { recorder.names() }.fill(Entry::UNUSED);
        }
        self.header.set_progress(self.header.progress_of(&order));
        self.header.set_order(order.begun());
        recorder.ring().set_dropped(self.tracer.early());
    }
}

/// Looks for the last tick that is known of a boot.
struct LastTick {
    is_kept: bool,
    seen: u64,
    before: u64,
    latest: u64,
}

impl LastTick {
    /// That when the keeper saw the clock last.
    fn of(note: &Note, recorder: &RecorderRef) -> Self {
        let half_wraps = recorder.state().half_wraps.load(Relaxed);
        let (is_kept, before) = (half_wraps != 0, note.time_before.load());
        let (begun, clock) = (u32::from(half_wraps & 1) << 31, note.clock.load(Relaxed));
        // The drain looks more often than the keeper counts; where it has not looked since, the count says more.
        let ticks = if clock >> 31 == begun >> 31 { clock } else { begun };
        let seen = Moment::of(half_wraps.into(), ticks);
        let seen = if is_kept { seen.wide() } else { clock.into() };
        Self { is_kept, seen, before, latest: before.saturating_add(seen) }
    }

    fn see(&mut self, moment: Moment) {
        self.latest = self.latest.max(time::extend(moment, self.seen, self.before));
    }
}

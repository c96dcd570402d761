//! The table of open spans: what of them a reset would otherwise take.
//!
//! An open span lives in its handle; the table holds a copy of the words it began with, so that the
//! next boot, or whoever looks at a live device, sees what was going on. Later tags and logs are in
//! the ring already.
//!
//! Order of stores: a slot is claimed, then written, then gets the span's number, or [`LEAF`]; when
//! the record is committed that is taken away. So at every instant it means that the words beside
//! it are whole.

use super::mask;
use super::open::{FIRST_NUMBER, LEAF_SLOT, Open, SLOT_WORDS};
use super::recorder::RecorderRef;
use crate::site::table;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU16, AtomicU32, Ordering, compiler_fence};

const FREE: u32 = 0;
/// Claimed, and not whole yet.
const CLAIMED: u32 = 1;
/// Whole, of a span without a number.
const LEAF: u32 = 2;
const _: () = assert!(LEAF < FIRST_NUMBER, "no span has these numbers");

/// The span in a slot is of an earlier boot: above all numbers.
#[cfg(feature = "retained")]
const EARLIER: u32 = LEAF_SLOT;

/// What stands for the place of a slot where there was none left.
const NO_PLACE: u16 = u16::MAX;

/// Room for one open span.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Slot {
    /// The span's number, or one of the above.
    own: AtomicU32,
    /// Of the first slot: what is [said of the table](Table). Of the others nothing.
    table: Table,
    words: UnsafeCell<[MaybeUninit<u32>; SLOT_WORDS]>,
}

/// What there is to say of a table of open spans. It lies in the first slot, so that without a table
/// it is not there either.
#[derive(Debug)]
#[repr(C)]
struct Table {
    /// Where the slot is that was taken last, in bytes from the first: the next span takes it again,
    /// if it is free.
    hint: AtomicU16,
    /// Spans that found no slot, up to 65,535. Written within critical sections.
    full: AtomicU16,
}

// SAFETY: the words are written by the one who claimed the slot, before its number is in it.
unsafe impl Sync for Slot {}

impl Slot {
    pub(crate) const fn new() -> Self {
        Self {
            own: AtomicU32::new(FREE),
            table: Table { hint: AtomicU16::new(0), full: AtomicU16::new(0) },
            words: UnsafeCell::new([MaybeUninit::new(0); SLOT_WORDS]),
        }
    }

    /// The number of the span that is whole in it, unless it has none, and the first of its words.
    #[cfg(feature = "retained")]
    pub(super) fn whole(&self) -> Option<(Option<u32>, [u32; 5])> {
        let own = self.own.load(Ordering::Acquire) & !EARLIER;
        if own <= CLAIMED {
            return None;
        }
        // SAFETY: every span writes these words.
        let words = unsafe { self.words.get().cast::<[u32; 5]>().read() };
        Some(((own >= FIRST_NUMBER).then_some(own), words))
    }

    /// One of its words, which may hold nothing.
    ///
    /// # Safety
    /// There are more than `at`.
    #[cfg(feature = "retained")]
    pub(super) unsafe fn word(&self, at: usize) -> *const u32 {
        // SAFETY: promised by the caller.
        unsafe { self.words.get().cast::<u32>().add(at) }
    }

    /// Has it be of an earlier boot, whose numbers come again.
    #[cfg(feature = "retained")]
    pub(super) fn keep_apart(&self) {
        self.own.store(self.own.load(Ordering::Relaxed) | EARLIER, Ordering::Relaxed);
    }

    /// Frees it, whatever is in it.
    #[cfg(feature = "retained")]
    pub(super) fn clear(&self) {
        self.own.store(FREE, Ordering::Release);
    }

    /// Takes the slot, if it is free.
    #[inline(always)]
    fn claim(&self) -> bool {
        #[cfg(target_has_atomic = "32")]
        {
            let (new, acquire) = (CLAIMED, Ordering::Acquire);
            self.own.compare_exchange(FREE, new, acquire, Ordering::Relaxed).is_ok()
        }
        #[cfg(not(target_has_atomic = "32"))]
        mask::with(|_| {
            let is_free = self.own.load(Ordering::Relaxed) == FREE;
            if is_free {
                self.own.store(CLAIMED, Ordering::Relaxed);
            }
            is_free
        })
    }

    /// Writes the words of the span that claimed the slot, and then its number.
    #[inline(always)]
    fn fill(&self, open: &Open) {
        let head = [open.first.get(), open.kinds.get(), open.start, open.parent, open.trace.get()];
        let mut words = [MaybeUninit::uninit(); SLOT_WORDS];
        let all = head.map(MaybeUninit::new).into_iter().chain(open.words);
        words.iter_mut().zip(all).for_each(|(to, word)| *to = word);
        // SAFETY: it was claimed, and nobody reads the words while there is no number.
        unsafe { self.words.get().write(words) };
        let own = open.own.get();
        self.own.store(if own < FIRST_NUMBER { LEAF } else { own }, Ordering::Release);
    }
}

/// What is done with a table where there is one.
#[derive(Debug)]
pub(crate) struct TableFunctions {
    claim: fn(&RecorderRef, &Open),
    another: fn(&RecorderRef, &Open) -> u16,
    number: fn(&RecorderRef, u32, u32),
    free: fn(&RecorderRef, &Open),
    full: fn(&RecorderRef) -> u32,
}

pub(super) const TABLE: &TableFunctions = &TableFunctions {
    claim: RecorderRef::claim_any,
    another: RecorderRef::claim_another,
    number: RecorderRef::note_number,
    free: RecorderRef::free_any,
    full: RecorderRef::count_full,
};

impl RecorderRef {
    /// Gets a leaf a slot: the one that was taken last, if it is free. Else another, in the cold.
    /// What says so, [`LEAF_SLOT`] and the place, or [`NO_PLACE`], stands for its number.
    #[inline(always)]
    pub(crate) fn claim_leaf(&self, open: &Open) {
        let Some(table) = self.table else { return };
        // SAFETY: there is a slot, since there is a table.
        let first = unsafe { self.slot_at(0) };
        let hint = first.table.hint.load(Ordering::Relaxed);
        // SAFETY: the hint is 0, or where a slot is that was claimed.
        let slot = unsafe { self.slot_at(u32::from(hint)) };
        let place = if slot.claim() {
            slot.fill(open);
            hint
        } else {
            #[cfg(speed)]
            let open = &open.copy();
            (table.another)(self, open)
        };
        open.own.set(LEAF_SLOT | u32::from(place));
    }

    /// Gets any span a slot, where there is a table.
    pub(crate) fn claim(&self, open: &Open) {
        if let Some(table) = self.table {
            (table.claim)(self, open);
        }
    }

    /// Gets a span a slot. One that is no leaf finds it again by its number.
    fn claim_any(&self, open: &Open) {
        if open.is_leaf() {
            self.claim_leaf(open);
        } else {
            open.number();
            self.claim_another(open);
        }
    }

    /// Notes the number of what was a leaf.
    pub(crate) fn number_slot(&self, leaf: u32, own: u32) {
        if let Some(table) = self.table
            && leaf >= LEAF_SLOT
        {
            (table.number)(self, leaf, own);
        }
    }

    /// Frees the slot of a span whose record is committed, or was dropped and counted.
    pub(crate) fn free(&self, open: &Open) {
        if let Some(table) = self.table {
            (table.free)(self, open);
        }
    }

    /// Spans that found no slot, up to 65,535.
    pub(crate) fn open_full(&self) -> u32 {
        self.table.map_or(0, |table| (table.full)(self))
    }

    /// Takes any free slot for a span; gives its place, or [`NO_PLACE`] where there is none, which is
    /// counted. One look masks interrupts only for itself.
    #[cold]
    #[expect(clippy::cast_possible_truncation, reason = "a table is less than 2^16 bytes long")]
    fn claim_another(&self, open: &Open) -> u16 {
        for (at, slot) in self.slots().enumerate() {
            if slot.claim() {
                slot.fill(open);
                let place = (at * size_of::<Slot>()) as u16;
                self.hint_at(place);
                return place;
            }
        }
        if let Some(first) = self.slots().next() {
            mask::with(|_| {
                let full = first.table.full.load(Ordering::Relaxed).saturating_add(1);
                first.table.full.store(full, Ordering::Relaxed);
            });
        }
        NO_PLACE
    }

    fn hint_at(&self, place: u16) {
        if let Some(first) = self.slots().next() {
            first.table.hint.store(place, Ordering::Relaxed);
        }
    }

    fn count_full(&self) -> u32 {
        self.slots().next().map_or(0, |first| first.table.full.load(Ordering::Relaxed).into())
    }

    /// Frees the slot of a leaf, if it has one: its record is committed.
    #[inline(always)]
    pub(crate) fn free_leaf(&self, own: u32) {
        let place = own - LEAF_SLOT;
        if place != NO_PLACE.into() {
            // SAFETY: the place of a slot that was claimed.
            unsafe { self.slot_at(place) }.own.store(FREE, Ordering::Release);
        }
    }

    /// Has the table say nothing of the boot before.
    #[cfg(feature = "retained")]
    pub(super) fn restart_table(&self) {
        for slot in self.slots() {
            slot.table.hint.store(0, Ordering::Relaxed);
            slot.table.full.store(0, Ordering::Relaxed);
        }
    }

    fn note_number(&self, leaf: u32, own: u32) {
        let place = leaf - LEAF_SLOT;
        if place != NO_PLACE.into() {
            // SAFETY: as above.
            unsafe { self.slot_at(place) }.own.store(own, Ordering::Release);
        }
    }

    #[cold]
    #[expect(clippy::cast_possible_truncation, reason = "a table is less than 2^16 bytes long")]
    fn free_any(&self, open: &Open) {
        let own = open.own.get();
        if open.is_leaf() {
            return self.free_leaf(own);
        }
        let mut slots = self.slots().enumerate();
        if let Some((at, slot)) = slots.find(|(_, slot)| slot.own.load(Ordering::Relaxed) == own) {
            slot.own.store(FREE, Ordering::Release);
            // The next span most likely nests as deep as this one did.
            self.hint_at((at * size_of::<Slot>()) as u16);
        }
    }

    /// Names and starts of the spans that are open now, as far as the table held them.
    pub(crate) fn open_spans(&self) -> impl Iterator<Item = (&'static str, u32)> {
        self.slots().filter_map(|slot| {
            let own = slot.own.load(Ordering::Acquire);
            // SAFETY: while the number stands the words do not change; where it went meanwhile, or
            // another came, what was read is thrown away.
            let [first, _, start, ..] =
                unsafe { slot.words.get().cast::<[u32; 3]>().read_volatile() };
            compiler_fence(Ordering::Acquire);
            let is_same = slot.own.load(Ordering::Acquire) == own;
            #[cfg(feature = "retained")]
            let is_same = is_same && own & EARLIER == 0;
            (own > CLAIMED && is_same).then(|| (table().name(first & 0xffff), start))
        })
    }
}

//! The table of open spans: what of them a reset would otherwise take.
//!
//! An open span lives in its handle; the table holds a copy of the words it began with, so that the
//! next boot, or whoever looks at a live device, sees what was going on. Later tags and logs are in
//! the ring already. A span finds its slot again by its number: nearly always it is the slot that
//! was taken last, so the handle needs no room for an index.
//!
//! Order of stores: a slot is claimed, then written, then gets the span's number; when the record
//! is committed the number is taken away. So at every instant a number in the table means that the
//! words beside it are whole.

use super::open::{Open, SLOT_WORDS, UNNUMBERED};
use super::recorder::RecorderRef;
use super::tracer::Tracer;
use crate::site::table;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU32, Ordering, compiler_fence};

/// Claimed, and not whole yet. No span has this number.
const CLAIMED: u32 = UNNUMBERED;

/// Room for one open span.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Slot {
    /// The span's number; 0 where the slot is free.
    own: AtomicU32,
    words: UnsafeCell<[u32; SLOT_WORDS]>,
}

// SAFETY: the words are written by the one who claimed the slot, before its number is in it.
unsafe impl Sync for Slot {}

impl Slot {
    pub(crate) const fn new() -> Self {
        Self { own: AtomicU32::new(0), words: UnsafeCell::new([0; SLOT_WORDS]) }
    }

    /// Writes the words of the span that claimed the slot, and then its number.
    #[inline(always)]
    fn fill(&self, own: u32, open: &Open) {
        // SAFETY: claimed by the caller; nobody reads the words while there is no number.
        unsafe { open.write_slot(self.words.get().cast()) };
        self.own.store(own, Ordering::Release);
    }
}

impl RecorderRef {
    /// Takes the slot that was taken last, and with it a number if the span has none; gives the
    /// number. None, and nothing changed, where the slot is not free.
    #[inline(always)]
    pub(crate) fn claim(&self, open: &Open) -> Option<u32> {
        let state = self.state();
        let hint = usize::from(state.slot_hint.load(Ordering::Relaxed));
        let number = open.own.get();
        let claimed = critical_section::with(|cs| {
            // SAFETY: the hint is 0, and there is a slot, or the index of one that was claimed.
            let slot = unsafe { self.slots().get_unchecked(hint) };
            if slot.own.load(Ordering::Relaxed) != 0 {
                return None;
            }
            slot.own.store(CLAIMED, Ordering::Relaxed);
            let is_numbered = number > UNNUMBERED;
            Some((slot, if is_numbered { number } else { Tracer::next_number(state, cs) }))
        });
        let (slot, own) = claimed?;
        slot.fill(own, open);
        Some(own)
    }

    /// Takes any free slot; gives the number, also where there is none, which is counted. One look
    /// masks interrupts only for itself.
    #[cold]
    #[inline(never)]
    #[expect(clippy::cast_possible_truncation, reason = "a table has less than 2^16 slots")]
    pub(crate) fn claim_another(&self, open: &Open) -> u32 {
        let state = self.state();
        for (at, slot) in self.slots().iter().enumerate() {
            let is_free = critical_section::with(|_| {
                let is_free = slot.own.load(Ordering::Relaxed) == 0;
                if is_free {
                    slot.own.store(CLAIMED, Ordering::Relaxed);
                }
                is_free
            });
            if is_free {
                state.slot_hint.store(at as u16, Ordering::Relaxed);
                let own = open.number();
                slot.fill(own, open);
                return own;
            }
        }
        critical_section::with(|_| {
            let full = state.open_full.load(Ordering::Relaxed).saturating_add(1);
            state.open_full.store(full, Ordering::Relaxed);
        });
        open.number()
    }

    /// Frees the slot of a span whose record is committed, or was dropped and counted.
    #[inline(always)]
    pub(crate) fn free(&self, own: u32) {
        let hint = usize::from(self.state().slot_hint.load(Ordering::Relaxed));
        match self.slots().get(hint) {
            Some(slot) if slot.own.load(Ordering::Relaxed) == own => {
                slot.own.store(0, Ordering::Release);
            }
            Some(_) => self.free_another(own),
            None => {}
        }
    }

    #[cold]
    #[inline(never)]
    #[expect(clippy::cast_possible_truncation, reason = "a table has less than 2^16 slots")]
    fn free_another(&self, own: u32) {
        let slots = self.slots();
        if let Some(at) = slots.iter().position(|slot| slot.own.load(Ordering::Relaxed) == own)
            && let Some(slot) = slots.get(at)
        {
            slot.own.store(0, Ordering::Release);
            // The next span most likely nests as deep as this one did.
            self.state().slot_hint.store(at as u16, Ordering::Relaxed);
        }
    }

    /// Names and starts of the spans that are open now, as far as the table held them.
    pub(crate) fn open_spans(&self) -> impl Iterator<Item = (&'static str, u32)> {
        self.slots().iter().filter_map(|slot| {
            let own = slot.own.load(Ordering::Acquire);
            // SAFETY: while the number stands the words do not change; where it went meanwhile, or
            // another came, what was read is thrown away.
            let [first, start, ..] = unsafe { slot.words.get().read_volatile() };
            compiler_fence(Ordering::Acquire);
            let is_same = slot.own.load(Ordering::Acquire) == own;
            (own > CLAIMED && is_same).then(|| (table().name(first & 0xffff), start))
        })
    }
}

//! The recorder: all the memory that recording needs, sized by the user and all zero at first.

use super::ring::{Positions, Ring};
use super::sync::Word;
use super::table::Slot;
use core::sync::atomic::{AtomicU16, AtomicU32};

/// The ring of finished spans and what a tracer keeps beside it.
///
/// `WORDS` is the size of the ring in words of four bytes; a span with two small tags takes eight.
/// `OPEN` is the size of the table of open spans, 36 bytes each: what is in it can be seen while it is
/// going on, and a reset does not take it. Without the table, the default, nothing of it costs
/// anything. Where the table is full a span is recorded all the same, and that is counted.
///
/// The recorder is all zero, so it costs RAM (`.bss`) and no flash. One recorder belongs to one tracer.
///
/// ```
/// use spandrel::Recorder;
/// static RECORDER: Recorder<1024> = Recorder::new(); // 4 KiB: some 120 spans
/// ```
#[derive(Debug)]
#[repr(C)]
pub struct Recorder<const WORDS: usize, const OPEN: usize = 0> {
    state: State,
    words: [Word; WORDS],
    slots: [Slot; OPEN],
}

impl<const WORDS: usize, const OPEN: usize> Recorder<WORDS, OPEN> {
    /// An empty recorder.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(WORDS >= 64, "a ring has at least 64 words") }
        const { assert!(OPEN < 1 << 16, "a table has less than 2^16 slots") }
        Self {
            state: State::new(),
            words: [const { Word::new() }; WORDS],
            slots: [const { Slot::new() }; OPEN],
        }
    }

    /// What a tracer takes: the recorder without its size.
    #[must_use]
    pub const fn by_ref(&'static self) -> RecorderRef {
        RecorderRef { memory: core::ptr::from_ref(self).cast(), words: WORDS, slots: OPEN }
    }
}

impl<const WORDS: usize, const OPEN: usize> Default for Recorder<WORDS, OPEN> {
    fn default() -> Self {
        Self::new()
    }
}

/// A recorder of whatever size: where it lies, and the length of its ring.
///
/// One pointer for both halves, since the hot path reads it from flash.
#[derive(Clone, Copy, Debug)]
pub struct RecorderRef {
    memory: *const State,
    words: usize,
    slots: usize,
}

// SAFETY: it stands for a `&'static Recorder`, and recorders are `Sync`.
unsafe impl Sync for RecorderRef {}
// SAFETY: as above.
unsafe impl Send for RecorderRef {}

impl<const WORDS: usize, const OPEN: usize> From<&'static Recorder<WORDS, OPEN>> for RecorderRef {
    fn from(recorder: &'static Recorder<WORDS, OPEN>) -> Self {
        recorder.by_ref()
    }
}

impl RecorderRef {
    #[inline(always)]
    pub(crate) fn state(&self) -> &'static State {
        // SAFETY: a recorder begins with its state and lives for ever.
        unsafe { &*self.memory }
    }

    #[inline(always)]
    pub(crate) fn ring(&self) -> Ring<'static> {
        // SAFETY: in a recorder the words follow the state, `words` of them, and both are aligned
        // to four bytes.
        let words = unsafe { core::slice::from_raw_parts(self.memory.add(1).cast(), self.words) };
        Ring { positions: &self.state().positions, words }
    }

    #[inline(always)]
    pub(crate) fn has_slots(&self) -> bool {
        self.slots != 0
    }

    #[inline(always)]
    pub(crate) fn slots(&self) -> &'static [Slot] {
        // SAFETY: in a recorder the slots follow the words, `slots` of them, aligned to four bytes.
        unsafe {
            let words: *const Word = self.memory.add(1).cast();
            core::slice::from_raw_parts(words.add(self.words).cast(), self.slots)
        }
    }
}

/// What a tracer keeps beside the ring.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct State {
    pub(crate) active: ActiveSlot,
    /// Spans numbered so far. Written within critical sections.
    pub(crate) counter: AtomicU32,
    /// Half turns of the clock that the keeper saw, and 2; 0 until there is a keeper.
    pub(crate) half_wraps: AtomicU16,
    /// See [`flag`]. Written within critical sections.
    pub(crate) flags: AtomicU16,
    pub(crate) positions: Positions,
    pub(crate) sampled_out: AtomicU32,
    pub(crate) tag_cut: AtomicU32,
    /// Spans that found no slot, up to 65,535. Written within critical sections.
    pub(crate) open_full: AtomicU16,
    /// The slot that was taken last: the next span takes it again, if it is free.
    pub(crate) slot_hint: AtomicU16,
    /// The session's number, once it is asked for.
    pub(crate) session: AtomicU32,
}

pub(crate) mod flag {
    /// The session's number is known.
    pub(crate) const SESSION: u16 = 1;
    /// Somebody drains the ring.
    pub(crate) const DRAINED: u16 = 2;
    /// What is in the ring is to be sent now.
    pub(crate) const FLUSH: u16 = 4;
}

/// The active span of the context that owns the slot just now.
///
/// Contexts nest like the interrupts they are: each puts back what it found. `key` names the owner,
/// so whatever another context left there is not taken for one's own.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct ActiveSlot {
    /// The owner and what kind of span it is; 0 where there is none.
    pub(crate) key: AtomicU32,
    /// The span's number.
    pub(crate) own: AtomicU32,
    /// The number of its root; for a remote trace the four words of the trace id.
    pub(crate) trace: [AtomicU32; 4],
}

impl ActiveSlot {
    pub(crate) const fn new() -> Self {
        Self {
            key: AtomicU32::new(0),
            own: AtomicU32::new(0),
            trace: [const { AtomicU32::new(0) }; 4],
        }
    }
}

impl State {
    const fn new() -> Self {
        Self {
            active: ActiveSlot::new(),
            counter: AtomicU32::new(0),
            half_wraps: AtomicU16::new(0),
            flags: AtomicU16::new(0),
            positions: Positions::new(),
            sampled_out: AtomicU32::new(0),
            tag_cut: AtomicU32::new(0),
            open_full: AtomicU16::new(0),
            slot_hint: AtomicU16::new(0),
            session: AtomicU32::new(0),
        }
    }
}

//! The recorder: all the memory that recording needs, sized by the user and all zero at first.

use super::Halves;
#[cfg(not(own_slots))]
use super::active::ContextSlot;
#[cfg(not(target_has_atomic = "32"))]
use super::mask;
use super::names::Entry;
use super::ring::{Positions, Ring};
use super::sync::Word;
use super::table::{Slot, TABLE, TableFunctions};
#[cfg(feature = "std")]
use super::threads::Threads;
use core::cell::UnsafeCell;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU16, AtomicU32};

/// The ring of finished spans and what a tracer keeps beside it.
///
/// `WORDS` is the size of the ring in words of four bytes; a span with two small tags takes eight.
/// `OPEN` is the size of the table of open spans, 40 bytes each: what is in it can be seen while it is
/// going on, and a reset does not take it. Without the table, the default, nothing of it costs
/// anything. Where the table is full a span is recorded all the same, and that is counted.
///
/// `NAMES` is the size of the table of call sites and static strings that frames name by number, eight
/// bytes each. Beyond it strings travel in full, which costs bytes and is counted.
///
/// The recorder is all zero, so it costs RAM (`.bss`) and no flash. One recorder belongs to one tracer.
///
/// ```
/// use spandrel::Recorder;
/// static RECORDER: Recorder<1024> = Recorder::new(); // 4 KiB: some 120 spans
/// ```
#[derive(Debug)]
#[repr(C)]
pub struct Recorder<const WORDS: usize, const OPEN: usize = 0, const NAMES: usize = 32> {
    // In front, and counted from the state on: near enough to be reached from there without an
    // address of their own, whatever the size of the ring.
    slots: [Slot; OPEN],
    state: State,
    words: [Word; WORDS],
    names: NameTable<NAMES>,
    #[cfg(feature = "std")]
    threads: Threads,
}

/// The memory of the drain's table, which belongs to the one drain.
#[derive(Debug)]
#[repr(transparent)]
struct NameTable<const NAMES: usize>(UnsafeCell<[Entry; NAMES]>);

// SAFETY: only the drain touches it, and there is one.
unsafe impl<const NAMES: usize> Sync for NameTable<NAMES> {}

impl<const WORDS: usize, const OPEN: usize, const NAMES: usize> Recorder<WORDS, OPEN, NAMES> {
    /// What is asked of the numbers.
    const ASSERTED: () = {
        assert!(WORDS >= 64, "a ring has at least 64 words");
        assert!(NAMES < 1 << 16, "a table of names has less than 2^16 entries");
        assert!(OPEN * size_of::<Slot>() < 1 << 16, "a table is less than 64 KiB long");
    };

    /// An empty recorder.
    #[must_use]
    pub const fn new() -> Self {
        const { Self::ASSERTED }
        Self {
            slots: [const { Slot::new() }; OPEN],
            state: State::new(),
            words: [const { Word::new() }; WORDS],
            names: NameTable(UnsafeCell::new([Entry::UNUSED; NAMES])),
            #[cfg(feature = "std")]
            threads: Threads::new(),
        }
    }

    /// What a tracer takes: the recorder without its size.
    #[must_use]
    pub const fn by_ref(&'static self) -> RecorderRef {
        // SAFETY: it is a recorder that lives for ever.
        unsafe {
            Self::ref_at(
                core::ptr::from_ref(self),
                #[cfg(all(feature = "retained", not(own_slots)))]
                &self.state.active,
                #[cfg(feature = "std")]
                &self.threads,
            )
        }
    }

    /// What a tracer takes of the memory of a recorder, and what is elsewhere if that is not one yet.
    ///
    /// # Safety
    /// The memory of one, for ever. Before there is one in it nothing is asked of what this gives.
    pub(super) const unsafe fn ref_at(
        memory: *const Self,
        #[cfg(all(feature = "retained", not(own_slots)))] active: &'static ContextSlot,
        #[cfg(feature = "std")] threads: &'static Threads,
    ) -> RecorderRef {
        const { Self::ASSERTED }
        let memory: *const u8 = memory.cast();
        // SAFETY: within the recorder.
        let state = unsafe { memory.add(core::mem::offset_of!(Self, state)) };
        let table = if OPEN == 0 { None } else { Some(TABLE) };
        // SAFETY: likewise.
        let names = unsafe { memory.add(core::mem::offset_of!(Self, names)) };
        let names = core::ptr::slice_from_raw_parts_mut(names.cast_mut().cast::<Entry>(), NAMES);
        RecorderRef {
            state: state.cast(),
            words: WORDS,
            slots: OPEN,
            names,
            table,
            #[cfg(all(feature = "retained", not(own_slots)))]
            active,
            #[cfg(feature = "std")]
            threads,
            #[cfg(feature = "std")]
            is_per_thread: false,
        }
    }
}

impl<const WORDS: usize, const OPEN: usize, const NAMES: usize> Default
    for Recorder<WORDS, OPEN, NAMES>
{
    fn default() -> Self {
        Self::new()
    }
}

/// A recorder of whatever size: where its state lies, and how much there is around it.
///
/// One pointer for all of it, since the hot path reads it from flash.
#[derive(Clone, Copy, Debug)]
pub struct RecorderRef {
    state: *const State,
    words: usize,
    slots: usize,
    names: *mut [Entry],
    /// What is done with the table of open spans. Without a table nothing refers to the functions,
    /// and they are not in the program.
    pub(super) table: Option<&'static TableFunctions>,
    /// What is active: in the recorder's state, or where a reset clears it.
    #[cfg(all(feature = "retained", not(own_slots)))]
    pub(super) active: &'static ContextSlot,
    #[cfg(feature = "std")]
    threads: &'static Threads,
    /// Whether threads have rings of their own.
    #[cfg(feature = "std")]
    pub(super) is_per_thread: bool,
}

// SAFETY: it stands for a `&'static Recorder`, and recorders are `Sync`.
unsafe impl Sync for RecorderRef {}
// SAFETY: as above.
unsafe impl Send for RecorderRef {}

impl<const WORDS: usize, const OPEN: usize, const NAMES: usize>
    From<&'static Recorder<WORDS, OPEN, NAMES>> for RecorderRef
{
    fn from(recorder: &'static Recorder<WORDS, OPEN, NAMES>) -> Self {
        recorder.by_ref()
    }
}

impl RecorderRef {
    #[inline(always)]
    pub(crate) fn state(&self) -> &'static State {
        // SAFETY: the state of a recorder, which lives for ever.
        unsafe { &*self.state }
    }

    #[inline(always)]
    pub(crate) fn ring(&self) -> Ring<'static> {
        // SAFETY: in a recorder the words follow the state, `words` of them, and both are aligned
        // to four bytes.
        let words = unsafe { core::slice::from_raw_parts(self.state.add(1).cast(), self.words) };
        Ring { positions: &self.state().positions, words }
    }

    /// Whether threads have rings of their own.
    pub(super) const fn is_per_thread(&self) -> bool {
        #[cfg(feature = "std")]
        return self.is_per_thread;
        #[cfg(not(feature = "std"))]
        false
    }

    /// The rings of threads, where those have them.
    #[cfg(feature = "std")]
    #[inline(always)]
    pub(super) fn threads(&self) -> Option<&'static Threads> {
        self.is_per_thread.then_some(self.threads)
    }

    /// Records that found no room.
    pub(super) fn dropped(&self) -> u32 {
        let dropped = self.state().positions.dropped();
        #[cfg(feature = "std")]
        return dropped.wrapping_add(self.threads.dropped());
        #[cfg(not(feature = "std"))]
        dropped
    }

    /// The words of a ring.
    #[cfg(feature = "std")]
    pub(super) fn words(&self) -> usize {
        self.words
    }

    #[inline(always)]
    pub(crate) const fn has_slots(&self) -> bool {
        self.table.is_some()
    }

    /// The drain's table.
    ///
    /// # Safety
    /// For the one drain, which asks once.
    pub(crate) unsafe fn names(&self) -> &'static mut [Entry] {
        // SAFETY: it lies in a cell of the recorder, and nobody else refers to it.
        unsafe { &mut *self.names }
    }

    /// The slots, the first next to the state.
    #[inline(always)]
    pub(crate) fn slots(&self) -> impl Iterator<Item = &'static Slot> + use<> {
        let state: *const Slot = self.state.cast();
        // SAFETY: in a recorder the state follows the slots, `slots` of them, aligned alike.
        let slots = unsafe { core::slice::from_raw_parts(state.sub(self.slots), self.slots) };
        slots.iter().rev()
    }

    /// The slot at a place, in bytes from the first.
    ///
    /// # Safety
    /// There is one.
    #[inline(always)]
    pub(crate) unsafe fn slot_at(&self, place: u32) -> &'static Slot {
        // SAFETY: promised by the caller; the first slot ends where the state begins.
        unsafe { &*self.state.byte_sub(place as usize).cast::<Slot>().sub(1) }
    }
}

/// What a tracer keeps beside the ring.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct State {
    #[cfg(not(own_slots))]
    pub(crate) active: ContextSlot,
    /// The last number that a span was given. Written within critical sections.
    pub(crate) counter: AtomicU32,
    /// Half turns of the clock that the keeper saw, and 2; 0 until there is a keeper.
    pub(crate) half_wraps: AtomicU16,
    /// See [`flag`]. Written within critical sections.
    pub(crate) flags: AtomicU16,
    pub(crate) positions: Positions,
    pub(crate) sampled_out: AtomicU32,
    pub(crate) tag_cut: AtomicU32,
    /// What the trace ids of the session have in common, once it has begun.
    pub(crate) trace_base: Halves,
}

/// Adds to a count.
#[inline(always)]
pub(crate) fn count(counter: &AtomicU32, more: u32) {
    #[cfg(target_has_atomic = "32")]
    counter.fetch_add(more, Relaxed);
    #[cfg(not(target_has_atomic = "32"))]
    mask::with(|_| counter.store(counter.load(Relaxed).wrapping_add(more), Relaxed));
}

pub(crate) mod flag {
    /// The session's number is known.
    pub(crate) const SESSION: u16 = 1;
    /// Somebody drains the ring.
    pub(crate) const DRAINED: u16 = 2;
    /// What is in the ring is to be sent now.
    pub(crate) const FLUSH: u16 = 4;

    use core::sync::atomic::Ordering;

    // Who finds that the session began reads what it began with. Critical sections order that where
    // there are no threads: what an interrupt finds, it finds whole.
    pub(crate) const ACQUIRE: Ordering =
        if cfg!(feature = "std") { Ordering::Acquire } else { Ordering::Relaxed };
    pub(crate) const RELEASE: Ordering =
        if cfg!(feature = "std") { Ordering::Release } else { Ordering::Relaxed };
}

impl State {
    /// Has it be that of a session that begins, whose trace ids have this in common. Positions stay.
    #[cfg(feature = "retained")]
    pub(super) fn restart(&self, trace_base: u64) {
        self.counter.store(0, Relaxed);
        self.half_wraps.store(0, Relaxed);
        [&self.sampled_out, &self.tag_cut].iter().for_each(|count| count.store(0, Relaxed));
        self.trace_base.store(trace_base);
        self.flags.store(flag::SESSION, flag::RELEASE);
    }

    const fn new() -> Self {
        Self {
            #[cfg(not(own_slots))]
            active: ContextSlot::new(),
            counter: AtomicU32::new(0),
            half_wraps: AtomicU16::new(0),
            flags: AtomicU16::new(0),
            positions: Positions::new(),
            sampled_out: AtomicU32::new(0),
            tag_cut: AtomicU32::new(0),
            trace_base: Halves::new(),
        }
    }
}

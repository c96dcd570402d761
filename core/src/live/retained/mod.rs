//! Recorders whose memory a reset leaves alone: what the last boot recorded is sent by the next.
//!
//! [`Retained`] is a [`Recorder`] behind a [`Header`] in memory that start-up does not write. What it holds at
//! first is arbitrary, so nothing refers to it before [`Tracer::boot`] has looked; until then spans are counted
//! in the [`BootCell`], which lies in `.bss`, and nothing else.
//!
//! The new boot records into the same ring behind the old records: nothing is copied. The header has a note of
//! each boot: whose records end where, and what else its frames say. The drain ships them one after the other.

mod boot;
mod check;
mod header;
mod note;
mod order;
mod ring;
mod scan;

pub(super) use check::is_sane;
pub(super) use header::{Header, Progress};
pub(super) use note::Note;
pub(super) use order::Order;
pub(super) use ring::Look;
pub(super) use scan::is_void;

#[cfg(not(own_slots))]
use super::active::ContextSlot;
use super::mask;
use super::open::{SLOT_WORDS, mark};
use super::record;
use super::recorder::{Recorder, RecorderRef};
use super::ring::{COMMITTED, Committed, SHORT};
use super::sync::Word;
use super::table::Slot;
#[cfg(feature = "std")]
use super::threads::Threads;
use super::time::{LONG_WAY, Moment};
use super::tracer::Tracer;
use crate::site::table;
use core::cell::UnsafeCell;
use core::mem::{MaybeUninit, offset_of};
use core::ops::Range;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicU8, AtomicU32};
use note::hash;

/// A [`Recorder`] that a reset does not take, for [`Tracer::retained`].
///
/// It belongs into a section that start-up leaves alone: with `cortex-m-rt` and `riscv-rt` any whose name begins
/// with `.uninit`. The numbers are those of a recorder. With a table of open spans (`OPEN`) those that were open
/// are told too, cut off at the last tick that is known. It takes 592 bytes more than a recorder, and one more
/// for each slot of that table; the [`BootCell`] takes some 80.
///
/// On a chip with a data cache that writes back the memory must not be cached, or the cache must be cleaned
/// before a reset; see `docs/porting.md`.
///
/// ```
/// use spandrel::{BootCell, Clock, ResetCause, Retained, Tracer};
///
/// #[cfg_attr(target_os = "none", unsafe(link_section = ".uninit.spandrel"))]
/// static MEMORY: Retained<1024, 8> = Retained::new();
/// static BOOT: BootCell = BootCell::new();
/// static TRACER: Tracer = Tracer::retained("sensor", &MEMORY, &BOOT, Clock::monotonic());
///
/// // First of all, before anything records:
/// let boot = TRACER.boot(ResetCause::Watchdog);
/// assert!(boot.is_cold);
/// ```
#[derive(Debug)]
#[repr(transparent)]
pub struct Retained<const WORDS: usize, const OPEN: usize = 8, const NAMES: usize = 32>(
    UnsafeCell<MaybeUninit<Memory<WORDS, OPEN, NAMES>>>,
);

/// What lies there.
#[derive(Debug)]
#[repr(C)]
struct Memory<const WORDS: usize, const OPEN: usize, const NAMES: usize> {
    header: Header,
    /// Whose note each slot of the table belongs to, or [`LIVE`].
    owners: [AtomicU8; OPEN],
    recorder: Recorder<WORDS, OPEN, NAMES>,
}

/// The owner of slots that belong to the boot that runs.
pub(super) const LIVE: u8 = u8::MAX;

// SAFETY: it is made of atomics and of what is handed over by them, as a recorder is.
unsafe impl<const WORDS: usize, const OPEN: usize, const NAMES: usize> Sync
    for Retained<WORDS, OPEN, NAMES>
{
}

impl<const WORDS: usize, const OPEN: usize, const NAMES: usize> Retained<WORDS, OPEN, NAMES> {
    /// Memory of which nothing is known.
    #[must_use]
    pub const fn new() -> Self {
        // To the compiler it is zero, whatever it will be: so reading it is never undefined.
        Self(UnsafeCell::new(MaybeUninit::zeroed()))
    }

    const fn by_ref(&'static self, cell: &'static BootCell) -> (RecorderRef, RetainedRef) {
        let memory: *mut u8 = self.0.get().cast();
        // SAFETY: within the memory.
        let (header, owners, recorder) = unsafe {
            (
                memory.add(offset_of!(Memory<WORDS, OPEN, NAMES>, header)),
                memory.add(offset_of!(Memory<WORDS, OPEN, NAMES>, owners)),
                memory.add(offset_of!(Memory<WORDS, OPEN, NAMES>, recorder)),
            )
        };
        // SAFETY: a recorder's memory, which lives for ever; a tracer is asleep before there is one in it.
        let recorder = unsafe {
            Recorder::<WORDS, OPEN, NAMES>::ref_at(
                recorder.cast_const().cast(),
                #[cfg(not(own_slots))]
                &cell.active,
                #[cfg(feature = "std")]
                &cell.threads,
            )
        };
        let retained = RetainedRef {
            header: header.cast(),
            owners: owners.cast(),
            cell,
            strings: linked_strings,
            #[expect(
                clippy::cast_possible_truncation,
                reason = "both are checked to be below 2^16"
            )]
            tables: (OPEN as u32) << 16 | NAMES as u32,
        };
        (recorder, retained)
    }
}

impl<const WORDS: usize, const OPEN: usize, const NAMES: usize> Default
    for Retained<WORDS, OPEN, NAMES>
{
    fn default() -> Self {
        Self::new()
    }
}

/// What a [`Tracer::retained`] keeps in memory that is zero at each start: whether it was told of the boot.
#[derive(Debug)]
pub struct BootCell {
    /// Not 0 once [`Tracer::boot`] has looked at the memory.
    awake: AtomicU32,
    /// Spans that began before.
    early: AtomicU32,
    /// An open span of an earlier boot, as the record that it did not come to be.
    scratch: Scratch,
    #[cfg(not(own_slots))]
    active: ContextSlot,
    #[cfg(feature = "std")]
    threads: Threads,
}

#[derive(Debug)]
struct Scratch(UnsafeCell<[Word; record::WIDE_WORDS]>);

// SAFETY: only the drain touches it, and there is one.
unsafe impl Sync for Scratch {}

impl BootCell {
    /// Of a boot that nobody told of.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "for statics alone")]
    pub const fn new() -> Self {
        Self {
            awake: AtomicU32::new(0),
            early: AtomicU32::new(0),
            scratch: Scratch(UnsafeCell::new([const { Word::new() }; record::WIDE_WORDS])),
            #[cfg(not(own_slots))]
            active: ContextSlot::new(),
            #[cfg(feature = "std")]
            threads: Threads::new(),
        }
    }
}

/// Where the header of a tracer's memory is, and what else is not part of a recorder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetainedRef {
    header: *const Header,
    owners: *const AtomicU8,
    cell: &'static BootCell,
    /// Where static strings lie that never change.
    strings: fn() -> Range<usize>,
    /// `OPEN` and `NAMES`.
    tables: u32,
}

// SAFETY: it stands for a `&'static Retained`, which is `Sync`.
unsafe impl Sync for RetainedRef {}
// SAFETY: as above.
unsafe impl Send for RetainedRef {}

impl RetainedRef {
    pub(super) fn header(&self) -> &'static Header {
        // SAFETY: it lives for ever; any bytes are a header, and all of it is atomic.
        unsafe { &*self.header }
    }

    /// The owner of the slot that is so many from the first.
    pub(super) fn owner(&self, slot: usize) -> &'static AtomicU8 {
        // SAFETY: there are as many as slots; any byte is one.
        unsafe { &*self.owners.add(slot) }
    }

    #[inline(always)]
    pub(super) fn is_awake(&self) -> bool {
        self.cell.awake.load(Acquire) != 0
    }

    /// Whether a static string of this build lies where it cannot have changed since the boot before.
    pub(super) fn has_string(&self, address: usize, len: usize) -> bool {
        let strings = (self.strings)();
        let end = address.checked_add(len);
        address != 0 && address >= strings.start && end.is_some_and(|end| end <= strings.end)
    }

    /// Frees a slot of an earlier boot.
    #[inline(never)]
    pub(super) fn free_slot(&self, at: usize, slot: &Slot) {
        // Together: who takes the slot then is of this boot.
        mask::with(|_| {
            slot.clear();
            self.owner(at).store(LIVE, Relaxed);
        });
    }

    /// A hash of what records and names of a build depend on.
    fn build(&self, tracer: &Tracer) -> u32 {
        let strings = (self.strings)();
        let sites = table().bytes();
        let bounds = [strings.start, strings.end, sites.as_ptr().addr(), sites.len()];
        let chunks = sites.chunks(4).chain(tracer.build_id_bytes().chunks(4));
        let words =
            chunks.map(|chunk| chunk.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)));
        #[expect(clippy::cast_possible_truncation, reason = "the low bits of addresses do")]
        let bounds = bounds.into_iter().map(|bound| bound as u32);
        bounds.chain(words).fold(0, hash)
    }

    /// The record that an open span of an earlier boot did not come to be, if it had ended at this moment.
    ///
    /// # Safety
    /// For the one drain, which is done with the one it had before.
    pub(super) unsafe fn as_record(
        &self,
        slot: &Slot,
        own: Option<u32>,
        [first, kinds, ..]: [u32; 5],
        end: Moment,
    ) -> Committed<'static> {
        const LEN: usize = record::WIDE_WORDS;
        #[expect(clippy::cast_possible_truncation, reason = "13 at most")]
        const WIDE: u32 = record::first(record::KIND_WIDE, LEN as u32) | COMMITTED;

        let words = self.cell.scratch.0.get().cast::<Word>();
        let marks = first >> record::MARKS_SHIFT & 0xffff;
        // A leaf has its types there, and what says that its record is short.
        let marks = if first & SHORT != 0 { marks & 0xff00 } else { marks };
        let has_baggage = first & SHORT == 0 && mark::has_baggage(first);
        let marks = if has_baggage { marks & 0xff } else { marks };
        let marks = u32::from(end.half_wraps) << 16 | marks;
        // SAFETY: there are so many words, and nobody reads them just now. Behind its first the slot has those of
        // the record from the kinds on.
        unsafe {
            Word::write_body(words.add(1), end.ticks);
            (2..LEN - 2).for_each(|at| Word::copy_word(words.add(at), slot.word(at - 1)));
            Word::write_body(words.add(2), kinds & !u32::from(LONG_WAY));
            Word::write_body(words.add(LEN - 2), own.unwrap_or(0));
            Word::write_body(words.add(LEN - 1), marks);
        }
        let first = first & 0xffff | WIDE;
        // SAFETY: so many words, which stay as they are until the next.
        Committed::new(first, unsafe { core::slice::from_raw_parts(words, LEN) })
    }
}

const _: () =
    assert!(SLOT_WORDS + 3 == record::WIDE_WORDS, "a span's words, its end, number and marks");

/// Where the linker script says that constants lie.
fn linked_strings() -> Range<usize> {
    #[cfg(all(target_os = "none", any(target_arch = "arm", target_arch = "riscv32")))]
    {
        // The names that `cortex-m-rt` and `riscv-rt` give the bounds.
        unsafe extern "C" {
            static __srodata: u8;
            static __erodata: u8;
        }
        return (&raw const __srodata).addr()..(&raw const __erodata).addr();
    }
    #[cfg(not(all(target_os = "none", any(target_arch = "arm", target_arch = "riscv32"))))]
    {
        0..0
    }
}

impl Tracer {
    /// A tracer whose recorder a reset leaves alone; see [`Retained`].
    ///
    /// [`Tracer::boot`] is to be called before anything records. What is recorded before is only counted, as what
    /// finds the ring full is.
    #[must_use]
    pub const fn retained<const WORDS: usize, const OPEN: usize, const NAMES: usize>(
        service: &'static str,
        memory: &'static Retained<WORDS, OPEN, NAMES>,
        cell: &'static BootCell,
        clock: crate::Clock,
    ) -> Self {
        let (recorder, retained) = memory.by_ref(cell);
        let mut tracer = Self::of(service, recorder, clock);
        tracer.retained = Some(retained);
        tracer
    }

    /// Where static strings lie, if the linker script has no `__srodata` and `__erodata`.
    ///
    /// Addresses that an earlier boot of the same build recorded are followed if they lie there, and shown as
    /// addresses if they do not.
    ///
    /// # Safety
    /// All of these addresses can be read, and what lies there is part of the image and never changes.
    #[must_use]
    pub const unsafe fn static_strings_in(mut self, strings: fn() -> Range<usize>) -> Self {
        if let Some(retained) = &mut self.retained {
            retained.strings = strings;
        }
        self
    }

    /// Whether its memory was not looked at yet, and nothing may be recorded.
    #[inline(always)]
    pub(super) fn is_asleep(&self) -> bool {
        self.retained.as_ref().is_some_and(|retained| !retained.is_awake())
    }

    /// Counts a span that began too early.
    pub(super) fn count_early(&self) {
        if let Some(retained) = &self.retained {
            super::recorder::count(&retained.cell.early, 1);
            // Arbitrary memory must not look like a span that goes the short way.
            let half_wraps = &self.recorder.state().half_wraps;
            let sane = half_wraps.load(Relaxed) & !LONG_WAY;
            half_wraps.store(sane, Release);
        }
    }

    /// How many began too early.
    pub(super) fn early(&self) -> u32 {
        self.retained.as_ref().map_or(0, |retained| retained.cell.early.load(Relaxed))
    }
}

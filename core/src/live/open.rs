//! The words of a span that is not finished, and what they say.

use super::active::Active;
#[cfg(own_slots)]
use super::active::owner;
use super::home::Home;
use super::raw::MAX_INLINE_STR;
use super::record;
use super::ring::{Reserved, SHORT};
use super::time::{LONG_WAY, Moment};
use super::tracer::Tracer;
use crate::site::SiteStart;
use crate::tags::{INLINE_WORDS, POINTER_WORDS, TagList, Words};
use crate::wire::Type;
use core::cell::Cell;
use core::mem::MaybeUninit;

/// A span that is not finished.
///
/// A *leaf* goes the short way: a sampled span of a trace of this device of which nobody needed the
/// number yet, as is the case for most, to their end. What ends without a number has its record's.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Open {
    pub(super) tracer: &'static Tracer,
    /// Of a leaf the first word of its short record, else types 8 | [`mark`]s 8 | site 16.
    pub(super) first: Cell<u32>,
    /// Its number; of a leaf 0, or [`LEAF_SLOT`] and the place of its slot; [`UNNUMBERED`] of
    /// anything else that has none.
    pub(super) own: Cell<u32>,
    pub(super) home: Home,
    // What follows is in the order of a short record.
    /// Parts 8 | length of the static string 8 | [`LONG_WAY`] and half wraps 16.
    pub(super) kinds: Cell<u32>,
    pub(super) start: u32,
    /// The parent's number; 0 where it has none or it is elsewhere.
    pub(super) parent: u32,
    /// The root's number, 0 of a root that has none itself; in a remote trace this and the first three words are the id.
    pub(super) trace: Cell<u32>,
    /// Values, as many as there are types.
    pub(super) words: [MaybeUninit<u32>; INLINE_WORDS],
}

/// What stands for the number of a span that goes the long way and has none. No span has it.
pub(super) const UNNUMBERED: u32 = 1;
/// The first number that a span has.
pub(super) const FIRST_NUMBER: u32 = 4;
/// The highest number; seven bits elsewhere count how often the numbers began anew.
pub(super) const LAST_NUMBER: u32 = LEAF_SLOT - 1;
/// What stands for the number of a leaf with a slot: where that is, in bytes, in the lower bits.
pub(super) const LEAF_SLOT: u32 = 1 << 31;

/// What a span is that is no leaf: bits of its first word.
pub(super) mod mark {
    /// It has a number, is of a trace of this device, and has no baggage. In the key of a slot: that
    /// something is active.
    pub(in super::super) const PLAIN: u32 = 1 << 17;
    pub(in super::super) const REMOTE: u32 = 1 << 18;
    pub(in super::super) const REMOTE_PARENT: u32 = 1 << 19;
    pub(in super::super) const DEBUG: u32 = 1 << 20;
    /// It is not recorded.
    pub(in super::super) const UNSAMPLED: u32 = 1 << 21;
    /// It has baggage, and where that is stands in the upper eight bits, where others have types.
    pub(in super::super) const BAGGAGE: u32 = 1 << 22;
    /// What of it its children have too.
    pub(in super::super) const INHERITED: u32 = REMOTE | DEBUG | UNSAMPLED | BAGGAGE;
    /// Where the baggage is.
    pub(in super::super) const BAGGAGE_SHIFT: u32 = 24;

    /// Whether a span with these marks has baggage. None has where the feature is off: then nothing
    /// that asks for it is in the program.
    pub(in super::super) const fn has_baggage(marks: u32) -> bool {
        cfg!(feature = "baggage") && marks & BAGGAGE != 0
    }

    /// What of these marks children have too, their baggage's place included.
    pub(in super::super) const fn inherited(marks: u32) -> u32 {
        let place = if has_baggage(marks) { marks >> BAGGAGE_SHIFT << BAGGAGE_SHIFT } else { 0 };
        marks & INHERITED | place
    }
}

/// What of a leaf's first word is left when it gets a number: types and site.
const LASTING: u32 = !(0xff << 16);

/// Words of an open span in the table: all but tracer and number.
pub(super) const SLOT_WORDS: usize = 5 + INLINE_WORDS;

/// Words in a span, from the first on.
pub(super) struct Inline<'a> {
    words: &'a mut [MaybeUninit<u32>; INLINE_WORDS],
    at: usize,
}

impl Words for Inline<'_> {
    #[inline(always)]
    fn put(&mut self, word: u32) {
        if let Some(slot) = self.words.get_mut(self.at) {
            slot.write(word);
        }
        self.at += 1;
    }
}

/// Words of a record from `at` on.
pub(super) struct Body<'a> {
    pub(super) reserved: Reserved<'a>,
    pub(super) at: usize,
    pub(super) end: usize,
}

impl Words for Body<'_> {
    #[inline(always)]
    fn put(&mut self, word: u32) {
        if self.at < self.end {
            // SAFETY: below the length reserved.
            unsafe { self.reserved.write(self.at, word) };
        }
        self.at += 1;
    }
}

/// Whether a short record has room for the values of these tags.
#[inline(always)]
pub(super) const fn fits_short<T: TagList>() -> bool {
    T::INLINE && T::INLINE_WORDS <= record::SHORT_VALUES
}

/// All but the site and the half wraps of a span with these tags: first word, and kinds.
#[inline(always)]
pub(super) fn form<T: TagList>(tags: T) -> (u32, u32) {
    let types = T::SHAPE.0 & 0xff;
    let first = if fits_short::<T>() { record::short(types) } else { record::long(types) };
    (first, str_len(tags) << record::STR_SHIFT)
}

/// The length of the static string as the byte beside the shape says it.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "no string is 2 GiB long")]
pub(super) fn str_len<T: TagList>(tags: T) -> u32 {
    // Signed, since there is one instruction for this.
    (tags.static_len() as i32).clamp(0, MAX_INLINE_STR as i32 + 1).cast_unsigned()
}

/// Puts the values of a leaf into its words.
#[inline(always)]
pub(super) fn put_tags<T: TagList>(tags: T, words: &mut [MaybeUninit<u32>; INLINE_WORDS]) {
    tags.put_inline(&mut Inline { words, at: 0 });
}

impl Open {
    /// A span with these tags that has not begun.
    #[inline(always)]
    pub(super) fn with_tags<T: TagList>(
        tracer: &'static Tracer,
        site: &'static SiteStart,
        tags: T,
    ) -> Self {
        let (first, kinds) = form(tags);
        let mut words = [MaybeUninit::uninit(); INLINE_WORDS];
        put_tags(tags, &mut words);
        Self {
            tracer,
            first: Cell::new(site.bits() | first),
            own: Cell::new(0),
            home: Home::new(),
            kinds: Cell::new(kinds),
            start: 0,
            parent: 0,
            trace: Cell::new(0),
            words,
        }
    }

    /// Whether it is a leaf.
    #[inline(always)]
    pub(super) fn is_leaf(&self) -> bool {
        // 0, or the upper half of all numbers.
        self.own.get().cast_signed() <= 0
    }

    /// Whether its record is short, if it goes the short way.
    pub(super) fn is_short(&self) -> bool {
        self.first.get() & SHORT != 0
    }

    /// Whether it has one of these marks; a leaf has none.
    #[inline(always)]
    pub(super) fn is(&self, marks: u32) -> bool {
        !self.is_leaf() && self.first.get() & marks != 0
    }

    /// Where the words are that a record has behind its end: from the kinds on, some of them empty.
    #[inline(always)]
    pub(super) fn record_words(&self) -> *const u32 {
        let words = core::ptr::from_ref(self).cast::<u32>();
        // Not from the field's address, which would be good for the field alone.
        words.wrapping_byte_add(core::mem::offset_of!(Self, kinds))
    }

    /// Notes when it begins.
    #[inline(always)]
    pub(super) fn begin(&mut self, now: Moment) {
        self.start = now.ticks;
        self.kinds.set(self.kinds.get() | u32::from(now.half_wraps));
    }

    /// Makes it something else than a leaf, with these marks.
    #[cfg_attr(speed, inline(always))]
    #[cfg_attr(not(speed), inline(never))]
    pub(super) fn mark(&self, marks: u32) {
        self.go_long();
        self.first.set(self.first.get() & LASTING | marks);
        self.own.set(UNNUMBERED);
    }

    /// Has it begin at another time than it did.
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    pub(super) fn start_at(&mut self, ticks: u64) {
        let start = Moment::at(ticks, self.kinds.get() as u16 & !LONG_WAY != 0);
        self.start = start.ticks;
        let rest = self.kinds.get() & !u32::from(!LONG_WAY);
        self.kinds.set(rest | u32::from(start.half_wraps));
    }

    /// The moment of this end, or that of its start if it is earlier.
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    pub(super) fn end_at(&self, ticks: u64) -> Moment {
        let start = Moment { half_wraps: self.kinds.get() as u16 & !LONG_WAY, ticks: self.start };
        let end = Moment::at(ticks, start.is_kept());
        if end.is_before(start) { start } else { end }
    }

    /// Has it not go the short way.
    #[inline(always)]
    pub(super) fn go_long(&self) {
        self.kinds.set(self.kinds.get() | u32::from(LONG_WAY));
    }

    /// Sets the id of a remote trace.
    #[inline(never)]
    pub(super) fn set_trace(&mut self, trace: [u32; 4]) {
        let [first, rest @ ..] = trace;
        self.trace.set(first);
        self.words.iter_mut().zip(rest).for_each(|(to, word)| _ = to.write(word));
    }

    /// Sixteen bits of its site's address.
    pub(super) fn site_bits(&self) -> u32 {
        self.first.get() & 0xffff
    }

    /// The types of its values, in eight bits.
    pub(super) fn types(&self) -> u32 {
        self.first.get() >> record::TYPES_SHIFT
    }

    /// The number of the root of a span that has one, and zeros; or the four words of a remote trace.
    pub(super) fn trace(&self) -> [u32; 4] {
        if self.is(mark::REMOTE) {
            let [b, c, d, ..] = self.words;
            // SAFETY: whoever set the mark wrote three words.
            return unsafe {
                [self.trace.get(), b.assume_init(), c.assume_init(), d.assume_init()]
            };
        }
        [self.trace.get(), 0, 0, 0]
    }

    /// Its number, which it gets now if it has none.
    #[inline(always)]
    pub(super) fn number(&self) -> u32 {
        let own = self.own.get();
        if is_number(own) { own } else { self.take_number() }
    }

    #[cold]
    #[inline(never)]
    fn take_number(&self) -> u32 {
        let tracer = self.tracer;
        let own = tracer.recorder.take_number();
        let before = self.own.get();
        if before != UNNUMBERED {
            self.mark(0);
        }
        self.set_number(own);
        tracer.recorder.number_slot(before, own);
        own
    }

    /// Gives it a number; it is no leaf.
    pub(super) fn set_number(&self, own: u32) {
        self.own.set(own);
        let first = self.first.get();
        if first & mark::REMOTE == 0 && self.trace.get() == 0 {
            self.trace.set(own);
        }
        if cfg!(speed) && first & (mark::REMOTE | mark::BAGGAGE) == 0 {
            self.first.set(first | mark::PLAIN);
        }
    }

    /// A copy, word by word: what is passed to a slow path must not keep the original from
    /// registers.
    #[cfg(speed)]
    #[inline(always)]
    pub(super) fn copy(&self) -> Self {
        let Self { tracer, ref first, ref own, ref home, ref kinds, .. } = *self;
        let Self { start, parent, ref trace, words, .. } = *self;
        let (first, own) = (Cell::new(first.get()), Cell::new(own.get()));
        let (kinds, trace) = (Cell::new(kinds.get()), Cell::new(trace.get()));
        let home = home.clone();
        Self { tracer, first, own, home, kinds, start, parent, trace, words }
    }

    /// The same, of one that is no leaf: the compiler is told so, so that what began the short way
    /// and what did not never meet again.
    #[cfg(speed)]
    #[inline(always)]
    pub(super) fn no_leaf(&self) -> Self {
        let same = self.copy();
        same.own.set((same.own.get() & LAST_NUMBER).max(UNNUMBERED));
        same
    }

    /// One more record carries its number.
    #[inline(always)]
    pub(super) fn count_part(&self) {
        self.kinds.set(self.kinds.get().wrapping_add(1 << record::PARTS_SHIFT));
    }

    /// Its marks, if it is no leaf.
    pub(super) fn marks(&self) -> u32 {
        self.first.get()
    }

    /// The place of its baggage; 0 where it has none.
    pub(super) fn baggage(&self) -> usize {
        let has_any = !self.is_leaf() && mark::has_baggage(self.first.get());
        if has_any { (self.first.get() >> mark::BAGGAGE_SHIFT) as usize } else { 0 }
    }

    /// Gives it baggage at a place, a reference to which is handed over; it is no leaf.
    #[expect(clippy::cast_possible_truncation, reason = "at most 255")]
    pub(super) fn set_baggage(&self, place: usize) {
        if !mark::has_baggage(self.first.get()) && self.types() != 0 {
            self.values_apart();
        }
        let marks = self.first.get() & !(mark::PLAIN | 0xff << mark::BAGGAGE_SHIFT) | mark::BAGGAGE;
        self.first.set(marks | (place as u32) << mark::BAGGAGE_SHIFT);
    }

    /// The span as its children see it.
    #[inline(never)]
    pub(super) fn as_active(&self) -> Active {
        let own = self.number();
        Active {
            key: mark::inherited(self.marks()) | mark::PLAIN | self.tracer.active_key(),
            own,
            trace: self.trace(),
            #[cfg(own_slots)]
            owner: owner(self.tracer),
        }
    }
}

/// Whether `own` is a number, and not what stands for none. One comparison, since the upper half
/// is that of leaves.
#[inline(always)]
pub(super) const fn is_number(own: u32) -> bool {
    own.cast_signed() > UNNUMBERED.cast_signed()
}

/// Words that a value of a type takes inline.
pub(super) const fn words_of(ty: u32) -> usize {
    const DOUBLE: u32 = 1 << Type::I64 as u32 | 1 << Type::U64 as u32 | 1 << Type::F64 as u32;

    // Inline there are no other strings, be it cut or not.
    if ty >= Type::Static as u32 { POINTER_WORDS } else { 1 + (DOUBLE >> ty & 1) as usize }
}

const _: () = assert!(INLINE_WORDS >= 3, "a trace id lies in the trace and three words");

//! The words of a span that is not finished, and how they come to be.

use super::active::{self, Active, KEY_DEBUG, KEY_REMOTE, KEY_UNSAMPLED};
use super::record;
use super::ring::{COMMITTED, LEN_SHIFT, Reserved};
use super::time::Moment;
use super::tracer::Tracer;
use crate::site::SiteStart;
use crate::tags::{INLINE_WORDS, POINTER_WORDS, TagList, Words};
use crate::wire::{Shape, Type};
use crate::{SpanContext, TraceId};
use core::cell::Cell;

/// A span that is not finished.
#[derive(Debug)]
pub(crate) struct Open {
    pub(super) tracer: &'static Tracer,
    /// The first word of its record in the short form. Once it has a number, the byte of the
    /// length counts its parts instead, and [`mark`] says what it is.
    pub(super) first: Cell<u32>,
    pub(super) start: u32,
    /// Half wraps 16, length of the static string 8, types 8.
    pub(super) kinds: u32,
    /// Its number. 0: a sampled child of a span of this device whose number nobody needed yet; it
    /// takes one while it reserves. [`UNNUMBERED`]: anything else without a number.
    pub(super) own: Cell<u32>,
    /// The parent's number; 0 where it has none or it is elsewhere.
    pub(super) parent: u32,
    /// The root's number; in a remote trace this and the first three words are the trace id.
    pub(super) trace: u32,
    pub(super) words: [u32; INLINE_WORDS],
}

/// What stands for the number of a span that is no plain leaf and has none. No span has it.
pub(super) const UNNUMBERED: u32 = 1;

/// What a span is that cannot take the short form: bits of its first word.
pub(super) mod mark {
    pub(in super::super) const REMOTE: u32 = 1 << 18;
    pub(in super::super) const ROOT: u32 = 1 << 19;
    pub(in super::super) const REMOTE_PARENT: u32 = 1 << 20;
    pub(in super::super) const DEBUG: u32 = 1 << 21;
    /// It is a leaf and goes the short way, although it has a number: with a slot in the table.
    /// Only where the profile asks for speed; else it goes the long way.
    pub(in super::super) const SLOTTED_LEAF: u32 = 1 << 31;
    /// It is not recorded.
    ///
    /// These two are the highest bits, so that they can be asked for as ranges, which the compiler
    /// follows further than bits, and together by one comparison.
    pub(in super::super) const UNSAMPLED: u32 = 1 << 30;
}

/// Words of an open span in the table: all but its number.
pub(super) const SLOT_WORDS: usize = 5 + INLINE_WORDS;

/// The first word, of a span that has a number, with one more part: they count modulo 64.
#[inline(always)]
pub(super) const fn one_part_more(first: u32) -> u32 {
    first.wrapping_add(1 << LEN_SHIFT) & !(mark::SLOTTED_LEAF | mark::UNSAMPLED)
}

/// The first word of a short record without values, less its site.
const SHORT: u32 = record::first(record::KIND_SPAN, record::SPAN_WORDS) | COMMITTED;

/// Words in a span, from the first on.
struct Inline<'a> {
    words: &'a mut [u32; INLINE_WORDS],
    at: usize,
}

impl Words for Inline<'_> {
    #[inline(always)]
    fn put(&mut self, word: u32) {
        if let Some(slot) = self.words.get_mut(self.at) {
            *slot = word;
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

impl Open {
    /// A span with a mark, and nothing else.
    fn marked(tracer: &'static Tracer, site: &'static SiteStart, now: Moment, mark: u32) -> Self {
        Self {
            tracer,
            first: Cell::new(site.bits() | mark),
            start: now.ticks,
            kinds: u32::from(now.half_wraps) << 16,
            own: Cell::new(UNNUMBERED),
            parent: 0,
            trace: 0,
            words: [0; INLINE_WORDS],
        }
    }

    /// A sampled child of a span of this device, with tags that fit.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "lengths were checked")]
    pub(super) fn leaf<T: TagList>(
        tracer: &'static Tracer,
        site: &'static SiteStart,
        now: Moment,
        parent: u32,
        trace: u32,
        tags: T,
    ) -> Self {
        let mut words = [0; INLINE_WORDS];
        tags.put_inline(&mut Inline { words: &mut words, at: 0 });
        let len = (T::INLINE_WORDS as u32) << LEN_SHIFT;
        let kinds = (tags.static_len() as u32) << 8 | T::SHAPE & 0xff;
        Self {
            tracer,
            first: Cell::new(site.bits() | (SHORT + len)),
            start: now.ticks,
            kinds: u32::from(now.half_wraps) << 16 | kinds,
            own: Cell::new(0),
            parent,
            trace,
            words,
        }
    }

    /// A sampled root.
    pub(super) fn root(
        tracer: &'static Tracer,
        site: &'static SiteStart,
        now: Moment,
        number: u32,
    ) -> Self {
        let open = Self::marked(tracer, site, now, mark::ROOT);
        open.own.set(number);
        open
    }

    /// A root that is not recorded: it is only a context.
    #[inline(always)]
    pub(super) fn unsampled_root(tracer: &'static Tracer, number: u32) -> Self {
        Self::unsampled(tracer, mark::ROOT, number, 0, 0)
    }

    /// A child, below a span of this device, that is not recorded.
    #[inline(always)]
    pub(super) fn unsampled_child(tracer: &'static Tracer, parent: u32, trace: u32) -> Self {
        Self::unsampled(tracer, 0, UNNUMBERED, parent, trace)
    }

    #[inline(always)]
    fn unsampled(tracer: &'static Tracer, marks: u32, own: u32, parent: u32, trace: u32) -> Self {
        Self {
            tracer,
            first: Cell::new(mark::UNSAMPLED | marks),
            start: 0,
            kinds: 0,
            own: Cell::new(own),
            parent,
            trace,
            words: [0; INLINE_WORDS],
        }
    }

    /// A child of a span of this device.
    pub(super) fn below(
        tracer: &'static Tracer,
        site: &'static SiteStart,
        now: Moment,
        parent: &Active,
    ) -> Self {
        let bit = |key, mark| if parent.key & key != 0 { mark } else { 0 };
        let marks = bit(KEY_UNSAMPLED, mark::UNSAMPLED)
            | bit(KEY_REMOTE, mark::REMOTE)
            | bit(KEY_DEBUG, mark::DEBUG);
        if marks == 0 {
            let [root, ..] = parent.trace;
            return Self::leaf(tracer, site, now, parent.own, root, ());
        }
        let mut open = Self::marked(tracer, site, now, marks);
        open.parent = parent.own;
        open.set_trace(parent.trace);
        open
    }

    /// A child of a span elsewhere.
    pub(super) fn entry(
        tracer: &'static Tracer,
        site: &'static SiteStart,
        now: Moment,
        context: &SpanContext,
    ) -> Self {
        let unsampled = if context.flags.is_sampled() { 0 } else { mark::UNSAMPLED };
        let debug = if context.flags.is_debug() { mark::DEBUG } else { 0 };
        let marks = mark::REMOTE | mark::REMOTE_PARENT | unsampled | debug;
        let mut open = Self::marked(tracer, site, now, marks);
        open.set_trace(trace_words(context.trace_id));
        open
    }

    fn set_trace(&mut self, trace: [u32; 4]) {
        let [first, rest @ ..] = trace;
        self.trace = first;
        self.words.iter_mut().zip(rest).for_each(|(to, word)| *to = word);
    }

    /// The root's number and zeros, or the four words of a remote trace.
    pub(super) fn trace(&self) -> [u32; 4] {
        let mut rest = self.words.iter().copied();
        [self.trace, rest.next().unwrap_or(0), rest.next().unwrap_or(0), rest.next().unwrap_or(0)]
    }

    /// The same, of a span that has a number.
    ///
    /// Word by word, so that what came in memory does not keep the usual case from registers; and
    /// the compiler is told that it has a number and is no leaf, so that the two cases never meet
    /// again.
    #[cfg(speed)]
    #[inline(always)]
    pub(super) fn numbered(self) -> Self {
        let Self { tracer, first, start, kinds, own, parent, trace, words } = self;
        let (own, words) = (Cell::new(own.get().max(UNNUMBERED)), words.map(|word| word));
        let first = Cell::new(first.get() & !mark::SLOTTED_LEAF);
        Self { tracer, first, start, kinds, own, parent, trace, words }
    }

    /// The same: where nothing is inlined there is nothing to gain.
    #[cfg(not(speed))]
    pub(super) fn numbered(self) -> Self {
        self
    }

    /// Whether it has one of these marks.
    #[inline(always)]
    pub(super) fn is(&self, marks: u32) -> bool {
        self.own.get() != 0 && self.first.get() & marks != 0
    }

    pub(super) fn start(&self) -> Moment {
        Moment { half_wraps: (self.kinds >> 16) as u16, ticks: self.start }
    }

    /// The words of its values.
    pub(super) fn values(&self) -> &[u32] {
        let words = Shape(self.kinds & 0xff).types().map(|ty| match ty {
            Ok(Type::Static) => POINTER_WORDS,
            Ok(Type::I64 | Type::U64 | Type::F64) => 2,
            _ => 1,
        });
        self.words.get(..words.sum()).unwrap_or(&[])
    }

    /// Its number, which it gets now if it has none.
    #[inline(always)]
    pub(super) fn number(&self) -> u32 {
        let own = self.own.get();
        if own > UNNUMBERED { own } else { self.take_number() }
    }

    #[cold]
    #[inline(never)]
    fn take_number(&self) -> u32 {
        let state = self.tracer.recorder.state();
        if self.own.get() == 0 {
            // From now on the byte of the length counts parts, and there are no marks.
            self.first.set(self.first.get() & 0xffff);
        }
        let own = critical_section::with(|cs| Tracer::next_number(state, cs));
        self.own.set(own);
        own
    }

    /// Gets a slot in the table of open spans, if the recorder of its tracer has one.
    ///
    /// The tracer is given once more, as what it is known to be at the call: a constant, so that
    /// where there is no table nothing of this is left.
    #[inline(always)]
    pub(super) fn guarded(self, tracer: &'static Tracer) -> Self {
        if tracer.recorder.has_slots() {
            let is_leaf = self.own.get() == 0;
            match tracer.recorder.claim(&self) {
                Some(own) => {
                    let first = self.first.get();
                    let leaf =
                        if cfg!(speed) { first | mark::SLOTTED_LEAF } else { first & 0xffff };
                    self.own.set(own);
                    self.first.set(if is_leaf { leaf } else { first });
                }
                // The long way, so that what goes the short way is one thing alone.
                None => {
                    let own = tracer.recorder.claim_another(&self.copy());
                    self.own.set(own.max(UNNUMBERED));
                    self.leave_leaf_with(is_leaf);
                }
            }
        }
        self
    }

    #[inline(always)]
    fn leave_leaf_with(&self, is_leaf: bool) {
        if is_leaf {
            self.first.set(self.first.get() & 0xffff);
        }
    }

    /// Writes what of it goes into a slot.
    ///
    /// # Safety
    /// The slot is the caller's, and has [`SLOT_WORDS`] words.
    #[inline(always)]
    pub(super) unsafe fn write_slot(&self, slot: *mut u32) {
        let head = [self.first.get(), self.start, self.kinds, self.parent, self.trace];
        for (at, word) in head.into_iter().enumerate() {
            // SAFETY: below the length that the caller promised.
            unsafe { slot.add(at).write(word) };
        }
        for (at, word) in (head.len()..).zip(self.words) {
            // SAFETY: as above.
            unsafe { slot.add(at).write(word) };
        }
    }

    /// A copy, word by word: what is passed to a slow path must not keep the original from
    /// registers.
    #[inline(always)]
    pub(super) fn copy(&self) -> Self {
        let Self { tracer, ref first, start, kinds, ref own, parent, trace, words } = *self;
        let (first, own) = (Cell::new(first.get()), Cell::new(own.get()));
        Self { tracer, first, start, kinds, own, parent, trace, words }
    }

    /// A leaf with a slot is a leaf no longer: now the byte of the length counts parts.
    #[inline(always)]
    pub(super) fn leave_leaf(&self) {
        self.leave_leaf_with(self.is(mark::SLOTTED_LEAF));
    }

    /// One more record carries its number.
    #[inline(always)]
    pub(super) fn count_part(&self) {
        self.leave_leaf();
        self.first.set(one_part_more(self.first.get()));
    }

    /// How many other records carry its number, modulo 64; for a span that has one.
    pub(super) fn parts(&self) -> u32 {
        self.first.get() >> LEN_SHIFT
    }

    /// The span as its children see it.
    pub(super) fn as_active(&self) -> Active {
        let own = self.number();
        let trace = if self.is(mark::ROOT) { [own, 0, 0, 0] } else { self.trace() };
        let bit = |marks, bit| if self.is(marks) { bit } else { 0 };
        let key = active::context()
            | bit(mark::UNSAMPLED, KEY_UNSAMPLED)
            | bit(mark::REMOTE, KEY_REMOTE)
            | bit(mark::DEBUG, KEY_DEBUG);
        Active { key, own, trace }
    }
}

/// A trace id as words, the lowest first.
#[expect(clippy::cast_possible_truncation, reason = "one word at a time")]
pub(super) fn trace_words(id: TraceId) -> [u32; 4] {
    let id = u128::from_be_bytes(id.0);
    [id as u32, (id >> 32) as u32, (id >> 64) as u32, (id >> 96) as u32]
}

/// The trace id with these words.
pub(super) fn trace_id(words: [u32; 4]) -> TraceId {
    let id = words.iter().rev().fold(0_u128, |id, word| id << 32 | u128::from(*word));
    TraceId(id.to_be_bytes())
}

const _: () = assert!(INLINE_WORDS >= 3, "a trace id lies in the trace and three words");

//! The ring of words that holds finished records until they are drained.
//!
//! Any number of producers (threads, interrupts of any priority, cores that the critical section
//! covers) and one consumer. A producer reserves within a critical section: it writes the length
//! of its record, not yet committed, at `head` and moves `head` behind it. Then it writes the body
//! with interrupts on, and last the commit bit. So below `head` every boundary is valid at every
//! instant, for a nested interrupt, another core and a reset alike; and the consumer stops at the
//! first record that is not committed.
//!
//! ```text
//!  0         head      tail               len         0    tail          head       len
//!  | records | free... | records | pad... |           | ... | records... | free...  |
//!            ^ limit = tail - 1 (wrapped)                          limit = len (not wrapped)
//! ```
//!
//! The fast path compares with `limit` alone. Wrapping and dropping are cold. The producer only
//! ever drops the newest; whoever wants the newest kept lets the consumer run ahead.
//! All zero is the empty ring, so that it lies in `.bss`.

use super::mask::with;
use super::sync::{AtomicU32, Ordering, Word, compiler_fence};
use critical_section::CriticalSection;

/// The first word of a record: it is complete.
pub(crate) const COMMITTED: u32 = 1 << 16;
/// The first word of what lies between the last record and the end of the words.
pub(in crate::live) const PAD: u32 = 0xf << 16;
/// Where the first word holds the record's length in words: its upper eight bits, unless it is short.
pub(crate) const LEN_SHIFT: u32 = 24;
/// The first word of a record of [`SHORT_WORDS`].
pub(crate) const SHORT: u32 = 1 << 23;
/// Words of a short record: those that every span has, and two small values or one string and one.
pub(crate) const SHORT_WORDS: u32 = if size_of::<usize>() > 4 { 10 } else { 8 };

/// The length in words of a record with this first word, committed or not.
pub(crate) const fn len_of(first: u32) -> u32 {
    if first & SHORT != 0 { SHORT_WORDS } else { first >> LEN_SHIFT }
}

/// Positions in the ring, in words.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Positions {
    /// Where the next record goes. Written within critical sections.
    pub(super) head: AtomicU32,
    /// Where records must end; 0 before the first. Written within critical sections.
    pub(super) limit: AtomicU32,
    /// The oldest record. Written by the consumer, within critical sections.
    pub(super) tail: AtomicU32,
    /// Records that found no room.
    pub(super) dropped: AtomicU32,
}

impl Positions {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self {
            head: AtomicU32::new(0),
            limit: AtomicU32::new(0),
            tail: AtomicU32::new(0),
            dropped: AtomicU32::new(0),
        }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self {
            head: AtomicU32::new(0),
            limit: AtomicU32::new(0),
            tail: AtomicU32::new(0),
            dropped: AtomicU32::new(0),
        }
    }

    /// Records that found no room, since the session began.
    pub(crate) fn dropped(&self) -> u32 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// The ring: positions and words, which live together in a recorder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ring<'a> {
    pub(crate) positions: &'a Positions,
    pub(crate) words: &'a [Word],
}

/// Room for one record that is not committed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reserved<'a> {
    first: *const Word,
    ring: core::marker::PhantomData<&'a [Word]>,
}

impl<'a> Ring<'a> {
    #[expect(clippy::cast_possible_truncation, reason = "no ring has 2^32 words")]
    #[inline(always)]
    fn len(self) -> u32 {
        self.words.len() as u32
    }

    /// Reserves `len` words, 2 to 255; where there is no room that is counted.
    ///
    /// Short critical sections, one after the other: what comes in between may take the room that was
    /// made, and then that is what a full ring is.
    #[cold]
    #[inline(never)]
    pub(crate) fn reserve(self, len: u32) -> Option<Reserved<'a>> {
        for _ in 0..2 {
            let reserved = with(|cs| self.reserve_at_once(len, cs));
            if reserved.is_some() {
                return reserved;
            }
            if !with(|cs| self.make_room(len, cs)) {
                break;
            }
        }
        with(|_| {
            let dropped = &self.positions.dropped;
            dropped.store(dropped.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        });
        None
    }

    /// Reserves where there is room behind the last record; changes nothing where there is none.
    #[inline(always)]
    pub(crate) fn reserve_at_once(self, len: u32, _: CriticalSection<'_>) -> Option<Reserved<'a>> {
        let head = self.positions.head.load(Ordering::Relaxed);
        let has_room = head + len <= self.positions.limit.load(Ordering::Relaxed);
        has_room.then(|| self.take(head, len))
    }

    /// Takes `len` words at `at`, where there is room for them.
    #[inline(always)]
    fn take(self, at: u32, len: u32) -> Reserved<'a> {
        // SAFETY: whoever calls has found `at + len <= words.len()`.
        let first = unsafe { self.words.as_ptr().add(at as usize) };
        let reserved = Reserved { first, ring: core::marker::PhantomData };
        // The boundary must be in memory before `head` says so: a reset may come in between.
        reserved.begin(len);
        compiler_fence(Ordering::Release);
        self.positions.head.store(at + len, Ordering::Relaxed);
        reserved
    }

    /// Sets the limit for the first record, or goes to the start of the words if there is room.
    #[inline(always)]
    fn make_room(self, len: u32, _: CriticalSection<'_>) -> bool {
        let positions = self.positions;
        let limit = positions.limit.load(Ordering::Relaxed);
        if limit == 0 {
            positions.limit.store(self.len(), Ordering::Relaxed);
            return true;
        }
        let head = positions.head.load(Ordering::Relaxed);
        if head + len <= limit {
            // Whoever came in between made it.
            return true;
        }
        let tail = positions.tail.load(Ordering::Relaxed);
        let is_wrapped = limit != self.len();
        if is_wrapped || len >= tail {
            return false;
        }
        if let Some(word) = self.words.get(head as usize) {
            word.store(PAD, Ordering::Relaxed);
        }
        // Whoever finds `head` at the start finds the pad, also after a reset.
        compiler_fence(Ordering::Release);
        positions.limit.store(tail - 1, Ordering::Relaxed);
        positions.head.store(0, Ordering::Relaxed);
        true
    }

    /// Words of records that are not drained, about.
    #[cfg(not(loom))]
    #[inline(never)]
    pub(crate) fn used(self) -> u32 {
        let positions = self.positions;
        let (head, tail) = with(|_| {
            (positions.head.load(Ordering::Relaxed), positions.tail.load(Ordering::Relaxed))
        });
        if head >= tail { head - tail } else { self.len() - tail + head }
    }

    /// Words of records from a position on, about.
    #[cfg(not(loom))]
    pub(crate) fn used_from(self, at: u32) -> u32 {
        let positions = self.positions;
        let head = positions.head.load(Ordering::Relaxed);
        if head >= at { head - at } else { self.len() - at + head }
    }

    /// Where the oldest record is. For the one consumer alone.
    #[cfg(not(loom))]
    pub(crate) fn tail(self) -> u32 {
        self.positions.tail.load(Ordering::Relaxed)
    }

    /// The record at a position between the oldest and the newest, if it is committed, and where it is:
    /// elsewhere where the words end there. For the one consumer alone.
    #[cfg(not(loom))]
    pub(crate) fn at(self, at: u32) -> Option<(Committed<'a>, u32)> {
        let head = self.positions.head.load(Ordering::Relaxed);
        if at == head {
            return None;
        }
        let word = self.words.get(at as usize).map_or(PAD, |word| word.load(Ordering::Acquire));
        if word == PAD {
            return if at == 0 { None } else { self.at(0) };
        }
        let words = self.words.get(at as usize..(at + len_of(word)) as usize)?;
        (word & COMMITTED != 0).then_some((Committed { first: word, words }, at))
    }

    /// The oldest record, if it is committed. For the one consumer alone.
    pub(crate) fn oldest(self) -> Option<Committed<'a>> {
        loop {
            let positions = self.positions;
            let (head, limit) = with(|_| {
                (positions.head.load(Ordering::Relaxed), positions.limit.load(Ordering::Relaxed))
            });
            let tail = positions.tail.load(Ordering::Relaxed);
            let is_wrapped = limit != 0 && limit != self.len();
            if tail == head && !is_wrapped {
                return None;
            }
            let word = match self.words.get(tail as usize) {
                Some(word) => word.load(Ordering::Acquire),
                None => PAD,
            };
            if word == PAD {
                with(|_| {
                    positions.limit.store(self.len(), Ordering::Relaxed);
                    positions.tail.store(0, Ordering::Relaxed);
                });
                continue;
            }
            let len = len_of(word);
            let words = self.words.get(tail as usize..(tail + len) as usize)?;
            return (word & COMMITTED != 0).then_some(Committed { first: word, words });
        }
    }

    /// Frees the oldest record, which [`Ring::oldest`] gave. For the one consumer alone.
    pub(crate) fn release(self, record: &Committed<'_>) {
        let positions = self.positions;
        #[expect(clippy::cast_possible_truncation, reason = "a record has at most 255 words")]
        let len = record.words.len() as u32;
        with(|_| {
            let tail = positions.tail.load(Ordering::Relaxed) + len;
            positions.tail.store(tail, Ordering::Relaxed);
            if positions.limit.load(Ordering::Relaxed) != self.len() {
                positions.limit.store(tail - 1, Ordering::Relaxed);
            }
        });
    }
}

impl<'a> Reserved<'a> {
    /// Room in another ring.
    ///
    /// # Safety
    /// Words of a ring that lives for 'a, which the caller alone reserves.
    #[cfg(feature = "std")]
    #[inline(always)]
    pub(super) unsafe fn at(first: *const Word) -> Self {
        Self { first, ring: core::marker::PhantomData }
    }

    /// Writes the length, not committed.
    #[inline(always)]
    pub(super) fn begin(self, len: u32) {
        self.first().store(len << LEN_SHIFT, Ordering::Relaxed);
    }

    #[inline(always)]
    fn first(self) -> &'a Word {
        // SAFETY: it points into the ring's words, which live for 'a.
        unsafe { &*self.first }
    }

    /// Writes a word of the body.
    ///
    /// # Safety
    /// `at` is from 1 to below the length reserved.
    #[inline(always)]
    pub(crate) unsafe fn write(self, at: usize, word: u32) {
        // SAFETY: the words reserved follow each other; nobody reads them before the commit.
        unsafe { Word::write_body(self.first.add(at), word) };
    }

    /// Copies pairs of words into the body, of which some may hold nothing.
    ///
    /// # Safety
    /// They go from 1 on to below the length reserved, and so many words are at `from`.
    #[cfg(not(loom))]
    #[inline(always)]
    pub(crate) unsafe fn copy_pairs<const PAIRS: usize>(self, at: usize, from: *const u32) {
        // SAFETY: as above.
        unsafe { Word::copy_body::<PAIRS>(self.first.add(at), from) };
    }

    /// Copies words into the body, of which some may hold nothing.
    ///
    /// # Safety
    /// As for [`Reserved::copy_pairs`].
    #[cfg(not(loom))]
    #[inline(never)]
    pub(crate) unsafe fn copy_all(self, at: usize, from: *const u32, len: usize) {
        for word in 0..len {
            // SAFETY: as above.
            unsafe { Word::copy_word(self.first.add(at + word), from.add(word)) };
        }
    }

    /// Commits: `first` is the first word, with the length reserved and [`COMMITTED`].
    #[inline(always)]
    pub(crate) fn commit(self, first: u32) {
        self.first().store(first, Ordering::Release);
    }
}

/// A record that is complete and stays until it is released.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Committed<'a> {
    first: u32,
    words: &'a [Word],
}

impl<'a> Committed<'a> {
    /// A record of another ring, or of whoever looks at this one in another way.
    #[cfg(any(feature = "std", feature = "retained"))]
    pub(super) fn new(first: u32, words: &'a [Word]) -> Self {
        Self { first, words }
    }

    /// How many words it has.
    #[expect(clippy::cast_possible_truncation, reason = "a record has at most 255 words")]
    pub(crate) fn len(&self) -> u32 {
        self.words.len() as u32
    }
}

impl Committed<'_> {
    /// The first word.
    pub(crate) fn first(&self) -> u32 {
        self.first
    }

    /// `len` bytes that begin with a word of the body.
    #[cfg(not(loom))]
    pub(crate) fn bytes(&self, at: usize, len: usize) -> Option<&[u8]> {
        let words = self.words.get(at..)?.get(..len.div_ceil(4))?;
        // SAFETY: the words are committed, so nobody writes them, and hold bytes in the order of
        // memory.
        Some(unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), len) })
    }

    /// A word of the body; none behind its end.
    ///
    /// # Safety
    /// The word holds something: it is not one that a short record has for values and does not use.
    pub(crate) unsafe fn word(&self, at: usize) -> Option<u32> {
        // SAFETY: promised by the caller; the record is committed.
        self.words.get(at).map(|word| unsafe { word.read_body() })
    }
}

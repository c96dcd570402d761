//! The ring of one thread: one producer and one consumer, who never wait for each other.
//!
//! Records are as in the ring that is shared: a length that is not committed, `head` moved behind it,
//! the body, the commit. Here no critical section orders these stores, but `head` does, and what is
//! read of it. Positions count words since the ring was made, modulo 2^32; the ring's length is a power
//! of two, so where a position lies is a mask of it, and `head == tail` is empty, however often it has
//! gone round.
//!
//! `limit` belongs to the producer: how far it may go before it must look where the consumer is. So
//! the usual record reads and writes nothing that another thread writes.

use super::super::ring::{COMMITTED, Committed, PAD, Reserved, len_of};
use super::super::sync::{AtomicU32, Ordering, Word};
use alloc::boxed::Box;

/// What one side writes often lies apart from what the other does: two lines of a cache, since
/// processors fetch them in pairs.
#[derive(Debug)]
#[repr(align(128))]
struct Apart<T>(T);

/// The ring of one thread.
#[derive(Debug)]
pub(crate) struct ThreadRing {
    producer: Apart<Producer>,
    consumer: Apart<Consumer>,
    /// A power of two of them.
    words: Box<[Word]>,
}

#[derive(Debug)]
struct Producer {
    /// Where the next record goes.
    head: AtomicU32,
    /// Where records must end: nowhere behind it is the end of the words, or a record that is not
    /// drained. For the producer alone.
    limit: AtomicU32,
    /// Records that found no room. Written by the producer.
    dropped: AtomicU32,
}

#[derive(Debug)]
struct Consumer {
    /// The oldest record.
    tail: AtomicU32,
    /// Where `head` was when the consumer looked last. For the consumer alone.
    seen: AtomicU32,
}

impl ThreadRing {
    /// An empty ring of these words, whose number is a power of two and at least 64.
    pub(crate) fn new(words: Box<[Word]>) -> Self {
        let zero = || AtomicU32::new(0);
        Self {
            producer: Apart(Producer { head: zero(), limit: zero(), dropped: zero() }),
            consumer: Apart(Consumer { tail: zero(), seen: zero() }),
            words,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "no ring has 2^32 words")]
    #[inline(always)]
    fn len(&self) -> u32 {
        self.words.len() as u32
    }

    #[inline(always)]
    fn place(&self, position: u32) -> u32 {
        position & (self.len() - 1)
    }

    /// Reserves `len` words, 2 to 255, where there is room behind the last record; changes nothing where
    /// there is none. For the one producer alone.
    #[inline(always)]
    pub(crate) fn reserve_at_once(&self, len: u32) -> Option<Reserved<'_>> {
        let Producer { head, limit, .. } = &self.producer.0;
        let at = head.load(Ordering::Relaxed);
        if limit.load(Ordering::Relaxed).wrapping_sub(at) < len {
            return None;
        }
        // SAFETY: a place is below the number of words, and up to `limit` they follow each other.
        let reserved = unsafe { Reserved::at(self.words.as_ptr().add(self.place(at) as usize)) };
        reserved.begin(len);
        // Who finds `head` behind it finds a length, and not what lay there.
        head.store(at.wrapping_add(len), Ordering::Release);
        Some(reserved)
    }

    /// Reserves `len` words; where there is no room that is counted. For the one producer alone.
    #[cold]
    #[inline(never)]
    pub(crate) fn reserve(&self, len: u32) -> Option<Reserved<'_>> {
        if let Some(reserved) = self.reserve_at_once(len) {
            return Some(reserved);
        }
        if self.make_room(len) {
            return self.reserve_at_once(len);
        }
        let dropped = &self.producer.0.dropped;
        dropped.store(dropped.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        None
    }

    /// Looks where the consumer is, and goes to the start of the words if there is no room before their
    /// end.
    fn make_room(&self, len: u32) -> bool {
        let Producer { head, limit, .. } = &self.producer.0;
        let at = head.load(Ordering::Relaxed);
        // What was there has been read by whoever moved `tail` behind it.
        let tail = self.consumer.0.tail.load(Ordering::Acquire);
        let free = self.len() - at.wrapping_sub(tail);
        let to_end = self.len() - self.place(at);
        if len <= to_end {
            limit.store(at.wrapping_add(free.min(to_end)), Ordering::Relaxed);
            return len <= free;
        }
        if to_end + len > free {
            return false;
        }
        if let Some(word) = self.words.get(self.place(at) as usize) {
            word.store(PAD, Ordering::Relaxed);
        }
        let start = at.wrapping_add(to_end);
        limit.store(start.wrapping_add(free - to_end), Ordering::Relaxed);
        head.store(start, Ordering::Release);
        true
    }

    /// The oldest record, if it is committed. For the one consumer alone.
    pub(crate) fn oldest(&self) -> Option<Committed<'_>> {
        let Consumer { tail, seen } = &self.consumer.0;
        loop {
            let at = tail.load(Ordering::Relaxed);
            if at == seen.load(Ordering::Relaxed) {
                let head = self.producer.0.head.load(Ordering::Acquire);
                seen.store(head, Ordering::Relaxed);
                if at == head {
                    return None;
                }
            }
            let place = self.place(at) as usize;
            let word = self.words.get(place)?.load(Ordering::Acquire);
            if word == PAD {
                let to_end = self.len() - self.place(at);
                tail.store(at.wrapping_add(to_end), Ordering::Release);
                continue;
            }
            let words = self.words.get(place..place + len_of(word) as usize)?;
            return (word & COMMITTED != 0).then_some(Committed::new(word, words));
        }
    }

    /// Frees the oldest record, which [`ThreadRing::oldest`] gave. For the one consumer alone.
    pub(crate) fn release(&self, record: &Committed<'_>) {
        let tail = &self.consumer.0.tail;
        let at = tail.load(Ordering::Relaxed);
        tail.store(at.wrapping_add(record.len()), Ordering::Release);
    }

    /// Words of records that are not drained, about.
    pub(crate) fn used(&self) -> u32 {
        let tail = self.consumer.0.tail.load(Ordering::Relaxed);
        self.producer.0.head.load(Ordering::Relaxed).wrapping_sub(tail)
    }

    /// Where the records end that happened before.
    pub(crate) fn end(&self) -> u32 {
        self.producer.0.head.load(Ordering::Relaxed)
    }

    /// Whether everything before a position that [`ThreadRing::end`] gave is drained.
    pub(crate) fn is_drained_to(&self, end: u32) -> bool {
        self.consumer.0.tail.load(Ordering::Relaxed).wrapping_sub(end).cast_signed() >= 0
    }

    /// Records that found no room.
    pub(crate) fn dropped(&self) -> u32 {
        self.producer.0.dropped.load(Ordering::Relaxed)
    }
}

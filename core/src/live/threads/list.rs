//! Which thread has which ring.

use super::super::home::Home;
use super::super::numbers::Block;
use super::super::record;
use super::super::recorder::RecorderRef;
use super::super::ring::{COMMITTED, Reserved};
use super::super::sync::Word;
use super::ring::ThreadRing;
use crate::live::mask;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32};

/// The rings of a tracer's threads.
#[derive(Debug)]
pub(crate) struct Threads {
    /// The one that was made last.
    first: AtomicPtr<Member>,
    /// Records that found no ring, since there was no memory.
    dropped: AtomicU32,
}

/// A ring in the list. It is never taken out, only handed on.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) ring: ThreadRing,
    pub(in super::super) numbers: Block,
    /// A thread has it.
    is_taken: AtomicBool,
    /// It is for all threads that have none, which reserve in it within critical sections.
    pub(in super::super) is_shared: bool,
    /// From [`Home::FIRST`] on.
    number: usize,
    /// The one that was made before.
    pub(crate) next: Option<&'static Member>,
}

/// The ring in which the thread recorded last, and whose it is. Without a destructor, so that it can be
/// asked at any time, in one load.
#[derive(Clone, Copy)]
struct Current {
    threads: *const Threads,
    member: Option<&'static Member>,
}

impl Current {
    const NONE: Self = Self { threads: core::ptr::null(), member: None };
}

/// The rings that a thread has, one for each tracer; it leaves them when it ends.
struct Taken(RefCell<Vec<Current>>);

impl Drop for Taken {
    fn drop(&mut self) {
        CURRENT.set(Current::NONE);
        let members = self.0.get_mut().iter().filter_map(|taken| taken.member);
        // What this thread wrote is there for whoever takes the ring.
        members.for_each(|member| member.is_taken.store(false, Release));
    }
}

std::thread_local! {
    static CURRENT: Cell<Current> = const { Cell::new(Current::NONE) };
    static TAKEN: Taken = const { Taken(RefCell::new(Vec::new())) };
    /// The thread is just making a ring, and its allocator records.
    static IS_MAKING: Cell<bool> = const { Cell::new(false) };
}

impl Threads {
    pub(crate) const fn new() -> Self {
        Self { first: AtomicPtr::new(core::ptr::null_mut()), dropped: AtomicU32::new(0) }
    }

    /// The ring that was made last; each knows the one before.
    pub(crate) fn first(&self) -> Option<&'static Member> {
        // SAFETY: members are leaked, and in the list once they are whole.
        unsafe { self.first.load(Acquire).as_ref() }
    }

    /// All of them.
    pub(crate) fn members(&self) -> impl Iterator<Item = &'static Member> {
        core::iter::successors(self.first(), |member| member.next)
    }

    /// The one with this number.
    pub(crate) fn numbered(&self, number: usize) -> Option<&'static Member> {
        self.members().find(|member| member.number == number)
    }

    /// The ring of this thread, if it is the one in which it recorded last.
    #[inline(always)]
    pub(in super::super) fn current(&self) -> Option<&'static Member> {
        let current = CURRENT.get();
        if core::ptr::eq(current.threads, self) { current.member } else { None }
    }

    /// The ring of this thread, which it takes now if it has none.
    fn own(&self, words: usize) -> Option<&'static Member> {
        if let Some(member) = self.current() {
            return Some(member);
        }
        // None where the thread is about to end, or where it is just here and its allocator records.
        let take = |taken: &Taken| {
            let mut taken = taken.0.try_borrow_mut().ok()?;
            self.take(&mut taken, words)
        };
        let current = TAKEN.try_with(take).ok()??;
        CURRENT.set(current);
        current.member
    }

    fn take(&self, taken: &mut Vec<Current>, words: usize) -> Option<Current> {
        let mut known = taken.iter().copied();
        if let Some(known) = known.find(|known| core::ptr::eq(known.threads, self)) {
            return Some(known);
        }
        taken.try_reserve(1).ok()?;
        let is_left = |member: &&Member| {
            member.is_taken.compare_exchange(false, true, Acquire, Relaxed).is_ok()
        };
        let member = self.members().find(is_left).or_else(|| self.make(words, false))?;
        let current = Current { threads: self, member: Some(member) };
        taken.push(current);
        Some(current)
    }

    /// A ring for a thread that cannot have its own. Where two are made at once both are good.
    fn shared(&self, words: usize) -> Option<&'static Member> {
        let mut members = self.members();
        members.find(|member| member.is_shared).or_else(|| self.make(words, true))
    }

    /// Makes a ring of this many words or more; none where there is no memory.
    fn make(&self, words: usize, is_shared: bool) -> Option<&'static Member> {
        if IS_MAKING.replace(true) {
            return None;
        }
        let made = self.allocate(words.next_power_of_two(), is_shared);
        IS_MAKING.set(false);
        made
    }

    fn allocate(&self, len: usize, is_shared: bool) -> Option<&'static Member> {
        let mut words = Vec::new();
        words.try_reserve_exact(len).ok()?;
        words.extend((0..len).map(|_| Word::new()));
        let member = Box::leak(Box::new(Member {
            ring: ThreadRing::new(words.into_boxed_slice()),
            numbers: Block::new(),
            is_taken: AtomicBool::new(true),
            is_shared,
            number: Home::FIRST,
            next: None,
        }));
        let mut first = self.first();
        loop {
            member.next = first;
            member.number = first.map_or(Home::FIRST, |first| first.number + 1);
            let before =
                first.map_or(core::ptr::null_mut(), |first| core::ptr::from_ref(first).cast_mut());
            let new = core::ptr::from_mut(member);
            if self.first.compare_exchange(before, new, AcqRel, Acquire).is_ok() {
                // SAFETY: it was leaked, and is only read from now on.
                return Some(unsafe { &*new });
            }
            first = self.first();
        }
    }

    /// Room for a record of a span, in the ring of this thread.
    ///
    /// Where parts of the span are in another ring, a record goes before that says so: the drain must
    /// take them first.
    pub(in super::super) fn reserve(
        &self,
        recorder: &RecorderRef,
        home: &Home,
        len: u32,
    ) -> Option<Reserved<'static>> {
        let words = recorder.words();
        let Some(member) = self.own(words).or_else(|| self.shared(words)) else {
            self.dropped.fetch_add(1, Relaxed);
            return None;
        };
        let reserve = |len| {
            if member.is_shared {
                mask::with(|_| member.ring.reserve(len))
            } else {
                member.ring.reserve(len)
            }
        };
        let before = home.get();
        if before != Home::NOWHERE && !member.is(before) {
            let end = self.numbered(before).map_or(0, |member| member.ring.end());
            let reserved = reserve(record::AFTER_WORDS)?;
            #[expect(clippy::cast_possible_truncation, reason = "there are not so many threads")]
            // SAFETY: three words are reserved.
            unsafe {
                reserved.write(1, before as u32);
                reserved.write(2, end);
            }
            reserved.commit(record::first(record::KIND_AFTER, record::AFTER_WORDS) | COMMITTED);
        }
        home.set(member.number);
        reserve(len)
    }

    /// Words of records that are not drained, about.
    pub(crate) fn used(&self) -> u32 {
        self.members().map(|member| member.ring.used()).sum()
    }

    /// Records that found no room.
    pub(crate) fn dropped(&self) -> u32 {
        let dropped = self.dropped.load(Relaxed);
        self.members().fold(dropped, |sum, member| sum.wrapping_add(member.ring.dropped()))
    }
}

impl Member {
    /// Whether it is what a span's [`Home`] names.
    #[inline(always)]
    pub(in super::super) fn is(&self, home: usize) -> bool {
        self.number == home
    }
}

//! The numbers that spans count, where something needs them before the span ends.

use super::mask;
use super::open::{FIRST_NUMBER, LAST_NUMBER};
use super::recorder::{RecorderRef, State, flag};
#[cfg(feature = "std")]
use super::threads::Threads;
use super::tracer::Tracer;
#[cfg(feature = "std")]
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;
use critical_section::CriticalSection;

impl RecorderRef {
    /// The number of the next span that needs one.
    ///
    /// Where threads have rings they have blocks of numbers too.
    #[cfg_attr(not(feature = "std"), inline(always))]
    pub(super) fn take_number(&self) -> u32 {
        #[cfg(feature = "std")]
        if let Some(member) = self.threads().and_then(Threads::current) {
            return member.numbers.take(self.state());
        }
        Tracer::take_number(self.state())
    }
}

/// Numbers that one thread gives.
#[cfg(feature = "std")]
#[derive(Debug)]
pub(super) struct Block {
    /// The one that was given last.
    last: AtomicU32,
    left: AtomicU32,
}

#[cfg(feature = "std")]
impl Block {
    /// As many as a thread takes at once.
    const LEN: u32 = 64;
    /// A block from which others have gone this far is left: no number may be told from afar.
    const MOST_BEHIND: u32 = 1 << 20;

    pub(super) const fn new() -> Self {
        Self { last: AtomicU32::new(0), left: AtomicU32::new(0) }
    }

    /// The next number, by the thread whose block it is.
    fn take(&self, state: &State) -> u32 {
        let (last, left) = (self.last.load(Relaxed), self.left.load(Relaxed));
        let behind = state.counter.load(Relaxed).wrapping_sub(last) & LAST_NUMBER;
        if left != 0 && behind < Self::MOST_BEHIND {
            self.last.store(last + 1, Relaxed);
            self.left.store(left - 1, Relaxed);
            return last + 1;
        }
        let (first, count) = Tracer::take_numbers(state, Self::LEN);
        self.last.store(first, Relaxed);
        self.left.store(count - 1, Relaxed);
        first
    }
}

impl Tracer {
    /// The number of the next span that needs one.
    #[cfg_attr(not(feature = "std"), inline(always))]
    pub(super) fn take_number(state: &State) -> u32 {
        #[cfg(feature = "std")]
        return Self::take_numbers(state, 1).0;
        #[cfg(not(feature = "std"))]
        mask::with(|cs| Self::next_number(state, cs))
    }

    /// The first of up to `most` numbers that follow each other, and how many they are.
    #[cfg(feature = "std")]
    fn take_numbers(state: &State, most: u32) -> (u32, u32) {
        loop {
            // No lock: threads count one after the other.
            let is_counted = |last: &u32| (FIRST_NUMBER..LAST_NUMBER).contains(last);
            let count = |last: u32| (LAST_NUMBER - last).min(most);
            let next = |last| is_counted(&last).then(|| last + count(last));
            if let Ok(last) = state.counter.fetch_update(flag::ACQUIRE, flag::ACQUIRE, next) {
                return (last + 1, count(last));
            }
            // The first number, and that behind the last, are given by one thread.
            let number = mask::with(|cs| {
                let last = state.counter.load(Relaxed);
                (!is_counted(&last)).then(|| Self::next_number(state, cs))
            });
            if let Some(number) = number {
                return (number, 1);
            }
        }
    }

    /// The same, with the flags as they were then.
    #[inline(always)]
    pub(super) fn take_number_and_flags(state: &State) -> (u32, u16) {
        #[cfg(feature = "std")]
        loop {
            let before = state.flags.load(flag::ACQUIRE);
            let number = Self::take_number(state);
            let flags = state.flags.load(flag::ACQUIRE);
            // Else the numbers began anew meanwhile, before this one or behind it.
            if before >> TURNS_SHIFT == flags >> TURNS_SHIFT {
                return (number, flags);
            }
        }
        #[cfg(not(feature = "std"))]
        mask::with(|cs| {
            let number = Self::next_number(state, cs);
            (number, state.flags.load(Relaxed))
        })
    }

    fn next_number(state: &State, _: CriticalSection<'_>) -> u32 {
        let mut number = state.counter.load(Relaxed).wrapping_add(1);
        if !(FIRST_NUMBER..=LAST_NUMBER).contains(&number) {
            if number > LAST_NUMBER {
                // The 31 bits are used up: seven more are in the flags.
                let flags = state.flags.load(Relaxed);
                state.flags.store(flags.wrapping_add(1 << TURNS_SHIFT), flag::RELEASE);
            }
            number = FIRST_NUMBER;
        }
        state.counter.store(number, flag::RELEASE);
        number
    }

    /// All bits of the number that was given last.
    #[inline(never)]
    pub(crate) fn last_number(&self) -> u64 {
        let state = self.recorder.state();
        let (flags, counter) =
            mask::with(|_| (state.flags.load(Relaxed), state.counter.load(Relaxed)));
        // Memory that a reset left may have been damaged.
        #[cfg(feature = "retained")]
        let counter = counter & LAST_NUMBER;
        whole_number(counter, flags)
    }

    /// All bits of a number given not long ago.
    pub(crate) fn widen_number(&self, number: u32) -> u64 {
        let last = self.last_number();
        #[expect(clippy::cast_possible_truncation, reason = "the low bits are meant")]
        let before = (last as u32).wrapping_sub(number) & LAST_NUMBER;
        last - u64::from(before)
    }
}

/// Where the flags hold, in seven bits, how often the numbers began anew.
const TURNS_SHIFT: u32 = 9;

/// All bits of a number: those in memory, and above them how often they began anew.
pub(super) const fn whole_number(number: u32, flags: u16) -> u64 {
    ((flags >> TURNS_SHIFT) as u64) << (u32::BITS - LAST_NUMBER.leading_zeros()) | number as u64
}

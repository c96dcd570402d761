//! The numbers that spans count, where something needs them before the span ends.

use super::open::{FIRST_NUMBER, LAST_NUMBER};
use super::recorder::{State, flag};
use super::tracer::Tracer;
use core::sync::atomic::Ordering::Relaxed;
use critical_section::CriticalSection;

impl Tracer {
    /// The number of the next span that needs one.
    #[cfg_attr(not(feature = "std"), inline(always))]
    pub(super) fn take_number(state: &State) -> u32 {
        #[cfg(feature = "std")]
        loop {
            // No lock: threads count one after the other.
            let counted = |last| (FIRST_NUMBER..LAST_NUMBER).contains(&last).then_some(last + 1);
            if let Ok(last) = state.counter.fetch_update(flag::ACQUIRE, flag::ACQUIRE, counted) {
                return last + 1;
            }
            // The first number, and that behind the last, are given by one thread.
            let number = critical_section::with(|cs| {
                let last = state.counter.load(Relaxed);
                counted(last).is_none().then(|| Self::next_number(state, cs))
            });
            if let Some(number) = number {
                return number;
            }
        }
        #[cfg(not(feature = "std"))]
        critical_section::with(|cs| Self::next_number(state, cs))
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
        critical_section::with(|cs| {
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
            critical_section::with(|_| (state.flags.load(Relaxed), state.counter.load(Relaxed)));
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

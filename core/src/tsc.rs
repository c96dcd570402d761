//! The time stamp counter of x86-64: what the standard library's clock reads too, without its call and
//! its sum of seconds and nanoseconds.

use crate::clock::{MONOTONIC_HZ, monotonic_ticks};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use core::time::Duration;
use std::sync::OnceLock;
use std::time::Instant;

/// Ticks that pass while the counter counts 2^64, or one of those below.
static FACTOR: AtomicU64 = AtomicU64::new(UNKNOWN);
const UNKNOWN: u64 = 0;
/// The counter is no clock here.
const NONE: u64 = 1;

/// How long the counter is watched: what two readings may be off is then some millionths of it.
const WATCHED: Duration = Duration::from_millis(20);

/// The counter, in the ticks of the monotonic clock.
pub(crate) fn ticks() -> u32 {
    match FACTOR.load(Relaxed) {
        UNKNOWN => begin(),
        NONE => monotonic_ticks(),
        factor => scale(counter(), factor),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low bits of what is above 64")]
#[inline(always)]
fn scale(counter: u64, factor: u64) -> u32 {
    ((u128::from(counter) * u128::from(factor)) >> 64) as u32
}

#[inline(always)]
fn counter() -> u64 {
    // SAFETY: every x86-64 has the instruction.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// The first reading. Threads that come meanwhile wait, since there is one factor for all time.
#[cold]
#[inline(never)]
fn begin() -> u32 {
    static KNOWN: OnceLock<u64> = OnceLock::new();

    let factor = *KNOWN.get_or_init(|| if is_invariant() { watch() } else { NONE });
    FACTOR.store(factor, Relaxed);
    ticks()
}

/// Whether the processor says that the counter always runs at the same rate, also while it sleeps.
fn is_invariant() -> bool {
    use core::arch::x86_64::__cpuid;

    const HIGHEST: u32 = 0x8000_0000;
    const POWER: u32 = 0x8000_0007;
    __cpuid(HIGHEST).eax >= POWER && __cpuid(POWER).edx & 1 << 8 != 0
}

/// Finds the factor.
fn watch() -> u64 {
    let (from, from_time) = look();
    std::thread::sleep(WATCHED);
    let (to, to_time) = look();
    let (counted, passed) = (u128::from(to - from), (to_time - from_time).as_nanos());
    let tick_ns = u128::from(1_000_000_000 / MONOTONIC_HZ);
    let factor = (passed << 64) / (counted.max(1) * tick_ns);
    // A counter slower than the ticks would be none.
    u64::try_from(factor).unwrap_or(NONE).max(NONE)
}

/// Counter and time at the same moment: of a few looks the quickest.
fn look() -> (u64, Instant) {
    let look = || {
        let (before, time, after) = (counter(), Instant::now(), counter());
        (after.wrapping_sub(before), before, time)
    };
    let looks: [_; 16] = core::array::from_fn(|_| look());
    let quickest = looks.into_iter().min_by_key(|(took, ..)| *took);
    let (took, before, time) = quickest.unwrap_or_else(look);
    (before + took / 2, time)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A busy machine may come between two readings, so one of a few must be right.
    #[test]
    fn it_goes_as_fast_as_the_monotonic_clock() {
        let both = || (ticks(), monotonic_ticks());
        let is_alike = || {
            let (from, from_time) = both();
            std::thread::sleep(Duration::from_millis(50));
            let (to, to_time) = both();
            let (counted, passed) = (to.wrapping_sub(from), to_time.wrapping_sub(from_time));
            counted.abs_diff(passed) < passed / 50
        };
        both();
        assert!((0..10).any(|_| is_alike()));
    }

    #[test]
    fn it_never_goes_back() {
        let mut last = ticks();
        for _ in 0..100_000 {
            let now = ticks();
            assert!(now.wrapping_sub(last) < 1 << 31);
            last = now;
        }
    }

    #[test]
    fn a_counter_is_scaled_over_all_its_length() {
        let factor = u64::MAX / 250 + 1;
        assert_eq!(scale(250_000, factor), 1000);
        let (before, after) = (scale(u64::MAX - 249, factor), scale(u64::MAX, factor));
        assert_eq!(after.wrapping_sub(before), 1);
    }
}

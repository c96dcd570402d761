//! Critical sections, and with the feature `mask-stats` how long the longest of them was.

#[cfg(not(feature = "mask-stats"))]
pub(crate) use critical_section::with;

/// Without the feature nobody knows.
#[cfg(not(feature = "mask-stats"))]
pub(crate) fn longest() -> u32 {
    0
}

#[cfg(feature = "mask-stats")]
pub(crate) use measured::{longest, with};

#[cfg(feature = "mask-stats")]
mod measured {
    use core::sync::atomic::AtomicU32;
    use core::sync::atomic::Ordering::Relaxed;
    use critical_section::CriticalSection;

    static LONGEST: AtomicU32 = AtomicU32::new(0);

    /// Calls `f` within a critical section.
    #[inline(always)]
    pub(crate) fn with<R>(f: impl FnOnce(CriticalSection<'_>) -> R) -> R {
        critical_section::with(|section| {
            let begun = cycles();
            let result = f(section);
            let took = cycles().wrapping_sub(begun);
            if took > LONGEST.load(Relaxed) {
                LONGEST.store(took, Relaxed);
            }
            result
        })
    }

    /// Cycles of the longest section so far.
    pub(crate) fn longest() -> u32 {
        LONGEST.load(Relaxed)
    }

    /// The cycle counter, where there is one; the program switches that of a Cortex-M on.
    #[inline(always)]
    fn cycles() -> u32 {
        // The rate is that of the core, which nobody asks here.
        #[cfg(all(target_arch = "arm", target_os = "none", target_has_atomic = "32"))]
        return crate::Clock::dwt(0).ticks();
        #[cfg(target_arch = "riscv32")]
        return crate::Clock::mcycle(0).ticks();
        #[cfg(not(any(
            all(target_arch = "arm", target_os = "none", target_has_atomic = "32"),
            target_arch = "riscv32"
        )))]
        0
    }
}

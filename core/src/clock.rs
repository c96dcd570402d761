//! Clocks: a counter of 32 bits and its rate.
//!
//! The hot path reads a clock once at start and once at finish, so a clock is the address of a
//! counter wherever the hardware has one: a read is then one load.

/// A free-running 32-bit counter and its rate.
///
/// It counts up and wraps to 0 behind 2^32 - 1. Reading it is callable from every context.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    register: Register,
    /// Reads the counter where there is no register.
    function: fn() -> u32,
    hz: u32,
}

/// A time: ticks of a tracer's clock since that began, modulo 12 days at 64 MHz. Without a keeper, modulo
/// a turn of its counter.
///
/// [`Tracer::now`](crate::Tracer::now) and [`Tracer::ticks_of`](crate::Tracer::ticks_of) give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ticks(pub u64);

/// The address of a counter, or null.
#[derive(Clone, Copy, Debug)]
struct Register(*const u32);

/// What stands for the address of a hart's cycle counter, which has none. It is odd, so that no counter
/// lies there.
#[cfg(target_arch = "riscv32")]
const CYCLES: *const u32 = core::ptr::without_provenance(1);

impl Register {
    /// The counter.
    ///
    /// # Safety
    /// There is one.
    #[inline(always)]
    unsafe fn read(self) -> u32 {
        #[cfg(target_arch = "riscv32")]
        if self.0 == CYCLES {
            let cycles: u32;
            // SAFETY: reads a counter; machine mode may.
            unsafe {
                core::arch::asm!("csrr {}, mcycle", out(reg) cycles, options(nomem, nostack));
            }
            return cycles;
        }
        // SAFETY: whoever made the clock promised that the address may be read.
        unsafe { self.0.read_volatile() }
    }
}

// SAFETY: whoever made the clock promised that the address may be read from every context.
unsafe impl Sync for Register {}
// SAFETY: as above.
unsafe impl Send for Register {}

impl Clock {
    /// The 32-bit counter at an address, for example a timer of the chip.
    ///
    /// # Safety
    /// For the rest of the program the address must be valid for aligned volatile reads of four
    /// bytes from every context, and not null, and reading it must have no side effect.
    #[must_use]
    pub const unsafe fn register(address: *const u32, hz: u32) -> Self {
        Self { register: Register(address), function: || 0, hz }
    }

    /// A counter read by a function, which must be callable from every context that records.
    #[must_use]
    pub const fn function(read: fn() -> u32, hz: u32) -> Self {
        Self { register: Register(core::ptr::null()), function: read, hz }
    }

    /// The cycle counter of Cortex-M3, M4, M7 and M33 (DWT `CYCCNT`), `hz` cycles a second.
    ///
    /// The firmware switches it on once (`cortex_m::peripheral::DWT::enable_cycle_counter`); it
    /// stops in deep sleep.
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    #[must_use]
    pub const fn dwt(hz: u32) -> Self {
        // SAFETY: the architecture puts the counter there; a read has no side effect.
        unsafe { Self::register(0xE000_1004 as *const u32, hz) }
    }

    /// The low half of the cycle counter of a RISC-V hart (`mcycle`), `hz` cycles a second.
    #[cfg(target_arch = "riscv32")]
    #[must_use]
    pub const fn mcycle(hz: u32) -> Self {
        Self { register: Register(CYCLES), function: || 0, hz }
    }

    /// The driver of `embassy-time`, at its tick rate.
    #[cfg(feature = "embassy-time")]
    #[must_use]
    pub const fn embassy() -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the counter is the low half")]
        fn read() -> u32 {
            embassy_time::Instant::now().as_ticks() as u32
        }
        #[expect(clippy::cast_possible_truncation, reason = "no tick rate is above 4 GHz")]
        Self::function(read, embassy_time::TICK_HZ as u32)
    }

    /// The monotonic clock of the standard library, at 10 MHz; it wraps every 7 minutes.
    #[cfg(feature = "std")]
    #[must_use]
    pub const fn monotonic() -> Self {
        Self::function(monotonic_ticks, MONOTONIC_HZ)
    }

    /// The time stamp counter of x86-64, at 10 MHz: a fourth of what [`Clock::monotonic`] takes.
    ///
    /// The first reading watches the counter for 20 ms to learn its rate, to some millionths; so
    /// [`Tracer::keep_time`](crate::Tracer::keep_time) is to be called early. Where the processor does
    /// not say that the counter always runs at one rate, and on other processors, this is the monotonic
    /// clock. A virtual machine must not be moved to another host while it runs.
    #[cfg(feature = "std")]
    #[must_use]
    pub const fn tsc() -> Self {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        return Self::function(crate::tsc::ticks, MONOTONIC_HZ);
        #[cfg(not(all(target_arch = "x86_64", not(miri))))]
        Self::monotonic()
    }

    /// The counter, in ticks.
    #[inline]
    #[must_use]
    pub fn ticks(&self) -> u32 {
        self.register_ticks().unwrap_or_else(|| (self.function)())
    }

    /// The counter of a clock that has a register.
    ///
    /// # Safety
    /// It has one.
    #[cfg(all(feature = "enable", not(speed)))]
    #[inline(always)]
    pub(crate) unsafe fn register_now(&self) -> u32 {
        // SAFETY: there is a register.
        unsafe { self.register.read() }
    }

    /// Whether the clock is a register.
    #[cfg(feature = "enable")]
    pub(crate) const fn has_register(&self) -> bool {
        !self.register.0.is_null()
    }

    /// The counter, where it takes no call to read it: a call costs registers also where it is
    /// not made.
    #[inline(always)]
    pub(crate) fn register_ticks(&self) -> Option<u32> {
        let has_register = !self.register.0.is_null();
        // SAFETY: there is one.
        has_register.then(|| unsafe { self.register.read() })
    }

    /// Ticks a second.
    #[inline]
    #[must_use]
    pub const fn hz(&self) -> u32 {
        self.hz
    }
}

/// The rate of the clocks of the standard library.
#[cfg(feature = "std")]
pub(crate) const MONOTONIC_HZ: u32 = 10_000_000;

/// What the monotonic clock counts.
#[cfg(feature = "std")]
#[expect(clippy::cast_possible_truncation, reason = "the counter is the low half")]
pub(crate) fn monotonic_ticks() -> u32 {
    use std::sync::LazyLock;
    use std::time::Instant;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);

    let passed = START.elapsed();
    let seconds = passed.as_secs() as u32;
    // What is above 32 bits is lost either way, and a division of 128 takes as long as the rest.
    seconds
        .wrapping_mul(MONOTONIC_HZ)
        .wrapping_add(passed.subsec_nanos() / (1_000_000_000 / MONOTONIC_HZ))
}

/// A clock that has only 24 bits and counts down, such as Cortex-M's `SysTick`, made one of 32.
///
/// The interrupt of the timer calls [`SysTickClock::wrapped`] once a turn.
#[cfg(all(target_arch = "arm", target_os = "none"))]
#[derive(Debug)]
pub struct SysTickClock {
    turns: core::sync::atomic::AtomicU32,
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
impl SysTickClock {
    const CURRENT: *const u32 = 0xE000_E018 as *const u32;
    const INTERRUPT_STATE: *const u32 = 0xE000_ED04 as *const u32;
    const PENDING: u32 = 1 << 26;

    /// A clock that has not turned yet; `SysTick` must run with the greatest reload, 2^24 - 1.
    #[must_use]
    pub const fn new() -> Self {
        Self { turns: core::sync::atomic::AtomicU32::new(0) }
    }

    /// To be called from the `SysTick` interrupt.
    pub fn wrapped(&self) {
        use core::sync::atomic::Ordering::Relaxed;
        // Only this interrupt writes: a load and a store do, also where there is no swap.
        self.turns.store(self.turns.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// The counter, in ticks; also right where the turn's interrupt is still pending.
    pub fn ticks(&self) -> u32 {
        use core::sync::atomic::Ordering::Relaxed;
        loop {
            let turns = self.turns.load(Relaxed);
            // SAFETY: both are registers of the architecture; these reads have no side effect.
            let (pending, down) = unsafe {
                (
                    Self::INTERRUPT_STATE.read_volatile() & Self::PENDING,
                    Self::CURRENT.read_volatile(),
                )
            };
            // SAFETY: as above.
            let pending_after = unsafe { Self::INTERRUPT_STATE.read_volatile() & Self::PENDING };
            if turns == self.turns.load(Relaxed) && pending == pending_after {
                let turns = turns.wrapping_add(u32::from(pending != 0));
                return (turns << 24).wrapping_add(0x00ff_ffff - (down & 0x00ff_ffff));
            }
        }
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
impl Default for SysTickClock {
    fn default() -> Self {
        Self::new()
    }
}

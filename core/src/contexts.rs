//! [`contexts!`](crate::contexts): which context runs, where the core cannot know by itself.

#[cfg(all(feature = "enable", feature = "contexts", not(loom)))]
pub(crate) use hook::current;

/// Which context runs just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ContextId {
    /// Contexts that do not nest: the number of the core, or of the thread of an RTOS, from 0.
    pub slot: usize,
    /// Contexts that nest in one slot: the level or the number of the interrupt that runs, 0 where
    /// none does.
    pub level: u16,
}

#[cfg(all(feature = "enable", feature = "contexts", not(loom)))]
mod hook {
    use crate::ContextSlot;

    unsafe extern "Rust" {
        // What `contexts!` defines.
        safe fn _spandrel_context() -> (&'static ContextSlot, u16);
    }

    /// The slot of the context that runs, and its level.
    #[inline(always)]
    pub(crate) fn current() -> (&'static ContextSlot, u16) {
        _spandrel_context()
    }
}

/// Says how many contexts there are that do not nest, and how to find out which one runs.
///
/// Once in a program, in the final binary, with the feature `contexts`: on chips with several cores, on
/// RISC-V, where no register says whether an interrupt runs, and under an RTOS with threads. Without
/// it Cortex-M goes by the number of the exception, and a host by the thread.
///
/// ```ignore
/// // Two cores, and interrupts that count their nesting.
/// spandrel::contexts!(2, || spandrel::ContextId { slot: core_number(), level: interrupt_level() });
/// ```
///
/// The function is called at each start of a span and at each end of a scope, from every context, and
/// must give the same answer from the start of a scope to its end. A slot that is not there is taken
/// for the first. It costs 28 bytes of RAM a slot.
#[cfg(all(feature = "enable", feature = "contexts"))]
#[macro_export]
macro_rules! contexts {
    ($slots:expr, $current:expr) => {
        const _: () = {
            static SLOTS: [$crate::ContextSlot; $slots] =
                [const { $crate::ContextSlot::new() }; $slots];

            #[unsafe(no_mangle)]
            fn _spandrel_context() -> (&'static $crate::ContextSlot, u16) {
                let current: fn() -> $crate::ContextId = $current;
                let context = current();
                let [first, ..] = &SLOTS;
                (SLOTS.get(context.slot).unwrap_or(first), context.level)
            }
        };
    };
}

/// Checks what it is given; here the feature `enable` or `contexts` is off, and nothing asks.
#[cfg(not(all(feature = "enable", feature = "contexts")))]
#[macro_export]
macro_rules! contexts {
    ($slots:expr, $current:expr) => {
        const _: (usize, fn() -> $crate::ContextId) = ($slots, $current);
    };
}

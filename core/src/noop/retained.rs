//! Recorders that a reset does not take, which hold nothing.

use super::Tracer;
use crate::{Boot, Clock, ResetCause};
use core::ops::Range;

/// Holds nothing, since the feature `enable` is off.
#[derive(Debug, Default)]
pub struct Retained<const WORDS: usize, const OPEN: usize = 8, const NAMES: usize = 32>(());

impl<const WORDS: usize, const OPEN: usize, const NAMES: usize> Retained<WORDS, OPEN, NAMES> {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

/// Knows nothing, since the feature `enable` is off.
#[derive(Debug)]
pub struct BootCell(());

impl BootCell {
    /// Nothing.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "as the other, which is for statics alone")]
    pub const fn new() -> Self {
        Self(())
    }
}

impl Tracer {
    /// Nothing.
    #[must_use]
    pub const fn retained<const WORDS: usize, const OPEN: usize, const NAMES: usize>(
        _: &'static str,
        _: &'static Retained<WORDS, OPEN, NAMES>,
        _: &'static BootCell,
        _: Clock,
    ) -> Self {
        Self(())
    }

    /// Forgets it.
    ///
    /// # Safety
    /// Any function will do.
    #[must_use]
    pub const unsafe fn static_strings_in(self, _: fn() -> Range<usize>) -> Self {
        self
    }

    /// Finds nothing.
    #[inline(always)]
    pub fn boot(&'static self, _: ResetCause) -> Boot {
        Boot::default()
    }
}

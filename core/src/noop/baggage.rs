//! Baggage that is not.

use crate::carrier::{NoRoom, TextReader, TextWriter};
use crate::{Baggage, BaggageError};

/// Holds nothing, since the feature `enable` is off.
#[derive(Debug, Default)]
pub struct BaggagePool<const ITEMS: usize, const BYTES: usize = 64>(());

impl<const ITEMS: usize, const BYTES: usize> BaggagePool<ITEMS, BYTES> {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

/// Keeps nothing, since the feature `enable` is off.
#[derive(Debug)]
pub struct HeldBaggage(());

impl HeldBaggage {
    /// None.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, _: &str) -> Option<&str> {
        None
    }

    /// None.
    #[inline(always)]
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        core::iter::empty()
    }

    /// None.
    #[inline(always)]
    #[must_use]
    pub fn handle(&self) -> Baggage {
        Baggage::NONE
    }

    /// Does nothing.
    ///
    /// # Errors
    /// None.
    #[inline(always)]
    pub fn put(&mut self, _: &str, _: &str) -> Result<(), BaggageError> {
        Ok(())
    }
}

impl TextReader for HeldBaggage {
    fn each(&self, _: &mut dyn FnMut(&str, &str)) {}
}

impl TextWriter for HeldBaggage {
    fn set(&mut self, _: &str, _: &str) -> Result<(), NoRoom> {
        Ok(())
    }
}

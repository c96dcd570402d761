//! Where records are reserved: in the one ring, or in that of the thread.
//!
//! What a span records while it is open must be drained in the order in which it was recorded, and
//! before the span. In one ring that comes by itself. Where each thread has a ring a span can move on
//! to another thread; so it knows where its parts are, and a record in front of what it records next
//! says that they come first.

use super::mask;
use super::recorder::RecorderRef;
use super::ring::Reserved;
#[cfg(feature = "std")]
use core::cell::Cell;

/// The ring that holds the parts of a span.
#[derive(Clone, Debug)]
pub(crate) struct Home(#[cfg(feature = "std")] Cell<usize>);

impl Home {
    /// That of a span that has no parts.
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self(
            #[cfg(feature = "std")]
            Cell::new(Self::NOWHERE),
        )
    }
}

#[cfg(feature = "std")]
impl Home {
    pub(super) const NOWHERE: usize = 0;
    /// The number of the ring that was made first.
    pub(super) const FIRST: usize = 1;

    #[inline(always)]
    pub(super) fn get(&self) -> usize {
        self.0.get()
    }

    pub(super) fn set(&self, number: usize) {
        self.0.set(number);
    }
}

impl RecorderRef {
    /// Room for a short record, which nothing must come before, if that takes no more than a look.
    #[inline(always)]
    pub(super) fn reserve_short(&self, len: u32) -> Option<Reserved<'static>> {
        #[cfg(feature = "std")]
        if let Some(threads) = self.threads() {
            return threads.current()?.ring.reserve_at_once(len);
        }
        mask::with(|cs| self.ring().reserve_at_once(len, cs))
    }

    /// Room for what an open span records, if that takes no more than a look.
    #[inline(always)]
    #[cfg_attr(not(feature = "std"), expect(unused_variables, reason = "there is one ring"))]
    pub(super) fn reserve_part(&self, home: &Home, len: u32) -> Option<Reserved<'static>> {
        #[cfg(feature = "std")]
        if let Some(threads) = self.threads() {
            let member = threads.current().filter(|member| member.is(home.get()))?;
            return member.ring.reserve_at_once(len);
        }
        let ring = self.ring();
        mask::with(|cs| ring.reserve_at_once(len, cs))
    }

    /// Room for a record of a span; where there is none that is counted.
    #[cfg_attr(not(feature = "std"), inline(always))]
    #[cfg_attr(not(feature = "std"), expect(unused_variables, reason = "there is one ring"))]
    pub(super) fn reserve(&self, home: &Home, len: u32) -> Option<Reserved<'static>> {
        #[cfg(feature = "std")]
        if let Some(threads) = self.threads() {
            return threads.reserve(self, home, len);
        }
        self.ring().reserve(len)
    }
}

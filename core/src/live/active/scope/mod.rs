//! [`Scope`]: a span is active as long as the guard lives.

#[cfg(not(speed))]
mod called;
#[cfg(speed)]
mod inlined;

use super::super::span::Span;
use super::ContextSlot;
#[cfg(not(speed))]
use called::Kept;
use core::mem::ManuallyDrop;
use core::sync::atomic::Ordering::Relaxed;
#[cfg(speed)]
use inlined::Kept;
#[cfg(speed)]
pub(in crate::live) use inlined::UsualScope;

/// Keeps a span active until it is dropped; made by [`Span::enter`].
///
/// Guards end in the opposite order of their making. Where one ends out of turn, while another is
/// active, it leaves that one active; whatever the last one found active when it was made is active
/// again behind it. It is not `Send`: what is active belongs to a thread or an interrupt.
///
/// It must not be held over an `await`, since what else runs meanwhile would find the span active: use
/// [`FutureExt::in_span`](crate::FutureExt::in_span), which in debug builds panics where it finds that
/// such a guard was left behind.
#[derive(Debug)]
#[must_use = "the span is active only as long as the guard lives"]
pub struct Scope<'a>(Kept<'a>);

impl<'a> Scope<'a> {
    #[inline(always)]
    pub(crate) fn new(span: &'a Span) -> Self {
        Self(Kept::new(span))
    }

    /// Ends the scope of a poll. Whatever is active now, what was before is active again: a guard that
    /// is still there is held over an `await`.
    pub(in crate::live) fn leave(self) {
        ManuallyDrop::new(self).0.put_back();
    }
}

impl Drop for Scope<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Finds guards that are held over an `await`, in debug builds.
#[inline(always)]
fn assert_active(slot: &ContextSlot, span: &Span) {
    debug_assert!(
        slot.own.load(Relaxed) == span.number(),
        "a guard of `Span::enter` is held over an `await`"
    );
}

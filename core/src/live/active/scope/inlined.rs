//! Scopes where the profile asks for speed: the usual ones are inlined and stay in registers.

use super::super::super::open::mark;
use super::super::super::span::Span;
use super::super::{ContextSlot, OCCUPIED, owner, with_slot};
use super::assert_active;
use core::mem::MaybeUninit;
use core::sync::atomic::Ordering::Relaxed;

/// What is kept of a scope.
#[derive(Debug)]
pub(super) struct Kept<'a> {
    span: &'a Span,
    /// The span's number, or 0 of an [unusual](Before::unusual) one.
    own: u32,
    before: Before,
    /// Where it is active. As a pointer it makes the guard one that is not sent.
    slot: *const ContextSlot,
}

/// What was in a slot, but for what only unusual spans overwrite.
#[derive(Clone, Copy, Debug)]
struct Before {
    owner: usize,
    key: u32,
    own: u32,
    root: u32,
    /// The other words of a trace, if the span that is entered overwrites them.
    rest: [MaybeUninit<u32>; 3],
}

/// The scope of a span that has a number, of a trace of this device and without baggage: most.
#[derive(Debug)]
pub(in crate::live) struct UsualScope {
    slot: *const ContextSlot,
    own: u32,
    before: Before,
}

impl UsualScope {
    /// Makes the span active, if it is such a one.
    #[inline(always)]
    pub(in crate::live) fn new(span: &Span) -> Option<Self> {
        let (open, tracer) = (span.open(), span.tracer());
        let first = open.first.get();
        // A leaf's first word has not that bit.
        if first & mark::PLAIN == 0 {
            return None;
        }
        with_slot(tracer, |slot, context| {
            let before = Before::of(slot);
            let own = open.own.get();
            let marks = first & (mark::INHERITED | OCCUPIED);
            slot.set_owner(owner(tracer));
            slot.key.store(marks | tracer.active_key() | context, Relaxed);
            slot.own.store(own, Relaxed);
            slot.trace[0].store(open.trace.get(), Relaxed);
            Some(Self { slot, own, before })
        })
    }

    /// Ends the scope of a poll. Whatever is active now, what was before is active again: a guard that
    /// is still there is held over an `await`.
    #[inline(always)]
    pub(in crate::live) fn leave(self, span: &Span) {
        // SAFETY: that of the context that runs: it is left where it was entered.
        let slot = unsafe { &*self.slot };
        assert_active(slot, span);
        self.before.put_back(slot);
    }
}

impl<'a> Kept<'a> {
    #[inline(always)]
    pub(super) fn new(span: &'a Span) -> Self {
        if let Some(UsualScope { slot, own, before }) = UsualScope::new(span) {
            return Self { span, own, before, slot };
        }
        // Word by word, so that the usual scope need not be in memory.
        let Before { owner, key, own, root, rest: [a, b, c] } = Before::unusual(span);
        let before = Before { owner, key, own, root, rest: [a, b, c] };
        with_slot(span.tracer(), |slot, _| Self { span, slot, own: 0, before })
    }
}

impl Before {
    #[inline(always)]
    fn of(slot: &ContextSlot) -> Self {
        Self {
            owner: slot.owner(),
            key: slot.key.load(Relaxed),
            own: slot.own.load(Relaxed),
            root: slot.trace[0].load(Relaxed),
            rest: [MaybeUninit::uninit(); 3],
        }
    }

    /// Begins the scope of a span that had no number, or has more to say than that and its root's.
    #[cold]
    #[inline(never)]
    fn unusual(span: &Span) -> Self {
        let mut active = span.as_active();
        with_slot(span.tracer(), |slot, context| {
            active.key |= context;
            let [_, rest @ ..] = &slot.trace;
            let rest = rest.each_ref().map(|word| MaybeUninit::new(word.load(Relaxed)));
            let before = Self { rest, ..Self::of(slot) };
            active.store(slot);
            before
        })
    }

    /// Ends the scope of such a span, if that is active, or whatever is.
    #[cold]
    #[inline(never)]
    fn end_unusual(self, span: &Span, in_any_case: bool) {
        let (own, tracer) = (span.number(), span.tracer());
        with_slot(tracer, |slot, _| {
            if in_any_case || slot.shows(own, tracer) {
                self.put_back(slot);
                let [_, rest @ ..] = &slot.trace;
                for (to, word) in rest.iter().zip(self.rest) {
                    // SAFETY: it was kept when the scope began.
                    to.store(unsafe { word.assume_init() }, Relaxed);
                }
            }
        });
    }

    #[inline(always)]
    fn put_back(&self, slot: &ContextSlot) {
        slot.set_owner(self.owner);
        slot.key.store(self.key, Relaxed);
        slot.own.store(self.own, Relaxed);
        slot.trace[0].store(self.root, Relaxed);
    }
}

impl Kept<'_> {
    /// Has what was before active again, whatever is now.
    pub(super) fn put_back(&self) {
        assert_active(self.slot(), self.span);
        if self.own == 0 {
            self.before.end_unusual(self.span, true);
        } else {
            self.before.put_back(self.slot());
        }
    }

    #[inline(always)]
    fn slot(&self) -> &ContextSlot {
        // SAFETY: it is of the context that runs, since the guard was not sent to another; and slots
        // are statics, or live as long as their thread.
        unsafe { &*self.slot }
    }

    /// Has what was before active again, if the span is active.
    #[inline(always)]
    pub(super) fn end(&self) {
        let slot = self.slot();
        if slot.shows(self.own, self.span.tracer()) {
            self.before.put_back(slot);
        } else if self.own == 0 {
            self.before.end_unusual(self.span, false);
        }
    }
}

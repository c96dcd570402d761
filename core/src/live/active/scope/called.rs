//! Scopes where size counts: there is one way, in functions.

use super::super::super::span::Span;
use super::super::{Active, with_slot};
use super::assert_active;
use core::marker::PhantomData;

/// What is kept of a scope.
#[derive(Debug)]
pub(super) struct Kept<'a> {
    span: &'a Span,
    before: Active,
    not_send: PhantomData<*const ()>,
}

impl<'a> Kept<'a> {
    #[inline(never)]
    pub(super) fn new(span: &'a Span) -> Self {
        let tracer = span.tracer();
        with_slot(tracer, |slot, context| {
            let before = Active::load(slot);
            let mut active = span.as_active();
            active.key |= context;
            active.store(slot);
            Self { span, before, not_send: PhantomData }
        })
    }

    /// Has what was before active again, whatever is now.
    pub(super) fn put_back(&self) {
        with_slot(self.span.tracer(), |slot, _| {
            assert_active(slot, self.span);
            self.before.store(slot);
        });
    }

    /// Has what was before active again, if the span is active.
    #[inline(never)]
    pub(super) fn end(&self) {
        let tracer = self.span.tracer();
        with_slot(tracer, |slot, _| {
            if slot.shows(self.span.number(), tracer) {
                self.before.store(slot);
            }
        });
    }
}

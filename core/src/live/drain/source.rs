//! From which ring the drain takes: the one that there is, or those of the threads in turn.

use super::super::recorder::RecorderRef;
use super::super::ring::Committed;
#[cfg(feature = "std")]
use super::super::{home::Home, record, threads::Member};

/// The ring that the next record comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    /// None: the one that all share.
    #[cfg(feature = "std")]
    member: Option<&'static Member>,
    /// Records that may still come from it before it is another's turn.
    #[cfg(feature = "std")]
    left: u8,
}

#[cfg(not(feature = "std"))]
impl Source {
    pub(super) const START: Self = Self {};

    /// The oldest record.
    #[inline(always)]
    pub(super) fn oldest(&mut self, recorder: &RecorderRef, _: bool) -> Option<Committed<'static>> {
        recorder.ring().oldest()
    }

    /// Frees the record that was given last.
    #[inline(always)]
    pub(super) fn release(&mut self, recorder: &RecorderRef, record: &Committed<'_>) {
        recorder.ring().release(record);
    }
}

/// Words of records that are not drained, about.
#[inline(always)]
pub(super) fn used(recorder: &RecorderRef) -> u32 {
    #[cfg(feature = "std")]
    if let Some(threads) = recorder.threads() {
        return recorder.ring().used() + threads.used();
    }
    recorder.ring().used()
}

/// As many records come from a ring one after the other: what follows is often of the same trace,
/// and says less where it does.
#[cfg(feature = "std")]
const IN_A_ROW: u8 = 64;

#[cfg(feature = "std")]
impl Source {
    pub(super) const START: Self = Self { member: None, left: IN_A_ROW };

    /// The oldest record of the ring whose turn it is, or of another if it has none. With `same` it is
    /// that which was given before.
    pub(super) fn oldest(
        &mut self,
        recorder: &RecorderRef,
        same: bool,
    ) -> Option<Committed<'static>> {
        let Some(threads) = recorder.threads() else { return recorder.ring().oldest() };
        if same {
            return self.first(recorder);
        }
        let next = |member: Option<&'static Member>| match member {
            Some(member) => member.next,
            None => threads.first(),
        };
        if self.left == 0 {
            *self = Self { member: next(self.member), left: IN_A_ROW };
        }
        // Each ring once, and the shared one.
        let mut from = *self;
        for _ in 0..=threads.members().count() {
            if let Some((source, record)) = from.follow(recorder) {
                *self = source;
                return Some(record);
            }
            from = Self { member: next(from.member), left: IN_A_ROW };
        }
        None
    }

    /// The oldest record of this ring, or of one that it says comes first.
    fn follow(mut self, recorder: &RecorderRef) -> Option<(Self, Committed<'static>)> {
        loop {
            let record = self.first(recorder)?;
            if record.first() & record::KIND_MASK != record::KIND_AFTER {
                return Some((self, record));
            }
            match self.comes_first(recorder, &record) {
                // What it says was written before it, and so on: there is an end.
                Some(other) => self = other,
                None => self.free(recorder, &record),
            }
        }
    }

    /// The ring that must be drained before what follows this record, if it is not yet.
    fn comes_first(self, recorder: &RecorderRef, record: &Committed<'_>) -> Option<Self> {
        // SAFETY: it has these words.
        let [number, end] = [1, 2].map(|at| unsafe { record.word(at) }.unwrap_or(0));
        let number = number as usize;
        if number == Home::SHARED {
            return (recorder.ring().used() != 0).then_some(Self::START);
        }
        let member = recorder.threads()?.numbered(number)?;
        let is_drained = member.ring.is_drained_to(end);
        (!is_drained).then_some(Self { member: Some(member), left: IN_A_ROW })
    }

    /// The oldest record of this ring.
    fn first(self, recorder: &RecorderRef) -> Option<Committed<'static>> {
        match self.member {
            Some(member) => member.ring.oldest(),
            None => recorder.ring().oldest(),
        }
    }

    /// Frees the record that was given last.
    pub(super) fn release(&mut self, recorder: &RecorderRef, record: &Committed<'_>) {
        self.free(recorder, record);
        self.left = self.left.saturating_sub(1);
    }

    fn free(self, recorder: &RecorderRef, record: &Committed<'_>) {
        match self.member {
            Some(member) => member.ring.release(record),
            None => recorder.ring().release(record),
        }
    }
}

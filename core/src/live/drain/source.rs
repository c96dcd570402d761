//! From which ring the drain takes: the one that there is, or those of the threads in turn.

use super::super::ring::Committed;
#[cfg(feature = "std")]
use super::super::{home::Home, record, recorder::RecorderRef, threads::Member, threads::Threads};
use super::Drain;

#[cfg(not(feature = "std"))]
impl Drain {
    /// The oldest record.
    #[inline(always)]
    pub(super) fn oldest(&self) -> Option<Committed<'static>> {
        self.tracer.recorder.ring().oldest()
    }

    /// Frees the record that was given last.
    #[inline(always)]
    pub(super) fn release(&self, record: &Committed<'_>) {
        self.tracer.recorder.ring().release(record);
    }

    /// Words of records that are not drained, about.
    #[inline(always)]
    pub(super) fn used(&self) -> u32 {
        self.tracer.recorder.ring().used()
    }
}

#[cfg(feature = "std")]
impl Drain {
    /// The oldest record of the ring whose turn it is, or of another if it has none. That which was
    /// given before, if a fragment of it went up.
    pub(super) fn oldest(&self) -> Option<Committed<'static>> {
        let recorder = &self.tracer.recorder;
        if recorder.threads().is_none() || self.is_broken() {
            return self.source.get().first(recorder);
        }
        let (source, record) = self.source.get().next(recorder)?;
        self.source.set(source);
        Some(record)
    }

    /// Frees the record that was given last.
    pub(super) fn release(&self, record: &Committed<'_>) {
        let source = self.source.get();
        source.free(&self.tracer.recorder, record);
        self.source.set(Source { left: source.left.saturating_sub(1), ..source });
    }

    /// Words of records that are not drained, about.
    pub(super) fn used(&self) -> u32 {
        let recorder = &self.tracer.recorder;
        recorder.ring().used() + recorder.threads().map_or(0, Threads::used)
    }
}

/// The ring that the next record comes from.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    /// None: the one that all share.
    member: Option<&'static Member>,
    /// Records that may still come from it before it is another's turn.
    left: u8,
}

/// As many records come from a ring one after the other: what follows is often of the same trace,
/// and says less where it does.
#[cfg(feature = "std")]
const IN_A_ROW: u8 = 64;

#[cfg(feature = "std")]
impl Source {
    pub(super) const START: Self = Self { member: None, left: IN_A_ROW };

    /// The oldest record of this ring or, where it has none or had its turn, of the next one that has.
    fn next(mut self, recorder: &RecorderRef) -> Option<(Self, Committed<'static>)> {
        let threads = recorder.threads()?;
        let next = |member: Option<&'static Member>| match member {
            Some(member) => member.next,
            None => threads.first(),
        };
        if self.left == 0 {
            self = Self { member: next(self.member), left: IN_A_ROW };
        }
        let mut found = self.follow(recorder);
        // Else each of the others once.
        let mut others = threads.members();
        while found.is_none() && others.next().is_some() {
            self = Self { member: next(self.member), left: IN_A_ROW };
            found = self.follow(recorder);
        }
        found
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

    fn free(self, recorder: &RecorderRef, record: &Committed<'_>) {
        match self.member {
            Some(member) => member.ring.release(record),
            None => recorder.ring().release(record),
        }
    }
}

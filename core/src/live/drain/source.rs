//! From which ring the drain takes: the one that there is, or those of the threads in turn.

use super::super::ring::Committed;
#[cfg(feature = "std")]
use super::super::{record, threads::Member, threads::Threads};
use super::Drain;

impl Drain {
    /// The record that is next.
    #[inline(always)]
    pub(super) fn oldest(&self) -> Option<Committed<'static>> {
        #[cfg(feature = "retained")]
        if let Some(retained) = self.takes_itself() {
            return self.oldest_kept(retained);
        }
        if let Some(held) = self.tracer.held() {
            return (held.next)(self, held.window);
        }
        self.oldest_in_turn()
    }

    /// Frees the record that was given last, or notes that it was sent.
    #[inline(always)]
    pub(super) fn release(&self, record: &Committed<'_>) {
        #[cfg(feature = "retained")]
        if self.takes_itself().is_some() {
            return self.release_kept();
        }
        if let Some(held) = self.tracer.held() {
            return (held.sent)(self, held.window, record);
        }
        self.release_in_turn(record);
    }
}

#[cfg(not(feature = "std"))]
impl Drain {
    /// The oldest record.
    #[inline(always)]
    fn oldest_in_turn(&self) -> Option<Committed<'static>> {
        self.tracer.recorder.ring().oldest()
    }

    /// Frees the record that was given last.
    #[inline(always)]
    fn release_in_turn(&self, record: &Committed<'_>) {
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
    fn oldest_in_turn(&self) -> Option<Committed<'static>> {
        let Some(threads) = self.tracer.recorder.threads() else {
            return self.tracer.recorder.ring().oldest();
        };
        if self.is_broken() {
            return self.source.get().member?.ring.oldest();
        }
        let (source, record) = self.source.get().next(threads)?;
        self.source.set(source);
        Some(record)
    }

    /// Frees the record that was given last.
    fn release_in_turn(&self, record: &Committed<'_>) {
        let source = self.source.get();
        match source.member {
            Some(member) => member.ring.release(record),
            None => self.tracer.recorder.ring().release(record),
        }
        self.source.set(Source { left: source.left.saturating_sub(1), ..source });
    }

    /// Words of records that are not drained, about.
    pub(super) fn used(&self) -> u32 {
        let recorder = &self.tracer.recorder;
        recorder.threads().map_or_else(|| recorder.ring().used(), Threads::used)
    }
}

/// The ring that the next record comes from.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    /// None where threads have none, or before the first.
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
    fn next(mut self, threads: &Threads) -> Option<(Self, Committed<'static>)> {
        let next = |member: Option<&'static Member>| match member {
            Some(member) => member.next,
            None => threads.first(),
        };
        if self.left == 0 {
            self = Self { member: next(self.member), left: IN_A_ROW };
        }
        let mut found = self.follow(threads);
        // Else each of the others once.
        let mut others = threads.members();
        while found.is_none() && others.next().is_some() {
            self = Self { member: next(self.member), left: IN_A_ROW };
            found = self.follow(threads);
        }
        found
    }

    /// The oldest record of this ring, or of one that it says comes first.
    fn follow(self, threads: &Threads) -> Option<(Self, Committed<'static>)> {
        let mut member = self.member?;
        loop {
            let record = member.ring.oldest()?;
            if record.first() & record::KIND_MASK != record::KIND_AFTER {
                let is_same = self.member.is_some_and(|mine| core::ptr::eq(mine, member));
                let left = if is_same { self.left } else { IN_A_ROW };
                return Some((Self { member: Some(member), left }, record));
            }
            // SAFETY: it has these words.
            let [number, end] = [1, 2].map(|at| unsafe { record.word(at) }.unwrap_or(0));
            match threads.numbered(number as usize) {
                // What it says comes first was written before it, and so on: there is an end.
                Some(other) if !other.ring.is_drained_to(end) => member = other,
                _ => member.ring.release(&record),
            }
        }
    }
}

//! What went on around records that are missing: which traces, below which span, and when.
//!
//! A lost record says nothing about itself. But records are numbered in the order in which they were
//! recorded, so those before and after it tell between which moments it was recorded, and which traces
//! were going on then: those with spans on both sides, those of a span that was open meanwhile, and
//! those with a span before it whose parent has not come.

use serde::{Deserialize, Serialize};
use spandrel::wire::{Parent, SpanHead, TraceRef};

/// So many traces are remembered at each side of a gap.
const MOST_SIDE: usize = 4;
/// So many are said to have a gap.
const MOST_TRACES: usize = 4;

/// A span record, as far as it shows what was going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sight {
    pub(super) trace: TraceRef,
    pub(super) own: u64,
    pub(super) parent: Parent,
    pub(super) start_ticks: u64,
    pub(super) end_ticks: u64,
}

impl From<&SpanHead> for Sight {
    fn from(head: &SpanHead) -> Self {
        let SpanHead { trace, own, parent, start_ticks, .. } = *head;
        Self { trace, own, parent, start_ticks, end_ticks: head.end_ticks() }
    }
}

/// The latest records, in the order of their numbers: of each of the last traces its last span.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Recent {
    sights: Vec<Sight>,
    /// When the last of them was recorded.
    ticks: Option<u64>,
}

impl Recent {
    /// A span was recorded.
    pub(super) fn saw(&mut self, sight: &Sight) {
        self.ticks = Some(sight.end_ticks);
        if let Some(last) = self.sights.last_mut().filter(|last| last.trace == sight.trace) {
            *last = *sight;
            return;
        }
        self.sights.retain(|other| other.trace != sight.trace);
        if self.sights.len() >= MOST_SIDE {
            self.sights.remove(0);
        }
        self.sights.push(*sight);
    }

    /// Something else was recorded at this time.
    pub(super) fn at(&mut self, ticks: u64) {
        self.ticks = Some(ticks);
    }

    fn of(&self, trace: TraceRef) -> Option<&Sight> {
        self.sights.iter().find(|sight| sight.trace == trace)
    }
}

/// What came of a trace behind a gap.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Later {
    first: Sight,
    /// The span that was open all the time, and of several the one that began last.
    enclosing: Option<Sight>,
}

/// Both sides of a gap.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Around {
    before: Recent,
    after: Vec<Later>,
    latest_ticks: Option<u64>,
}

impl Around {
    /// More than this it does not hold, beside itself.
    pub(super) const MOST_BYTES: usize = MOST_SIDE * (size_of::<Sight>() + size_of::<Later>()) + 32;

    /// A gap behind these records.
    pub(super) fn behind(recent: &Recent) -> Self {
        Self { before: recent.clone(), after: Vec::new(), latest_ticks: None }
    }

    /// A record before the gap came late, and is nearer to it than those that came before.
    pub(super) fn saw_before(&mut self, sight: &Sight) {
        self.before.saw(sight);
    }

    /// A span behind the gap came.
    pub(super) fn saw_after(&mut self, sight: &Sight) {
        self.at_after(sight.end_ticks);
        let encloses = self.before.ticks.is_some_and(|ticks| sight.start_ticks <= ticks);
        let enclosing = encloses.then_some(*sight);
        if let Some(later) = self.after.iter_mut().find(|later| later.first.trace == sight.trace) {
            let nearest = later.enclosing.filter(|known| {
                enclosing.is_none_or(|sight| known.start_ticks >= sight.start_ticks)
            });
            later.enclosing = nearest.or(enclosing);
        } else if self.after.len() < MOST_SIDE {
            self.after.push(Later { first: *sight, enclosing });
        }
    }

    /// Something behind the gap was recorded at this time.
    pub(super) fn at_after(&mut self, ticks: u64) {
        self.latest_ticks = Some(self.latest_ticks.map_or(ticks, |known| known.min(ticks)));
    }

    /// Between which times it lies; none where nothing around it had a time.
    pub(super) fn bracket_ticks(&self) -> Option<[u64; 2]> {
        let earliest = self.before.ticks.or(self.latest_ticks)?;
        let latest = self.latest_ticks.unwrap_or(earliest);
        // A record may have been given any time by the program.
        Some([earliest, latest.max(earliest)])
    }

    /// The traces that it fell into, each with the number of the span that it is shown below.
    ///
    /// `is_awaited` says whether a child of a span came, but not the span.
    pub(super) fn traces(&self, is_awaited: impl Fn(u64) -> bool) -> Vec<(TraceRef, u64)> {
        let before = self.before.sights.iter().rev().map(|sight| sight.trace);
        let after = self.after.iter().map(|later| later.first.trace);
        let after = after.filter(|trace| self.before.of(*trace).is_none());
        let below = |trace| Some((trace, self.below(trace, &is_awaited)?));
        before.chain(after).filter_map(below).take(MOST_TRACES).collect()
    }

    fn below(&self, trace: TraceRef, is_awaited: impl Fn(u64) -> bool) -> Option<u64> {
        let later = self.after.iter().find(|later| later.first.trace == trace);
        if let Some(enclosing) = later.and_then(|later| later.enclosing) {
            return Some(enclosing.own);
        }
        let before = self.before.of(trace)?;
        match (before.parent, later.map(|later| later.first.parent)) {
            (Parent::Local(parent), Some(Parent::Local(other))) if parent == other => Some(parent),
            (Parent::Local(parent), None) => is_awaited(parent).then_some(parent),
            (_, None) => None,
            // No parent in common is known but the first span of the trace on this device.
            (parent, Some(_)) => Some(match (trace, parent) {
                (TraceRef::Own(root), _) => root,
                (TraceRef::Remote(_), Parent::Local(parent)) => parent,
                (TraceRef::Remote(_), _) => before.own,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spandrel::TraceId;

    const NONE: fn(u64) -> bool = |_| false;

    fn sight(root: u64, own: u64, parent: Parent, ticks: [u64; 2]) -> Sight {
        let trace = TraceRef::Own(root);
        Sight { trace, own, parent, start_ticks: ticks[0], end_ticks: ticks[1] }
    }

    fn around(before: &[Sight], after: &[Sight]) -> Around {
        let mut recent = Recent::default();
        before.iter().for_each(|sight| recent.saw(sight));
        let mut around = Around::behind(&recent);
        after.iter().for_each(|sight| around.saw_after(sight));
        around
    }

    #[test]
    fn a_trace_on_both_sides_has_the_gap_below_the_parent_in_common() {
        let child = |own, ticks| sight(4, own, Parent::Local(5), ticks);
        let found = around(&[child(6, [10, 20])], &[child(7, [40, 50])]);
        assert_eq!(found.traces(NONE), [(TraceRef::Own(4), 5)]);
        assert_eq!(found.bracket_ticks(), Some([20, 50]));
        let other = sight(4, 8, Parent::Local(9), [40, 50]);
        let found = around(&[child(6, [10, 20])], &[other]);
        assert_eq!(found.traces(NONE), [(TraceRef::Own(4), 4)], "the root");
    }

    #[test]
    fn the_nearest_span_that_was_open_all_the_time_is_the_parent() {
        let other_trace = sight(30, 30, Parent::None, [0, 20]);
        let spans = [[12, 40], [15, 60], [5, 90], [25, 28]];
        let spans = spans.iter().zip(5..).map(|(ticks, own)| sight(4, own, Parent::None, *ticks));
        let found = around(&[other_trace], &spans.collect::<Vec<_>>());
        assert_eq!(found.traces(NONE), [(TraceRef::Own(4), 6)]);
    }

    #[test]
    fn a_trace_that_was_over_or_began_later_has_no_gap() {
        let over = sight(4, 4, Parent::None, [0, 20]);
        let later = sight(5, 5, Parent::None, [30, 40]);
        assert_eq!(around(&[over], &[later]).traces(NONE), []);
        assert_eq!(around(&[], &[later]).traces(NONE), [], "it may have begun behind the gap");
    }

    #[test]
    fn a_trace_whose_parent_has_not_come_was_going_on() {
        let child = sight(4, 6, Parent::Local(5), [0, 20]);
        assert_eq!(around(&[child], &[]).traces(|own| own == 5), [(TraceRef::Own(4), 5)]);
        assert_eq!(around(&[child], &[]).traces(NONE), []);
    }

    #[test]
    fn a_remote_trace_has_no_root_here() {
        let trace = TraceRef::Remote(TraceId([1; 16]));
        let entry = |own, ticks| Sight { trace, ..sight(0, own, Parent::Remote, ticks) };
        let found = around(&[entry(4, [0, 20])], &[entry(5, [30, 40])]);
        assert_eq!(found.traces(NONE), [(trace, 4)]);
    }

    #[test]
    fn few_traces_are_remembered() {
        let sights: Vec<_> = (4..40).map(|own| sight(own, own, Parent::None, [0, own])).collect();
        let found = around(&sights, &sights);
        assert_eq!((found.before.sights.len(), found.after.len()), (MOST_SIDE, MOST_SIDE));
        assert!(found.traces(NONE).len() <= MOST_TRACES);
    }
}

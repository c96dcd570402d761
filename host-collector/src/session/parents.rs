//! Spans whose children came and which did not come themselves.
//!
//! That is the normal case: a span goes up when it ends, and most end after their children. So a parent
//! is only taken for lost where the session is over, or where its trace's root has come, records that
//! may have been the parent are known to be lost, and it has been waited for.

use super::around::Sight;
use serde::{Deserialize, Serialize};
use spandrel::wire::{Parent, TraceRef, record_number};
use std::collections::BTreeMap;

/// How long a parent is waited for when everything speaks for its loss.
const PATIENCE_NS: u64 = 5_000_000_000;
/// More parents than this are not waited for; the oldest are forgotten.
const MOST_AWAITED: usize = 256;
/// More stretches of numbers than this are not told apart: what lies between the lowest counts as come.
const MOST_STRETCHES: usize = 256;

/// The numbers of spans that came, and those that should.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Parents {
    came: Numbers,
    awaited: BTreeMap<u64, Awaited>,
    /// Whether one of them may be among records that are lost.
    is_one_suspect: bool,
    /// The parent of the last span, if it is awaited, and what is known of its children: most spans that
    /// follow say nothing new of it.
    #[serde(skip)]
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    parent: u64,
    start_ticks: u64,
    record: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Awaited {
    trace: TraceRef,
    /// When the first of its children began.
    start_ticks: u64,
    /// The number of the record of the first that came.
    record: u64,
    is_suspect: bool,
    /// Since when the trace's root is known to have ended.
    over_since_ns: Option<u64>,
}

/// A span that never came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Missing {
    pub(super) number: u64,
    pub(super) trace: TraceRef,
    /// When the first of its children began.
    pub(super) start_ticks: u64,
}

impl Parents {
    /// The span record with this number came.
    #[inline]
    pub(super) fn saw(&mut self, record: u64, sight: &Sight) {
        if let Some(last) = self.last
            && sight.own >= record_number(0)
            && sight.parent == Parent::Local(last.parent)
            && sight.start_ticks >= last.start_ticks
            && record >= last.record
        {
            return;
        }
        self.saw_anew(record, sight);
    }

    fn saw_anew(&mut self, record: u64, sight: &Sight) {
        self.last = None;
        // A span without a number of its own has no children.
        if sight.own < record_number(0) {
            self.came.insert(sight.own);
            self.awaited.remove(&sight.own);
        }
        let Parent::Local(parent) = sight.parent else { return };
        if self.came.contains(parent) {
            return;
        }
        let awaited = self.awaited.entry(parent).or_insert(Awaited {
            trace: sight.trace,
            start_ticks: sight.start_ticks,
            record,
            is_suspect: false,
            over_since_ns: None,
        });
        awaited.start_ticks = awaited.start_ticks.min(sight.start_ticks);
        awaited.record = awaited.record.min(record);
        let Awaited { start_ticks, record, .. } = *awaited;
        if self.awaited.len() > MOST_AWAITED {
            self.awaited.pop_first();
        } else {
            self.last = Some(Last { parent, start_ticks, record });
        }
    }

    /// Whether a child of this span came, but not the span.
    pub(super) fn is_awaited(&self, number: u64) -> bool {
        self.awaited.contains_key(&number)
    }

    /// Records are lost, all of them with lower numbers than this.
    pub(super) fn lost_below(&mut self, end: u64) {
        // A span ends after its first child, so it has a higher number.
        for awaited in self.awaited.values_mut().filter(|awaited| awaited.record < end) {
            awaited.is_suspect = true;
            self.is_one_suspect = true;
        }
    }

    /// Takes those that will not come any more.
    pub(super) fn take_missing(&mut self, now_ns: u64) -> Vec<Missing> {
        if !self.is_one_suspect {
            return Vec::new();
        }
        self.is_one_suspect = false;
        let mut missing = Vec::new();
        for (number, awaited) in &mut self.awaited {
            let TraceRef::Own(root) = awaited.trace else { continue };
            if !awaited.is_suspect || root == *number {
                continue;
            }
            self.is_one_suspect = true;
            if self.came.contains(root) {
                let since_ns = *awaited.over_since_ns.get_or_insert(now_ns);
                if now_ns.saturating_sub(since_ns) >= PATIENCE_NS {
                    missing.push(awaited.missing(*number));
                }
            }
        }
        for found in &missing {
            self.awaited.remove(&found.number);
            self.last = None;
        }
        missing
    }

    /// For how many of them it is not waited much longer.
    pub(super) fn over(&self) -> usize {
        // Only a suspect can be one of them.
        if !self.is_one_suspect {
            return 0;
        }
        self.awaited.values().filter(|one| one.over_since_ns.is_some()).count()
    }

    /// Takes all, and the roots that they lie below: the session is over.
    pub(super) fn take_all(&mut self) -> Vec<Missing> {
        (self.is_one_suspect, self.last) = (false, None);
        let mut missing = core::mem::take(&mut self.awaited);
        for number in missing.keys().copied().collect::<Vec<_>>() {
            let Some(Awaited { trace: TraceRef::Own(root), start_ticks, .. }) =
                missing.get(&number)
            else {
                continue;
            };
            let (root, start_ticks) = (*root, *start_ticks);
            if root >= record_number(0) || self.came.contains(root) {
                continue;
            }
            let above = missing.entry(root).or_insert(Awaited {
                trace: TraceRef::Own(root),
                start_ticks,
                record: 0,
                is_suspect: true,
                over_since_ns: None,
            });
            above.start_ticks = above.start_ticks.min(start_ticks);
        }
        missing.iter().map(|(number, awaited)| awaited.missing(*number)).collect()
    }

    /// The host's clock was set.
    pub(super) fn host_stepped(&mut self, step_ns: i64) {
        for since_ns in self.awaited.values_mut().filter_map(|one| one.over_since_ns.as_mut()) {
            *since_ns = since_ns.saturating_add_signed(step_ns);
        }
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        // A node of a tree may be half empty.
        2 * self.awaited.len() * (size_of::<Awaited>() + 16)
            + 2 * self.came.stretches.len() * 32
            + 11 * (size_of::<Awaited>() + 32)
    }
}

impl Awaited {
    fn missing(&self, number: u64) -> Missing {
        Missing { number, trace: self.trace, start_ticks: self.start_ticks }
    }
}

/// Numbers of which most follow each other.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Numbers {
    /// From the first to one more than the last.
    stretches: BTreeMap<u64, u64>,
}

impl Numbers {
    fn contains(&self, number: u64) -> bool {
        self.stretches.range(..=number).next_back().is_some_and(|(_, end)| number < *end)
    }

    fn insert(&mut self, number: u64) {
        if self.contains(number) {
            return;
        }
        let mut end = number.saturating_add(1);
        if let Some(joined) = self.stretches.remove(&end) {
            end = joined;
        }
        match self.stretches.range_mut(..=number).next_back() {
            Some((_, before)) if *before == number => *before = end,
            _ => drop(self.stretches.insert(number, end)),
        }
        if self.stretches.len() > MOST_STRETCHES
            && let Some((start, _)) = self.stretches.pop_first()
            && let Some((_, end)) = self.stretches.pop_first()
        {
            self.stretches.insert(start, end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    const ROOT: u64 = 4;

    fn span(own: u64, parent: Option<u64>) -> Sight {
        let parent = parent.map_or(Parent::None, Parent::Local);
        Sight { trace: TraceRef::Own(ROOT), own, parent, start_ticks: own, end_ticks: 2 * own }
    }

    fn missing(number: u64, start_ticks: u64) -> Missing {
        Missing { number, trace: TraceRef::Own(ROOT), start_ticks }
    }

    #[test]
    fn a_parent_that_is_open_is_not_missing() {
        let mut parents = Parents::default();
        parents.saw(10, &span(6, Some(5)));
        parents.lost_below(20);
        assert_eq!(parents.take_missing(u64::MAX), [], "its root is open too");
        parents.saw(21, &span(ROOT, None));
        let mut other = Parents::default();
        other.saw(10, &span(6, Some(5)));
        other.saw(21, &span(ROOT, None));
        other.lost_below(10);
        assert_eq!(other.take_missing(u64::MAX), [], "nothing is lost that it may have been");
    }

    #[test]
    fn a_parent_is_missing_when_its_root_came_and_records_are_lost() {
        let mut parents = Parents::default();
        parents.saw(10, &span(7, Some(5)));
        parents.saw(11, &span(6, Some(5)));
        parents.lost_below(20);
        parents.saw(21, &span(ROOT, None));
        assert_eq!(parents.take_missing(0), []);
        assert_eq!(parents.take_missing(PATIENCE_NS), [missing(5, 6)]);
        assert_eq!(parents.take_missing(u64::MAX), []);
        assert_eq!(parents.take_all(), []);
    }

    #[test]
    fn a_parent_that_comes_late_is_not_missing() {
        let mut parents = Parents::default();
        parents.saw(10, &span(6, Some(5)));
        parents.lost_below(20);
        parents.saw(21, &span(ROOT, None));
        assert_eq!(parents.take_missing(0), []);
        parents.saw(15, &span(5, Some(ROOT)));
        parents.saw(22, &span(8, Some(5)));
        assert_eq!(parents.take_missing(u64::MAX), []);
        assert_eq!(parents.take_all(), []);
    }

    #[test]
    fn at_the_end_every_parent_and_root_that_did_not_come_is_missing() {
        let mut parents = Parents::default();
        parents.saw(10, &span(7, Some(5)));
        parents.saw(11, &span(9, Some(8)));
        assert_eq!(parents.take_all(), [missing(ROOT, 7), missing(5, 7), missing(8, 9)]);
    }

    #[test]
    fn a_flood_of_parents_is_bounded() {
        let mut parents = Parents::default();
        for number in (4..100_000).step_by(3) {
            parents.saw(number, &span(number, Some(number + 1)));
        }
        assert!(parents.take_all().len() <= MOST_AWAITED + 1);
        assert!(parents.weight() < 100_000);
    }

    proptest! {
        #[test]
        fn numbers_agree_with_a_set(numbers in prop::collection::vec(0..300_u64, 0..300)) {
            let (mut stretches, mut set) = (Numbers::default(), HashSet::new());
            for number in numbers {
                stretches.insert(number);
                set.insert(number);
            }
            for number in 0..300 {
                prop_assert_eq!(stretches.contains(number), set.contains(&number));
            }
        }
    }
}

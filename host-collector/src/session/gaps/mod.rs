//! Numbers of records: what came, what came again, and what never came.
//!
//! Every record from the lowest number that counts up to the highest that was sent has either come, is
//! waited for, or is lost. What comes after it was given up is lost no more.

use super::around::{Around, Recent, Sight};
use core::ops::Range;
use serde::{Deserialize, Serialize};
use spandrel::wire::Losses;
use std::collections::VecDeque;

/// A record that is later than this has been lost, whatever becomes of it.
const PATIENCE_NS: u64 = 2_000_000_000;
/// More gaps than this are not waited for, nor remembered once they are given up.
const MOST_GAPS: usize = 64;
/// The same of a device that sends again what did not come: no ring is so large that more frames of it
/// are under way.
const MOST_HELD: usize = 1024;
/// More gaps than this do not wait to be told.
const MOST_TO_TELL: usize = 32;

/// Which records came.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Gaps {
    /// From the lowest number that counts to one more than the highest that was sent.
    sent: Option<Range<u64>>,
    missing: Vec<Missing>,
    given_up: VecDeque<Range<u64>>,
    received: u64,
    lost: u64,
    /// The lowest number that a device still has that keeps records until they are acknowledged.
    held_from: Option<u64>,
    recent: Recent,
    on_device: Option<OnDevice>,
    to_tell: Vec<Gap>,
}

/// Records that are waited for.
#[derive(Debug, Serialize, Deserialize)]
struct Missing {
    numbers: Range<u64>,
    since_ns: u64,
    around: Around,
}

/// Records that the device had no room for, as it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NoRoom {
    /// They found the ring full.
    pub(super) ring_full: u64,
    /// They were thrown away to keep newer ones.
    pub(super) evicted: u64,
}

impl NoRoom {
    pub(super) fn of(losses: &Losses) -> Self {
        Self { ring_full: losses.ring_full.into(), evicted: losses.evicted.into() }
    }

    pub(super) fn total(self) -> u64 {
        self.ring_full.saturating_add(self.evicted)
    }

    /// How much more there is than before.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            ring_full: self.ring_full.saturating_sub(before.ring_full),
            evicted: self.evicted.saturating_sub(before.evicted),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct OnDevice {
    gap: Gap,
    since_ns: u64,
}

/// Which records are lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Which {
    /// Those with these numbers, on the way.
    Numbers(Range<u64>),
    /// Those that the device had no room for.
    NoRoom {
        lost: NoRoom,
        /// How many it had lost before.
        before: u64,
        /// When it is known to have lost them at the latest, by the host's clock.
        latest_ns: u64,
    },
}

/// Records that are lost, and what went on around them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Gap {
    pub(super) which: Which,
    pub(super) around: Around,
}

impl Gaps {
    /// All records with lower numbers than this have been sent.
    ///
    /// What was sent before the first word is not missed: the collector may have been started late.
    pub(super) fn reach(&mut self, number: u64, now_ns: u64) {
        let sent = self.sent.get_or_insert(number..number);
        if number > sent.end {
            let around = Around::behind(&self.recent);
            self.missing.push(Missing { numbers: sent.end..number, since_ns: now_ns, around });
            sent.end = number;
        }
    }

    /// The device has, or sends next, the record with this number; if it waits for
    /// acknowledgements, it sends again what was lost from there on.
    pub(super) fn oldest(&mut self, number: u64, is_held: bool, now_ns: u64) {
        self.reach(number, now_ns);
        self.begin(number, now_ns);
        if is_held {
            self.release(number, now_ns);
            self.held_from = self.held_from.max(Some(number));
        }
    }

    /// What the device held below this number it does not hold any more: from now on that is waited for
    /// like any other.
    fn release(&mut self, number: u64, now_ns: u64) {
        let Some(held_from) = self.held_from else { return };
        let released = held_from.saturating_add(1)..=number;
        for gap in self.missing.iter_mut().filter(|gap| released.contains(&gap.numbers.end)) {
            gap.since_ns = now_ns;
        }
    }

    /// Counts from a lower number on than before.
    fn begin(&mut self, number: u64, now_ns: u64) {
        let sent = self.sent.get_or_insert(number..number);
        if number < sent.start {
            let around = Around::default();
            self.missing.push(Missing { numbers: number..sent.start, since_ns: now_ns, around });
            sent.start = number;
        }
    }

    /// A record came; false if it came before.
    pub(super) fn came(&mut self, number: u64, now_ns: u64) -> bool {
        self.reach(number, now_ns);
        self.begin(number, now_ns);
        let is_new = match &mut self.sent {
            Some(sent) if number >= sent.end => {
                sent.end = number.saturating_add(1);
                true
            }
            _ => self.was_missing(number) || self.was_given_up(number),
        };
        self.received += u64::from(is_new);
        is_new
    }

    /// Records with these numbers came, one behind the other; false, and nothing done, where one may have
    /// come before, or anything is missing: then each is to be looked at.
    pub(super) fn came_in_order(&mut self, numbers: Range<u64>) -> bool {
        let is_quiet = self.missing.is_empty() && self.on_device.is_none();
        let next = self.sent.as_mut().filter(|sent| is_quiet && sent.end == numbers.start);
        let (Some(sent), Some(count)) = (next, numbers.end.checked_sub(numbers.start)) else {
            return false;
        };
        sent.end = numbers.end;
        self.received += count;
        true
    }

    /// A record came in order and is a span, and so were those of its trace right before it.
    pub(super) fn saw_in_order(&mut self, sight: &Sight) {
        self.recent.saw(sight);
    }

    /// Whether a record has not come before.
    pub(super) fn is_new(&self, number: u64) -> bool {
        !self.sent.as_ref().is_some_and(|sent| sent.contains(&number))
            || self.missing.iter().any(|gap| gap.numbers.contains(&number))
            || self.given_up.iter().any(|gap| gap.contains(&number))
    }

    fn was_missing(&mut self, number: u64) -> bool {
        let Some(index) = self.missing.iter().position(|gap| gap.numbers.contains(&number)) else {
            return false;
        };
        let below = self.missing.swap_remove(index);
        let around = below.around.clone();
        let above = number.saturating_add(1)..below.numbers.end;
        let above = Missing { numbers: above, since_ns: below.since_ns, around };
        let below = Missing { numbers: below.numbers.start..number, ..below };
        self.missing.extend([below, above].into_iter().filter(|gap| !gap.numbers.is_empty()));
        true
    }

    fn was_given_up(&mut self, number: u64) -> bool {
        let Some(index) = self.given_up.iter().position(|gap| gap.contains(&number)) else {
            return false;
        };
        if let Some(gap) = self.given_up.remove(index) {
            let rest = [gap.start..number, number.saturating_add(1)..gap.end];
            self.given_up.extend(rest.into_iter().filter(|gap| !gap.is_empty()));
            self.forget();
        }
        self.lost = self.lost.saturating_sub(1);
        true
    }

    fn forget(&mut self) {
        let surplus = self.given_up.len().saturating_sub(MOST_GAPS);
        self.given_up.drain(..surplus);
    }

    /// The record with this number, which came, is a span.
    pub(super) fn saw(&mut self, number: u64, sight: &Sight) {
        for gap in &mut self.missing {
            match gap.numbers.end <= number {
                true => gap.around.saw_after(sight),
                false => gap.around.saw_before(sight),
            }
        }
        if let Some(on_device) = &mut self.on_device {
            on_device.gap.around.saw_after(sight);
        }
        if self.is_last(number) {
            self.recent.saw(sight);
        }
    }

    /// The record with this number, which came, was made at this time.
    pub(super) fn at(&mut self, number: u64, ticks: u64) {
        for gap in self.missing.iter_mut().filter(|gap| gap.numbers.end <= number) {
            gap.around.at_after(ticks);
        }
        if self.is_last(number) {
            self.recent.at(ticks);
        }
    }

    fn is_last(&self, number: u64) -> bool {
        self.sent.as_ref().is_some_and(|sent| number >= sent.end.saturating_sub(1))
    }

    /// The device had no room for so many more than the `before` that it had told of.
    pub(super) fn had_no_room(&mut self, more: NoRoom, before: u64, now_ns: u64) {
        // Nothing is known of what was going on before the first record.
        if more.total() == 0 || self.received == 0 {
            return;
        }
        match &mut self.on_device {
            Some(OnDevice {
                gap: Gap { which: Which::NoRoom { lost, latest_ns, .. }, .. },
                ..
            }) => {
                lost.ring_full = lost.ring_full.saturating_add(more.ring_full);
                lost.evicted = lost.evicted.saturating_add(more.evicted);
                *latest_ns = now_ns;
            }
            _ => {
                let which = Which::NoRoom { lost: more, before, latest_ns: now_ns };
                let gap = Gap { which, around: Around::behind(&self.recent) };
                self.on_device = Some(OnDevice { gap, since_ns: now_ns });
            }
        }
    }

    /// Gives up what has been missing for too long.
    pub(super) fn expire(&mut self, now_ns: u64) {
        let is_over = |since_ns: u64| now_ns.saturating_sub(since_ns) >= PATIENCE_NS;
        if let Some(on_device) = self.on_device.take_if(|lost| is_over(lost.since_ns)) {
            self.tell(on_device.gap);
        }
        if self.missing.is_empty() {
            return;
        }
        let most = if self.held_from.is_some() { MOST_HELD } else { MOST_GAPS };
        let mut too_many = self.missing.len().saturating_sub(most);
        let held_from = self.held_from;
        let over = self.missing.extract_if(.., |gap| {
            let is_held = held_from.is_some_and(|held_from| held_from < gap.numbers.end);
            let is_over = too_many > 0 || (!is_held && is_over(gap.since_ns));
            too_many = too_many.saturating_sub(1);
            is_over
        });
        for gap in over.collect::<Vec<_>>() {
            self.give_up(gap);
        }
    }

    /// Gives up everything: no more will come.
    pub(super) fn give_up_all(&mut self) {
        if let Some(on_device) = self.on_device.take() {
            self.tell(on_device.gap);
        }
        for gap in core::mem::take(&mut self.missing) {
            self.give_up(gap);
        }
    }

    fn give_up(&mut self, Missing { numbers, around, .. }: Missing) {
        self.lost = self.lost.saturating_add(numbers.end - numbers.start);
        self.given_up.push_back(numbers.clone());
        self.forget();
        self.tell(Gap { which: Which::Numbers(numbers), around });
    }

    fn tell(&mut self, gap: Gap) {
        if self.to_tell.len() < MOST_TO_TELL {
            self.to_tell.push(gap);
        }
    }

    /// What was given up since this was asked last.
    pub(super) fn take_given_up(&mut self) -> Vec<Gap> {
        core::mem::take(&mut self.to_tell)
    }

    /// Whether a record with a lower number than this may still come.
    pub(super) fn is_missing_below(&self, number: u64) -> bool {
        self.missing.iter().any(|gap| gap.numbers.start < number)
    }

    /// The lowest number that a device still has that keeps records until they are acknowledged.
    pub(super) fn held_from(&self) -> Option<u64> {
        self.held_from
    }

    /// One more than the highest number that was sent.
    pub(super) fn sent_end(&self) -> Option<u64> {
        self.sent.as_ref().map(|sent| sent.end)
    }

    /// What is waited for from a number on, in order.
    pub(super) fn missing_from(&self, number: u64) -> impl Iterator<Item = Range<u64>> {
        let mut missing: Vec<_> = self
            .missing
            .iter()
            .map(|gap| gap.numbers.start.max(number)..gap.numbers.end)
            .filter(|gap| !gap.is_empty())
            .collect();
        missing.sort_unstable_by_key(|gap| gap.start);
        missing.into_iter()
    }

    /// How much was given up and not told.
    pub(super) fn untold(&self) -> usize {
        self.to_tell.len()
    }

    /// How many records are lost for good.
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    /// How many records came.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// The host's clock was set.
    pub(super) fn host_stepped(&mut self, step_ns: i64) {
        let missing = self.missing.iter_mut().map(|gap| &mut gap.since_ns);
        for since_ns in missing.chain(self.on_device.iter_mut().map(|lost| &mut lost.since_ns)) {
            *since_ns = since_ns.saturating_add_signed(step_ns);
        }
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        self.missing.capacity() * size_of::<Missing>()
            + self.given_up.capacity() * size_of::<Range<u64>>()
            + self.to_tell.capacity() * size_of::<Gap>()
            + (self.missing.len() + self.to_tell.len() + 2) * Around::MOST_BYTES
    }
}

#[cfg(test)]
mod tests;

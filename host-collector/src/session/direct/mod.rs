//! The short way of finished spans: from a frame's bytes to OTLP's, without owned spans in between.
//!
//! Most frames hold nothing but spans that were finished in one piece, by call sites that are known. They
//! need no assembly: what would be their attributes is written where it goes. All that is counted,
//! remembered and asked for stays as it is for others, and so does every byte that comes out; what is out
//! of the ordinary in such a frame is written as an owned span among the others, or sends the whole frame
//! the long way.

mod attributes;
mod known;
mod line;
mod piece;
mod run;
mod spans;
mod write;

pub(super) use known::Known;
pub(crate) use line::Line;
pub(crate) use spans::{Buffers, Spans};

use super::around::Sight;
use super::{Effects, Session};
use crate::stats::Stats;
use spandrel::wire::{Parent, SpanHead, TraceRef};
use spans::{Item, Numbers};

impl Session {
    /// Takes a frame of finished spans; false, and nothing done, where it must go the long way.
    pub(super) fn on_spans(
        &mut self,
        frame: &Spans<'_>,
        rx_ns: u64,
        effects: &mut Effects,
        stats: &mut Stats,
    ) -> bool {
        if !self.may_go_directly(frame, rx_ns) {
            return false;
        }
        #[cfg(test)]
        testing::TAKEN.set(testing::TAKEN.get() + 1);
        let head = frame.head();
        let mut number = head.first_record;
        self.gaps.reach(number, rx_ns);
        self.device_says(&head.losses, rx_ns);
        let mut latest_ticks = None;
        let mut new = core::mem::take(&mut effects.new);
        new.clear();
        let items = frame.items();
        let end = number.checked_add(items.len() as u64);
        if let Some(end) = end.filter(|end| self.gaps.came_in_order(number..*end)) {
            new.extend(0..items.len());
            latest_ticks = self.saw_in_order(number, items);
            number = end;
        } else {
            for (place, item) in items.iter().enumerate() {
                if self.gaps.came(number, rx_ns) {
                    let sight = Sight::from(&item.head);
                    latest_ticks = latest_ticks.max(Some(sight.end_ticks));
                    self.gaps.saw(number, &sight);
                    self.parents.saw(number, &sight);
                    new.push(place);
                } else {
                    stats.doubles += 1;
                }
                number = number.wrapping_add(1);
            }
        }
        self.behind_records(number, head.last_number, latest_ticks, rx_ns);
        if !new.is_empty() {
            self.write_spans(frame, &new, rx_ns, effects, stats);
        }
        effects.new = new;
        if frame.has_definitions() {
            self.emit_made(rx_ns, effects, stats);
        }
        self.make_room(rx_ns, effects, stats);
        true
    }

    /// Notes spans that are behind all that came; gives when the last of them ended.
    fn saw_in_order(&mut self, first: u64, items: &[Item]) -> Option<u64> {
        let mut latest_ticks = None;
        let mut next = items.iter().skip(1);
        for (number, item) in (first..).zip(items) {
            let sight = Sight::from(&item.head);
            latest_ticks = latest_ticks.max(Some(sight.end_ticks));
            self.parents.saw(number, &sight);
            if next.next().is_none_or(|next| next.head.trace != sight.trace) {
                self.gaps.saw_in_order(&sight);
            }
        }
        latest_ticks
    }

    /// Whether nothing in a frame has to wait, or is waited for.
    fn may_go_directly(&mut self, frame: &Spans<'_>, rx_ns: u64) -> bool {
        #[cfg(test)]
        if testing::IS_OFF.get() {
            return false;
        }
        let is_placed = self.identity.as_ref().is_some_and(|who| who.clock.is_placed());
        if !is_placed || self.options.raw_ticks || !self.may_emit(rx_ns) {
            return false;
        }
        // With a definition all leave that waited, and they come first.
        if frame.has_definitions() && self.assembly.has_finished() {
            return false;
        }
        let (definitions, known) = (&self.definitions, &mut self.known);
        if !frame.definitions().all(|number| definitions.knows(number)) {
            return false;
        }
        let mut numbers = Numbers::default();
        let mut site = None;
        frame.items().iter().all(|item| {
            let last = site.replace(item.head.site.id);
            is_whole(&item.head)
                && numbers.insert(item.head.own)
                && !self.assembly.has(item.head.own)
                && (last == site || known.knows_site(item.head.site.id, definitions))
                && known.knows_names(frame.values(item), definitions)
        })
    }
}

/// Whether a span has nothing beside its own record, and no id that only others can tell.
fn is_whole(head: &SpanHead) -> bool {
    let is_known = match head.trace {
        TraceRef::Own(_) => true,
        TraceRef::Remote(trace) => !trace.is_short() && !trace.is_zero(),
    };
    is_known && head.parent != Parent::Remote && head.parts == 0 && !head.cut_off
}

#[cfg(test)]
pub(crate) mod testing {
    use std::cell::Cell;

    thread_local! {
        /// Whether all frames of this thread go the long way, to compare the two.
        pub(crate) static IS_OFF: Cell<bool> = const { Cell::new(false) };
        /// How many frames went the short way.
        pub(crate) static TAKEN: Cell<u64> = const { Cell::new(0) };
    }
}

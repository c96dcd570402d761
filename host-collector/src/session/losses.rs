//! What a session does about its losses: it counts them, and shows where they were.

use super::emit::Worst;
use super::gaps::{Gap, NoRoom, Which};
use super::{Effects, Session, made};
use crate::clock::Placement;
use crate::model::{Batch, Span};
use crate::stats::Stats;
use spandrel::wire::{Losses, TraceRef};

/// What a session that has ended still had to send has come when it was silent for this time.
const END_PATIENCE_NS: u64 = 30_000_000_000;
/// Why a parent is taken for lost while its session goes on.
const LOST: &str = "and records that it may be among were lost";

impl Session {
    /// Notes what the device says it has lost.
    pub(super) fn device_says(&mut self, said: &Losses, rx_ns: u64) {
        let before = NoRoom::of(&self.lost.device);
        self.lost.device_says(said);
        let more = NoRoom::of(&self.lost.device).since(before);
        self.gaps.had_no_room(more, before.total(), rx_ns);
    }

    /// Counts the records of this session in the whole.
    pub(super) fn count_records(&mut self, stats: &mut Stats) {
        let [received, lost] = &mut self.counted;
        stats.records += self.gaps.received() - *received;
        stats.records_lost = stats.records_lost.wrapping_sub(*lost).wrapping_add(self.gaps.lost());
        (*received, *lost) = (self.gaps.received(), self.gaps.lost());
    }

    /// Hands on what stands for records that were given up, and for parents that were among them.
    pub(super) fn emit_made(&mut self, now_ns: u64, effects: &mut Effects, stats: &mut Stats) {
        if !self.may_emit(now_ns) {
            return;
        }
        let gaps = self.gaps.take_given_up();
        for gap in &gaps {
            self.parents.lost_below(match &gap.which {
                Which::Numbers(numbers) => numbers.end,
                // What is not recorded has no number.
                Which::NoRoom { .. } => u64::MAX,
            });
        }
        let mut spans = Vec::new();
        for gap in &gaps {
            self.make_gaps(gap, now_ns, &mut spans);
        }
        let missing = self.parents.take_missing(now_ns);
        self.make_missing(&missing, LOST, now_ns, &mut spans);
        self.hand_on_made(spans, now_ns, effects, stats);
    }

    /// The device says that it was reset: what is left of this session comes now, and no more.
    pub(crate) fn has_ended(&mut self, now_ns: u64) {
        self.ended_ns.get_or_insert(now_ns);
    }

    /// Gives up what has not come of a session that has ended.
    pub(super) fn end(&mut self, now_ns: u64, effects: &mut Effects, stats: &mut Stats) {
        let is_over =
            |ended_ns: u64| now_ns.saturating_sub(ended_ns.max(self.last_ns)) >= END_PATIENCE_NS;
        if self.ended_ns.is_some_and(is_over) && self.may_emit(now_ns) {
            self.ended_ns = None;
            self.gaps.give_up_all();
            self.emit_made(now_ns, effects, stats);
            self.emit_missing(made::RESET, now_ns, effects, stats);
        }
    }

    /// Hands on what stands for every parent that has not come: nothing more will come, and `why`.
    pub(super) fn emit_missing(
        &mut self,
        why: &str,
        now_ns: u64,
        effects: &mut Effects,
        stats: &mut Stats,
    ) {
        let mut spans = Vec::new();
        let missing = self.parents.take_all();
        self.make_missing(&missing, why, now_ns, &mut spans);
        self.hand_on_made(spans, now_ns, effects, stats);
    }

    fn make_gaps(&mut self, gap: &Gap, now_ns: u64, spans: &mut Vec<Span>) {
        let Some(bracket_ticks) = gap.around.bracket_ticks() else { return };
        for place in gap.around.traces(|own| self.parents.is_awaited(own)) {
            if !self.may_make(now_ns) {
                return;
            }
            let Some((placement, identity)) =
                self.place(place.0, now_ns).zip(self.identity.as_ref())
            else {
                return;
            };
            let bracket_ns = bracket_ticks.map(|ticks| identity.clock.place(ticks, &placement));
            spans.push(made::gap(gap, identity.source, place, bracket_ns));
        }
    }

    fn make_missing(
        &mut self,
        missing: &[super::parents::Missing],
        why: &str,
        now_ns: u64,
        spans: &mut Vec<Span>,
    ) {
        for one in missing {
            if !self.may_make(now_ns) {
                return;
            }
            let Some((placement, identity)) =
                self.place(one.trace, now_ns).zip(self.identity.as_ref())
            else {
                return;
            };
            let time_ns = identity.clock.place(one.start_ticks, &placement);
            spans.push(made::missing(one, identity.source, time_ns, why));
        }
    }

    fn may_make(&mut self, now_ns: u64) -> bool {
        let may = self.allowance.take(now_ns);
        if !may {
            self.note("more was lost than is shown by spans");
        }
        may
    }

    /// Where the spans of a trace are placed in time.
    fn place(&mut self, trace: TraceRef, now_ns: u64) -> Option<Placement> {
        let identity = self.identity.as_ref()?;
        let current = identity.clock.placement(now_ns)?;
        Some(self.placements.of(made::trace_id(trace, identity.source), current, now_ns))
    }

    fn hand_on_made(
        &mut self,
        spans: Vec<Span>,
        now_ns: u64,
        effects: &mut Effects,
        stats: &mut Stats,
    ) {
        let Some((source, worst)) = self.identity.as_ref().and_then(|identity| {
            let current = identity.clock.placement(now_ns)?;
            // It is as sure as the times of now; what was in between it says itself.
            let error_ns = identity.clock.error_ns(identity.hello_ticks, &current);
            let worst = Worst { error_ns, sync: current.sync() };
            Some((identity.source, worst)).filter(|_| !spans.is_empty())
        }) else {
            return;
        };
        self.lost.link = self.gaps.lost();
        stats.made += spans.len() as u64;
        if let Some(resource) = self.resource(worst, now_ns) {
            effects.outlet.hand_over_owned(Batch { source, resource, spans });
        }
    }
}

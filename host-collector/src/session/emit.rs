//! How spans leave a session.

use super::assembly::Entry;
use super::convert::Context;
use super::made::trace_id;
use super::process::{Clock, Counts, ERROR, Known, resource, stated_drift, stated_error_us};
use super::{Effects, Session};
use crate::clock::{ClockEstimate, Placement, Sync};
use crate::model::{Batch, Resource, Span};
use crate::stats::Stats;
use spandrel::wire::Parent;
use std::sync::Arc;

/// So many exchanges make a good first estimate of a clock; or so much time, if none answers.
const FIRST_EXCHANGES: u32 = 3;
const FIRST_ESTIMATE_NS: u64 = 300_000_000;
/// A description that is not complete after this time is done without.
const DESCRIPTION_PATIENCE_NS: u64 = 12_000_000_000;
/// A session that never says who it is keeps its spans for this time.
const HELLO_PATIENCE_NS: u64 = 30_000_000_000;

/// How well the least known of some spans is placed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Worst {
    pub(super) error_ns: Option<u64>,
    pub(super) sync: Sync,
}

/// How well spans are placed, as they are added.
#[derive(Debug)]
pub(super) struct Reach {
    worst: Worst,
    /// Moments that were placed alike, from the earliest to the latest.
    alike: Option<(Placement, [u64; 2])>,
    /// Whether the last was one of them.
    is_alike: bool,
}

impl Reach {
    pub(super) fn new(sync: Sync) -> Self {
        Self { worst: Worst { error_ns: Some(0), sync }, alike: None, is_alike: false }
    }

    /// Adds the start and the end of a span that is placed as the last; false, and nothing done, where
    /// that must be looked at.
    #[inline]
    pub(super) fn goes_on(&mut self, [start, end]: [u64; 2]) -> bool {
        match &mut self.alike {
            Some((_, [earliest, latest])) if self.is_alike && start >= *earliest => {
                *latest = end.max(*latest);
                true
            }
            _ => false,
        }
    }

    /// Adds the start and the end of a span.
    #[inline]
    pub(super) fn add(&mut self, clock: &ClockEstimate, ticks: [u64; 2], placement: &Placement) {
        self.is_alike = self.alike.as_ref().is_some_and(|(last, _)| last == placement);
        if !self.goes_on(ticks) {
            self.add_anew(clock, ticks, placement);
        }
    }

    fn add_anew(&mut self, clock: &ClockEstimate, ticks: [u64; 2], placement: &Placement) {
        self.worst.sync = self.worst.sync.min(placement.sync());
        self.is_alike = ticks.iter().all(|ticks| clock.is_smooth(*ticks, placement));
        if self.is_alike {
            let [start, end] = ticks;
            self.alike = match self.alike.take() {
                Some((last, [earliest, latest])) if last == *placement => {
                    Some((last, [start.min(earliest), end.max(latest)]))
                }
                last => {
                    self.settle(clock, last);
                    Some((*placement, ticks))
                }
            };
            return;
        }
        for ticks in ticks {
            self.took(clock.error_ns(ticks, placement));
        }
    }

    fn settle(&mut self, clock: &ClockEstimate, alike: Option<(Placement, [u64; 2])>) {
        if let Some((placement, ticks)) = alike {
            self.took(clock.error_within(ticks, &placement));
        }
    }

    fn took(&mut self, error_ns: Option<u64>) {
        let worst = &mut self.worst.error_ns;
        *worst = worst.zip(error_ns).map(|(worst, other)| worst.max(other));
    }

    /// How well the least known is placed.
    pub(super) fn worst(mut self, clock: &ClockEstimate) -> Worst {
        let alike = self.alike.take();
        self.settle(clock, alike);
        self.worst
    }
}

impl Session {
    /// Whether it is known who speaks, and when.
    pub(super) fn may_emit(&self, now_ns: u64) -> bool {
        let Some(identity) = &self.identity else { return false };
        let known_for_ns = now_ns.saturating_sub(identity.since_ns);
        if self.is_over() {
            // Its description comes first, or not at all.
            return self.is_placed_at_its_end(identity, now_ns);
        }
        let described = self.description.is_some() || known_for_ns >= DESCRIPTION_PATIENCE_NS;
        let placed = !(self.options.downlink && self.options.align)
            || identity.clock.exchanges() >= FIRST_EXCHANGES
            || known_for_ns >= FIRST_ESTIMATE_NS;
        described && placed
    }

    /// Emits every span that need not wait.
    pub(super) fn emit_ready(&mut self, now_ns: u64, effects: &mut Effects, stats: &mut Stats) {
        let given_up =
            self.identity.is_none() && now_ns.saturating_sub(self.first_ns) >= HELLO_PATIENCE_NS;
        if given_up {
            if !core::mem::replace(&mut self.gave_up, true) {
                let news = "sends spans but never a hello: nobody knows whose they are";
                effects.news.push(news.to_owned());
            }
            return self.drop_all(stats);
        }
        let ready = self.assembly.ready(&self.definitions, &self.gaps, now_ns);
        self.emit_if_allowed(ready, now_ns, effects, stats);
        self.emit_made(now_ns, effects, stats);
    }

    pub(super) fn emit_if_allowed(
        &mut self,
        spans: Vec<u64>,
        now_ns: u64,
        effects: &mut Effects,
        stats: &mut Stats,
    ) {
        if !spans.is_empty() && self.may_emit(now_ns) {
            self.emit(spans, now_ns, effects, stats);
        }
    }

    /// Emits every finished span, whatever is still missing, and what stands for those that will not
    /// come; drops what cannot be a span. `why` is why nothing more will come.
    pub(crate) fn emit_all(
        &mut self,
        why: &str,
        now_ns: u64,
        effects: &mut Effects,
        stats: &mut Stats,
    ) {
        self.gaps.give_up_all();
        if self.identity.is_some() {
            let finished = self.assembly.finished();
            self.emit(finished, now_ns, effects, stats);
            self.emit_made(now_ns, effects, stats);
            self.emit_missing(why, now_ns, effects, stats);
        }
        self.drop_all(stats);
        self.count_records(stats);
    }

    /// Parts of spans that never finish are no loss; finished spans of nobody are.
    fn drop_all(&mut self, stats: &mut Stats) {
        stats.dropped += self.assembly.finished().len() as u64;
        stats.records_dropped += self.assembly.records();
        self.assembly = Default::default();
    }

    /// Where too much waits, the oldest goes first: as a span if it can be one.
    pub(super) fn make_room(&mut self, now_ns: u64, effects: &mut Effects, stats: &mut Stats) {
        if self.identity.is_some() {
            while let Some(own) = self.assembly.crowded_out() {
                self.emit(vec![own], now_ns, effects, stats);
            }
        }
        let (spans, records) = self.assembly.trim();
        stats.dropped += spans;
        stats.records_dropped += records;
        self.lost.here += records;
    }

    pub(super) fn emit(
        &mut self,
        spans: Vec<u64>,
        now_ns: u64,
        effects: &mut Effects,
        stats: &mut Stats,
    ) {
        self.lost.link = self.gaps.lost();
        let Some(current) =
            self.identity.as_ref().and_then(|identity| identity.clock.placement(now_ns))
        else {
            return;
        };
        let mut emitted = Vec::with_capacity(spans.len());
        let mut reach = Reach::new(current.sync());
        for own in spans {
            let Some(entry) = self.assembly.take(own) else { continue };
            let (incomplete, records) = (!entry.is_whole(), entry.records());
            match self.convert(entry, current, now_ns, &mut reach) {
                Some(span) => {
                    emitted.push(span);
                    stats.incomplete += u64::from(incomplete);
                    stats.records_used += records;
                }
                None => {
                    stats.dropped += 1;
                    stats.records_dropped += records;
                    self.lost.here += records;
                }
            }
        }
        let Some(source) = self.source().filter(|_| !emitted.is_empty()) else { return };
        stats.spans += emitted.len() as u64;
        let Some(worst) = self.identity.as_ref().map(|who| reach.worst(&who.clock)) else { return };
        if let Some(resource) = self.resource(worst, now_ns) {
            effects.outlet.hand_over_owned(Batch { source, resource, spans: emitted });
        }
    }

    fn convert(
        &mut self,
        entry: Entry,
        current: Placement,
        now_ns: u64,
        reach: &mut Reach,
    ) -> Option<Span> {
        let identity = self.identity.as_ref()?;
        let raw = entry.span?.head;
        let trace = trace_id(raw.trace, identity.source);
        let placement = self.placements.of(trace, current, now_ns);
        reach.add(&identity.clock, [raw.start_ticks, raw.end_ticks()], &placement);
        let context = Context {
            source: identity.source,
            definitions: &self.definitions,
            clock: &identity.clock,
            sampler: self.description.as_ref().map(|said| &said.sampler),
            raw_ticks: self.options.raw_ticks,
            ended: self.resets.cause(),
        };
        self.resets.saw(&raw, identity.source);
        let mut span = context.convert(entry, &raw, trace, &placement);
        if !matches!(raw.parent, Parent::Local(_)) {
            span.events.extend(self.lost.tell(&mut self.lost_told, span.end_ns));
        }
        Some(span)
    }

    /// What there is to say of the clock.
    fn clock(&mut self, worst: Worst, now_ns: u64) -> Option<Clock> {
        let identity = self.identity.as_mut()?;
        let found = identity.clock.drift_ppm().filter(|_| worst.error_ns.is_some());
        identity.drift = found.and_then(|found| stated_drift(found, identity.drift));
        let clock = Clock {
            // What stands between a step and the next exchange is known from no side.
            sync: if worst.error_ns.is_none() { worst.sync.min(Sync::Arrival) } else { worst.sync },
            error_us: worst.error_ns.map(stated_error_us),
            drift: identity.drift.map(|(tenths, _)| tenths),
            steps: identity.clock.contradictions(now_ns),
        };
        if clock.steps > 0 {
            let note = "the device's clock stepped, or stood still, without saying so: times before and \
                        after may not fit together";
            self.note(note);
        }
        Some(clock)
    }

    /// The process as it was handed on last, but for the error of its clock.
    ///
    /// That is a little more with every frame between two exchanges, and most often nothing else is new.
    fn restated(&mut self, known: &Known) -> Option<Arc<Resource>> {
        if self.description.as_ref().is_some_and(|said| said.has_tag(ERROR)) {
            return None;
        }
        let (last, resource) = self.resource.as_mut()?;
        let clock = Clock { error_us: last.clock.error_us, ..known.clock };
        if (Known { clock, ..*known }) != *last {
            return None;
        }
        let error_us = known.clock.error_us?;
        // Not while somebody has what was handed on.
        let tags = &mut Arc::get_mut(resource)?.attributes;
        tags.iter_mut().find(|tag| &*tag.key == ERROR)?.value = error_us.into();
        *last = *known;
        Some(resource.clone())
    }

    /// The process, made anew only if there is something new to say.
    pub(super) fn resource(&mut self, worst: Worst, now_ns: u64) -> Option<Arc<Resource>> {
        let known = Known {
            clock: self.clock(worst, now_ns)?,
            lost: self.lost,
            counts: self.counts.map(Counts::of),
            is_described: self.description.is_some(),
            notes: self.notes.len(),
            previous: self.resets.previous,
            definitions: self.definitions.weight(),
        };
        if let Some((_, resource)) = self.resource.as_ref().filter(|(last, _)| *last == known) {
            return Some(resource.clone());
        }
        self.known.forget_process();
        if let Some(resource) = self.restated(&known) {
            return Some(resource);
        }
        let description = self.description.as_ref();
        let made = resource(self.source()?, description, &self.definitions, &known, &self.notes);
        // Definitions of call sites say nothing about the process.
        let same = self.resource.take().filter(|(_, last)| **last == made);
        let resource = same.map_or_else(|| Arc::new(made), |(_, last)| last);
        self.resource = Some((known, resource.clone()));
        Some(resource)
    }
}

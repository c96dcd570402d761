//! Writing the spans of a frame.

use super::attributes::attributes;
use super::known::{FLAGS, Known};
use super::line::Line;
use super::run::{Common, OWN, Run};
use super::spans::{Item, Spans};
use crate::causality::{self, Causality};
use crate::model::{Chunk, Resource, Value as ModelValue, encode};
use crate::pipeline::Output;
use crate::session::assembly::Entry;
use crate::session::convert::Context;
use crate::session::definitions::Definitions;
use crate::session::emit::Reach;
use crate::session::process::Lost;
use crate::session::{Effects, Session};
use crate::stats::Stats;
use spandrel::wire::{Parent, Record, SpanHead, SpanRecord, Value, Values, record_number};
use std::sync::Arc;

impl Session {
    /// Writes the spans at these places of a frame.
    pub(super) fn write_spans(
        &mut self,
        frame: &Spans<'_>,
        places: &[usize],
        now_ns: u64,
        effects: &mut Effects,
        stats: &mut Stats,
    ) {
        self.lost.link = self.gaps.lost();
        let items = || places.iter().filter_map(|place| frame.items().get(*place));
        let Some((identity, current)) =
            self.identity.as_ref().and_then(|who| Some((who, who.clock.placement(now_ns)?)))
        else {
            return;
        };
        let common = Common::of(identity, current, now_ns);
        let mut reach = Reach::new(current.sync());
        let mut last = None;
        for Item { head, .. } in items() {
            let ticks = [head.start_ticks, head.end_ticks()];
            match &last {
                Some((trace, _)) if *trace == head.trace && reach.goes_on(ticks) => {}
                Some((trace, placement)) if *trace == head.trace => {
                    reach.add(common.clock, ticks, placement);
                }
                _ => {
                    let placement = common.placement(head, &mut self.placements);
                    reach.add(common.clock, ticks, &placement);
                    last = Some((head.trace, placement));
                }
            }
        }
        let (source, worst) = (common.source, reach.worst(common.clock));
        let Some(resource) = self.resource(worst, now_ns) else { return };
        let Some(identity) = &self.identity else { return };
        if let Some(said) = &self.description {
            self.known.learn_sampler(&said.sampler);
        }
        let common = Common::of(identity, current, now_ns);
        stats.spans += places.len() as u64;
        stats.records_used += places.len() as u64;
        effects.line.clear();
        let mut writing = Writing {
            error_ns: causality::error_ns(&resource),
            resource: &resource,
            known: &self.known,
            sampler: self.description.as_ref().map(|said| &said.sampler),
            definitions: &self.definitions,
            lost: &self.lost,
            lost_told: &mut self.lost_told,
            causality: &mut effects.outlet.causality,
            line: &mut effects.line,
        };
        let mut run: Option<Run<'_>> = None;
        for item in items() {
            let run = match &mut run {
                Some(run) if run.goes_on_with(&item.head) => run,
                other => other.insert(common.run(&item.head, &mut self.placements)),
            };
            let values = frame.values(item);
            if !writing.plain(&common, run, &item.head, values) {
                writing.owned(&common, run, &item.head, values);
            }
        }
        let message = self.known.resource(&resource);
        let chunk = Chunk::of_spans(message, effects.line.fields(), places.len());
        effects.outlet.hand_over(Output { source, chunk });
    }
}

/// What it takes to write a span.
struct Writing<'a> {
    resource: &'a Arc<Resource>,
    /// By how much its times may be wrong, if that is known from both sides.
    error_ns: Option<u64>,
    known: &'a Known,
    sampler: Option<&'a [ModelValue; 2]>,
    definitions: &'a Definitions,
    lost: &'a Lost,
    lost_told: &'a mut Lost,
    causality: &'a mut Causality,
    line: &'a mut Line,
}

impl<'a> Writing<'a> {
    /// Writes a span that is nothing but what it was recorded as; false where it is more.
    #[inline]
    fn plain(
        &mut self,
        common: &Common<'_>,
        run: &mut Run<'a>,
        head: &SpanHead,
        values: &[Value<'_>],
    ) -> bool {
        let parent = match head.parent {
            Parent::Local(parent) => Some(parent),
            Parent::None => None,
            Parent::Remote => return false,
        };
        let has_more = head.ambiguous || parent.is_none() && self.has_loss_to_tell();
        let start_ns = run.ruler.place(head.start_ticks);
        let end_ns = run.ruler.place(head.end_ticks());
        if has_more || start_ns == 0 || end_ns < start_ns || end_ns == u64::MAX {
            return false;
        }
        let id = common.ids.get(head.own);
        // Nobody else knows of a span that has no number of its own.
        let is_cause = head.own < record_number(0) && self.error_ns.is_some();
        if is_cause && self.causality.is_awaited(run.id, id) {
            return false;
        }
        let known = self.known;
        let opening = run.opening(common.ids, known, head.site.id, parent);
        let Some(site) = opening.site else { return false };
        let sampler = known.sampler().filter(|_| parent.is_none());
        let is_written = self.line.span(|put| {
            put.up_to_with::<_, OWN>(&opening.bytes, opening.len, id.0)?;
            if !opening.has_name {
                put.piece(&site.name)?;
            }
            put.times([start_ns, end_ns.max(start_ns + 1)])?;
            attributes(put, known, site, values)?;
            if let Some(sampler) = sampler {
                put.piece(&site.location)?;
                put.piece(sampler)?;
                return put.array(FLAGS);
            }
            put.piece(&site.ending)
        });
        if is_written
            && is_cause
            && let Some(error_ns) = self.error_ns
        {
            let source = common.source;
            self.causality.saw((run.id, id), source, self.resource, start_ns, error_ns);
        }
        is_written
    }

    /// Writes a span with everything there is to say of it.
    fn owned(&mut self, common: &Common<'_>, run: &Run<'_>, head: &SpanHead, values: &[Value<'_>]) {
        let context = Context {
            source: common.source,
            definitions: self.definitions,
            clock: common.clock,
            sampler: self.sampler,
            raw_ticks: false,
            ended: None,
        };
        let values = Values::from_slice(values).unwrap_or_default();
        let record = Record::Span(SpanRecord { head: *head, values });
        let entry = Entry::of_span(&record, common.now_ns);
        let mut span = context.convert(entry, head, run.id, &run.placement);
        if !matches!(head.parent, Parent::Local(_)) {
            span.events.extend(self.lost.tell(self.lost_told, span.end_ns));
        }
        if let Some(error_ns) = self.error_ns {
            self.causality.check_span(common.source, self.resource, error_ns, &mut span);
        }
        self.line.owned(|out| encode::span(out, &span));
    }

    fn has_loss_to_tell(&self) -> bool {
        self.lost != self.lost_told && self.lost.since(self.lost_told).is_some()
    }
}

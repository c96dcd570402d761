//! What was recorded, and what a collector has to make of it.

use std::collections::HashMap;

use spandrel::{SpanContext, SpanId, TraceId};
use spandrel_collector::model::{Attribute, Event, Span};

use crate::device::host_ns;

/// A span as it was recorded. Tags and names are those that it ever had, in order.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// None where nobody has asked for them: then the span has the number of its record.
    pub(crate) span_id: Option<SpanId>,
    pub(crate) trace_id: Option<TraceId>,
    pub(crate) parent: Option<SpanId>,
    pub(crate) names: Vec<&'static str>,
    pub(crate) ticks: [u64; 2],
    pub(crate) tags: Vec<Attribute>,
    pub(crate) logs: Vec<(u64, Vec<Attribute>)>,
}

/// What the collector adds to a root: who sampled it.
const SAMPLER: [&str; 2] = ["sampler.type", "sampler.param"];

/// The tags that the device set.
fn set_tags(span: &Span) -> Vec<Attribute> {
    let tags = span.attributes.iter().filter(|tag| !SAMPLER.contains(&&*tag.key));
    tags.cloned().collect()
}

fn some_came(found: &[Attribute], recorded: &[Attribute]) -> bool {
    found.iter().all(|found| recorded.contains(found))
}

/// Each key once, where it first stood, with its last value.
fn last_of_each(attributes: &[Attribute]) -> Vec<Attribute> {
    let mut kept: Vec<Attribute> = Vec::new();
    for attribute in attributes {
        match kept.iter_mut().find(|known| known.key == attribute.key) {
            Some(known) => known.value = attribute.value.clone(),
            None => kept.push(attribute.clone()),
        }
    }
    kept
}

/// A log's fields as they were before the model made `event` its name.
fn fields(event: &Event) -> Vec<Attribute> {
    let name = (!event.name.is_empty()).then(|| Attribute::new("event", event.name.clone()));
    name.into_iter().chain(event.attributes.iter().cloned()).collect()
}

impl Recorded {
    /// Somebody asked for the span's context; from then on it is known who it is.
    pub(crate) fn is_asked(&mut self, context: SpanContext) {
        self.span_id = Some(context.span_id);
        self.trace_id = Some(context.trace_id);
    }

    /// Takes the span that it came as out of those that came, all of it.
    pub(crate) fn take(&self, spans: &mut HashMap<SpanId, Span>) -> Result<Span, String> {
        let is_it = |found: &Span| self.compare(found, true);
        let id = match self.span_id {
            Some(id) => id,
            // Whose number nobody asked for is known by all else.
            None => spans
                .iter()
                .find(|(_, span)| is_it(span).is_ok())
                .map(|(id, _)| *id)
                .ok_or_else(|| format!("missing: {self:?}"))?,
        };
        let found = spans.remove(&id).ok_or_else(|| format!("missing: {self:?}"))?;
        is_it(&found).map(|()| found)
    }

    /// What is wrong with a span that came; nothing if it is what was recorded.
    ///
    /// Of one that says that it is incomplete only what it does say has to be true.
    pub(crate) fn compare(&self, found: &Span, is_complete: bool) -> Result<(), String> {
        let fails = |what: &str| Err(format!("{what}:\n  found {found:?}\n  of    {self:?}"));
        if self.span_id.is_some_and(|id| id != found.span_id)
            || self.trace_id.is_some_and(|id| id != found.trace_id)
        {
            return fails("another trace");
        }
        if found.start_ns != host_ns(self.ticks[0])
            || found.end_ns != host_ns(self.ticks[1]).max(found.start_ns + 1)
        {
            return fails("another time");
        }
        let events: Vec<_> = found.events.iter().filter(|event| &*event.name != "loss").collect();
        if !is_complete {
            let is_log = |event: &&Event| {
                let at = |ticks: u64| host_ns(ticks) == event.time_ns;
                self.logs.iter().any(|(t, log)| at(*t) && some_came(&fields(event), log))
            };
            let parent = found.parent_span_id;
            let tags = set_tags(found);
            return match () {
                () if parent.is_some() && parent != self.parent => fails("a made-up parent"),
                () if !some_came(&tags, &self.tags) => fails("a made-up tag"),
                () if !events.iter().all(is_log) => fails("a made-up log"),
                () => Ok(()),
            };
        }
        if found.parent_span_id != self.parent {
            return fails("another parent");
        }
        if !self.names.contains(&&*found.name) || !found.links.is_empty() {
            return fails("another name, or a link");
        }
        let (tags, is_root) = (set_tags(found), self.parent.is_none());
        if tags != last_of_each(&self.tags) {
            return fails("other tags");
        }
        // A root that leaves before its process is described cannot say it.
        let said = found.attributes.len() - tags.len();
        if said != 0 && !(is_root && said == SAMPLER.len()) {
            return fails("only a root says who sampled it, and all of it");
        }
        let same = |(found, (ticks, log)): (&&Event, &(u64, Vec<Attribute>))| {
            // An `event` that is no text, or empty, stays where it stood among the fields.
            let log = last_of_each(log);
            found.time_ns == host_ns(*ticks) && fields(found) == log
        };
        if events.len() != self.logs.len() || !events.iter().zip(&self.logs).all(same) {
            return fails("other logs");
        }
        Ok(())
    }
}

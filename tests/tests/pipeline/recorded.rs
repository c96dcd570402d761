//! What was recorded, and what a collector has to make of it.

use spandrel::{SpanId, TraceId};
use spandrel_collector::model::{Attribute, Event, Span, Value};

use crate::device::host_ns;

/// A span as it was recorded. Tags and names are those that it ever had, in order.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) span_id: SpanId,
    pub(crate) trace_id: TraceId,
    pub(crate) parent: Option<SpanId>,
    pub(crate) names: Vec<&'static str>,
    pub(crate) ticks: [u64; 2],
    pub(crate) tags: Vec<Attribute>,
    pub(crate) logs: Vec<(u64, Vec<Attribute>)>,
}

/// Whether a value came through: as it was, or, where texts were cut, as its beginning.
fn came(found: &Value, recorded: &Value, is_cut: bool) -> bool {
    match (found, recorded) {
        (Value::Str(found), Value::Str(recorded)) if is_cut => recorded.starts_with(&**found),
        _ => found == recorded,
    }
}

fn all_came(found: &[Attribute], recorded: &[Attribute], is_cut: bool) -> bool {
    let same = |(found, recorded): (&Attribute, &Attribute)| {
        found.key == recorded.key && came(&found.value, &recorded.value, is_cut)
    };
    found.len() == recorded.len() && found.iter().zip(recorded).all(same)
}

fn some_came(found: &[Attribute], recorded: &[Attribute], is_cut: bool) -> bool {
    found.iter().all(|found| {
        recorded.iter().any(|r| r.key == found.key && came(&found.value, &r.value, is_cut))
    })
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

/// Tags in an order of no meaning: a span that goes in pieces gives its own behind those set later.
fn by_key(attributes: &[Attribute]) -> Vec<Attribute> {
    let mut sorted = attributes.to_vec();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    sorted
}

/// A log's fields as they were before the model made `event` its name.
fn fields(event: &Event) -> Vec<Attribute> {
    let name = (!event.name.is_empty()).then(|| Attribute::new("event", event.name.clone()));
    name.into_iter().chain(event.attributes.iter().cloned()).collect()
}

impl Recorded {
    /// What is wrong with a span that came; nothing if it is what was recorded.
    ///
    /// Of one that says that it is incomplete only what it does say has to be true.
    pub(crate) fn compare(
        &self,
        found: &Span,
        is_complete: bool,
        is_cut: bool,
    ) -> Result<(), String> {
        let fails = |what: &str| Err(format!("{what}:\n  found {found:?}\n  of    {self:?}"));
        if found.trace_id != self.trace_id {
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
                self.logs.iter().any(|(t, log)| at(*t) && some_came(&fields(event), log, is_cut))
            };
            let parent = found.parent_span_id;
            return match () {
                () if parent.is_some() && parent != self.parent => fails("a made-up parent"),
                () if !some_came(&found.attributes, &self.tags, is_cut) => fails("a made-up tag"),
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
        if !all_came(&by_key(&found.attributes), &by_key(&last_of_each(&self.tags)), is_cut) {
            return fails("other tags");
        }
        let same = |(found, (ticks, log)): (&&Event, &(u64, Vec<Attribute>))| {
            // An `event` that is no text, or empty, stays where it stood among the fields.
            let log = last_of_each(log);
            found.time_ns == host_ns(*ticks) && all_came(&fields(found), &log, is_cut)
        };
        if events.len() != self.logs.len() || !events.iter().zip(&self.logs).all(same) {
            return fails("other logs");
        }
        Ok(())
    }
}

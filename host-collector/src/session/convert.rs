//! An assembled span becomes a span of the model.

use super::assembly::Entry;
use super::clock::{ClockEstimate, Placement};
use super::definitions::{Definitions, Number};
use super::record::{Key, RawLog, RawSpan, RawTag, RawValue, Text};
use crate::model::opentracing::{self, RefType};
use crate::model::{Attribute, Source, Span, SpanId, TraceId, Value};
use spandrel::wire::{Parent, TraceRef};
use std::collections::BTreeSet;
use std::sync::Arc;

/// W3C's flag of a trace that is recorded; what was not sampled never goes up.
const SAMPLED: u32 = 1;

/// What a session knows that its spans need.
pub(super) struct Context<'a> {
    pub(super) source: Source,
    pub(super) definitions: &'a Definitions,
    pub(super) clock: &'a ClockEstimate,
}

/// The trace of an assembled span; none where the record that names it was lost.
pub(super) fn trace_id(entry: &Entry, span: &RawSpan, source: Source) -> Option<TraceId> {
    match span.trace {
        TraceRef::Own(root) => Some(TraceId::expand(source.device, source.session, root)),
        TraceRef::Remote(trace) => Some(trace),
        TraceRef::Apart => {
            let own = |r: &&spandrel::wire::Reference| r.span.is_none() || !r.follows_from;
            let reference = entry.references.values().find(own);
            reference.or(entry.references.values().next()).map(|reference| reference.trace)
        }
    }
}

impl Context<'_> {
    /// The span of trace `trace_id`, placed in time by `placement`.
    pub(super) fn convert(
        &self,
        entry: Entry,
        raw: &RawSpan,
        trace_id: TraceId,
        placement: &Placement,
    ) -> Span {
        let Source { device, session } = self.source;
        let mut notes = Vec::new();
        if !entry.is_whole() {
            let (came, of) = (entry.parts, raw.parts.max(entry.parts + 1));
            notes.push(format!("incomplete: {came} of {of} of its other records came").into());
        }
        let undefined: BTreeSet<_> =
            entry.numbers().filter(|number| !self.definitions.knows(*number)).collect();
        notes.extend(undefined.iter().map(|number| match number {
            Number::Site(id) => Arc::from(format!("the definition of call site {id} never came")),
            Number::Name(id) => Arc::from(format!("the definition of name {id} never came")),
        }));
        let name = self.operation(&entry, raw);
        // Saturating: a bogus duration must not wrap to before the start.
        let end_ticks = raw.start_ticks.saturating_add(raw.duration_ticks);
        let times_ns = [raw.start_ticks, end_ticks].map(|ticks| self.clock.place(ticks, placement));
        let span_id = |number| SpanId::expand(device, session, number);

        let mut tags: Vec<_> = entry.first_tags.iter().map(|tag| self.attribute(tag)).collect();
        tags.extend(entry.tags.values().flatten().map(|tag| self.attribute(tag)));
        if raw.ambiguous {
            tags.push(Attribute::new("clock.ambiguous", true));
            notes.push("may be longer by whole turns of the device's counter".into());
        }
        let parent = match raw.parent {
            Parent::Local(parent) => Some(opentracing::Reference {
                ref_type: RefType::ChildOf,
                trace_id,
                span_id: span_id(parent),
            }),
            Parent::None | Parent::Remote => None,
        };
        let others = entry.references.values().filter_map(|reference| {
            let follows = reference.follows_from;
            Some(opentracing::Reference {
                ref_type: if follows { RefType::FollowsFrom } else { RefType::ChildOf },
                trace_id: reference.trace,
                span_id: reference.span?,
            })
        });
        let references: Vec<_> = parent.into_iter().chain(others).collect();
        let logs = joined(entry.logs);
        let logs = logs.into_iter().map(|log| opentracing::Log {
            time_ns: self.clock.place(log.time_ticks, placement),
            fields: log.fields.iter().map(|field| self.attribute(field)).collect(),
        });

        let mut span = Span::new(trace_id, span_id(raw.own), name, times_ns)
            .with_tags(tags)
            .with_references(&references)
            .with_logs(logs.collect());
        span.flags = SAMPLED;
        span.warnings.extend(notes);
        span
    }

    fn operation(&self, entry: &Entry, raw: &RawSpan) -> Arc<str> {
        match (&entry.operation, self.definitions.site(raw.site)) {
            (Some(RawValue::Known(Value::Str(name))), _) => name.clone(),
            (Some(RawValue::Number(id)), _) => self.name(*id),
            (_, Some(site)) => site.name.clone(),
            (_, None) if raw.site == 0 => "".into(),
            (_, None) => format!("unknown@{}", raw.site).into(),
        }
    }

    fn attribute(&self, tag: &RawTag) -> Attribute {
        let key = match &tag.key {
            Key::Text(Text::Known(text)) => text.clone(),
            Key::Text(Text::Number(id)) => self.name(*id),
            Key::Site(site, place) => self
                .definitions
                .site(*site)
                .and_then(|site| site.keys.get(usize::from(*place)).cloned())
                .unwrap_or_else(|| format!("unknown@{site}.{place}").into()),
        };
        let value = match &tag.value {
            RawValue::Known(value) => value.clone(),
            RawValue::Number(id) => Value::Str(self.name(*id)),
        };
        Attribute { key, value }
    }

    fn name(&self, id: u16) -> Arc<str> {
        self.definitions.name(id).cloned().unwrap_or_else(|| format!("unknown#{id}").into())
    }
}

/// Logs in the order in which they were made. One that did not fit a frame came field by field:
/// records that follow each other, of one moment, with keys of one site that follow each other.
fn joined(
    logs: impl IntoIterator<IntoIter = std::collections::btree_map::IntoIter<u64, RawLog>>,
) -> Vec<RawLog> {
    let mut joined: Vec<(u64, RawLog)> = Vec::new();
    for (number, log) in logs {
        match joined.last_mut() {
            Some((last, before)) if *last + 1 == number && continues(before, &log) => {
                *last = number;
                before.fields.extend(log.fields);
            }
            _ => joined.push((number, log)),
        }
    }
    joined.into_iter().map(|(_, log)| log).collect()
}

fn continues(before: &RawLog, log: &RawLog) -> bool {
    let key = |tag: Option<&RawTag>| match tag.map(|tag| &tag.key) {
        Some(Key::Site(site, place)) => Some((*site, *place)),
        _ => None,
    };
    let (last, first) = (key(before.fields.last()), key(log.fields.first()));
    before.time_ticks == log.time_ticks
        && matches!((last, first), (Some((a, m)), Some((b, n))) if a == b && m.checked_add(1) == Some(n))
}

//! An assembled span becomes a span of the model.

use super::assembly::Entry;
use super::definitions::{Definitions, Number};
use super::process::SAMPLER;
use super::record::{Key, RawTag, RawValue, Text};
use super::resets::tags_of_cut_off;
use crate::clock::{ClockEstimate, Placement};
use crate::model::opentracing::{self, RefType};
use crate::model::{Attribute, Source, Span, SpanId, TraceId, Value};
use spandrel::wire::{Parent, ResetCause, SpanHead};
use std::collections::BTreeSet;
use std::sync::Arc;

/// W3C's flag of a trace that is recorded; what was not sampled never goes up.
const SAMPLED: u32 = 1;

/// What a session knows that its spans need.
pub(super) struct Context<'a> {
    pub(super) source: Source,
    pub(super) definitions: &'a Definitions,
    pub(super) clock: &'a ClockEstimate,
    /// Type and parameter of the sampler, if that is known.
    pub(super) sampler: Option<&'a [Value; 2]>,
    /// Whether spans say their ticks.
    pub(super) raw_ticks: bool,
    /// What ended the session, if that is known.
    pub(super) ended: Option<ResetCause>,
}

impl Context<'_> {
    /// The span of trace `trace_id`, placed in time by `placement`.
    pub(super) fn convert(
        &self,
        entry: Entry,
        raw: &SpanHead,
        trace_id: TraceId,
        placement: &Placement,
    ) -> Span {
        let Source { device, session } = self.source;
        let mut notes = Vec::new();
        let missing = entry.parts_missing(raw);
        if !entry.is_whole() {
            notes.push(match missing {
                0 => "incomplete: some of its records did not come".into(),
                missing => {
                    format!("incomplete: {missing} of its tags and logs did not come").into()
                }
            });
        }
        let undefined: BTreeSet<_> =
            entry.numbers().filter(|number| !self.definitions.knows(*number)).collect();
        notes.extend(undefined.iter().map(|number| match number {
            Number::Site(id) => Arc::from(format!("the definition of call site {id} never came")),
            Number::Name(id) => Arc::from(format!("the definition of name {id} never came")),
        }));
        let cut = entry.tags().chain(entry.logs.values().flat_map(|log| &log.fields));
        notes.extend(
            cut.filter(|tag| tag.is_cut)
                .map(|tag| Arc::from(format!("`{}` was cut for want of room", self.key(tag)))),
        );
        let name = self.operation(&entry, raw);
        // Saturating: a bogus duration must not wrap to before the start.
        let end_ticks = raw.end_ticks();
        let times_ns = [raw.start_ticks, end_ticks].map(|ticks| self.clock.place(ticks, placement));
        let span_id = |number| SpanId::expand(device, session, number);

        let mut tags: Vec<_> = entry.tags().map(|tag| self.attribute(tag)).collect();
        if let Some((file, line)) = self.definitions.location(raw.site.id) {
            tags.push(Attribute::new("code.file.path", file.clone()));
            tags.push(Attribute::new("code.line.number", *line));
        }
        if raw.parent == Parent::None
            && let Some(sampler) = self.sampler
            && tags.iter().all(|tag| *tag.key != *SAMPLER[0])
        {
            let both = SAMPLER.into_iter().zip(sampler);
            tags.extend(both.map(|(key, value)| Attribute::new(key, value.clone())));
        }
        if raw.cut_off {
            tags.extend(tags_of_cut_off(self.ended));
            notes.push("cut off by a reset: it reaches to the last moment that is known".into());
        }
        if raw.ambiguous {
            tags.push(Attribute::new("clock.ambiguous", true));
            notes.push("may be longer by whole turns of the device's counter".into());
        }
        if self.raw_ticks {
            tags.push(Attribute::new("clock.ticks", raw.start_ticks));
            tags.push(Attribute::new("clock.end_ticks", end_ticks));
        }
        let parent = match raw.parent {
            Parent::Local(parent) => Some(opentracing::Reference {
                ref_type: RefType::ChildOf,
                trace_id,
                span_id: span_id(parent),
            }),
            Parent::None | Parent::Remote => None,
        };
        let others = entry.references.values().map(|reference| opentracing::Reference {
            ref_type: match reference.follows_from {
                true => RefType::FollowsFrom,
                false => RefType::ChildOf,
            },
            trace_id: reference.trace,
            span_id: reference.span,
        });
        let references: Vec<_> = parent.into_iter().chain(others).collect();
        let logs = self.logs(&entry, placement);

        let mut span = Span::new(trace_id, span_id(raw.own), name, times_ns)
            .with_tags(tags)
            .with_references(&references)
            .with_logs(logs);
        span.flags = SAMPLED;
        // Of what kind a record was that did not come is not known: most are tags.
        let lacks_parent = raw.parent == Parent::Remote && entry.references.is_empty();
        span.dropped_links = u32::from(lacks_parent);
        span.dropped_attributes = u32::from(missing).saturating_sub(span.dropped_links);
        span.warnings.extend(notes);
        span
    }

    /// The logs, with the fields that had no room in the first record of each.
    fn logs(&self, entry: &Entry, placement: &Placement) -> Vec<opentracing::Log> {
        let mut logs: Vec<opentracing::Log> = Vec::with_capacity(entry.logs.len());
        for log in entry.logs.values() {
            let time_ns = self.clock.place(log.time_ticks, placement);
            let fields = log.fields.iter().map(|field| self.attribute(field));
            match logs.last_mut().filter(|last| log.more && last.time_ns == time_ns) {
                Some(last) => last.fields.extend(fields),
                // Where it goes on with a log that did not come, that had a field at least.
                None => logs.push(opentracing::Log {
                    time_ns,
                    fields: fields.collect(),
                    dropped_fields: u32::from(log.more),
                }),
            }
        }
        logs
    }

    fn operation(&self, entry: &Entry, raw: &SpanHead) -> Arc<str> {
        match (entry.operation(), self.definitions.site(raw.site.id)) {
            (Some(RawValue::Known(Value::Str(name))), _) => name.clone(),
            (Some(RawValue::Number(id)), _) => self.definitions.name(*id),
            (_, Some(site)) => site.name.clone(),
            (_, None) if raw.site.id == 0 => "".into(),
            (_, None) => format!("unknown@{}", raw.site.id).into(),
        }
    }

    fn attribute(&self, tag: &RawTag) -> Attribute {
        Attribute { key: self.key(tag), value: tag.value.value(self.definitions) }
    }

    fn key(&self, tag: &RawTag) -> Arc<str> {
        match &tag.key {
            Key::Text(Text::Known(text)) => text.clone(),
            Key::Text(Text::Number(id)) => self.definitions.name(*id),
            Key::Site(site, place) => self
                .definitions
                .site(*site)
                .and_then(|site| site.keys.get(usize::from(*place)).cloned())
                .unwrap_or_else(|| format!("unknown@{site}.{place}").into()),
        }
    }
}

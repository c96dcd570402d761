//! Spans in the making: a span's parts come before it, in any frame, and may be lost.

use super::definitions::{Definitions, Number};
use super::record::{RawLog, RawSpan, RawTag, RawValue, is_operation, tags};
use spandrel::wire::{Parent, PartKey, Record, Reference, TraceRef};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// No session may fill more memory with unfinished spans.
const MOST_BYTES: usize = 256 * 1024;
/// How long a span waits for parts that should have come before it.
const PARTS_PATIENCE_NS: u64 = 1_000_000_000;
/// How long a span waits for definitions: they rotate within ten seconds.
const DEFINITIONS_PATIENCE_NS: u64 = 12_000_000_000;

/// Everything that came under one number. Parts are kept by the number of their record, which is
/// the order in which the device made them.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) span: Option<RawSpan>,
    /// The values in the span's own record.
    pub(super) first_tags: Vec<RawTag>,
    pub(super) tags: BTreeMap<u64, Vec<RawTag>>,
    pub(super) logs: BTreeMap<u64, RawLog>,
    pub(super) references: BTreeMap<u64, Reference>,
    pub(super) operation: Option<RawValue>,
    /// How many records other than the span's came.
    pub(super) parts: u32,
    since_ns: u64,
    weight: usize,
    /// When it came first, among all: the oldest goes when there are too many.
    order: u64,
}

/// The unfinished spans of a session.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    entries: HashMap<u64, Entry>,
    by_age: BTreeMap<u64, u64>,
    /// Those whose span is there.
    finished: BTreeSet<(u64, u64)>,
    next_order: u64,
    weight: usize,
}

/// Why a finished span waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Parts,
    Definition,
}

impl Assembly {
    /// Adds a record with its number. Definitions are not its business.
    pub(super) fn insert(&mut self, number: u64, record: &Record<'_>, now_ns: u64) {
        let own = match record {
            Record::Span(span) => span.own,
            Record::Part(part) => part.own,
            Record::Log(log) => log.own,
            Record::Reference(reference) => reference.own,
            Record::Define(_) => return,
        };
        let order = self.next_order;
        let entry = self.entries.entry(own).or_insert_with(|| Entry::new(order, now_ns));
        if entry.order == order {
            self.next_order += 1;
            self.by_age.insert(order, own);
            self.weight += entry.weight;
        }
        let before = entry.weight;
        entry.insert(number, record, now_ns);
        self.weight += entry.weight - before;
        if entry.span.is_some() {
            self.finished.insert((entry.order, own));
        }
    }

    /// The spans that need not wait any longer, the oldest first.
    pub(super) fn ready(&self, definitions: &Definitions, now_ns: u64) -> Vec<u64> {
        let finished = self.finished.iter().map(|(_, own)| *own);
        finished.filter(|own| self.is_ready(*own, definitions, now_ns)).collect()
    }

    /// Whether a span need not wait any longer.
    pub(super) fn is_ready(&self, own: u64, definitions: &Definitions, now_ns: u64) -> bool {
        self.entries.get(&own).is_some_and(|entry| entry.is_ready(definitions, now_ns))
    }

    /// Takes a span, ready or not.
    pub(super) fn take(&mut self, own: u64) -> Option<Entry> {
        self.remove(own)
    }

    /// The oldest finished span, if there is no room for all that wait.
    pub(super) fn crowded_out(&self) -> Option<u64> {
        if self.weight <= MOST_BYTES {
            return None;
        }
        self.finished.first().map(|(_, own)| *own)
    }

    /// All finished spans, ready or not, the oldest first.
    pub(super) fn finished(&self) -> Vec<u64> {
        self.finished.iter().map(|(_, own)| *own).collect()
    }

    /// Drops the oldest until the rest fits; says how many spans and parts of spans that were.
    ///
    /// To be called when no finished span can be taken instead.
    pub(super) fn trim(&mut self) -> u64 {
        let mut dropped = 0;
        while self.weight > MOST_BYTES
            && let Some((_, own)) = self.by_age.first_key_value()
        {
            self.remove(*own);
            dropped += 1;
        }
        dropped
    }

    fn remove(&mut self, own: u64) -> Option<Entry> {
        let entry = self.entries.remove(&own)?;
        self.by_age.remove(&entry.order);
        self.finished.remove(&(entry.order, own));
        self.weight -= entry.weight;
        Some(entry)
    }

    /// The definitions that finished spans wait for, up to `most`.
    pub(super) fn wanted(&self, definitions: &Definitions, most: usize) -> Vec<Number> {
        let mut wanted = BTreeSet::new();
        for (_, own) in &self.finished {
            let Some(entry) = self.entries.get(own) else { continue };
            wanted.extend(entry.numbers().filter(|number| !definitions.knows(*number)));
            if wanted.len() >= most {
                break;
            }
        }
        wanted.into_iter().take(most).collect()
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }
}

impl Entry {
    fn new(order: u64, now_ns: u64) -> Self {
        Self {
            span: None,
            first_tags: Vec::new(),
            tags: BTreeMap::new(),
            logs: BTreeMap::new(),
            references: BTreeMap::new(),
            operation: None,
            parts: 0,
            since_ns: now_ns,
            weight: size_of::<Self>() + 64,
            order,
        }
    }

    fn insert(&mut self, number: u64, record: &Record<'_>, now_ns: u64) {
        let weigh = |tags: &[RawTag]| tags.iter().map(RawTag::weight).sum::<usize>();
        let weight = match record {
            Record::Span(span) => {
                self.first_tags = tags(&PartKey::Site(span.site, 0), &span.values);
                self.span = Some(span.into());
                self.since_ns = now_ns;
                weigh(&self.first_tags)
            }
            Record::Part(part) if is_operation(&part.key) => {
                self.operation = part.values.first().map(RawValue::from);
                size_of::<RawTag>()
            }
            Record::Part(part) => {
                let tags = tags(&part.key, &part.values);
                let weight = weigh(&tags);
                self.tags.insert(number, tags);
                weight
            }
            Record::Log(log) => {
                let fields = tags(&log.key, &log.values);
                let weight = weigh(&fields);
                self.logs.insert(number, RawLog { time_ticks: log.time_ticks, fields });
                weight
            }
            Record::Reference(reference) => {
                self.references.insert(number, *reference);
                size_of::<Reference>()
            }
            Record::Define(_) => 0,
        };
        self.weight += weight + 64;
        if !matches!(record, Record::Span(_)) {
            self.parts = self.parts.saturating_add(1);
        }
    }

    /// Whether every record of the span is there.
    pub(super) fn is_whole(&self) -> bool {
        self.span.is_some_and(|span| {
            let has_parent =
                || self.references.values().any(|r| r.span.is_some() && !r.follows_from);
            // More may come than the device counted, which is modulo 64, and before what went in
            // pieces did.
            self.parts >= span.parts
                && (span.parent != Parent::Remote || has_parent())
                && (span.trace != TraceRef::Apart || !self.references.is_empty())
        })
    }

    /// The numbers whose definitions it needs.
    pub(super) fn numbers(&self) -> impl Iterator<Item = Number> {
        let tags = self.first_tags.iter().chain(self.tags.values().flatten());
        let fields = self.logs.values().flat_map(|log| &log.fields);
        let operation = match self.operation {
            Some(RawValue::Number(id)) => Some(Number::Name(id)),
            _ => None,
        };
        let site = self.span.map(|span| Number::Site(span.site));
        tags.chain(fields).flat_map(RawTag::numbers).chain(operation).chain(site)
    }

    fn waits_for(&self, definitions: &Definitions) -> Option<Wait> {
        if self.numbers().any(|number| !definitions.knows(number)) {
            return Some(Wait::Definition);
        }
        (!self.is_whole()).then_some(Wait::Parts)
    }

    fn is_ready(&self, definitions: &Definitions, now_ns: u64) -> bool {
        let waited_ns = now_ns.saturating_sub(self.since_ns);
        match self.waits_for(definitions) {
            None => true,
            Some(Wait::Definition) => waited_ns >= DEFINITIONS_PATIENCE_NS,
            Some(Wait::Parts) => waited_ns >= PARTS_PATIENCE_NS,
        }
    }
}

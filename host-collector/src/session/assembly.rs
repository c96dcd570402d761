//! Spans in the making: a span's parts come before it, in any frame, and may be lost.

use super::definitions::{Definitions, Number};
use super::gaps::Gaps;
use super::record::{RawTag, RawValue, is_operation, tags};
use super::weight::{other, room, table};
use serde::{Deserialize, Serialize};
use spandrel::wire::{Parent, PartKey, Record, Reference, SpanHead};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// No session may fill more memory with unfinished spans.
const MOST_BYTES: usize = 512 * 1024;
/// A table that was larger than this is not kept once it is empty.
const MOST_SPARE: usize = 64;
/// How long a span waits for parts that should have come before it.
const PARTS_PATIENCE_NS: u64 = 1_000_000_000;
/// How long a span waits for definitions: they rotate within ten seconds.
const DEFINITIONS_PATIENCE_NS: u64 = 12_000_000_000;

/// Everything that came under one number. Parts are kept by the number of their record, which is
/// the order in which the device made them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) span: Option<RawSpan>,
    /// The values in the span's own record.
    first_tags: Vec<RawTag>,
    parts: BTreeMap<u64, Vec<RawTag>>,
    pub(super) logs: BTreeMap<u64, RawLog>,
    pub(super) references: BTreeMap<u64, Reference>,
    operations: BTreeMap<u64, RawValue>,
    since_ns: u64,
    records: u64,
    weight: usize,
    /// When it came first, among all: the oldest goes when there are too many.
    order: u64,
}

/// A log, or more fields of the one before, if that is of the same time.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RawLog {
    pub(super) time_ticks: u64,
    pub(super) more: bool,
    pub(super) fields: Vec<RawTag>,
}

/// A span record, and its number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct RawSpan {
    pub(super) head: SpanHead,
    number: u64,
}

/// The unfinished spans of a session.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Assembly {
    #[serde(serialize_with = "super::saved::in_order")]
    entries: HashMap<u64, Entry>,
    by_age: BTreeMap<u64, u64>,
    /// Those whose span is there.
    finished: BTreeSet<(u64, u64)>,
    next_order: u64,
    weight: usize,
}

impl Assembly {
    /// Adds a record with its number. Definitions and fragments are not its business.
    pub(super) fn insert(&mut self, number: u64, record: &Record<'_>, now_ns: u64) {
        let own = match record {
            Record::Span(span) => span.head.own,
            Record::Part(part) => part.own,
            Record::Log(log) => log.own,
            Record::Reference(reference) => reference.own,
            Record::Define(_) | Record::Fragment(_) | Record::Clock(_) => return,
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
    pub(super) fn ready(&self, definitions: &Definitions, gaps: &Gaps, now_ns: u64) -> Vec<u64> {
        let finished = self.finished.iter().map(|(_, own)| *own);
        finished.filter(|own| self.is_ready(*own, definitions, gaps, now_ns)).collect()
    }

    /// Whether a span need not wait any longer.
    pub(super) fn is_ready(
        &self,
        own: u64,
        definitions: &Definitions,
        gaps: &Gaps,
        now_ns: u64,
    ) -> bool {
        self.entries.get(&own).is_some_and(|entry| entry.is_ready(definitions, gaps, now_ns))
    }

    /// Whether something came under this number, and waits.
    pub(super) fn has(&self, own: u64) -> bool {
        !self.entries.is_empty() && self.entries.contains_key(&own)
    }

    /// Whether a span is there that waits.
    pub(super) fn has_finished(&self) -> bool {
        !self.finished.is_empty()
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

    /// Drops the oldest until the rest fits; says how many spans, or parts of spans, that were, and
    /// how many records.
    ///
    /// To be called when no finished span can be taken instead.
    pub(super) fn trim(&mut self) -> (u64, u64) {
        let (mut spans, mut records) = (0, 0);
        while self.weight > MOST_BYTES
            && let Some((_, own)) = self.by_age.first_key_value()
            && let Some(entry) = self.remove(*own)
        {
            spans += 1;
            records += entry.records();
        }
        (spans, records)
    }

    /// How many records wait.
    pub(super) fn records(&self) -> u64 {
        self.entries.values().map(Entry::records).sum()
    }

    /// The host's clock was set.
    pub(super) fn host_stepped(&mut self, step_ns: i64) {
        for entry in self.entries.values_mut() {
            entry.since_ns = entry.since_ns.saturating_add_signed(step_ns);
        }
    }

    fn remove(&mut self, own: u64) -> Option<Entry> {
        let entry = self.entries.remove(&own)?;
        self.by_age.remove(&entry.order);
        self.finished.remove(&(entry.order, own));
        self.weight -= entry.weight;
        if self.entries.is_empty() && self.entries.capacity() > MOST_SPARE {
            self.entries = HashMap::new();
        }
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

    /// The call sites that finished spans wait for.
    pub(super) fn wanted_sites(&self, definitions: &Definitions) -> Vec<u16> {
        let wanted = self.wanted(definitions, usize::from(u8::MAX));
        let site = |number| match number {
            Number::Site(id) => Some(id),
            Number::Name(_) => None,
        };
        wanted.into_iter().filter_map(site).collect()
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        self.weight + table::<(u64, Entry)>(self.entries.capacity())
    }
}

impl Entry {
    /// A span of which nothing came but this record.
    pub(super) fn of_span(record: &Record<'_>, now_ns: u64) -> Self {
        let mut entry = Self::new(0, now_ns);
        entry.insert(0, record, now_ns);
        entry
    }

    fn new(order: u64, now_ns: u64) -> Self {
        Self {
            span: None,
            first_tags: Vec::new(),
            parts: BTreeMap::new(),
            logs: BTreeMap::new(),
            references: BTreeMap::new(),
            operations: BTreeMap::new(),
            since_ns: now_ns,
            records: 0,
            // Its places among all by age, and among those that are finished.
            weight: other::<u64>() + other::<u64>(),
            order,
        }
    }

    fn insert(&mut self, number: u64, record: &Record<'_>, now_ns: u64) {
        let weigh = |tags: &[RawTag]| tags.iter().map(RawTag::weight).sum::<usize>();
        self.records += 1;
        self.weight += match record {
            Record::Span(span) => {
                self.first_tags = tags(&PartKey::Site(span.head.site), &span.values);
                self.span = Some(RawSpan { head: span.head, number });
                self.since_ns = now_ns;
                weigh(&self.first_tags)
            }
            Record::Part(part) if is_operation(&part.key) => {
                let name = part.values.first().map(RawValue::from);
                let name = name.unwrap_or(RawValue::Known("".into()));
                let weight = room(&self.operations) + name.payload();
                self.operations.insert(number, name);
                weight
            }
            Record::Part(part) => {
                let tags = tags(&part.key, &part.values);
                let weight = room(&self.parts) + weigh(&tags);
                self.parts.insert(number, tags);
                weight
            }
            Record::Log(log) => {
                let fields = tags(&log.key, &log.values);
                let weight = room(&self.logs) + weigh(&fields);
                let log = RawLog { time_ticks: log.time_ticks, more: log.more, fields };
                self.logs.insert(number, log);
                weight
            }
            Record::Reference(reference) => {
                let weight = room(&self.references);
                self.references.insert(number, *reference);
                weight
            }
            Record::Define(_) | Record::Fragment(_) | Record::Clock(_) => 0,
        };
    }

    /// How many records came.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// Whether every record of the span is there.
    pub(super) fn is_whole(&self) -> bool {
        let Some(RawSpan { head, .. }) = self.span else { return false };
        let has_parent = head.parent != Parent::Remote || !self.references.is_empty();
        self.parts_missing(&head) == 0 && has_parent
    }

    /// How many parts, logs and references of the span did not come, modulo 256, since it counts them
    /// so.
    #[expect(clippy::cast_possible_truncation, reason = "modulo 256")]
    pub(super) fn parts_missing(&self, span: &SpanHead) -> u8 {
        if span.cut_off {
            // It did not come to count them.
            return 0;
        }
        let Self { parts, logs, references, operations, .. } = self;
        let came = parts.len() + logs.len() + references.len() + operations.len();
        span.parts.wrapping_sub(came as u8)
    }

    /// Its tags as they were set: first those that it began with, although they went up last.
    pub(super) fn tags(&self) -> impl Iterator<Item = &RawTag> {
        self.first_tags.iter().chain(self.parts.values().flatten())
    }

    /// The operation name that it was given last, if another than its site's.
    pub(super) fn operation(&self) -> Option<&RawValue> {
        self.operations.last_key_value().map(|(_, name)| name)
    }

    /// The numbers whose definitions it needs.
    pub(super) fn numbers(&self) -> impl Iterator<Item = Number> {
        let fields = self.logs.values().flat_map(|log| &log.fields);
        let operation = match self.operation() {
            Some(RawValue::Number(id)) => Some(Number::Name(*id)),
            _ => None,
        };
        let site = self.span.map(|span| Number::Site(span.head.site.id));
        self.tags().chain(fields).flat_map(RawTag::numbers).chain(operation).chain(site)
    }

    /// Whether it need not wait any longer: everything is there, or what is not will not come.
    fn is_ready(&self, definitions: &Definitions, gaps: &Gaps, now_ns: u64) -> bool {
        let Some(span) = self.span else { return false };
        let waited_ns = now_ns.saturating_sub(self.since_ns);
        if self.numbers().any(|number| !definitions.knows(number)) {
            return waited_ns >= DEFINITIONS_PATIENCE_NS;
        }
        // All records of a span have lower numbers than its last.
        let may_come = gaps.is_missing_below(span.number) && waited_ns < PARTS_PATIENCE_NS;
        !may_come || self.is_whole()
    }
}

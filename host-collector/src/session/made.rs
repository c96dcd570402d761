//! Spans that no device recorded: made here, so that a loss is seen where it happened.

use super::gaps::{Gap, NoRoom, Which};
use super::parents::Missing;
use crate::model::{Attribute, Source, Span, SpanId, TraceId};
use serde::{Deserialize, Serialize};
use spandrel::wire::TraceRef;
use std::sync::Arc;

/// The tag, of value true, of every span that the collector made itself.
pub(crate) const MADE: &str = "spandrel.synthetic";
/// The name of a span that stands for records that were lost.
pub(crate) const GAP: &str = "gap";
/// The name of a span that stands for one that never came.
pub(crate) const MISSING: &str = "missing";

/// The name of a span that stands for the begin of a session behind a reset.
pub(crate) const BOOT: &str = "boot";

/// Why nothing more comes of a session: its device began anew.
pub(super) const RESET: &str = "since its device was reset";
/// The collector has no room for the session.
pub(crate) const FORGOTTEN: &str = "as far as the collector had room to wait";
/// The collector ends.
pub(crate) const FINISHED: &str = "as long as the collector ran";

/// W3C's flag of a trace that is recorded.
const SAMPLED: u32 = 1;

/// A session makes no more in [`WINDOW_NS`].
const MOST: u32 = 64;
const WINDOW_NS: u64 = 10_000_000_000;

/// How many more spans may be made.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Allowance {
    since_ns: u64,
    made: u32,
}

impl Allowance {
    /// Whether one more may be made.
    pub(super) fn take(&mut self, now_ns: u64) -> bool {
        if now_ns.abs_diff(self.since_ns) >= WINDOW_NS {
            *self = Self { since_ns: now_ns, made: 0 };
        }
        self.made = self.made.saturating_add(1);
        self.made <= MOST
    }
}

/// The trace that a record of this session refers to.
pub(super) fn trace_id(trace: TraceRef, source: Source) -> TraceId {
    match trace {
        TraceRef::Own(root) => TraceId::expand(source.device, source.session, root),
        TraceRef::Remote(trace) => trace,
    }
}

pub(super) fn span(source: Source, trace: TraceRef, id: SpanId, name: &str, time_ns: u64) -> Span {
    let mut span = Span::new(trace_id(trace, source), id, name.into(), [time_ns; 2]);
    span.flags = SAMPLED;
    span
}

/// What stands for lost records in a trace, below the span with the number `parent`.
///
/// `bracket_ns` are the times between which they were lost.
pub(super) fn gap(
    gap: &Gap,
    source: Source,
    (trace, parent): (TraceRef, u64),
    bracket_ns: [u64; 2],
) -> Span {
    let Source { device, session } = source;
    let [earliest_ns, mut latest_ns] = bracket_ns;
    let mut tags = vec![Attribute::new(MADE, true)];
    let (number, what) = match &gap.which {
        Which::Numbers(numbers) => {
            let count = numbers.end - numbers.start;
            tags.push(Attribute::new("gap.records", count));
            tags.push(Attribute::new("gap.first_record", numbers.start));
            (numbers.start & BELOW, format!("{count} records were lost on the way"))
        }
        Which::NoRoom { lost, before, latest_ns: known_ns } => {
            latest_ns = (*known_ns).max(earliest_ns);
            let NoRoom { ring_full, evicted } = *lost;
            tags.push(Attribute::new("gap.records", lost.total()));
            let counts = [("gap.ring_full", ring_full), ("gap.evicted", evicted)];
            let counts = counts.into_iter().filter(|(_, count)| *count != 0);
            tags.extend(counts.map(|(tag, count)| Attribute::new(tag, count)));
            let count = lost.total();
            (before & BELOW | KIND, format!("{count} records found no room on the device"))
        }
    };
    tags.push(Attribute::new("gap.earliest_ns", earliest_ns));
    tags.push(Attribute::new("gap.latest_ns", latest_ns));
    // The trace is in the id too: one gap may be seen in several.
    let trace_number = match trace {
        TraceRef::Own(root) => root,
        TraceRef::Remote(trace) => trace.low(),
    };
    let number = number ^ (trace_number.wrapping_mul(SPREAD) & BELOW);
    let id = SpanId::expand_aside(device, session, number);
    let mut span = span(source, trace, id, GAP, earliest_ns).with_tags(tags);
    span.parent_span_id = Some(SpanId::expand(device, session, parent));
    let around_us = latest_ns.saturating_sub(earliest_ns) / 1000;
    span.warnings.push(
        format!("{what} within {around_us} us from here: some may have belonged to this trace")
            .into(),
    );
    span
}

/// The bit of the number of a gap that says that the device lost the records.
const KIND: u64 = 1 << 60;
/// The bits below it.
const BELOW: u64 = KIND - 1;
/// Spreads the numbers of traces, which are near each other, over those of records.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// What stands for a span that never came; its children are below it, since it has its id.
pub(super) fn missing(missing: &Missing, source: Source, time_ns: u64, why: &str) -> Span {
    let Source { device, session } = source;
    let id = |number| SpanId::expand(device, session, number);
    let tags = vec![Attribute::new(MADE, true)];
    let mut span =
        span(source, missing.trace, id(missing.number), MISSING, time_ns).with_tags(tags);
    span.parent_span_id = match missing.trace {
        TraceRef::Own(root) if root != missing.number => Some(id(root)),
        _ => None,
    };
    span.warnings.push(Arc::from(format!(
        "this span never came, {why}: its name, times and tags are unknown, and so are the spans \
         between it and its root"
    )));
    span
}

//! Where time is spent, by operation: over the newest traces that match.

use super::super::{Answer, Context, Failure, Request};
use super::shape::{Row, Rows};
use super::write::{bare, key_of, list, pair, text};
use super::{answered, search};
use crate::json::Writer;
use crate::model::{Kind, SpanId, TraceId};
use crate::storage::{Reader, Search};
use std::collections::{BTreeMap, HashMap};

/// How many traces are read where nobody says, and at most.
const TRACES: (usize, usize) = (200, 2_000);
/// No more spans are read; each takes 16 bytes until all are.
const MOST_SPANS: usize = 1_000_000;
/// How many operations are told of: those in which most time was spent.
const MOST_OPERATIONS: usize = 5_000;
/// How many examples each has.
const EXAMPLES: usize = 5;

pub(super) fn statistics(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Answer {
    answered(whole(request, reader, context))
}

fn whole(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Result<Writer, Failure> {
    let wanted = search::read(request, context)?;
    let (usual, most) = TRACES;
    let sample = search::count(request, "sample", usual, most)?;
    let at = search::moment(request, "at", context)?;
    // One more tells whether there are more.
    let found = reader.find(&Search { limit: sample + 1, ..wanted.clone() })?;
    let mut all = All { at, ..All::default() };
    let mut is_all = found.len() <= sample;
    for found in found.iter().take(sample) {
        // It may have gone since it was found.
        let Some(chunk) = reader.get(found.trace_id)? else { continue };
        if all.spans + chunk.len() > MOST_SPANS {
            is_all = false;
            break;
        }
        all.add(&Rows::new(&chunk), &wanted);
    }
    Ok(all.write(is_all))
}

#[derive(Default)]
struct All {
    at: Option<u64>,
    traces: usize,
    spans: usize,
    /// By service, then name.
    operations: HashMap<(String, String), Operation>,
}

#[derive(Default)]
struct Operation {
    all: Times,
    before: Times,
    after: Times,
    slowest: Vec<(u64, TraceId, SpanId)>,
}

#[derive(Default)]
struct Times {
    errors: u64,
    self_ns: u64,
    durations: Vec<u64>,
}

impl All {
    fn add(&mut self, rows: &Rows<'_>, wanted: &Search) {
        self.traces += 1;
        for (at, row) in rows.rows.iter().enumerate() {
            let service = rows.processes.get(row.process).map_or("", |one| one.service_name());
            let name = row.span.name();
            if !is_wanted(wanted, service, name, row.span.kind()) {
                continue;
            }
            self.spans += 1;
            let key = (service.to_owned(), name.to_owned());
            let operation = self.operations.entry(key).or_default();
            operation.add(row, rows.self_ns(at), self.at);
        }
    }

    fn write(mut self, is_all: bool) -> Writer {
        let mut operations: Vec<_> = self.operations.drain().collect();
        operations.sort_by(|(a, one), (b, other)| {
            other.all.self_ns.cmp(&one.all.self_ns).then_with(|| a.cmp(b))
        });
        let left_off = operations.len().saturating_sub(MOST_OPERATIONS);
        operations.truncate(MOST_OPERATIONS);
        let mut json = Writer::default();
        json.raw("{\"traces\":");
        json.raw(&self.traces.to_string());
        bare(&mut json, "spans", self.spans);
        bare(&mut json, "is_all", is_all);
        bare(&mut json, "operations_left_off", left_off);
        key_of(&mut json, "operations");
        let is_split = self.at.is_some();
        list(&mut json, operations, |json, ((service, name), operation)| {
            json.raw("{\"service\":");
            json.string(&service);
            text(json, "name", &name);
            operation.write(json, is_split);
            json.raw("}");
        });
        json.raw("}");
        json
    }
}

/// Whether a span of a trace that was found is of the operation that was asked for.
fn is_wanted(wanted: &Search, service: &str, name: &str, kind: Kind) -> bool {
    wanted.service.as_deref().is_none_or(|wanted| wanted == service)
        && wanted.operation.as_deref().is_none_or(|wanted| wanted == name)
        && wanted.kind.is_none_or(|wanted| wanted == kind)
}

impl Operation {
    fn add(&mut self, row: &Row<'_>, self_ns: u64, at: Option<u64>) {
        let span = row.span;
        let part =
            at.map(|at| if span.start_ns() < at { &mut self.before } else { &mut self.after });
        for times in [Some(&mut self.all), part].into_iter().flatten() {
            times.errors += u64::from(span.status_code() == 2);
            times.self_ns = times.self_ns.saturating_add(self_ns);
            times.durations.push(span.duration_ns());
        }
        let slowest = &mut self.slowest;
        let place = slowest.partition_point(|(known, ..)| *known >= span.duration_ns());
        if place < EXAMPLES {
            slowest.truncate(EXAMPLES - 1);
            slowest.insert(place, (span.duration_ns(), span.trace_id(), span.span_id()));
        }
    }

    fn write(mut self, json: &mut Writer, is_split: bool) {
        key_of(json, "all");
        self.all.write(json);
        if is_split {
            key_of(json, "before");
            self.before.write(json);
            key_of(json, "after");
            self.after.write(json);
        }
        key_of(json, "slowest");
        list(json, self.slowest, |json, (duration_ns, trace, span)| {
            json.raw("{\"trace\":\"");
            json.raw(&trace.to_string());
            json.raw("\"");
            pair(json, "span", span);
            pair(json, "duration_ns", duration_ns);
            json.raw("}");
        });
    }
}

impl Times {
    fn write(&mut self, json: &mut Writer) {
        self.durations.sort_unstable();
        let total = self.durations.iter().fold(0_u64, |sum, one| sum.saturating_add(*one));
        json.raw("{\"count\":");
        json.raw(&self.durations.len().to_string());
        bare(json, "errors", self.errors);
        pair(json, "total_ns", total);
        pair(json, "self_ns", self.self_ns);
        pair(json, "p50_ns", self.part(50));
        pair(json, "p90_ns", self.part(90));
        pair(json, "p99_ns", self.part(99));
        pair(json, "max_ns", self.part(100));
        let mut buckets: BTreeMap<u32, u64> = BTreeMap::new();
        for duration in &self.durations {
            *buckets.entry(bucket(*duration)).or_default() += 1;
        }
        key_of(json, "buckets");
        list(json, buckets, |json, (number, count)| json.raw(&format!("[{number},{count}]")));
        json.raw("}");
    }

    /// The least duration that so many of a hundred do not exceed; 0 if there is none.
    fn part(&self, percent: usize) -> u64 {
        let place = (self.durations.len() * percent).div_ceil(100).saturating_sub(1);
        self.durations.get(place).copied().unwrap_or(0)
    }
}

/// The greatest *n* with 2^(n/4) not above the duration.
fn bucket(duration_ns: u64) -> u32 {
    let duration_ns = duration_ns.max(1);
    let octave = duration_ns.ilog2();
    let within = (u128::from(duration_ns) << 60) >> octave;
    let quarters = QUARTERS.iter().filter(|quarter| within >= **quarter).count();
    4 * octave + u32::try_from(quarters).unwrap_or(0)
}

/// 2^(1/4), 2^(2/4) and 2^(3/4) in units of 2^-60, rounded up.
const QUARTERS: [u128; 3] =
    [1_371_062_456_318_104_878, 1_630_477_228_166_597_777, 1_938_975_120_585_633_119];

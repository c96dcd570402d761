//! Searching for traces, and showing them.

use super::document::{Document, error, listed};
use super::{adjust, raw};
use crate::json::Writer;
use crate::model::{Chunk, TraceId};
use crate::query::{Answer, Context, Failure, MOST_BYTES, MOST_TRACES, Request, go};
use crate::storage::{Matching, Reader, Search, Tag, Window};
use std::collections::BTreeMap;

pub(super) const SERVICE_IS_REQUIRED: &str = "parameter 'service' is required";
pub(super) const NOT_FOUND: &str = "trace not found";
const TWO_DAYS_NS: u64 = 2 * 24 * 60 * 60 * 1_000_000_000;

/// Reads the id of a trace, of up to 32 hexadecimal digits.
///
/// # Errors
/// If it is none, with Jaeger's text.
pub fn trace_id(text: &str) -> Result<TraceId, String> {
    if text.len() > 32 {
        return Err(format!("TraceID cannot be longer than 32 hex characters: {text}"));
    }
    let (high, low) = match text.len().checked_sub(16) {
        Some(at @ 1..) => text.split_at_checked(at).unwrap_or((text, text)),
        _ => ("0", text),
    };
    let id = u128::from(go::hex(high)?) << 64 | u128::from(go::hex(low)?);
    Ok(TraceId(id.to_be_bytes()))
}

pub(super) fn cannot_parse(name: &str, why: &str) -> String {
    format!("unable to parse param '{name}': {why}")
}

/// A parameter that is a whole number; none if it is not given or empty.
pub(super) fn integer(request: &Request<'_>, name: &str) -> Result<Option<i64>, Failure> {
    parsed(request, name, |text| go::int(text, 64))
}

/// A parameter that is true or false; false if it is not given or empty.
pub(super) fn flag(request: &Request<'_>, name: &str) -> Result<bool, Failure> {
    Ok(parsed(request, name, go::boolean)?.unwrap_or(false))
}

fn parsed<T>(
    request: &Request<'_>,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, Failure> {
    match request.first(name) {
        "" => Ok(None),
        text => parse(text).map(Some).map_err(|why| Failure::bad(cannot_parse(name, &why))),
    }
}

/// What `/api/traces` is asked.
#[derive(Debug, PartialEq, Eq)]
struct Query {
    /// Traces that are asked for by their ids; if there are some, nothing else counts.
    ids: Vec<TraceId>,
    search: Search,
    is_raw: bool,
    /// Searches of no depth, or of too much of it, are understood and then refused.
    is_deep: bool,
}

impl Query {
    fn read(request: &Request<'_>, context: &Context) -> Result<Self, Failure> {
        let ns = |us: i64| u64::try_from(us).unwrap_or(0).saturating_mul(1_000);
        let start = integer(request, "start")?;
        let end = integer(request, "end")?;
        let tags = tags(request)?;
        let limit = match request.first("limit") {
            "" => 100,
            text => go::int(text, 32).map_err(Failure::bad)?,
        };
        let shortest = parsed(request, "minDuration", go::duration)?.unwrap_or(0);
        let longest = parsed(request, "maxDuration", go::duration)?.unwrap_or(0);
        let id = |text| {
            trace_id(text).map_err(|why| Failure::bad(format!("cannot parse traceID param: {why}")))
        };
        let ids = request.all("traceID").map(id).collect::<Result<Vec<_>, _>>()?;
        let is_raw = flag(request, "raw")?;
        let service = request.first("service");
        if ids.is_empty() && service.is_empty() {
            return Err(Failure::bad(SERVICE_IS_REQUIRED));
        }
        if shortest != 0 && longest != 0 && longest < shortest {
            let why = "'maxDuration' should be greater than 'minDuration'";
            return Err(Failure::bad(why));
        }
        let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        let limit = usize::try_from(limit).unwrap_or(0);
        let search = Search {
            service: named(service),
            operation: named(request.first("operation")),
            tags: tags.into_iter().map(|(key, value)| Tag { key, value: Some(value) }).collect(),
            start: Window {
                min: start.map_or(context.now_ns.saturating_sub(TWO_DAYS_NS), ns),
                max: end.map_or(context.now_ns, ns),
            },
            duration: durations(shortest, longest),
            limit,
            matching: Matching::PerSpan,
            ..Search::default()
        };
        Ok(Self { ids, search, is_raw, is_deep: (1..=MOST_TRACES).contains(&limit) })
    }
}

/// From one duration to another, where 0 means that there is no bound.
pub(in crate::query) fn durations(shortest_ns: i64, longest_ns: i64) -> Window {
    let bound = |ns: i64, none| if ns == 0 { none } else { u64::try_from(ns).unwrap_or(0) };
    Window { min: bound(shortest_ns, 0), max: bound(longest_ns, u64::MAX) }
}

/// Tags by key: `tag=key:value`, as often as wanted, and `tags={"key": "value"}`. The last of a key counts.
fn tags(request: &Request<'_>) -> Result<BTreeMap<String, String>, Failure> {
    let mut tags = BTreeMap::new();
    for tag in request.all("tag") {
        let (key, value) = tag.split_once(':').ok_or_else(|| {
            let why = "malformed 'tag' parameter, expecting key:value, received:";
            Failure::bad(format!("{why} {tag}"))
        })?;
        tags.insert(key.to_owned(), value.to_owned());
    }
    for json in request.all("tags") {
        tags.extend(go::string_map(json).map_err(|why| {
            Failure::bad(format!("malformed 'tags' parameter, cannot unmarshal JSON: {why}"))
        })?);
    }
    Ok(tags)
}

/// Traces that are written one by one, up to what one answer may hold.
struct Traces {
    out: Writer,
    document: Document,
    is_raw: bool,
    count: usize,
    bytes: usize,
}

impl Traces {
    fn new(is_raw: bool) -> Self {
        let mut out = Writer::default();
        out.raw("[");
        Self { out, document: Document::default(), is_raw, count: 0, bytes: 0 }
    }

    /// Says whether there was room for it.
    fn add(&mut self, chunk: &Chunk) -> bool {
        self.bytes += chunk.bytes().len();
        if self.bytes > MOST_BYTES {
            return false;
        }
        if !chunk.is_empty() {
            self.out.raw(if self.count == 0 { "" } else { "," });
            self.count += 1;
            if self.is_raw {
                raw(&mut self.out, chunk);
            } else {
                adjust::trace(&mut self.out, chunk);
            }
        }
        true
    }

    fn finish(mut self) -> Document {
        self.out.raw("]");
        self.document.data = self.out.into_bytes();
        self.document
    }

    fn full(&self) -> String {
        format!(
            "an answer holds at most {MOST_BYTES} bytes of OTLP, which are {} traces here: ask for less",
            self.count
        )
    }
}

pub(super) fn traces(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Answer {
    let document = || {
        let query = Query::read(request, context)?;
        let mut traces = Traces::new(query.is_raw);
        if query.ids.is_empty() {
            if !query.is_deep {
                let why = "search depth must be greater than 0 and less than max traces";
                return Err(Failure::internal(why));
            }
            for found in reader.find(&query.search)? {
                // It may have gone since it was found.
                let Some(chunk) = reader.get(found.trace_id)? else { continue };
                if !traces.add(&chunk) {
                    let full = (None, traces.full());
                    traces.document.errors.push(full);
                    break;
                }
            }
        }
        for id in query.ids {
            let error = match context.trace(reader, id)? {
                None => NOT_FOUND.to_owned(),
                Some(chunk) if traces.add(&chunk) => continue,
                Some(_) => traces.full(),
            };
            traces.document.errors.push((Some(id), error));
        }
        Ok(traces.finish())
    };
    listed(request, document())
}

pub(super) fn trace(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Answer {
    let document = || {
        let id = trace_id(request.last_segment()).map_err(Failure::bad)?;
        // Where in time it may be found: the store needs no help.
        integer(request, "start")?;
        integer(request, "end")?;
        let mut traces = Traces::new(flag(request, "raw")?);
        let chunk = context.trace(reader, id)?.ok_or_else(|| Failure::missing(NOT_FOUND))?;
        if !traces.add(&chunk) {
            let (spans, bytes) = (chunk.len(), chunk.bytes().len());
            return Err(Failure::internal(format!(
                "the trace has {spans} spans in {bytes} bytes of OTLP, and an answer holds at most \
                 {MOST_BYTES}: export it to a file"
            )));
        }
        Ok(traces.finish())
    };
    match document() {
        Ok(document) => listed(request, Ok(document)),
        Err(failure) => error(&failure),
    }
}

//! Searching for traces, and showing them.

use super::{adjust, answered};
use crate::exporter::otlp;
use crate::json::Writer;
use crate::model::{Chunk, TraceId};
use crate::query::jaeger::{durations, trace_id};
use crate::query::{Answer, Context, Failure, MOST_BYTES, MOST_TRACES, Request, go};
use crate::storage::{Found, Matching, Reader, Search, Tag, Window};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// The value of a parameter by its name, or else by its older name, and the name that it had.
pub(super) fn either<'a>(
    request: &Request<'a>,
    name: &'static str,
    older: &'static str,
) -> (&'a str, &'static str) {
    match request.first(name) {
        "" => (request.first(older), older),
        value => (value, name),
    }
}

fn malformed(name: &str, why: &str) -> Failure {
    Failure::bad(format!("malformed parameter {name}: {why}"))
}

fn parsed<T>(
    request: &Request<'_>,
    name: &'static str,
    older: &'static str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, Failure> {
    match either(request, name, older) {
        ("", _) => Ok(None),
        (text, name) => parse(text).map(Some).map_err(|why| malformed(name, &why)),
    }
}

/// A search, and whether the traces are wanted as they were stored.
fn read(request: &Request<'_>, reader: &dyn Reader) -> Result<(Search, bool), Failure> {
    let tags = match request.first("query.attributes") {
        "" => Vec::new(),
        json => {
            let map = go::string_map(json).map_err(|why| malformed("query.attributes", &why))?;
            map.into_iter().map(|(key, value)| Tag { key, value: Some(value) }).collect()
        }
    };
    if !request.first("query.filter").is_empty() {
        return Err(malformed("query.filter", "filters are not supported: use query.attributes"));
    }
    let times = [
        ("query.startTimeMin", "query.start_time_min"),
        ("query.startTimeMax", "query.start_time_max"),
    ];
    if times.iter().any(|(name, older)| either(request, name, older).0.is_empty()) {
        let why = "query.startTimeMin and query.startTimeMax are required";
        return Err(Failure::bad(why));
    }
    let [min, max] = times.map(|(name, older)| parsed(request, name, older, go::rfc3339));
    let (min, max) = (min?.unwrap_or(0), max?.unwrap_or(u64::MAX));
    if min >= max {
        return Err(Failure::bad("query.startTimeMin must be before query.startTimeMax"));
    }
    let depth = match either(request, "query.searchDepth", "query.search_depth") {
        ("", _) => (request.first("query.num_traces"), "query.num_traces"),
        told => told,
    };
    let limit = match depth {
        ("", _) => 100,
        (text, name) => go::atoi(text).map_err(|why| malformed(name, &why))?,
    };
    let shortest = parsed(request, "query.durationMin", "query.duration_min", go::duration)?;
    let longest = parsed(request, "query.durationMax", "query.duration_max", go::duration)?;
    let is_raw = parsed(request, "query.rawTraces", "query.raw_traces", go::boolean)?;
    let limit = usize::try_from(limit).ok().filter(|limit| (1..=MOST_TRACES).contains(limit));
    let limit = limit.ok_or_else(|| {
        Failure::internal("search depth must be greater than 0 and less than max traces")
    })?;
    let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let service = named(either(request, "query.serviceName", "query.service_name").0);
    let operation = named(either(request, "query.operationName", "query.operation_name").0);
    let search = Search {
        operation: operation_of(reader, service.as_deref(), operation)?,
        service,
        tags,
        start: Window { min, max },
        duration: durations(shortest.unwrap_or(0), longest.unwrap_or(0)),
        limit,
        matching: Matching::PerSpan,
        ..Search::default()
    };
    Ok((search, is_raw.unwrap_or(false)))
}

/// `all` means all, as in the UI, unless the service has an operation of that name.
fn operation_of(
    reader: &dyn Reader,
    service: Option<&str>,
    operation: Option<String>,
) -> Result<Option<String>, Failure> {
    if operation.as_deref() != Some("all") {
        return Ok(operation);
    }
    let known = reader.operations(service.unwrap_or_default(), None)?;
    Ok(operation.filter(|name| known.iter().any(|known| known.name == *name)))
}

pub(super) fn traces(request: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let body = || {
        let (search, is_raw) = read(request, reader)?;
        let mut chunks = Vec::new();
        let mut bytes = 0;
        for found in reader.find(&search)? {
            // It may have gone since it was found.
            let Some(chunk) = reader.get(found.trace_id)? else { continue };
            bytes += chunk.bytes().len();
            if bytes > MOST_BYTES {
                return Err(Failure::internal(format!(
                    "the first {} traces alone are as much as an answer holds, {MOST_BYTES} bytes of \
                     OTLP: ask for less, or for trace-summaries",
                    chunks.len()
                )));
            }
            chunks.push(chunk);
        }
        result(chunks, is_raw)
    };
    answered(body())
}

pub(super) fn trace(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Answer {
    let body = || {
        let id = any_trace_id(request.last_segment()).map_err(|why| malformed("trace_id", &why))?;
        // Where in time it may be found: the store needs no help.
        parsed(request, "startTime", "start_time", go::rfc3339)?;
        parsed(request, "endTime", "end_time", go::rfc3339)?;
        let is_raw = parsed(request, "rawTraces", "raw_traces", go::boolean)?;
        let chunk = context.trace(reader, id)?;
        if let Some(chunk) = chunk.as_ref().filter(|chunk| chunk.bytes().len() > MOST_BYTES) {
            let (spans, bytes) = (chunk.len(), chunk.bytes().len());
            return Err(Failure::internal(format!(
                "the trace has {spans} spans in {bytes} bytes of OTLP, and an answer holds at most \
                 {MOST_BYTES}: export it to a file"
            )));
        }
        result(chunk.into_iter().collect(), is_raw.unwrap_or(false))
    };
    answered(body())
}

fn result(mut chunks: Vec<Chunk>, is_raw: bool) -> Result<Writer, Failure> {
    chunks.retain(|chunk| !chunk.is_empty());
    if chunks.is_empty() {
        return Err(Failure::missing("No traces found"));
    }
    if !is_raw {
        chunks.iter_mut().for_each(|chunk| *chunk = adjust::chunk(chunk));
    }
    let mut out = Writer::default();
    out.raw("{\"result\":");
    otlp::json(&mut out, &chunks);
    out.raw("}");
    Ok(out)
}

/// Reads a trace's id in hexadecimal digits, or else in one of the forms of base64.
fn any_trace_id(text: &str) -> Result<TraceId, String> {
    let why = match trace_id(text) {
        Ok(id) => return Ok(id),
        Err(why) => why,
    };
    // 16 bytes are no more.
    if text.len() > 24 {
        return Err(why);
    }
    let engines = [&STANDARD, &URL_SAFE, &STANDARD_NO_PAD, &URL_SAFE_NO_PAD];
    let Some(bytes) = engines.iter().find_map(|engine| engine.decode(text).ok()) else {
        return Err(why);
    };
    let short = <[u8; 8]>::try_from(&*bytes).map(|low| u128::from(u64::from_be_bytes(low)));
    let id = short.or_else(|_| <[u8; 16]>::try_from(&*bytes).map(u128::from_be_bytes));
    id.map(|id| TraceId(id.to_be_bytes())).map_err(|_| "invalid length for TraceID".to_owned())
}

pub(super) fn summaries(request: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let body = || {
        let (search, _) = read(request, reader)?;
        let found = reader.find(&search)?;
        let mut out = Writer::default();
        out.raw("{\"summaries\":");
        out.list(&found, summary);
        out.raw("}");
        Ok(out)
    };
    answered(body())
}

fn summary(out: &mut Writer, found: &Found) {
    out.raw("{\"traceId\":\"");
    out.hex(&found.trace_id.0);
    out.raw("\",\"rootServiceName\":");
    out.string(&found.root_service);
    out.raw(",\"rootOperationName\":");
    out.string(&found.root_name);
    out.raw(",\"minStartTimeUnixNano\":\"");
    out.unsigned(found.start_ns);
    out.raw("\",\"maxEndTimeUnixNano\":\"");
    out.unsigned(found.end_ns);
    out.raw("\",\"spanCount\":");
    out.unsigned(found.spans);
    out.raw(",\"errorSpanCount\":");
    out.unsigned(found.errors);
    out.raw(",\"orphanSpanCount\":");
    out.unsigned(found.orphans);
    out.raw(",\"services\":");
    out.list(&found.services, |out, service| {
        out.raw("{\"name\":");
        out.string(&service.name);
        out.raw(",\"spanCount\":");
        out.unsigned(service.spans);
        out.raw(",\"errorSpanCount\":");
        out.unsigned(service.errors);
        out.raw("}");
    });
    out.raw("}");
}

//! Searching for traces, and showing them.

use super::{answered, needed};
use crate::exporter::zipkin;
use crate::json::Writer;
use crate::model::{Chunk, TraceId};
use crate::query::jaeger::trace_id;
use crate::query::{Answer, Context, Failure, MOST_BYTES, MOST_TRACES, Request};
use crate::storage::{Matching, Reader, Search, Tag, Window};
use std::collections::BTreeMap;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A parameter that is a number, as Java reads it; none if it is not there or empty.
pub(super) fn number(request: &Request<'_>, name: &str) -> Result<Option<i64>, Failure> {
    match request.first(name) {
        "" => Ok(None),
        text => {
            let number = text.parse().map(Some);
            number.map_err(|_| Failure::bad(format!("For input string: \"{text}\"")))
        }
    }
}

/// The traces that started in the last `lookback_ms` before `end_ms`, both in milliseconds.
pub(super) fn window(end_ms: i64, lookback_ms: i64) -> Window {
    let ns = |ms: i64| u64::try_from(ms).unwrap_or(0).saturating_mul(1_000_000);
    // Zipkin compares whole microseconds.
    Window { min: ns(end_ms.saturating_sub(lookback_ms)), max: ns(end_ms).saturating_add(999) }
}

fn read(request: &Request<'_>, context: &Context) -> Result<Search, Failure> {
    if request.given("limit") == Some("") {
        return Err(Failure::bad("Cannot set null to primitive type parameter: limit"));
    }
    let shortest = number(request, "minDuration")?;
    let longest = number(request, "maxDuration")?;
    let now_ms = i64::try_from(context.now_ns / 1_000_000).unwrap_or(i64::MAX);
    let end_ms = number(request, "endTs")?.unwrap_or(now_ms);
    let lookback_ms = number(request, "lookback")?.unwrap_or(DAY_MS);
    let limit = number(request, "limit")?.unwrap_or(10);
    let why = match (shortest, longest) {
        _ if end_ms <= 0 => "endTs <= 0",
        _ if limit <= 0 => "limit <= 0",
        _ if lookback_ms <= 0 => "lookback <= 0",
        (Some(..=0), _) => "minDuration <= 0",
        (Some(shortest), Some(longest)) if longest < shortest => "maxDuration < minDuration",
        (None, Some(_)) => "maxDuration is only valid with minDuration",
        _ => "",
    };
    if !why.is_empty() {
        return Err(Failure::bad(why));
    }
    let ns = |us: i64| u64::try_from(us).unwrap_or(0).saturating_mul(1_000);
    let named =
        |name: &str| Some(request.first(name)).filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(Search {
        service: named("serviceName"),
        operation: named("spanName").filter(|name| name != "all"),
        peer: named("remoteServiceName"),
        tags: tags(request.first("annotationQuery")),
        start: window(end_ms, lookback_ms),
        duration: Window {
            // The shortest is a microsecond, whatever it was.
            min: shortest.filter(|us| *us > 1).map_or(0, ns),
            max: longest.map_or(u64::MAX, |us| ns(us).saturating_add(999)),
        },
        limit: usize::try_from(limit).unwrap_or(MOST_TRACES).min(MOST_TRACES),
        matching: Matching::PerTrace,
        ..Search::default()
    })
}

/// `key`, which is a tag or an annotation, and `key=value`, joined by ` and `. The last of a key counts.
fn tags(query: &str) -> Vec<Tag> {
    let parts = query.split(" and ").map(str::trim).filter(|part| !part.is_empty());
    let pairs: BTreeMap<&str, &str> = parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(key, value)| (key.trim(), value.trim()))
        .collect();
    let tag = |(key, value): (&str, &str)| {
        // The value of `error` is what was said of the status.
        let key = match key {
            "error" if !["", "true"].contains(&value) => "otel.status_description",
            key => key,
        };
        let value = Some(value).filter(|value| !value.is_empty()).map(str::to_owned);
        Tag { key: key.to_owned(), value }
    };
    pairs.into_iter().map(tag).collect()
}

/// Reads a trace's id in lower-case hexadecimal digits.
fn id(text: &str) -> Result<TraceId, Failure> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::bad("traceId is empty"));
    }
    if text.len() > 32 {
        return Err(Failure::bad("traceId.length > 32"));
    }
    let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    let id = trace_id(text).ok().filter(|_| is_lower);
    let id = id.ok_or_else(|| {
        Failure::bad(format!("{text} should be lower-hex encoded with no prefix"))
    })?;
    if id.is_zero() { Err(Failure::bad("traceId is all zeros")) } else { Ok(id) }
}

/// Chunks as a list of lists of spans, up to what one answer may hold.
fn lists(chunks: impl Iterator<Item = Result<Option<Chunk>, Failure>>) -> Result<Writer, Failure> {
    let mut out = Writer::default();
    out.raw("[");
    let (mut count, mut bytes) = (0, 0);
    for chunk in chunks {
        let Some(chunk) = chunk?.filter(|chunk| !chunk.is_empty()) else { continue };
        bytes += chunk.bytes().len();
        if bytes > MOST_BYTES {
            return Err(Failure::internal(format!(
                "the first {count} traces alone are as much as an answer holds, {MOST_BYTES} bytes of \
                 OTLP: ask for less"
            )));
        }
        out.raw(if count == 0 { "" } else { "," });
        zipkin::trace(&mut out, &chunk);
        count += 1;
    }
    out.raw("]");
    Ok(out)
}

pub(super) fn traces(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Answer {
    let body = || {
        let found = reader.find(&read(request, context)?)?;
        lists(found.into_iter().map(|found| Ok(reader.get(found.trace_id)?)))
    };
    answered(body())
}

pub(super) fn trace(request: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let body = || {
        let text = crate::query::decoded(request.last_segment()).unwrap_or_default();
        let id = id(&text)?;
        let chunk = reader.get(id)?.filter(|chunk| !chunk.is_empty());
        let chunk = chunk.ok_or_else(|| {
            let digits = crate::exporter::jaeger::trace_id(id);
            Failure::missing(format!("{digits} not found"))
        })?;
        if chunk.bytes().len() > MOST_BYTES {
            let (spans, bytes) = (chunk.len(), chunk.bytes().len());
            return Err(Failure::internal(format!(
                "the trace has {spans} spans in {bytes} bytes of OTLP, and an answer holds at most \
                 {MOST_BYTES}: export it to a file"
            )));
        }
        let mut out = Writer::default();
        zipkin::trace(&mut out, &chunk);
        Ok(out)
    };
    answered(body())
}

pub(super) fn many(request: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let body = || {
        let text = needed(request, "traceIds")?;
        if text.is_empty() {
            return Err(Failure::bad("traceIds parameter is empty"));
        }
        let mut ids = Vec::new();
        for text in text.split(',') {
            let id = id(text)?;
            if ids.contains(&id) {
                return Err(Failure::bad(format!("redundant traceId: {text}")));
            }
            ids.push(id);
            if ids.len() > MOST_TRACES {
                return Err(Failure::bad(format!("more than {MOST_TRACES} traceIds")));
            }
        }
        if ids.len() == 1 {
            let why = "Use /api/v2/trace/{traceId} endpoint to retrieve a single trace";
            return Err(Failure::bad(why));
        }
        lists(ids.into_iter().map(|id| Ok(reader.get(id)?)))
    };
    answered(body())
}

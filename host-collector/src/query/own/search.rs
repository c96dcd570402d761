//! Searching for traces.

use super::super::{Answer, Context, Failure, Request, go};
use super::answered;
use super::write::{bare, key_of, list, pair, text};
use crate::json::Writer;
use crate::model::Kind;
use crate::storage::{Found, Matching, Reader, Search, ServiceCount, Tag, Window};

/// How many traces there are where nobody says.
const USUAL: usize = 20;
/// How many there are at most.
const MOST: usize = 1_000;

pub(super) fn traces(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Answer {
    let body = || {
        let limit = count(request, "limit", USUAL, MOST)?;
        let found = reader.find(&Search { limit, ..read(request, context)? })?;
        let mut json = Writer::default();
        json.raw("{\"traces\":");
        list(&mut json, &found, one);
        json.raw("}");
        Ok(json)
    };
    answered(body())
}

fn one(json: &mut Writer, found: &Found) {
    json.raw("{\"id\":\"");
    json.raw(&found.trace_id.to_string());
    json.raw("\"");
    text(json, "service", &found.root_service);
    text(json, "name", &found.root_name);
    pair(json, "start_ns", found.start_ns);
    pair(json, "duration_ns", found.end_ns.saturating_sub(found.start_ns));
    bare(json, "spans", found.spans);
    bare(json, "errors", found.errors);
    bare(json, "orphans", found.orphans);
    key_of(json, "services");
    list(json, &found.services, |json, service: &ServiceCount| {
        json.raw("{\"name\":");
        json.string(&service.name);
        bare(json, "spans", service.spans);
        bare(json, "errors", service.errors);
        json.raw("}");
    });
    json.raw("}");
}

/// A number of things, at least one.
pub(super) fn count(
    request: &Request<'_>,
    name: &str,
    usual: usize,
    most: usize,
) -> Result<usize, Failure> {
    let text = request.first(name);
    if text.is_empty() {
        return Ok(usual);
    }
    let count = text.parse().ok().filter(|count| (1..=most).contains(count));
    count.ok_or_else(|| Failure::bad(format!("{name} is a number from 1 to {most}")))
}

/// What is searched for, without a limit.
pub(super) fn read(request: &Request<'_>, context: &Context) -> Result<Search, Failure> {
    let named = |name| Some(request.first(name)).filter(|text| !text.is_empty()).map(str::to_owned);
    let kind = match request.first("kind") {
        "" => None,
        tag => Some(Kind::from_tag(tag).ok_or_else(|| {
            Failure::bad("kind is one of internal, server, client, producer, consumer")
        })?),
    };
    let failed = match request.first("failed") {
        "" => None,
        "true" => Some(true),
        "false" => Some(false),
        _ => return Err(Failure::bad("failed is true or false")),
    };
    Ok(Search {
        service: named("service"),
        operation: named("operation"),
        kind,
        peer: named("peer"),
        tags: request.all("tag").filter(|tag| !tag.is_empty()).map(tag).collect(),
        start: window(request, context)?,
        duration: durations(request)?,
        failed,
        limit: 0,
        matching: Matching::PerSpan,
    })
}

fn tag(text: &str) -> Tag {
    let (key, value) = text.split_once('=').map_or((text, None), |(key, value)| (key, Some(value)));
    Tag { key: key.to_owned(), value: value.map(str::to_owned) }
}

/// When spans started.
pub(super) fn window(request: &Request<'_>, context: &Context) -> Result<Window, Failure> {
    let min = moment(request, "from", context)?.unwrap_or(0);
    let max = moment(request, "to", context)?.unwrap_or(u64::MAX);
    if min > max {
        return Err(Failure::bad("from must not be after to"));
    }
    Ok(Window { min, max })
}

/// A moment, in nanoseconds since the Unix epoch.
pub(super) fn moment(
    request: &Request<'_>,
    name: &str,
    context: &Context,
) -> Result<Option<u64>, Failure> {
    let text = request.first(name);
    if text.is_empty() {
        return Ok(None);
    }
    let ago = text.strip_prefix('-').and_then(|ago| go::duration(ago).ok());
    let moment = match ago {
        Some(ago) => u64::try_from(ago).ok().map(|ago| context.now_ns.saturating_sub(ago)),
        None => text.parse().ok(),
    };
    moment.map(Some).ok_or_else(|| {
        Failure::bad(format!(
            "{name} is a number of nanoseconds since 1970, or a time ago such as -1h or -30s"
        ))
    })
}

fn durations(request: &Request<'_>) -> Result<Window, Failure> {
    let bound = |name: &str, without| match request.first(name) {
        "" => Ok(without),
        text => {
            let ns = go::duration(text).ok().and_then(|ns| u64::try_from(ns).ok());
            ns.ok_or_else(|| {
                Failure::bad(format!("{name} is a duration such as 1.5ms, 100us or 2s"))
            })
        }
    };
    let (min, max) = (bound("min", 0)?, bound("max", u64::MAX)?);
    if min > max {
        return Err(Failure::bad("min must not be more than max"));
    }
    Ok(Window { min, max })
}

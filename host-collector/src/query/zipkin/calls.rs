//! Which services call which, as a Zipkin counts it: by the kinds of spans and the names of the other
//! sides, so that what sends no spans itself, such as a database, is there too.

use super::search::{number, window};
use super::{answered, needed};
use crate::exporter::zipkin::{Span, spans};
use crate::json::Writer;
use crate::model::{Kind, SpanId};
use crate::query::{Answer, Context, Failure, MOST_BYTES, Request};
use crate::storage::{Dependency, Matching, Reader, Search, Window};
use std::collections::{BTreeMap, HashMap};

/// So many traces are looked at one by one. Where there are more, calls are counted by the store, which
/// knows only those between services that send spans.
const MOST_TRACES: usize = 2_000;

/// Calls by caller and callee: how many, and how many failed.
type Calls = BTreeMap<(String, String), (u64, u64)>;

pub(super) fn dependencies(request: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let body = || {
        needed(request, "endTs")?;
        let end_ms = number(request, "endTs")?.unwrap_or(0);
        let lookback_ms = number(request, "lookback")?.unwrap_or(24 * 60 * 60 * 1000);
        let why = match () {
            () if end_ms <= 0 => "endTs <= 0",
            () if lookback_ms <= 0 => "lookback <= 0",
            () => "",
        };
        if !why.is_empty() {
            return Err(Failure::bad(why));
        }
        let window = window(end_ms, lookback_ms);
        let calls = match one_by_one(reader, window)? {
            Some(calls) => calls,
            None => of_store(reader.dependencies(window)?),
        };
        let mut out = Writer::default();
        out.list(calls, |out, ((parent, child), (calls, errors))| {
            out.raw("{\"parent\":");
            out.string(&parent);
            out.raw(",\"child\":");
            out.string(&child);
            out.raw(",\"callCount\":");
            out.unsigned(calls);
            if errors != 0 {
                out.raw(",\"errorCount\":");
                out.unsigned(errors);
            }
            out.raw("}");
        });
        Ok(out)
    };
    answered(body())
}

/// None where there are too many traces.
fn one_by_one(reader: &dyn Reader, window: Window) -> Result<Option<Calls>, Failure> {
    let search = Search {
        start: window,
        matching: Matching::PerTrace,
        limit: MOST_TRACES + 1,
        ..Search::default()
    };
    let found = reader.find(&search)?;
    if found.len() > MOST_TRACES {
        return Ok(None);
    }
    let mut calls = Calls::new();
    let mut bytes = 0;
    for found in found {
        let Some(chunk) = reader.get(found.trace_id)? else { continue };
        bytes += chunk.bytes().len();
        if bytes > MOST_BYTES {
            return Ok(None);
        }
        link(&spans(&chunk), &mut calls);
    }
    Ok(Some(calls))
}

fn of_store(dependencies: Vec<Dependency>) -> Calls {
    let mut calls = Calls::new();
    for call in dependencies.into_iter().filter(|call| call.parent != call.child) {
        let pair = (call.parent.to_lowercase(), call.child.to_lowercase());
        let counts = calls.entry(pair).or_default();
        *counts = (counts.0 + call.calls, counts.1 + call.errors);
    }
    calls
}

/// The places of the parents of all spans. A server that shares the id of its client is below it, and
/// what refers to that id is below the server, if it is of the same service.
fn parents(spans: &[Span<'_>]) -> Vec<Option<usize>> {
    let mut own: HashMap<SpanId, usize> = HashMap::with_capacity(spans.len());
    let mut shared: HashMap<SpanId, Vec<usize>> = HashMap::new();
    for (place, span) in spans.iter().enumerate() {
        if span.is_shared {
            shared.entry(span.id).or_default().push(place);
        } else {
            own.entry(span.id).or_insert(place);
        }
    }
    let server = |id: SpanId, of: &Span<'_>| {
        let places = shared.get(&id)?;
        let is_same = |place: &&usize| {
            spans.get(**place).is_some_and(|span| span.local.service == of.local.service)
        };
        places.iter().find(is_same).copied()
    };
    let any = |id: SpanId| own.get(&id).or_else(|| shared.get(&id)?.first()).copied();
    let parent = |(place, span): (usize, &Span<'_>)| {
        let client = own.get(&span.id).copied().filter(|_| span.is_shared);
        let above = || span.parent.and_then(|id| server(id, span).or_else(|| any(id)));
        client.or_else(above).filter(|parent| *parent != place)
    };
    spans.iter().enumerate().map(parent).collect()
}

/// Counts the calls of one trace.
fn link(spans: &[Span<'_>], calls: &mut Calls) {
    let parents = parents(spans);
    let mut has_children = vec![false; spans.len()];
    for parent in parents.iter().flatten() {
        has_children.get_mut(*parent).into_iter().for_each(|has| *has = true);
    }
    let ancestors = remote_ancestors(spans, &parents);
    let mut count = |parent: &str, child: &str, failed: bool| {
        if !parent.is_empty() && !child.is_empty() {
            let counts = calls.entry((parent.to_owned(), child.to_owned())).or_default();
            *counts = (counts.0 + 1, counts.1 + u64::from(failed));
        }
    };
    for (place, span) in spans.iter().enumerate() {
        let (local, remote) = (&*span.local.service, &*span.remote.service);
        let kind = match span.kind {
            // Its server tells more.
            Some(Kind::Client) if has_children.get(place) == Some(&true) => continue,
            None if local.is_empty() || remote.is_empty() => continue,
            None => Kind::Client,
            Some(kind) => kind,
        };
        let mut failed = span.has_failed();
        let (mut parent, child) = match kind {
            Kind::Server | Kind::Consumer => (remote, local),
            _ => (local, remote),
        };
        if matches!(kind, Kind::Producer | Kind::Consumer) {
            count(parent, child, failed);
            continue;
        }
        let is_root = parents.get(place) == Some(&None) && span.parent.is_none();
        if kind == Kind::Server && is_root && parent.is_empty() {
            continue;
        }
        let ancestor = ancestors.get(place).copied().flatten().and_then(|place| spans.get(place));
        if let Some(ancestor) = ancestor.filter(|span| !span.local.service.is_empty()) {
            let above = &*ancestor.local.service;
            // A client that is of another service than what called it: a call is missing between.
            if kind == Kind::Client && !local.is_empty() && above != local {
                count(above, local, false);
            }
            if kind == Kind::Server || parent.is_empty() {
                parent = above;
            }
            let is_split = ancestor.kind == Some(Kind::Client) && span.parent == Some(ancestor.id);
            failed |= is_split && ancestor.has_failed();
        }
        count(parent, child, failed);
    }
}

/// For each span the nearest above it that is one side of a call, without recursion, and each found once.
fn remote_ancestors(spans: &[Span<'_>], parents: &[Option<usize>]) -> Vec<Option<usize>> {
    // None: not known yet.
    let mut known: Vec<Option<Option<usize>>> = vec![None; spans.len()];
    for start in 0..spans.len() {
        let (mut path, mut at) = (Vec::new(), start);
        let found = loop {
            if let Some(Some(found)) = known.get(at) {
                break *found;
            }
            path.push(at);
            // In a circle nobody is above.
            if path.len() > spans.len() {
                break None;
            }
            let Some(parent) = parents.get(at).copied().flatten() else { break None };
            if spans.get(parent).is_some_and(|span| span.kind.is_some()) {
                break Some(parent);
            }
            at = parent;
        };
        for place in path {
            known.get_mut(place).into_iter().for_each(|known| *known = Some(found));
        }
    }
    known.into_iter().map(Option::flatten).collect()
}

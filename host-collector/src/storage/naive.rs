//! A store that does everything in the plainest way: what it answers is what [`Reader`] promises, so
//! tests compare others with it, and queries are tested on it.

use super::{
    Dependency, Found, Matching, Operation, PEER_KEYS, ReadError, Reader, Search, ServiceCount,
    Tag, Window,
};
use crate::model::{
    Attributes, Chunk, ChunkWriter, Kind, ResourceView, ScopeView, SpanId, SpanView, StatusView,
    TraceId,
};
use core::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Chunks, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Naive {
    chunks: Vec<Chunk>,
}

/// A span with what is around it.
#[derive(Clone, Copy)]
struct Item<'a> {
    resource: ResourceView<'a>,
    scope: ScopeView<'a>,
    urls: [&'a str; 2],
    /// Numbers of the groups that it came in, by resource and by scope.
    groups: [usize; 2],
    span: SpanView<'a>,
}

impl Naive {
    pub(crate) fn add(&mut self, chunk: Chunk) {
        self.chunks.push(chunk);
    }

    /// All spans, those of equal content once.
    fn items(&self) -> Vec<Item<'_>> {
        let mut seen = HashSet::new();
        let mut items = Vec::new();
        for (number, group) in self.chunks.iter().flat_map(Chunk::resources).enumerate() {
            for (place, scope) in group.scopes().enumerate() {
                let urls = [group.schema_url(), scope.schema_url()];
                let groups = [number, place];
                for span in scope.spans() {
                    let (resource, scope) = (group.resource(), scope.scope());
                    if seen.insert((resource.raw(), scope.raw(), urls, span.raw())) {
                        items.push(Item { resource, scope, urls, groups, span });
                    }
                }
            }
        }
        items
    }

    fn traces(&self) -> BTreeMap<TraceId, Vec<Item<'_>>> {
        let mut traces: BTreeMap<TraceId, Vec<Item<'_>>> = BTreeMap::new();
        for item in self.items() {
            traces.entry(item.span.trace_id()).or_default().push(item);
        }
        traces
    }
}

impl Item<'_> {
    fn service(&self) -> &str {
        self.resource.service_name()
    }

    fn failed(&self) -> bool {
        matches!(self.span.status(), StatusView::Error(_))
    }

    fn peer(&self) -> Option<String> {
        let found = PEER_KEYS.into_iter().find_map(|key| self.span.attributes().get(key));
        found.map(|value| value.to_text().into_owned())
    }

    /// What Jaeger makes tags of, beside attributes.
    fn made(&self) -> Vec<(&'static str, String)> {
        let mut made = Vec::new();
        let mut add = |key, text: &str| made.push((key, text.to_owned()));
        self.span.kind().tag().into_iter().for_each(|kind| add("span.kind", kind));
        match self.span.status() {
            StatusView::Unset => {}
            StatusView::Ok => add("otel.status_code", "OK"),
            StatusView::Error(description) => {
                add("otel.status_code", "ERROR");
                add("error", "true");
                if !description.is_empty() {
                    add("otel.status_description", description);
                }
            }
        }
        let texts = [
            ("otel.scope.name", self.scope.name()),
            ("otel.scope.version", self.scope.version()),
            ("w3c.tracestate", self.span.trace_state()),
        ];
        texts
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .for_each(|(key, text)| add(key, text));
        made
    }

    fn has(&self, tag: &Tag) -> bool {
        let is_value = |text: &str| tag.value.as_deref().is_none_or(|value| value == text);
        let is_in = |list: Attributes<'_>| {
            list.iter().any(|one| one.key() == tag.key && is_value(&one.value().to_text()))
        };
        is_in(self.span.attributes())
            || is_in(self.resource.attributes())
            || is_in(self.scope.attributes())
            || self.made().iter().any(|(key, text)| *key == tag.key && is_value(text))
            || self.span.events().any(|event| {
                is_in(event.attributes()) || (tag.value.is_none() && event.name() == tag.key)
            })
    }

    fn meets(&self, search: &Search) -> bool {
        is_or_none(search.service.as_deref(), |name| name == self.service())
            && is_or_none(search.operation.as_deref(), |name| name == self.span.name())
            && is_or_none(search.kind, |kind| kind == self.span.kind())
            && is_or_none(search.peer.as_deref(), |peer| self.peer().as_deref() == Some(peer))
            && is_or_none(search.failed, |failed| failed == self.failed())
            && search.tags.iter().all(|tag| self.has(tag))
            && search.start.contains(self.span.start_ns())
            && search.duration.contains(self.span.duration_ns())
    }
}

fn is_or_none<T>(wanted: Option<T>, is: impl FnOnce(T) -> bool) -> bool {
    wanted.is_none_or(is)
}

/// Whether the spans of a trace meet a search together.
fn meet(items: &[Item<'_>], search: &Search) -> bool {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let of_service: Vec<_> = items
        .iter()
        .filter(|item| is_or_none(search.service.as_deref(), |name| same(name, item.service())))
        .collect();
    let any = |is: &dyn Fn(&Item<'_>) -> bool| of_service.iter().any(|item| is(item));
    let start_ns = items.iter().map(|item| item.span.start_ns()).min();
    start_ns.is_some_and(|start_ns| search.start.contains(start_ns))
        && any(&|item| search.duration.contains(item.span.duration_ns()))
        && is_or_none(search.operation.as_deref(), |name| any(&|item| same(name, item.span.name())))
        && is_or_none(search.kind, |kind| any(&|item| kind == item.span.kind()))
        && is_or_none(search.peer.as_deref(), |peer| {
            any(&|item| item.peer().is_some_and(|other| same(peer, &other)))
        })
        && is_or_none(search.failed, |failed| any(&|item| failed == item.failed()))
        && search.tags.iter().all(|tag| any(&|item| item.has(tag)))
}

fn found(trace_id: TraceId, items: &[Item<'_>]) -> Found {
    let ids: HashSet<SpanId> = items.iter().map(|item| item.span.span_id()).collect();
    let roots = items.iter().filter(|item| item.span.parent_span_id().is_none());
    let root = roots.min_by_key(|item| item.span.start_ns());
    let mut services: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for item in items {
        let counts = services.entry(item.service()).or_default();
        *counts = (counts.0 + 1, counts.1 + u64::from(item.failed()));
    }
    let orphans = items.iter().filter_map(|item| item.span.parent_span_id());
    Found {
        trace_id,
        root_service: root.map_or("", |item| item.service()).to_owned(),
        root_name: root.map_or("", |item| item.span.name()).to_owned(),
        start_ns: items.iter().map(|item| item.span.start_ns()).min().unwrap_or(0),
        end_ns: items.iter().map(|item| item.span.end_ns()).max().unwrap_or(0),
        spans: items.len() as u64,
        errors: items.iter().filter(|item| item.failed()).count() as u64,
        orphans: orphans.filter(|parent| !ids.contains(parent)).count() as u64,
        services: services
            .into_iter()
            .map(|(name, (spans, errors))| ServiceCount { name: name.to_owned(), spans, errors })
            .collect(),
    }
}

/// Whether one of the ids is 64 bits, and they agree in these.
fn alike(a: TraceId, b: TraceId) -> bool {
    let is_short = |id: TraceId| id.0.starts_with(&[0; 8]);
    a == b || (a.low() == b.low() && (is_short(a) || is_short(b)))
}

impl Reader for Naive {
    fn services(&self) -> Result<Vec<String>, ReadError> {
        let items = self.items();
        let names: BTreeSet<_> = items.iter().map(|item| item.service().to_owned()).collect();
        Ok(names.into_iter().collect())
    }

    fn operations(&self, service: &str, kind: Option<Kind>) -> Result<Vec<Operation>, ReadError> {
        let items = self.items();
        let of_service = items.iter().filter(|item| item.service() == service);
        let wanted = of_service.filter(|item| is_or_none(kind, |kind| kind == item.span.kind()));
        let mut operations: Vec<_> = wanted
            .map(|item| Operation { name: item.span.name().to_owned(), kind: item.span.kind() })
            .collect();
        operations.sort_by(|a, b| (&a.name, a.kind as u8).cmp(&(&b.name, b.kind as u8)));
        operations.dedup();
        Ok(operations)
    }

    fn peers(&self, service: &str) -> Result<Vec<String>, ReadError> {
        let items = self.items();
        let of_service = items.iter().filter(|item| item.service() == service);
        let peers: BTreeSet<_> = of_service.filter_map(Item::peer).collect();
        Ok(peers.into_iter().collect())
    }

    fn values(&self, key: &str) -> Result<Vec<String>, ReadError> {
        let items = self.items();
        let values = items.iter().flat_map(|item| item.span.attributes().iter());
        let values = values.filter(|one| one.key() == key);
        let values: BTreeSet<_> = values.map(|one| one.value().to_text().into_owned()).collect();
        Ok(values.into_iter().collect())
    }

    fn get(&self, trace: TraceId) -> Result<Option<Chunk>, ReadError> {
        let mut items = self.items();
        items.retain(|item| alike(item.span.trace_id(), trace));
        let mut writer = ChunkWriter::default();
        for group in items.chunk_by(|a, b| a.groups[0] == b.groups[0]) {
            writer.resource_spans(group[0].resource.raw(), group[0].urls[0], |scopes| {
                for group in group.chunk_by(|a, b| a.groups == b.groups) {
                    scopes.scope_spans(group[0].scope.raw(), group[0].urls[1], |spans| {
                        group.iter().for_each(|item| spans.span(item.span.raw()));
                    });
                }
            });
        }
        Ok(Some(writer.finish()).filter(|chunk| !chunk.is_empty()))
    }

    fn find(&self, search: &Search) -> Result<Vec<Found>, ReadError> {
        let traces = self.traces();
        let matching = traces.iter().filter(|(_, items)| match search.matching {
            Matching::PerSpan => items.iter().any(|item| item.meets(search)),
            Matching::PerTrace => meet(items, search),
        });
        let mut all: Vec<Found> = matching.map(|(id, items)| found(*id, items)).collect();
        all.sort_by_key(|found| (Reverse(found.start_ns), found.trace_id));
        all.truncate(search.limit);
        Ok(all)
    }

    fn dependencies(&self, window: Window) -> Result<Vec<Dependency>, ReadError> {
        let mut calls: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
        for items in self.traces().values() {
            for item in items.iter().filter(|item| window.contains(item.span.start_ns())) {
                let Some(parent) = item.span.parent_span_id() else { continue };
                let parent = items.iter().find(|other| other.span.span_id() == parent);
                let Some(parent) = parent else { continue };
                let pair = (parent.service().to_owned(), item.service().to_owned());
                let counts = calls.entry(pair).or_default();
                *counts = (counts.0 + 1, counts.1 + u64::from(item.failed()));
            }
        }
        let calls = calls.into_iter();
        Ok(calls
            .map(|((parent, child), (calls, errors))| Dependency { parent, child, calls, errors })
            .collect())
    }
}

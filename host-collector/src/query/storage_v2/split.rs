//! Spans as messages of a stream: each of one trace, and none longer than a client takes.

use crate::model::{Chunk, ChunkWriter, TraceId};
use bytes::Bytes;
use std::collections::HashMap;

/// A client of gRPC takes no longer message unless it is told to.
pub(super) const MOST_MESSAGE: usize = 4 << 20;
/// What stands before a message within another: its tag and its length.
const HEAD: usize = 6;

/// Where spans belong: a resource and a scope, each with its schema.
#[derive(Clone, Copy)]
struct Group<'a> {
    resource: &'a [u8],
    resource_schema: &'a str,
    scope: &'a [u8],
    scope_schema: &'a str,
    /// Its place among the resources.
    place: usize,
}

impl Group<'_> {
    /// How many bytes it takes beside its spans.
    fn len(&self) -> usize {
        let texts = self.resource_schema.len() + self.scope_schema.len();
        self.resource.len() + self.scope.len() + texts + 6 * HEAD
    }
}

/// A span's message, and the number of its group.
type Spans<'a> = Vec<(&'a [u8], usize)>;

/// The messages of each trace, in the order in which they appear. A span that is longer than `most` alone
/// is a message of its own.
pub(super) fn split(chunk: &Chunk, most: usize) -> Vec<(TraceId, Vec<Bytes>)> {
    let mut ids = chunk.spans().map(|(.., span)| span.trace_id());
    let Some(first) = ids.next() else { return Vec::new() };
    if chunk.bytes().len() <= most && ids.all(|id| id == first) {
        return vec![(first, vec![chunk.bytes().clone()])];
    }
    let mut groups = Vec::new();
    let mut traces: Vec<(TraceId, Spans<'_>)> = Vec::new();
    let mut places = HashMap::new();
    for (place, resource) in chunk.resources().enumerate() {
        for scope in resource.scopes() {
            for span in scope.spans() {
                let id = span.trace_id();
                let place = *places.entry(id).or_insert(traces.len());
                if place == traces.len() {
                    traces.push((id, Vec::new()));
                }
                if let Some((_, spans)) = traces.get_mut(place) {
                    spans.push((span.raw(), groups.len()));
                }
            }
            groups.push(Group {
                resource: resource.resource().raw(),
                resource_schema: resource.schema_url(),
                scope: scope.scope().raw(),
                scope_schema: scope.schema_url(),
                place,
            });
        }
    }
    traces.into_iter().map(|(id, spans)| (id, messages(&groups, &spans, most))).collect()
}

fn messages(groups: &[Group<'_>], spans: &Spans<'_>, most: usize) -> Vec<Bytes> {
    let mut messages = Vec::new();
    let mut rest = spans.as_slice();
    while !rest.is_empty() {
        let (mut len, mut last) = (0, None);
        let fits = |(span, group): &&(&[u8], usize)| {
            len += span.len() + HEAD;
            if last.replace(*group) != Some(*group) {
                len += groups.get(*group).map_or(0, Group::len);
            }
            len <= most
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (taken, left) = rest.split_at(count);
        messages.push(message(groups, taken));
        rest = left;
    }
    messages
}

fn message(groups: &[Group<'_>], spans: &[(&[u8], usize)]) -> Bytes {
    let mut writer = ChunkWriter::default();
    let place = |group: usize| groups.get(group).map(|group| group.place);
    for of_resource in spans.chunk_by(|(_, a), (_, b)| place(*a) == place(*b)) {
        let Some(group) = of_resource.first().and_then(|(_, group)| groups.get(*group)) else {
            continue;
        };
        writer.resource_spans(group.resource, group.resource_schema, |scopes| {
            for of_scope in of_resource.chunk_by(|(_, a), (_, b)| a == b) {
                let group = of_scope.first().and_then(|(_, group)| groups.get(*group));
                let Some(group) = group else { continue };
                scopes.scope_spans(group.scope, group.scope_schema, |out| {
                    of_scope.iter().for_each(|(span, _)| out.span(span));
                });
            }
        });
    }
    writer.finish().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Spans of resources, of scopes: each the trace's number, and how long its name is.
    type Shape = Vec<Vec<Vec<(u8, usize)>>>;

    fn chunk(shape: &Shape) -> Chunk {
        let mut writer = ChunkWriter::default();
        let mut number = 0_u64;
        for (at, scopes) in shape.iter().enumerate() {
            writer.resource_spans(&[0x18, u8::try_from(at).unwrap()], "r", |out| {
                for (at, spans) in scopes.iter().enumerate() {
                    let name = [0x0a, 1, b'a' + u8::try_from(at).unwrap()];
                    out.scope_spans(&name, "s", |out| {
                        for (trace, len) in spans {
                            number += 1;
                            out.span_with(|out| {
                                out.bytes(1, &[trace + 1; 16]);
                                out.bytes(2, &number.to_be_bytes());
                                out.bytes(5, &vec![b'n'; *len]);
                            });
                        }
                    });
                }
            });
        }
        writer.finish()
    }

    /// Every span of a message with all that it belongs to.
    fn spans(bytes: &Bytes) -> Vec<(Vec<u8>, Vec<u8>, String)> {
        let chunk = Chunk::trusted(bytes.clone(), 0);
        let spans = chunk.resources().flat_map(|group| {
            let around = group.schema_url();
            let resource = group.resource().raw();
            let scopes: Vec<_> = group.scopes().collect();
            scopes.into_iter().flat_map(move |scope| {
                let around = format!("{around} {} {:?}", scope.schema_url(), scope.scope().name());
                let one = move |raw: &[u8]| (raw.to_vec(), resource.to_vec(), around.clone());
                scope.spans().map(|span| one(span.raw())).collect::<Vec<_>>()
            })
        });
        spans.collect()
    }

    #[test]
    fn a_trace_that_fits_goes_as_it_lies() {
        let chunk = chunk(&vec![vec![vec![(1, 10), (1, 20)]], vec![vec![(1, 5)]]]);
        let [(id, messages)] = &*split(&chunk, MOST_MESSAGE) else { panic!() };
        assert_eq!((id.0, &**messages), ([2; 16], &[chunk.bytes().clone()][..]));
        assert_eq!(split(&Chunk::default(), MOST_MESSAGE), []);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_nor_mixed_nor_too_long(
            shape in prop::collection::vec(
                prop::collection::vec(prop::collection::vec((0..3_u8, 0..200_usize), 1..5), 1..4), 0..4),
            most in 1..1200_usize,
        ) {
            let chunk = chunk(&shape);
            let traces = split(&chunk, most);
            let mut ids: Vec<_> = traces.iter().map(|(id, _)| *id).collect();
            ids.sort_by_key(|id| id.0);
            ids.dedup();
            prop_assert_eq!(ids.len(), traces.len(), "a trace is there twice");
            let mut found = Vec::new();
            for (id, messages) in &traces {
                for message in messages {
                    let spans = spans(message);
                    prop_assert!(!spans.is_empty());
                    prop_assert!(message.len() <= most || spans.len() == 1, "{}", message.len());
                    let chunk = Chunk::trusted(message.clone(), 0);
                    prop_assert!(chunk.spans().all(|(.., span)| span.trace_id() == *id));
                    found.extend(spans);
                }
            }
            let mut wanted = spans(chunk.bytes());
            wanted.sort();
            found.sort();
            prop_assert_eq!(found, wanted);
        }
    }
}

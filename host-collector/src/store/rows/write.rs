//! Rows become OTLP again.

use super::shape::Type;
use super::{Row, Rows, Texts, at};
use crate::model::{Chunk, TraceId};
use crate::protobuf::Writer;
use crate::store::codec::hash::content;
use std::collections::{BTreeMap, HashSet};

/// A span on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) start_ns: u64,
    /// What is around it.
    pub(crate) resource: Vec<u8>,
    pub(crate) scope: Vec<u8>,
    /// The message.
    pub(crate) span: Vec<u8>,
}

impl Rows {
    /// The span of a row.
    pub(crate) fn piece(&self, index: usize) -> Piece {
        let row = self.row(index);
        let trace = self.traces.get(row.trace as usize).copied().unwrap_or(TraceId([0; 16]));
        Piece {
            start_ns: row.start_ns,
            resource: self.texts.get(row.shape.resource()).to_vec(),
            scope: self.texts.get(row.shape.scope()).to_vec(),
            span: message(&self.texts, trace, row),
        }
    }
}

fn text(value: u64) -> u32 {
    u32::try_from(value).unwrap_or_default()
}

/// A row as a span's message.
fn message(texts: &Texts, trace: TraceId, row: Row<'_>) -> Vec<u8> {
    let value = |place: usize| at(row.values, place);
    let mut out = Writer::default();
    let shape = row.shape;
    if let Some((place, _)) = shape.placed().find(|(_, op)| op.kind() == Type::Odd) {
        return texts.get(text(value(place))).to_vec();
    }
    out.bytes(1, &trace.0);
    out.bytes(2, &row.span);
    let (mut status, mut dropped) = ("", [0; 3]);
    for (place, op) in shape.placed() {
        match op.kind() {
            Type::State => out.bytes(3, texts.get(text(value(place)))),
            Type::Message => status = texts.text(text(value(place))),
            Type::DroppedEvents => dropped[1] = value(place),
            Type::DroppedLinks => dropped[2] = value(place),
            _ => {}
        }
    }
    if row.parent != [0; 8] {
        out.bytes(4, &row.parent);
    }
    out.bytes(5, texts.get(shape.name()));
    out.varint(6, shape.kind().into());
    out.fixed64(7, row.start_ns);
    out.fixed64(8, row.start_ns.wrapping_add(row.took_ns));
    let mut ops = shape.placed().peekable();
    while let Some((place, op)) = ops.next_if(|(_, op)| !is_container(op.kind())) {
        match op.kind() {
            Type::Dropped => dropped[0] = value(place),
            kind if kind.is_attribute() => {
                let key = texts.get(op.text());
                out.message(9, |out| attribute(out, texts, key, kind, value(place)));
            }
            _ => {}
        }
    }
    out.varint(10, dropped[0]);
    while let Some((place, op)) = ops.next() {
        let (number, list) = if op.kind() == Type::Event { (11, 3) } else { (13, 4) };
        out.message(number, |out| {
            if op.kind() == Type::Event {
                out.fixed64(1, value(place));
                out.bytes(2, texts.get(op.text()));
            } else {
                let [high, low, span] = [0, 1, 2].map(|more| value(place + more).to_be_bytes());
                if (high, low) != ([0; 8], [0; 8]) {
                    out.bytes(1, &[high, low].concat());
                }
                if span != [0; 8] {
                    out.bytes(2, &span);
                }
            }
            while let Some((place, op)) = ops.next_if(|(_, op)| !is_container(op.kind())) {
                match op.kind() {
                    Type::LinkState => out.bytes(3, texts.get(text(value(place)))),
                    Type::LinkFlags => out.fixed32(6, text(value(place))),
                    Type::Dropped => out.varint(if number == 11 { 4 } else { 5 }, value(place)),
                    kind => {
                        let key = texts.get(op.text());
                        out.message(list, |out| attribute(out, texts, key, kind, value(place)));
                    }
                }
            }
        });
    }
    out.varint(12, dropped[1]);
    out.varint(14, dropped[2]);
    if !status.is_empty() || shape.status() != 0 {
        out.message(15, |out| {
            out.bytes(2, status.as_bytes());
            out.varint(3, shape.status().into());
        });
    }
    out.fixed32(16, shape.flags());
    out.into_bytes()
}

fn is_container(kind: Type) -> bool {
    matches!(kind, Type::Event | Type::Link)
}

fn attribute(out: &mut Writer, texts: &Texts, key: &[u8], kind: Type, value: u64) {
    out.bytes(1, key);
    out.message(2, |out| any_value(out, texts, kind, value));
}

/// A value as the message of an `AnyValue`.
fn any_value(out: &mut Writer, texts: &Texts, kind: Type, value: u64) {
    match kind {
        Type::Str => out.bytes_always(1, texts.get(text(value))),
        Type::Bool => out.varint_always(2, value),
        Type::Int => out.varint_always(3, value),
        Type::Double => out.fixed64_always(4, value),
        Type::Bytes => out.bytes_always(7, texts.get(text(value))),
        _ => out.raw(texts.get(text(value))),
    }
}

/// A message without its list, and the list.
type Around<'a, T> = (&'a [u8], Vec<T>);

/// Puts spans together, each once: by their start, and by resource and scope as these come first.
pub(crate) fn assemble(mut pieces: Vec<Piece>) -> Chunk {
    pieces.sort_by(|a, b| (a.start_ns, &a.span).cmp(&(b.start_ns, &b.span)));
    let mut seen = HashSet::new();
    let mut resources: Vec<Around<'_, Around<'_, &[u8]>>> = Vec::new();
    let mut places = BTreeMap::new();
    let mut of_resource: BTreeMap<&[u8], usize> = BTreeMap::new();
    let mut spans = 0;
    for piece in &pieces {
        let parts = [&piece.resource, &piece.scope, &piece.span].map(|bytes| content(bytes));
        if !seen.insert(parts) {
            continue;
        }
        spans += 1;
        let key = (piece.resource.as_slice(), piece.scope.as_slice());
        let (resource, scope) = *places.entry(key).or_insert_with(|| {
            let resource = *of_resource.entry(key.0).or_insert_with(|| {
                resources.push((key.0, Vec::new()));
                resources.len() - 1
            });
            let scopes = resources.get_mut(resource).map(|(_, scopes)| scopes);
            let scope = scopes.map_or(0, |scopes| {
                scopes.push((key.1, Vec::new()));
                scopes.len() - 1
            });
            (resource, scope)
        });
        let scopes = resources.get_mut(resource).and_then(|(_, scopes)| scopes.get_mut(scope));
        if let Some((_, list)) = scopes {
            list.push(&piece.span);
        }
    }
    let mut out = Writer::default();
    for (resource, scopes) in resources {
        out.message(1, |out| {
            out.raw(resource);
            for (scope, spans) in scopes {
                out.message(2, |out| {
                    out.raw(scope);
                    spans.iter().for_each(|span| out.bytes_always(2, span));
                });
            }
        });
    }
    Chunk::trusted(out.into_bytes(), spans)
}

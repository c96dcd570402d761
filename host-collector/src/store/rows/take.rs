//! Rows that grow: spans of chunks come in, and are found by their trace.

use super::envelope::around;
use super::shape::{HEAD, Op, Type};
use super::texts::Seed;
use super::{Interner, Rows};
use crate::model::{Chunk, TraceId};
use crate::protobuf::{Field, Fields};
use crate::store::codec::wire::narrow;
use hashbrown::HashTable;

/// Rows, and what finds texts, shapes and traces that are there already.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) rows: Rows,
    texts: Interner,
    shapes: HashTable<u32>,
    pub(super) traces: HashTable<u32>,
    pub(super) seed: Seed,
    scratch: Scratch,
}

/// The shape and the values of the span that is being taken. It is kept for its room.
#[derive(Debug, Default)]
struct Scratch {
    words: Vec<u32>,
    values: Vec<u64>,
    /// Ops of events and links, which come behind all others.
    later_words: Vec<u32>,
    later_values: Vec<u64>,
    bytes: Vec<u8>,
}

/// Adds those that say something.
fn more(words: &mut Vec<u32>, values: &mut Vec<u64>, ops: &[(Type, u64)]) {
    for (kind, value) in ops.iter().filter(|(_, value)| *value != 0) {
        words.push(Op::new(*kind, 0).0);
        values.push(*value);
    }
}

fn be64(id: &[u8]) -> u64 {
    id.try_into().map_or(0, u64::from_be_bytes)
}

fn trace_of(bytes: &[u8]) -> TraceId {
    TraceId(bytes.try_into().unwrap_or_default())
}

impl Table {
    /// Takes all spans of a chunk.
    pub(crate) fn take(&mut self, chunk: &Chunk) {
        for resource in chunk.resources() {
            let envelope = around(resource.raw());
            let of_resource = self.text(&envelope);
            for scope in resource.scopes() {
                let envelope = around(scope.raw());
                let of_scope = self.text(&envelope);
                for field in Fields::new(scope.raw()).map_while(Result::ok) {
                    if let (2, Field::Bytes(span)) = field {
                        self.span(of_resource, of_scope, span);
                    }
                }
            }
        }
    }

    fn text(&mut self, bytes: &[u8]) -> u32 {
        self.texts.number(&mut self.rows.texts, bytes)
    }

    fn span(&mut self, resource: u32, scope: u32, message: &[u8]) {
        let mut scratch = core::mem::take(&mut self.scratch);
        scratch.words.clear();
        scratch.values.clear();
        scratch.later_words.clear();
        scratch.later_values.clear();
        let (mut trace_id, mut span_id, mut parent): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
        let (mut name, mut state, mut status): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
        let (mut kind, mut start_ns, mut end_ns, mut flags) = (0, 0, 0, 0);
        let mut dropped = [0; 3];
        let mut is_odd = false;
        scratch.words.resize(HEAD, 0);
        for field in Fields::new(message).map_while(Result::ok) {
            match field {
                (1, Field::Bytes(id)) => trace_id = id,
                (2, Field::Bytes(id)) => span_id = id,
                (3, Field::Bytes(text)) => state = text,
                (4, Field::Bytes(id)) => parent = id,
                (5, Field::Bytes(text)) => name = text,
                (6, Field::Varint(number)) => kind = number,
                (7, Field::Fixed64(time_ns)) => start_ns = time_ns,
                (8, Field::Fixed64(time_ns)) => end_ns = time_ns,
                (9, Field::Bytes(attribute)) => {
                    let (words, values) = (&mut scratch.words, &mut scratch.values);
                    is_odd |= !self.attribute(attribute, words, values);
                }
                (10, Field::Varint(count)) => dropped[0] = count,
                (11, Field::Bytes(event)) => is_odd |= !self.event(event, &mut scratch),
                (12, Field::Varint(count)) => dropped[1] = count,
                (13, Field::Bytes(link)) => is_odd |= !self.link(link, &mut scratch),
                (14, Field::Varint(count)) => dropped[2] = count,
                (15, Field::Bytes(message)) => status = message,
                (16, Field::Fixed32(number)) => flags = number,
                _ => is_odd = true,
            }
        }
        let (mut code, mut text): (u64, &[u8]) = (0, &[]);
        for field in Fields::new(status).map_while(Result::ok) {
            match field {
                (2, Field::Bytes(message)) => text = message,
                (3, Field::Varint(number)) => code = number,
                _ => is_odd = true,
            }
        }
        let mut op = |kind, value| {
            scratch.words.push(Op::new(kind, 0).0);
            scratch.values.push(value);
        };
        for (kind, count) in
            [Type::Dropped, Type::DroppedEvents, Type::DroppedLinks].into_iter().zip(dropped)
        {
            if count != 0 {
                op(kind, count);
            }
        }
        for (kind, text) in [(Type::Message, text), (Type::State, state)] {
            if !text.is_empty() {
                op(kind, self.texts.number(&mut self.rows.texts, text).into());
            }
        }
        is_odd |= kind > 0xff || code > 0xff;
        if is_odd {
            op(Type::Odd, self.texts.number(&mut self.rows.texts, message).into());
        }
        let name = self.texts.number(&mut self.rows.texts, name);
        let kinds = narrow((kind & 0xff | (code & 0xff) << 8).try_into().unwrap_or_default());
        let head = [resource, scope, name, kinds, flags];
        scratch.words.iter_mut().zip(head).for_each(|(word, value)| *word = value);
        scratch.words.append(&mut scratch.later_words);
        scratch.values.append(&mut scratch.later_values);

        let shape = self.shape(&mut scratch);
        let trace = self.trace(trace_of(trace_id));
        let rows = &mut self.rows;
        rows.trace.push(trace);
        rows.shape.push(shape);
        rows.span.push(span_id.try_into().unwrap_or_default());
        rows.parent.push(parent.try_into().unwrap_or_default());
        rows.start_ns.push(start_ns);
        rows.took_ns.push(end_ns.wrapping_sub(start_ns));
        rows.first.push(narrow(rows.values.len()));
        rows.values.extend_from_slice(&scratch.values);
        self.scratch = scratch;
    }

    /// Says whether it could be said whole.
    fn attribute(&mut self, message: &[u8], words: &mut Vec<u32>, values: &mut Vec<u64>) -> bool {
        let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
        let mut is_whole = true;
        for field in Fields::new(message).map_while(Result::ok) {
            match field {
                (1, Field::Bytes(text)) => key = text,
                (2, Field::Bytes(message)) => value = message,
                _ => is_whole = false,
            }
        }
        let mut fields = Fields::new(value);
        let (kind, word) = match (fields.next(), fields.next()) {
            (Some(Ok((1, Field::Bytes(text)))), None) => (Type::Str, u64::from(self.text(text))),
            (Some(Ok((2, Field::Varint(is)))), None) => (Type::Bool, u64::from(is != 0)),
            (Some(Ok((3, Field::Varint(number)))), None) => (Type::Int, number),
            (Some(Ok((4, Field::Fixed64(bits)))), None) => (Type::Double, bits),
            (Some(Ok((7, Field::Bytes(bytes)))), None) => (Type::Bytes, self.text(bytes).into()),
            _ => (Type::Raw, self.text(value).into()),
        };
        words.push(Op::new(kind, self.text(key)).0);
        values.push(word);
        is_whole
    }

    fn event(&mut self, message: &[u8], scratch: &mut Scratch) -> bool {
        let (mut name, mut time_ns, mut dropped): (&[u8], _, _) = (&[], 0, 0);
        let mut is_whole = true;
        for field in Fields::new(message).map_while(Result::ok) {
            match field {
                (1, Field::Fixed64(at_ns)) => time_ns = at_ns,
                (2, Field::Bytes(text)) => name = text,
                (3, Field::Bytes(_)) => {}
                (4, Field::Varint(count)) => dropped = count,
                _ => is_whole = false,
            }
        }
        let (words, values) = (&mut scratch.later_words, &mut scratch.later_values);
        words.push(Op::new(Type::Event, self.text(name)).0);
        values.push(time_ns);
        is_whole &= self.attributes(message, 3, words, values);
        more(words, values, &[(Type::Dropped, dropped)]);
        is_whole
    }

    fn link(&mut self, message: &[u8], scratch: &mut Scratch) -> bool {
        let (mut trace, mut span, mut state): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
        let (mut dropped, mut flags) = (0, 0);
        let mut is_whole = true;
        for field in Fields::new(message).map_while(Result::ok) {
            match field {
                (1, Field::Bytes(id)) => trace = id,
                (2, Field::Bytes(id)) => span = id,
                (3, Field::Bytes(text)) => state = text,
                (4, Field::Bytes(_)) => {}
                (5, Field::Varint(count)) => dropped = count,
                (6, Field::Fixed32(number)) => flags = u64::from(number),
                _ => is_whole = false,
            }
        }
        let (words, values) = (&mut scratch.later_words, &mut scratch.later_values);
        words.push(Op::new(Type::Link, 0).0);
        let (high, low) = trace.split_at_checked(8).unwrap_or_default();
        values.extend([be64(high), be64(low), be64(span)]);
        more(words, values, &[(Type::LinkState, self.text(state).into())]);
        is_whole &= self.attributes(message, 4, words, values);
        more(words, values, &[(Type::Dropped, dropped), (Type::LinkFlags, flags)]);
        is_whole
    }

    fn attributes(
        &mut self,
        message: &[u8],
        number: u32,
        words: &mut Vec<u32>,
        values: &mut Vec<u64>,
    ) -> bool {
        let mut is_whole = true;
        for field in Fields::new(message).map_while(Result::ok) {
            if let (found, Field::Bytes(attribute)) = field
                && found == number
            {
                is_whole &= self.attribute(attribute, words, values);
            }
        }
        is_whole
    }

    fn shape(&mut self, scratch: &mut Scratch) -> u32 {
        scratch.bytes.clear();
        scratch.words.iter().for_each(|word| scratch.bytes.extend(word.to_le_bytes()));
        let (shapes, seed) = (&mut self.rows.shapes, &self.seed);
        let hash = seed.hash(&scratch.bytes);
        let same = |number: &u32| shapes.words(*number) == scratch.words.as_slice();
        if let Some(number) = self.shapes.find(hash, same) {
            return *number;
        }
        let number = shapes.push(&scratch.words);
        self.shapes.insert_unique(hash, number, |number| {
            let words = shapes.words(*number);
            seed.hash(&words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>())
        });
        number
    }

    /// About how many bytes it holds.
    pub(crate) fn weight(&self) -> usize {
        let tables = self.shapes.capacity() + self.traces.capacity();
        self.rows.weight() + self.texts.weight() + tables * 6
    }
}

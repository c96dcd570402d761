//! A frame of finished spans, taken apart into buffers that serve one frame after the other.

use crate::session::definitions::Number;
use spandrel::wire::{DataHead, Records, Simple, SpanHead, Value, record_number};

/// Where frames are taken apart.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    items: Vec<Item>,
    values: Vec<Value<'static>>,
    definitions: Vec<Number>,
}

/// A span, less its values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) head: SpanHead,
    /// Where its values begin and end among all.
    from: usize,
    to: usize,
}

/// A frame that holds nothing but finished spans and definitions.
#[derive(Debug)]
pub(crate) struct Spans<'a> {
    bytes: &'a [u8],
    session_tag: [u8; 4],
    head: DataHead,
    items: Vec<Item>,
    values: Vec<Value<'a>>,
    definitions: Vec<Number>,
}

impl Buffers {
    /// Takes a frame apart, if it is such a one.
    pub(crate) fn read<'a>(&mut self, bytes: &'a [u8]) -> Option<Spans<'a>> {
        let mut records = Records::of(bytes)?;
        let mut spans = Spans {
            bytes,
            session_tag: records.session_tag(),
            head: *records.head(),
            items: core::mem::take(&mut self.items),
            values: emptied(core::mem::take(&mut self.values)),
            definitions: core::mem::take(&mut self.definitions),
        };
        let Spans { items, values, definitions, .. } = &mut spans;
        loop {
            let from = values.len();
            match records.next_record(|value| values.push(value)) {
                Some(Simple::Span(head)) => items.push(Item { head, from, to: values.len() }),
                Some(Simple::Define(define)) => definitions.push(match define.is_name {
                    true => Number::Name(define.id),
                    false => Number::Site(define.id),
                }),
                None => break,
            }
        }
        if records.is_whole() && !spans.items.is_empty() {
            return Some(spans);
        }
        self.give_back(spans);
        None
    }

    /// About how many bytes they hold.
    pub(crate) fn weight(&self) -> usize {
        self.items.capacity() * size_of::<Item>()
            + self.values.capacity() * size_of::<Value<'_>>()
            + self.definitions.capacity() * size_of::<Number>()
    }

    /// Takes back what a frame was taken apart in.
    pub(crate) fn give_back(&mut self, spans: Spans<'_>) {
        let Spans { mut items, values, mut definitions, .. } = spans;
        items.clear();
        definitions.clear();
        (self.items, self.values, self.definitions) = (items, emptied(values), definitions);
    }
}

/// The same list for values of another frame, empty: its memory goes along.
fn emptied<'a>(values: Vec<Value<'_>>) -> Vec<Value<'a>> {
    values.into_iter().map_while(|_| None).collect()
}

impl<'a> Spans<'a> {
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn session_tag(&self) -> [u8; 4] {
        self.session_tag
    }

    pub(crate) fn head(&self) -> &DataHead {
        &self.head
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(super) fn values(&self, item: &Item) -> &[Value<'a>] {
        self.values.get(item.from..item.to).unwrap_or_default()
    }

    pub(super) fn has_definitions(&self) -> bool {
        !self.definitions.is_empty()
    }

    pub(super) fn definitions(&self) -> impl Iterator<Item = Number> {
        self.definitions.iter().copied()
    }
}

/// Numbers of spans of one frame, by a few of their bits: enough to see in most frames that none is there
/// twice.
#[derive(Debug)]
pub(super) struct Numbers {
    bits: [u64; Self::WORDS],
}

impl Default for Numbers {
    fn default() -> Self {
        Self { bits: [0; Self::WORDS] }
    }
}

impl Numbers {
    const WORDS: usize = 32;

    /// Adds a number; false where it, or one like it, is there already.
    ///
    /// No record has another's number.
    pub(super) fn insert(&mut self, number: u64) -> bool {
        if number >= record_number(0) {
            return true;
        }
        let bit = 1 << (number % 64);
        let word = usize::try_from(number / 64 % Self::WORDS as u64).unwrap_or_default();
        let Some(word) = self.bits.get_mut(word) else { return false };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_there_once() {
        let mut numbers = Numbers::default();
        assert!((4..260).all(|number| numbers.insert(number)));
        assert!((4..260).all(|number| !numbers.insert(number)));
        assert!((0..5000).all(|number| numbers.insert(record_number(number))));
    }

    #[test]
    fn the_buffers_are_kept() {
        let mut buffers = Buffers { values: Vec::with_capacity(100), ..Buffers::default() };
        assert!(buffers.read(b"no frame").is_none());
        buffers.values.push(Value::Bool(true));
        let values: Vec<Value<'_>> = emptied(core::mem::take(&mut buffers.values));
        assert_eq!((values.len(), values.capacity()), (0, 100));
    }
}

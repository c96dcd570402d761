//! Shapes: everything of a span that others have exactly like it.
//!
//! ```text
//! | resource | scope | name | kind, status << 8 | flags | op ... |
//! ```
//!
//! All are words of 32 bits; resource, scope and name are numbers of texts. An op is a type in the
//! low four bits and the number of a text above; it has values in the span's row, in the order
//! of the ops. Attributes behind an event or a link belong to it. What is counted as dropped
//! belongs to what stands before, too.

use super::{Rows, Texts};

/// Words before the ops.
pub(crate) const HEAD: usize = 5;

/// What an op is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Type {
    /// An attribute: a text.
    Str = 0,
    /// An attribute: a signed integer.
    Int = 1,
    /// An attribute: the bits of a floating point number.
    Double = 2,
    /// An attribute: 0 or 1.
    Bool = 3,
    /// An attribute: a text of any bytes.
    Bytes = 4,
    /// An attribute: a text that is the message of a value of any type.
    Raw = 5,
    /// An event of the op's name: its time, as a difference to the start in files.
    Event = 6,
    /// A link: high and low half of the trace id, span id.
    Link = 7,
    /// The `tracestate` of the link: a text.
    LinkState = 8,
    /// The flags of the link.
    LinkFlags = 9,
    /// How many attributes were dropped.
    Dropped = 10,
    /// How many events of the span were dropped.
    DroppedEvents = 11,
    /// How many links of the span were dropped.
    DroppedLinks = 12,
    /// What the status says: a text.
    Message = 13,
    /// The `tracestate` of the span: a text.
    State = 14,
    /// The whole span as it came, since it has something that no op can say: a text.
    Odd = 15,
}

impl Type {
    const ALL: [Self; 16] = [
        Self::Str,
        Self::Int,
        Self::Double,
        Self::Bool,
        Self::Bytes,
        Self::Raw,
        Self::Event,
        Self::Link,
        Self::LinkState,
        Self::LinkFlags,
        Self::Dropped,
        Self::DroppedEvents,
        Self::DroppedLinks,
        Self::Message,
        Self::State,
        Self::Odd,
    ];

    /// How many values it has in the row.
    pub(crate) fn values(self) -> usize {
        if self == Self::Link { 3 } else { 1 }
    }

    /// Whether its value is the number of a text.
    pub(crate) fn is_text(self) -> bool {
        use Type::{Bytes, LinkState, Message, Odd, Raw, State, Str};
        matches!(self, Str | Bytes | Raw | LinkState | Message | State | Odd)
    }

    /// Whether it is an attribute.
    pub(crate) fn is_attribute(self) -> bool {
        self <= Self::Raw
    }
}

/// A type and the number of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Op(pub(crate) u32);

impl Op {
    pub(crate) fn new(kind: Type, text: u32) -> Self {
        Self(text << 4 | kind as u32)
    }

    pub(crate) fn kind(self) -> Type {
        let [number, ..] = (self.0 & 15).to_le_bytes();
        Type::ALL.get(usize::from(number)).copied().unwrap_or(Type::Odd)
    }

    pub(crate) fn text(self) -> u32 {
        self.0 >> 4
    }
}

/// A shape's words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape<'a> {
    words: &'a [u32],
}

impl<'a> Shape<'a> {
    pub(crate) fn new(words: &'a [u32]) -> Self {
        Self { words }
    }

    fn word(self, index: usize) -> u32 {
        self.words.get(index).copied().unwrap_or_default()
    }

    pub(crate) fn resource(self) -> u32 {
        self.word(0)
    }

    pub(crate) fn scope(self) -> u32 {
        self.word(1)
    }

    pub(crate) fn name(self) -> u32 {
        self.word(2)
    }

    /// OTLP's number.
    pub(crate) fn kind(self) -> u8 {
        let [kind, ..] = self.word(3).to_le_bytes();
        kind
    }

    /// OTLP's number of the status.
    pub(crate) fn status(self) -> u8 {
        let [_, status, ..] = self.word(3).to_le_bytes();
        status
    }

    pub(crate) fn is_error(self) -> bool {
        self.status() == 2
    }

    pub(crate) fn flags(self) -> u32 {
        self.word(4)
    }

    pub(crate) fn ops(self) -> impl Iterator<Item = Op> + Clone + 'a {
        self.words.iter().skip(HEAD).copied().map(Op)
    }

    /// The ops, each with the place of its first value in the row.
    pub(crate) fn placed(self) -> impl Iterator<Item = (usize, Op)> + Clone + 'a {
        self.ops().scan(0, |place, op| {
            let at = *place;
            *place += op.kind().values();
            Some((at, op))
        })
    }

    /// How many values a row has.
    pub(crate) fn values(self) -> usize {
        self.ops().map(|op| op.kind().values()).sum()
    }
}

/// Shapes by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shapes {
    pub(super) words: Vec<u32>,
    pub(super) ends: Vec<u32>,
}

impl Shapes {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn words(&self, number: u32) -> &[u32] {
        let index = number as usize;
        let from = index.checked_sub(1).map_or(Some(&0), |before| self.ends.get(before));
        match (from, self.ends.get(index)) {
            (Some(from), Some(end)) => {
                self.words.get(*from as usize..*end as usize).unwrap_or_default()
            }
            _ => &[],
        }
    }

    pub(crate) fn get(&self, number: u32) -> Shape<'_> {
        Shape::new(self.words(number))
    }

    pub(crate) fn push(&mut self, words: &[u32]) -> u32 {
        self.words.extend_from_slice(words);
        self.ends.push(crate::store::codec::wire::narrow(self.words.len()));
        crate::store::codec::wire::narrow(self.ends.len() - 1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Shape<'_>> {
        let count = crate::store::codec::wire::narrow(self.len());
        (0..count).map(|number| self.get(number))
    }
}

impl Rows {
    /// The service of a shape.
    pub(crate) fn service(&self, shape: Shape<'_>) -> &str {
        service_of(&self.texts, shape.resource())
    }
}

/// The service that a resource is of, whose message stands in a `ResourceSpans` without spans.
pub(crate) fn service_of(texts: &Texts, resource: u32) -> &str {
    super::envelope::resource(texts.get(resource)).service_name()
}

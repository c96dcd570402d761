//! The records of a data frame, each written relative to the one before.
//!
//! The first byte says the kind and which fields follow; what does not follow equals what the
//! record before said. The byte tables are in `docs/wire-format.md`, section "Records".

mod read;
mod write;

use super::codec::Codec;
use super::value::{NameRef, Shape, Values};
use crate::{SpanId, TraceId};
use serde::de::SeqAccess;
use serde::ser::SerializeTuple;

/// A call site as a frame names it: which one, and the types of the values given there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SiteRef {
    /// Distance from the start of the table of sites, in units of four bytes; 0 is no site.
    pub id: u16,
    /// Types of the values that follow in each record.
    pub shape: Shape,
}

impl SiteRef {
    /// No site and no values.
    pub const NONE: Self = Self { id: 0, shape: Shape(0) };
}

/// Which trace a span belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum TraceRef {
    /// The trace whose root is this span of the same session.
    Own(u64),
    /// A trace that began elsewhere.
    Remote(TraceId),
    /// A [`Reference`] record of the same span says it.
    Apart,
}

/// What a span is a child of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Parent {
    /// Nothing: the span is a root.
    None,
    /// A span of the same session.
    Local(u64),
    /// A span elsewhere, which a [`Reference`] record of the same span names.
    Remote,
}

/// A finished span.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanRecord<'a> {
    /// Its number: the session's counter.
    pub own: u64,
    /// What it is a child of.
    pub parent: Parent,
    /// Its trace.
    pub trace: TraceRef,
    /// Where it was made: operation name and keys.
    pub site: SiteRef,
    /// Start in ticks since the session's clock began.
    pub start_ticks: u64,
    /// Finish less start, in ticks.
    pub duration_ticks: u64,
    /// How many other records carry its number, modulo 64; others seen means that the span is partial.
    pub parts: u32,
    /// No keeper watched the clock: the duration may be short by whole turns of the counter.
    pub ambiguous: bool,
    /// Values of the site's first keys.
    pub values: Values<'a>,
}

/// Where the keys of a [`Part`] or a [`Log`] come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PartKey<'a> {
    /// From a site, whose key with this index is the first.
    Site(SiteRef, u8),
    /// One key, for the one value.
    Name(NameRef<'a>, Shape),
}

/// More tags of a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<'a> {
    /// The span's number.
    pub own: u64,
    /// The keys.
    pub key: PartKey<'a>,
    /// The values.
    pub values: Values<'a>,
}

/// A log of a span: a time and fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Log<'a> {
    /// The span's number.
    pub own: u64,
    /// When, in ticks since the session's clock began.
    pub time_ticks: u64,
    /// The keys of the fields.
    pub key: PartKey<'a>,
    /// The values of the fields.
    pub values: Values<'a>,
}

/// A reference of a span to one elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The number of the span that refers.
    pub own: u64,
    /// The trace of the span referred to; for the parent also the trace of the span that refers.
    pub trace: TraceId,
    /// The span referred to; none where the record only says the trace.
    pub span: Option<SpanId>,
    /// `follows_from` instead of `child_of`.
    pub follows_from: bool,
}

/// A definition, or a piece of one: what a number in other records stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Define<'a> {
    /// A name (`false`: a site).
    pub is_name: bool,
    /// The number.
    pub id: u16,
    /// Length of the whole definition in bytes.
    pub total: u32,
    /// Where in it `bytes` begin.
    pub offset: u32,
    /// The definition: for a name its UTF-8, for a site the list of its name and keys, each with
    /// its length in one byte before it.
    pub bytes: &'a [u8],
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub enum Record<'a> {
    /// A finished span.
    Span(SpanRecord<'a>),
    /// More tags of a span.
    Part(Part<'a>),
    /// A log of a span.
    Log(Log<'a>),
    /// A reference of a span to one elsewhere.
    Reference(Reference),
    /// What a number stands for.
    Define(Define<'a>),
}

mod flag {
    pub(super) const OWN: u8 = 0b11;
    pub(super) const OWN_NEXT: u8 = 0;
    pub(super) const OWN_BEFORE: u8 = 1;
    pub(super) const OWN_SAME: u8 = 2;
    pub(super) const OWN_GIVEN: u8 = 3;
    // A span's.
    pub(super) const PARENT: u8 = 0b1100;
    pub(super) const PARENT_NONE: u8 = 0;
    pub(super) const PARENT_SAME: u8 = 0b0100;
    pub(super) const PARENT_BEFORE_OWN: u8 = 0b1000;
    pub(super) const PARENT_GIVEN: u8 = 0b1100;
    pub(super) const TRACE: u8 = 1 << 4;
    pub(super) const SITE: u8 = 1 << 5;
    pub(super) const EXTRA: u8 = 1 << 6;
    pub(super) const NOT_A_SPAN: u8 = 1 << 7;
    // The others': bits 4 to 6 are the kind.
    pub(super) const KIND: u8 = 0b0111_0000;
    pub(super) const PART: u8 = 0 << 4;
    pub(super) const LOG: u8 = 1 << 4;
    pub(super) const REFERENCE: u8 = 2 << 4;
    pub(super) const SITE_DEFINITION: u8 = 3 << 4;
    pub(super) const NAME_DEFINITION: u8 = 4 << 4;
    pub(super) const KEY: u8 = 0b1100;
    pub(super) const KEY_SAME: u8 = 0;
    pub(super) const KEY_SITE: u8 = 0b0100;
    pub(super) const KEY_SITE_FROM: u8 = 0b1000;
    pub(super) const KEY_NAME: u8 = 0b1100;
    pub(super) const LOW_FOLLOWS_FROM: u8 = 1 << 2;
    pub(super) const LOW_TRACE_ONLY: u8 = 1 << 3;
    pub(super) const LOW_PIECE: u8 = 1;
    // The extra byte's.
    pub(super) const AMBIGUOUS: u8 = 1;
    pub(super) const PARTS: u8 = 2;
}

const COUNTER_MASK: u64 = (1 << crate::id::COUNTER_BITS) - 1;

impl<'a> Record<'a> {
    /// Writes the record behind those that `codec` has seen.
    ///
    /// # Errors
    /// Those of the serializer, and an error where a table of the frame is full; the codec must
    /// then be undone.
    pub fn encode<S: SerializeTuple>(
        &self,
        codec: &mut Codec,
        out: &mut S,
    ) -> Result<(), S::Error> {
        write::record(self, codec, out)
    }

    /// Reads the record behind those that `codec` has seen.
    ///
    /// # Errors
    /// Where the bytes end early or contradict the format.
    pub fn decode<S: SeqAccess<'a>>(codec: &mut Codec, from: &mut S) -> Result<Self, S::Error> {
        read::record(codec, from)
    }
}

/// The number before this one.
fn before(own: u64) -> u64 {
    own.wrapping_sub(1) & COUNTER_MASK
}

//! The records of a data frame, each written relative to the one before.
//!
//! The first byte says the kind and which fields follow; what does not follow equals what the
//! record before said. The byte tables are in `docs/wire-format.md`, section "Records".

mod write;

pub use write::{DataWriter, SpanFields};

use super::value::{NameRef, Shape, Values};
use crate::{SpanId, TraceId};

/// A call site as a frame names it: which one, and the types of the values given there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
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
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum TraceRef {
    /// The trace whose root is this span of the same session.
    Own(u64),
    /// A trace that began elsewhere.
    Remote(TraceId),
}

/// What a span is a child of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Parent {
    /// Nothing: the span is a root.
    None,
    /// A span of the same session.
    Local(u64),
    /// A span elsewhere, which a [`Reference`] record of the same span names.
    Remote,
}

/// A finished span, less its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct SpanHead {
    /// Its number: that of its record, see [`record_number`](crate::wire::record_number), or the
    /// session's counter.
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
    /// How many other records carry its number, modulo 256; where another count was seen the span is
    /// partial.
    pub parts: u8,
    /// No keeper watched the clock: the duration may be short by whole turns of the counter.
    pub ambiguous: bool,
    /// Its session ended before it did: the duration reaches to the last tick that is known.
    pub cut_off: bool,
}

impl SpanHead {
    /// Finish in ticks since the session's clock began.
    #[must_use]
    pub const fn end_ticks(&self) -> u64 {
        self.start_ticks.saturating_add(self.duration_ticks)
    }
}

/// A finished span.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanRecord<'a> {
    /// All but its values.
    pub head: SpanHead,
    /// Values of the site's first keys.
    pub values: Values<'a>,
}

/// Where the keys of a [`Part`] or a [`Log`] come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PartKey<'a> {
    /// From a site, from its first key on.
    Site(SiteRef),
    /// One key, for the one value.
    Name(NameRef<'a>, Shape),
}

impl PartKey<'_> {
    /// The types of the values.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        match self {
            Self::Site(site) => site.shape,
            Self::Name(_, shape) => *shape,
        }
    }
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
    /// Whether the fields belong to the last log of the span, which is of this time, if it came.
    pub more: bool,
    /// The keys of the fields.
    pub key: PartKey<'a>,
    /// The values of the fields.
    pub values: Values<'a>,
}

/// A reference of a span to one elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Reference {
    /// The number of the span that refers.
    pub own: u64,
    /// The trace of the span referred to.
    pub trace: TraceId,
    /// The span referred to.
    pub span: SpanId,
    /// `follows_from` instead of `child_of`.
    pub follows_from: bool,
}

/// A definition: what a number in other records stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Define<'a> {
    /// A name (`false`: a site).
    pub is_name: bool,
    /// A name of another build, of which only is known where it was.
    pub by_address: bool,
    /// The number.
    pub id: u16,
    /// The definition: for a name its UTF-8, or its address and length, each a varint; for a site the
    /// list of its name and keys, each with its length in one byte before it.
    pub bytes: &'a [u8],
}

/// A part of a record that is longer than a frame: some bytes of it, as it would be written if it
/// were the only one of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// What it is a part of.
    pub of: FragmentOf,
    /// Where in it the fragment begins, in bytes.
    pub offset: u32,
    /// The record ends with it.
    pub is_last: bool,
    /// What it holds.
    pub bytes: &'a [u8],
}

/// What a fragment is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub enum FragmentOf {
    /// The record whose number it is at: all fragments of one have the same.
    Record,
    /// The definition of this site.
    Site(u16),
    /// The definition of this name.
    Name(u16),
}

/// Something that befell the device's clock, or what another clock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Clock {
    /// When, in ticks since the session's clock began.
    pub time_ticks: u64,
    /// What.
    pub event: ClockEvent,
}

/// What befell a device's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ClockEvent {
    /// It stood still, for so many nanoseconds.
    Paused {
        /// How long.
        ns: u64,
    },
    /// It has another rate from now on.
    Rate {
        /// Ticks a second.
        hz: u32,
    },
    /// It stood still or jumped, and nobody knows for how long or how far.
    Stepped,
    /// A wall clock on the board said so at this tick.
    Wall {
        /// Nanoseconds since the Unix epoch.
        unix_ns: u64,
        /// By how many nanoseconds it may be wrong.
        error_ns: u64,
    },
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
    /// What befell the clock.
    Clock(Clock),
    /// What a number stands for.
    Define(Define<'a>),
    /// A part of a record.
    Fragment(Fragment<'a>),
}

impl Record<'_> {
    /// Whether the record that follows has the next number. A definition has none, and of those that
    /// come in fragments the last alone ends the record.
    #[must_use]
    pub const fn ends_number(&self) -> bool {
        match self {
            Self::Define(_) => false,
            Self::Fragment(fragment) => {
                fragment.is_last && matches!(fragment.of, FragmentOf::Record)
            }
            _ => true,
        }
    }
}

/// The bits of a record's first byte.
pub(super) mod flag {
    pub(in crate::wire) const OWN_SAME: u8 = 2;
    pub(in crate::wire) const OWN_GIVEN: u8 = 3;
    /// Of both: without it a log goes on with the span's last one.
    pub(in crate::wire) const LOW_NEW: u8 = 2;
    // A span's.
    pub(in crate::wire) const OWN_RECORD: u8 = 0;
    pub(in crate::wire) const OWN_PARENT: u8 = 1;
    pub(in crate::wire) const PARENT_SAME: u8 = 0b0100;
    pub(in crate::wire) const PARENT_NEAR: u8 = 0b1000;
    pub(in crate::wire) const PARENT_GIVEN: u8 = 0b1100;
    pub(in crate::wire) const TRACE: u8 = 1 << 4;
    pub(in crate::wire) const SITE: u8 = 1 << 5;
    pub(in crate::wire) const EXTRA: u8 = 1 << 6;
    // The others': the upper four bits are the kind.
    pub(in crate::wire) const PART: u8 = 8 << 4;
    pub(in crate::wire) const LOG: u8 = 9 << 4;
    pub(in crate::wire) const REFERENCE: u8 = 10 << 4;
    pub(in crate::wire) const SITE_DEFINITION: u8 = 11 << 4;
    pub(in crate::wire) const NAME_DEFINITION: u8 = 12 << 4;
    pub(in crate::wire) const CLOCK: u8 = 13 << 4;
    pub(in crate::wire) const FRAGMENT: u8 = 15 << 4;
    pub(in crate::wire) const KEY_SAME: u8 = 0;
    pub(in crate::wire) const KEY_SITE: u8 = 0b0100;
    pub(in crate::wire) const KEY_NAME: u8 = 0b1000;
    pub(in crate::wire) const LOW_FOLLOWS_FROM: u8 = 1 << 2;
    pub(in crate::wire) const LOW_BY_ADDRESS: u8 = 1;
    pub(in crate::wire) const LOW_DEFINITION: u8 = 1;
    pub(in crate::wire) const LOW_LAST: u8 = 2;
    pub(in crate::wire) const LOW_NAME: u8 = 4;
    pub(in crate::wire) const CLOCK_PAUSED: u8 = 0;
    pub(in crate::wire) const CLOCK_RATE: u8 = 1;
    pub(in crate::wire) const CLOCK_STEPPED: u8 = 2;
    pub(in crate::wire) const CLOCK_WALL: u8 = 3;
    // The extra byte's.
    pub(in crate::wire) const AMBIGUOUS: u8 = 1;
    pub(in crate::wire) const PARTS: u8 = 2;
    pub(in crate::wire) const CUT_OFF: u8 = 4;
}

/// What a trace is written as, if it is none of the session's own.
pub(super) mod code {
    /// The last remote trace.
    pub(in crate::wire) const REMOTE: u8 = 1;
    /// A remote trace whose id follows.
    pub(in crate::wire) const NEW_REMOTE: u8 = 3;
}

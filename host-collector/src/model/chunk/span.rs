//! Views of a span and of what belongs to it. They own nothing; what is a list is read when it is asked for.

use super::event::{EventView, LinkView};
use super::value::Attributes;
use super::view::{bytes, count, fields, messages, text};
use crate::model::{Kind, SpanId, TraceId};
use crate::protobuf::Field;

/// The id of full length, unless it is all 0.
pub(super) fn id<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok().filter(|id| *id != [0; N])
}

/// The tag that a message begins with, if it is short, and what is behind it.
#[inline]
fn short_attribute(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let [0x4a, length @ ..0x80, rest @ ..] = message else { return None };
    rest.split_at_checked(usize::from(*length))
}

#[inline]
fn skip_short_attributes(mut message: &[u8]) -> &[u8] {
    while let Some((_, rest)) = short_attribute(message) {
        message = rest;
    }
    message
}

/// One operation, from its start to its end.
///
/// What has a fixed place was read when the view was made; lists are read when they are asked for.
#[derive(Clone, Copy, Debug)]
pub struct SpanView<'a> {
    raw: &'a [u8],
    /// As much of it as has the lists and their counts.
    lists: &'a [u8],
    /// As much of that as is behind short tags in front; empty if those are flags.
    others: &'a [u8],
    trace_id: &'a [u8],
    span_id: &'a [u8],
    parent: &'a [u8],
    name: &'a [u8],
    trace_state: &'a [u8],
    status: &'a [u8],
    kind: u64,
    start_ns: u64,
    end_ns: u64,
    flags: u32,
}

impl<'a> SpanView<'a> {
    /// Reads one span's message.
    #[must_use]
    #[inline]
    pub fn new(raw: &'a [u8]) -> Self {
        Self::usual(raw).unwrap_or_else(|| Self::read(raw))
    }

    /// A span that has no more than most: ids, name, kind, times, tags and flags, in order and short, as
    /// everybody writes them.
    // Always, since whoever asks needs little of it.
    #[inline(always)]
    fn usual(raw: &'a [u8]) -> Option<Self> {
        let (trace_id, rest) = raw.strip_prefix(&[0x0a, 16])?.split_first_chunk::<16>()?;
        let (span_id, rest) = rest.strip_prefix(&[0x12, 8])?.split_first_chunk::<8>()?;
        let (parent, rest) = match rest {
            [0x22, 8, rest @ ..] => rest.split_at_checked(8)?,
            _ => (&[][..], rest),
        };
        let [0x2a, length @ ..0x80, rest @ ..] = rest else { return None };
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        let (kind, rest) = match rest {
            [0x30, kind @ ..0x80, rest @ ..] => (u64::from(*kind), rest),
            _ => (0, rest),
        };
        let (start, rest) = rest.strip_prefix(&[0x39])?.split_first_chunk()?;
        let (end, lists) = rest.strip_prefix(&[0x41])?.split_first_chunk()?;
        let flags = match skip_short_attributes(lists) {
            [] => 0,
            [0x85, 0x01, flags @ ..] => u32::from_le_bytes(flags.try_into().ok()?),
            _ => return None,
        };
        Some(Self {
            raw,
            lists,
            others: &[],
            trace_id,
            span_id,
            parent,
            name,
            trace_state: &[],
            status: &[],
            kind,
            start_ns: u64::from_le_bytes(*start),
            end_ns: u64::from_le_bytes(*end),
            flags,
        })
    }

    /// Any span.
    fn read(raw: &'a [u8]) -> Self {
        let others = skip_short_attributes(raw);
        let mut span = Self {
            raw,
            lists: raw,
            others,
            trace_id: &[],
            span_id: &[],
            parent: &[],
            name: &[],
            trace_state: &[],
            status: &[],
            kind: 0,
            start_ns: 0,
            end_ns: 0,
            flags: 0,
        };
        for field in fields(others) {
            match field {
                (1, Field::Bytes(id)) => span.trace_id = id,
                (2, Field::Bytes(id)) => span.span_id = id,
                (3, Field::Bytes(state)) => span.trace_state = state,
                (4, Field::Bytes(id)) => span.parent = id,
                (5, Field::Bytes(name)) => span.name = name,
                (6, Field::Varint(kind)) => span.kind = kind,
                (7, Field::Fixed64(start_ns)) => span.start_ns = start_ns,
                (8, Field::Fixed64(end_ns)) => span.end_ns = end_ns,
                (15, Field::Bytes(status)) => span.status = status,
                (16, Field::Fixed32(flags)) => span.flags = flags,
                _ => {}
            }
        }
        span
    }

    /// The message as it came.
    #[must_use]
    pub fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// Tags that are short and in front of all other lists, as almost all are; each as it came.
    pub(crate) fn short_attributes(self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.lists;
        core::iter::from_fn(move || {
            let (attribute, behind) = short_attribute(rest)?;
            rest = behind;
            Some(attribute)
        })
    }

    /// As much of the message as may have anything but for these tags and what is in front of them; mostly
    /// empty.
    pub(crate) fn raw_others(self) -> &'a [u8] {
        self.others
    }

    /// The trace that it belongs to. Never all 0.
    #[must_use]
    pub fn trace_id(self) -> TraceId {
        TraceId(id(self.trace_id).unwrap_or_default())
    }

    /// Its own id. Never all 0.
    #[must_use]
    pub fn span_id(self) -> SpanId {
        SpanId(id(self.span_id).unwrap_or_default())
    }

    /// The parent in the same trace; none for a root.
    #[must_use]
    pub fn parent_span_id(self) -> Option<SpanId> {
        id(self.parent).map(SpanId)
    }

    /// The operation name. Never empty.
    #[must_use]
    pub fn name(self) -> &'a str {
        text(self.name)
    }

    /// The same as it came.
    pub(crate) fn raw_name(self) -> &'a [u8] {
        self.name
    }

    /// W3C `tracestate`; may be empty.
    #[must_use]
    pub fn trace_state(self) -> &'a str {
        text(self.trace_state)
    }

    /// Which side of a call it is; unspecified also for a number that OTLP does not have.
    #[must_use]
    pub fn kind(self) -> Kind {
        Kind::from_number(self.kind)
    }

    /// OTLP's number for the kind, as it came.
    #[must_use]
    pub fn kind_number(self) -> i32 {
        // As protobuf has it: an enum is the lower half of what was sent.
        #[expect(clippy::cast_possible_truncation, reason = "see above")]
        let number = self.kind as i32;
        number
    }

    /// Start, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn start_ns(self) -> u64 {
        self.start_ns
    }

    /// End, in nanoseconds since the Unix epoch; later than the start.
    #[must_use]
    pub fn end_ns(self) -> u64 {
        self.end_ns
    }

    /// How long it took, in nanoseconds.
    #[must_use]
    pub fn duration_ns(self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }

    /// Tags.
    #[doc(alias = "tags")]
    #[must_use]
    pub fn attributes(self) -> Attributes<'a> {
        Attributes::new(self.lists, 9)
    }

    /// How many tags are known to be missing.
    #[must_use]
    pub fn dropped_attributes(self) -> u32 {
        count(self.lists, 10)
    }

    /// Logs.
    #[doc(alias = "logs")]
    pub fn events(self) -> impl Iterator<Item = EventView<'a>> + Clone {
        messages(self.lists, 11).map(|raw| EventView { raw })
    }

    /// How many logs are known to be missing.
    #[must_use]
    pub fn dropped_events(self) -> u32 {
        count(self.lists, 12)
    }

    /// References other than the parent.
    #[doc(alias = "references")]
    pub fn links(self) -> impl Iterator<Item = LinkView<'a>> + Clone {
        messages(self.lists, 13).map(|raw| LinkView { raw })
    }

    /// How many references are known to be missing.
    #[must_use]
    pub fn dropped_links(self) -> u32 {
        count(self.lists, 14)
    }

    /// Whether the operation failed.
    #[must_use]
    pub fn status(self) -> StatusView<'a> {
        match count(self.status, 3) {
            1 => StatusView::Ok,
            2 => StatusView::Error(text(bytes(self.status, 2))),
            _ => StatusView::Unset,
        }
    }

    /// OTLP's number for the status, as it came.
    #[must_use]
    pub fn status_code(self) -> u32 {
        count(self.status, 3)
    }

    /// What was said of the status, whatever that is; may be empty.
    #[must_use]
    pub fn status_message(self) -> &'a str {
        text(bytes(self.status, 2))
    }

    /// W3C trace flags in the low eight bits, and what OTLP adds.
    #[must_use]
    pub fn flags(self) -> u32 {
        self.flags
    }
}

/// Whether an operation failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StatusView<'a> {
    /// Nobody said.
    #[default]
    Unset,
    /// Somebody said that it did not.
    Ok,
    /// It failed; with a description, which may be empty.
    Error(&'a str),
}

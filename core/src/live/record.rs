//! The layout of records in the ring: what the hot path writes and the drain reads.
//!
//! ```text
//! first word    short: types 8 | 1 | 0 6 | committed 1 | site 16
//!               other: length in words 8 | 0 | flags 3 | kind 3 | committed 1 | site 16
//!
//! short  first | end | kinds | start | parent | root | values
//! wide   first | end | kinds | start | parent | root | values | own | marks
//! part   first | own | shape | values                (named: key, value)
//!        compact: first | own | kinds | values
//! log    first | own | shape | half wraps | time | values      (named: likewise)
//!        compact: first | own | kinds | time | values
//! ref    first | own | trace * 4 | span * 2
//! clock  first | code 16, half wraps 16 | time | two numbers of two words    (with `clock-events`)
//! after  first | ring | position                    (only where threads have rings)
//!
//! kinds  parts 8 | length of the static string 8 | the long way 1 | half wraps at the start 15
//!        (where compact: types 8 | length 8 | half wraps 16)
//! marks  half wraps at the end 16 | types 8 | marks 8
//! ```
//!
//! `end`, `start` and `time` are the clock's counter. A span without a number of its own, short or
//! wide with `own` 0, has its record's. Parent 0 and root 0 are none: it is a root. In a remote trace
//! `root` is the lowest word of the trace id, and the other three stand where values would. Values
//! of spans and where compact are inline, others raw but for copied strings, whose bytes follow
//! their length. A span's record has always as many words for values, used or not: with a length
//! that is always the same there is nothing to compute. In a short one they are two, four on a
//! 64-bit host.

use super::ring::LEN_SHIFT;

/// All but the site of a short span's first word, with the types of its values; committed.
#[inline(always)]
pub(crate) const fn short(types: u32) -> u32 {
    types << TYPES_SHIFT | super::ring::SHORT | super::ring::COMMITTED
}

/// The same of a span that has more values than a short record.
#[inline(always)]
pub(crate) const fn long(types: u32) -> u32 {
    types << TYPES_SHIFT
}

/// Words for values in a short record.
pub(crate) const SHORT_VALUES: usize = super::ring::SHORT_WORDS as usize - HEAD_WORDS;
/// Words of a span's record before its values.
const HEAD_WORDS: usize = 6;

/// Where the types of a short span's values stand in its first word.
pub(crate) const TYPES_SHIFT: u32 = 24;

pub(crate) const KIND_WIDE: u32 = 0 << 17;
pub(crate) const KIND_PART: u32 = 1 << 17;
pub(crate) const KIND_LOG: u32 = 2 << 17;
pub(crate) const KIND_REFERENCE: u32 = 3 << 17;
/// No record of a span: see [`Home`](super::home::Home). The number of a ring, and where in it the
/// records end that must be drained first.
#[cfg(feature = "std")]
pub(crate) const KIND_AFTER: u32 = 4 << 17;
/// What befell the clock.
#[cfg(feature = "clock-events")]
pub(crate) const KIND_CLOCK: u32 = 5 << 17;
/// None at all: it was reserved, and a reset came before it was committed.
#[cfg(feature = "retained")]
pub(crate) const KIND_VOID: u32 = 6 << 17;
pub(crate) const KIND_MASK: u32 = 7 << 17;

/// A part or a log: one key that is a string, not a site's.
pub(crate) const NAMED: u32 = 1 << 20;
/// A part: its value is the span's operation name.
pub(crate) const OPERATION: u32 = 1 << 21;
/// A part or a log: one or two values, inline, as in a span.
pub(crate) const COMPACT: u32 = 1 << 22;
/// A log: its fields belong to the span's last log.
pub(crate) const MORE: u32 = 1 << 21;
/// A reference: `follows_from`, not the parent.
pub(crate) const FOLLOWS: u32 = 1 << 20;

/// Words of a wide span.
pub(crate) const WIDE_WORDS: usize = HEAD_WORDS + crate::tags::INLINE_WORDS + 2;
/// Words of a record that says what comes first.
#[cfg(feature = "std")]
pub(crate) const AFTER_WORDS: u32 = 3;
/// Words of a compact log before its values.
pub(crate) const COMPACT_LOG_WORDS: u32 = 4;

/// Where a wide span has the [marks](super::open::mark) of its first word.
pub(crate) const MARKS_SHIFT: u32 = 16;

/// Where the number of parts, or the types of a compact log, stand among the kinds.
pub(crate) const PARTS_SHIFT: u32 = 24;
/// Where the length of the static string stands among the kinds.
pub(crate) const STR_SHIFT: u32 = 16;
pub(crate) const STR_MASK: u32 = 0xff << STR_SHIFT;

/// A first word without its site, not committed, of all but short spans.
#[inline(always)]
pub(crate) const fn first(kind: u32, len: u32) -> u32 {
    len << LEN_SHIFT | kind
}

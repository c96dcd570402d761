//! The layout of records in the ring: what the hot path writes and the drain reads.
//!
//! The first word of each: length in words 8 | flags 4 | kind 3 | committed 1 | bits of the call
//! site 16.
//!
//! ```text
//! span  first | start | duration | own | 0..16 trace, 16..32 parent: distances below own
//!             | half wraps 16, length of the static string 8, types 8 | values
//! wide  first | start | duration | own | duration's upper half 16, parts 8, flags 4, form 4
//!             | half wraps 16, length 8, types 8 | by form: -, parent root, parent trace*4, trace*4
//!             | values
//! part  first | own | types | values                    (name: key pointer, key length, value)
//! log   first | own | types | time | half wraps | values (name: likewise)
//! ref   first | own | trace*4 | span*2
//! ```

use super::ring::LEN_SHIFT;

pub(crate) const KIND_SPAN: u32 = 0 << 17;
pub(crate) const KIND_PART: u32 = 1 << 17;
pub(crate) const KIND_LOG: u32 = 2 << 17;
pub(crate) const KIND_REFERENCE: u32 = 3 << 17;
pub(crate) const KIND_MASK: u32 = 7 << 17;

/// A span: the long form.
pub(crate) const WIDE: u32 = 1 << 20;
/// A part or a log: one key that is a string, not a site's.
pub(crate) const NAMED: u32 = 1 << 20;
/// A part: its value is the span's operation name.
pub(crate) const OPERATION: u32 = 1 << 21;
/// A log: one or two values without their own word of types, as in a span.
pub(crate) const COMPACT: u32 = 1 << 21;
/// A reference: `follows_from`, not the parent.
pub(crate) const FOLLOWS: u32 = 1 << 20;

/// Words of a span before its values.
pub(crate) const SPAN_WORDS: u32 = 6;
/// Words of a part before its values.
pub(crate) const PART_WORDS: u32 = 3;
/// Words of a log before its values.
pub(crate) const LOG_WORDS: u32 = 5;
/// Words of a compact log before its values.
pub(crate) const COMPACT_LOG_WORDS: u32 = 4;
/// Words of a reference.
pub(crate) const REFERENCE_WORDS: u32 = 8;

/// From this distance on a root is too far for the short form.
pub(crate) const FAR: u32 = 1 << 16;

/// The forms of a wide span's relations.
pub(crate) const FORM_ROOT: u32 = 0;
pub(crate) const FORM_LOCAL: u32 = 1;
pub(crate) const FORM_REMOTE_TRACE: u32 = 2;
pub(crate) const FORM_REMOTE_PARENT: u32 = 3;
/// Flag beside the form: the duration may be short by whole turns.
pub(crate) const AMBIGUOUS: u32 = 1 << 4;

/// A first word without its site, not committed.
#[inline(always)]
pub(crate) const fn first(kind: u32, len: u32) -> u32 {
    len << LEN_SHIFT | kind
}

//! Whether a record that a reset left is one that the drain can make sense of.
//!
//! A sum over each record would cost the hot path more than all the rest. So a record is looked at before it is
//! encoded: its kind, its length and the types of its values must agree.

use super::super::open::{FIRST_NUMBER, LAST_NUMBER, mark, words_of};
use super::super::record;
use super::super::ring::{Committed, SHORT};
use crate::tags::{INLINE_WORDS, MAX_COPIED_LEN, POINTER_WORDS};
use crate::wire::{Shape, Type};

/// Whether it is a record; one that nobody committed is none.
pub(crate) fn is_sane(record: &Committed<'_>) -> bool {
    let first = record.first();
    if first & SHORT != 0 {
        let types = first >> record::TYPES_SHIFT << 8;
        return is_span(record, 0, types, record::SHORT_VALUES);
    }
    match first & record::KIND_MASK {
        record::KIND_WIDE => is_wide(record),
        record::KIND_PART | record::KIND_LOG => is_part(record),
        #[cfg(feature = "clock-events")]
        record::KIND_CLOCK => record.len() == 7,
        record::KIND_REFERENCE => record.len() == 8 && is_number(word(record, 1)),
        _ => false,
    }
}

fn word(record: &Committed<'_>, at: usize) -> u32 {
    // SAFETY: only asked for words that hold something, if the record is what it seems to be; and if it is not,
    // the memory is such that a reset left.
    unsafe { record.word(at) }.unwrap_or(0)
}

fn is_number(own: u32) -> bool {
    (FIRST_NUMBER..=LAST_NUMBER).contains(&own)
}

/// Whether a word can be a value of a type: of a truth value there are two.
fn is_value(ty: u32, word: u32) -> bool {
    ty != Type::Bool as u32 || word <= 1
}

/// Whether the values of a span with this number and these marks have room, and its parent and root can be.
fn is_span(record: &Committed<'_>, own: u32, marks: u32, room: usize) -> bool {
    const HEAD: usize = 6;

    let is = |mark: u32| marks & mark >> record::MARKS_SHIFT != 0;
    // Three words of a remote trace's id are where values would be.
    let mut words = if is(mark::REMOTE) { 3 } else { 0 };
    let mut is_known = own == 0 || is_number(own);
    Shape(marks >> 8 & 0xff).each(|ty| {
        let value = word(record, HEAD + words);
        is_known &= ty <= Type::Static as u32 && words < room && is_value(ty, value);
        words += words_of(ty);
    });
    let (parent, root) = (word(record, 4), word(record, 5));
    is_known &= words <= room;
    if is(mark::REMOTE) {
        return is_known && (is(mark::REMOTE_PARENT) || parent == 0 || is_number(parent));
    }
    let is_root = parent == 0 && (root == 0 || root == own);
    is_known && !is(mark::REMOTE_PARENT) && (is_root || is_number(parent) && is_number(root))
}

fn is_wide(record: &Committed<'_>) -> bool {
    let [own, marks] = [2, 1].map(|back| word(record, record::WIDE_WORDS - back));
    record.len() as usize == record::WIDE_WORDS && is_span(record, own, marks, INLINE_WORDS)
}

fn is_part(record: &Committed<'_>) -> bool {
    let first = record.first();
    let is_log = first & record::KIND_MASK == record::KIND_LOG;
    let is_compact = first & record::COMPACT != 0;
    let kinds = word(record, 2);
    let mut at = 3;
    if is_log {
        at += if is_compact { 1 } else { 2 };
    }
    if first & record::NAMED != 0 {
        at += POINTER_WORDS + 1;
    }
    let shape = if is_compact { Shape(kinds >> record::PARTS_SHIFT) } else { Shape(kinds) };
    let mut is_known = is_number(word(record, 1));
    shape.each(|ty| {
        is_known &= Type::from_nibble(ty).is_some() && at < record.len() as usize;
        if is_known {
            is_known = is_value(ty, word(record, at));
        }
        let len = match ty {
            _ if ty < Type::Static as u32 => words_of(ty),
            _ if ty == Type::Static as u32 || ty == Type::CutStatic as u32 => {
                POINTER_WORDS + usize::from(!is_compact)
            }
            _ => {
                let len = if is_known { word(record, at) as usize } else { 0 };
                let is_text = ty == Type::Text as u32 || ty == Type::CutText as u32;
                let bytes = record.bytes(at + 1, len.min(MAX_COPIED_LEN)).unwrap_or(&[]);
                is_known &= len <= MAX_COPIED_LEN && !is_compact;
                is_known &= !is_text || core::str::from_utf8(bytes).is_ok();
                1 + len.min(MAX_COPIED_LEN).div_ceil(4)
            }
        };
        at += len;
    });
    let len = record.len() as usize;
    // A part that holds what its span had no room for has all words of that, used or not.
    is_known && (at == len || is_compact && !is_log && len == 3 + INLINE_WORDS && at <= len)
}

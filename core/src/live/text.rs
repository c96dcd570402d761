//! Copied strings and bytes on their way into a record. Programs that copy none have nothing of it.

use super::open::{Body, Open, mark};
use super::raw::Raw;
use super::recorder::count;
use crate::tags::{MAX_COPIED_LEN, POINTER_WORDS, Words};
use crate::wire::Type;

/// The most words that a record can have.
const MOST_WORDS: usize = 255;
/// How long copied strings may be where eight of them must fit a record together.
const CROWDED_LEN: usize = 120;

const TEXT: u32 = Type::Text as u32;
/// By how much the type of what is cut is greater.
const CUT: u32 = Type::CutText as u32 - TEXT;
const _: () = assert!(Type::CutBytes as u32 - Type::Bytes as u32 == CUT);

/// Records something that carries the span's number, and of which values are copied strings or bytes.
/// The first word of its head is the shape.
#[inline(never)]
pub(super) fn emit(open: &Open, first: u32, head: &[u32], values: Raw<'_>) {
    let mut longest = MAX_COPIED_LEN;
    let mut measured = Measured::of(values, longest);
    if measured.words + head.len() + 2 > MOST_WORDS {
        longest = CROWDED_LEN;
        measured = Measured::of(values, longest);
    }
    if measured.cuts != 0 && !open.is(mark::UNSAMPLED) {
        count(&open.tracer.recorder.state().tag_cut, measured.cuts);
    }
    let len = 2 + head.len() + measured.words;
    if let Some(reserved) = open.begin_part(len) {
        let mut body = Body { reserved, at: 2, end: len };
        let (shape, rest) = head.split_first().unwrap_or((&0, &[]));
        body.put(shape + measured.shape);
        rest.iter().for_each(|word| body.put(*word));
        values.each(|ty, words| {
            if ty >= TEXT {
                put(kept(ty, words, longest), &mut body);
            } else {
                words.iter().for_each(|word| body.put(*word));
            }
        });
        reserved.commit_part(first, len);
    }
}

/// What values take in a record.
#[derive(Clone, Copy, Default)]
struct Measured {
    words: usize,
    /// How many are cut.
    cuts: u32,
    /// What that adds to their shape.
    shape: u32,
}

impl Measured {
    fn of(values: Raw<'_>, longest: usize) -> Self {
        let (mut sum, mut at) = (Self::default(), 0);
        values.each(|ty, words| {
            sum.words += words.len();
            if ty >= TEXT {
                let kept = kept(ty, words, longest);
                sum.words = sum.words + kept.len().div_ceil(4) - POINTER_WORDS;
                if words.last().is_some_and(|len| *len as usize > kept.len()) {
                    sum.cuts += 1;
                    sum.shape += CUT << at;
                }
            }
            at += 4;
        });
        sum
    }
}

/// A copied string or bytes as far as they are kept; a string is cut between characters.
fn kept(ty: u32, words: &[u32], longest: usize) -> &[u8] {
    let address =
        words.iter().rev().skip(1).fold(0_u64, |address, word| address << 32 | u64::from(*word));
    #[expect(clippy::cast_possible_truncation, reason = "it was an address")]
    let pointer = core::ptr::with_exposed_provenance::<u8>(address as usize);
    let len = words.last().map_or(0, |len| *len as usize);
    // SAFETY: raw words of a copied value are address and length of a slice that lives longer.
    let bytes = unsafe { core::slice::from_raw_parts(pointer, len) };
    let mut end = len.min(longest);
    // A byte that begins with the bits 10 goes on with a character.
    while ty == TEXT && bytes.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    bytes.get(..end).unwrap_or(bytes)
}

#[expect(clippy::cast_possible_truncation, reason = "at most MAX_COPIED_LEN")]
fn put(bytes: &[u8], body: &mut impl Words) {
    body.put(bytes.len() as u32);
    for chunk in bytes.chunks(4) {
        let mut word = [0; 4];
        word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        #[expect(clippy::host_endian_bytes, reason = "bytes stay in the order of memory")]
        body.put(u32::from_ne_bytes(word));
    }
}

//! Copied strings on their way into a record. Programs that copy none have nothing of it.

use super::open::{Body, Open, mark};
use super::raw::{Raw, cut};
use super::recorder::count;
use crate::tags::{MAX_COPIED_LEN, POINTER_WORDS, Words};
use crate::wire::Type;

/// The most words that a record can have.
const MOST_WORDS: usize = 255;
/// How long copied strings may be where eight of them must fit a record together.
const CROWDED_LEN: usize = 120;

/// Records something that carries the span's number, and of which values are copied strings.
#[inline(never)]
pub(super) fn emit(open: &Open, first: u32, head: &[u32], values: Raw<'_>) {
    let mut longest = MAX_COPIED_LEN;
    let (mut words, mut cuts) = measure(values, longest);
    if words + head.len() + 2 > MOST_WORDS {
        longest = CROWDED_LEN;
        (words, cuts) = measure(values, longest);
    }
    if cuts != 0 && !open.is(mark::UNSAMPLED) {
        count(&open.tracer.recorder.state().tag_cut, cuts);
    }
    let len = 2 + head.len() + words;
    if let Some(reserved) = open.begin_part(len) {
        let mut body = Body { reserved, at: 2, end: len };
        head.iter().for_each(|word| body.put(*word));
        values.each(|ty, words| {
            if ty == Type::Text as u32 {
                put(kept(words, longest), &mut body);
            } else {
                words.iter().for_each(|word| body.put(*word));
            }
        });
        reserved.commit_part(first, len);
    }
}

/// Words that values take in a record, and how many of them are cut.
fn measure(values: Raw<'_>, longest: usize) -> (usize, u32) {
    let (mut len, mut cuts) = (0, 0);
    values.each(|ty, words| {
        len += words.len();
        if ty == Type::Text as u32 {
            let kept = kept(words, longest);
            len = len + kept.len().div_ceil(4) - POINTER_WORDS;
            cuts += u32::from(words.last().is_some_and(|len| *len as usize > kept.len()));
        }
    });
    (len, cuts)
}

/// A copied string as far as it is kept.
fn kept(words: &[u32], longest: usize) -> &str {
    let address =
        words.iter().rev().skip(1).fold(0_u64, |address, word| address << 32 | u64::from(*word));
    #[expect(clippy::cast_possible_truncation, reason = "it was an address")]
    let pointer = core::ptr::with_exposed_provenance::<u8>(address as usize);
    let len = words.last().map_or(0, |len| *len as usize);
    // SAFETY: raw words of a copied string are address and length of a `str` that lives longer.
    let text = unsafe { core::str::from_utf8_unchecked(core::slice::from_raw_parts(pointer, len)) };
    cut(text, longest)
}

#[expect(clippy::cast_possible_truncation, reason = "at most MAX_COPIED_LEN")]
fn put(text: &str, body: &mut impl Words) {
    body.put(text.len() as u32);
    for chunk in text.as_bytes().chunks(4) {
        let mut word = [0; 4];
        word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        #[expect(clippy::host_endian_bytes, reason = "bytes stay in the order of memory")]
        body.put(u32::from_ne_bytes(word));
    }
}

//! How a span becomes a record when it is finished.

use super::open::{Body, Open, mark};
use super::record::{self, first};
use super::ring::{COMMITTED, LEN_SHIFT, Reserved};
use super::time::Moment;
use crate::tags::{INLINE_WORDS, Words};
use core::sync::atomic::Ordering::Relaxed;

/// Records a finished span.
///
/// The short form, and everything that goes as usual, is here, so that where it is inlined a span
/// need never be in memory. Whatever is not as usual goes to [`record_slowly`], which begins anew.
#[inline(always)]
pub(super) fn record(open: &Open) {
    let tracer = open.tracer;
    let recorder = &tracer.recorder;
    let first = open.first.get();
    'short: {
        let is_slotted = cfg!(speed) && first >= mark::SLOTTED_LEAF;
        if !is_slotted && open.own.get() != 0 {
            if first & mark::UNSAMPLED != 0 {
                return;
            }
            break 'short;
        }
        let short = if is_slotted { first & !mark::SLOTTED_LEAF } else { first };
        let state = recorder.state();
        if u32::from(state.half_wraps.load(Relaxed)) != open.kinds >> 16 {
            break 'short;
        }
        let reserved = critical_section::with(|cs| {
            // No number near a root's is the last of its 32 bits: see `Tracer::next_number`.
            let next = state.counter.load(Relaxed).wrapping_add(1);
            let own = if is_slotted { open.own.get() } else { next };
            let near = own.wrapping_sub(open.trace);
            if near >= record::FAR {
                return None;
            }
            let reserved = recorder.ring().reserve_at_once(short >> LEN_SHIFT, cs)?;
            if !is_slotted {
                state.counter.store(own, Relaxed);
            }
            Some((reserved, own, near))
        });
        let Some((reserved, own, near)) = reserved else { break 'short };
        // Less than half a turn had passed just now, so the difference is right. The clock is read
        // this late since there are registers to spare again.
        let duration = tracer.clock.ticks().wrapping_sub(open.start);
        // SAFETY: six words and the values' were reserved.
        unsafe {
            reserved.write(1, open.start);
            reserved.write(2, duration);
            reserved.write(3, own);
            reserved.write(4, own.wrapping_sub(open.parent) << 16 | near);
            reserved.write(5, open.kinds);
            write_values(reserved, &open.words, short >> LEN_SHIFT);
        }
        reserved.commit(short);
        // Only now: a reset finds the span in the ring or in the table, or in both.
        if is_slotted {
            recorder.free(own);
        }
        return;
    }
    slowly(open);
}

/// Writes the values of a span with a record of `len` words.
///
/// Word by word: a loop of unknown length would want the words in memory.
///
/// # Safety
/// So many words were reserved.
#[inline(always)]
unsafe fn write_values(reserved: Reserved<'_>, words: &[u32; INLINE_WORDS], len: u32) {
    const AT: usize = record::SPAN_WORDS as usize;

    let [a, b, c, rest @ ..] = *words;
    if len == record::SPAN_WORDS {
        return;
    }
    // SAFETY: promised by the caller, here and below.
    unsafe { reserved.write(AT, a) };
    if len > record::SPAN_WORDS + 1 {
        // SAFETY: as above.
        unsafe { reserved.write(AT + 1, b) };
    }
    if len > record::SPAN_WORDS + 2 {
        // SAFETY: as above.
        unsafe { reserved.write(AT + 2, c) };
    }
    for (at, word) in (AT + 3..).zip(rest) {
        if at < len as usize {
            // SAFETY: as above.
            unsafe { reserved.write(at, word) };
        }
    }
}

/// [`record_slowly`], with a copy: what it is given must not keep the original from registers.
#[cfg(speed)]
#[inline(always)]
fn slowly(open: &Open) {
    record_slowly(&open.copy());
}

#[cfg(not(speed))]
use record_slowly as slowly;

/// Records a span that has a number, or is too long, too far from its root, or finds the ring at
/// its end.
#[cold]
#[inline(never)]
fn record_slowly(open: &Open) {
    open.leave_leaf();
    record_wide(open);
    if open.tracer.recorder.has_slots() {
        open.tracer.recorder.free(open.number());
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low half; the rest is beside it")]
fn record_wide(open: &Open) {
    let tracer = open.tracer;
    let recorder = &tracer.recorder;
    let end = Moment::now(recorder.state(), &tracer.clock);
    let own = open.number();
    let trace = open.trace();
    let is_remote = open.is(mark::REMOTE);
    let (form, relations): (u32, &[u32]) = if open.is(mark::ROOT) {
        (record::FORM_ROOT, &[])
    } else if open.is(mark::REMOTE_PARENT) {
        (record::FORM_REMOTE_PARENT, &trace)
    } else if is_remote {
        (record::FORM_REMOTE_TRACE, &trace)
    } else {
        (record::FORM_LOCAL, trace.get(..1).unwrap_or(&[]))
    };
    let has_parent = form == record::FORM_LOCAL || form == record::FORM_REMOTE_TRACE;
    let values = if is_remote { &[] } else { open.values() };
    let head = record::SPAN_WORDS as usize;
    let len = head + usize::from(has_parent) + relations.len() + values.len();
    let reserved = recorder.ring().reserve(len as u32);
    let Some(reserved) = reserved else { return };
    // Without a keeper at the start nobody knows how often the counter has turned since.
    let (duration, ambiguous) = if open.start().is_kept() {
        (end.since(open.start()), 0)
    } else {
        (u64::from(end.ticks.wrapping_sub(open.start)), record::AMBIGUOUS)
    };
    let mut body = Body { reserved, at: 1, end: len };
    body.put(open.start);
    body.put(duration as u32);
    body.put(own);
    body.put(((duration >> 32) as u32) << 16 | open.parts() << 8 | ambiguous | form);
    body.put(open.kinds);
    if has_parent {
        body.put(open.parent);
    }
    relations.iter().chain(values).for_each(|word| body.put(*word));
    let site = open.first.get() & 0xffff;
    let kind = record::KIND_SPAN | record::WIDE;
    reserved.commit(site | first(kind, len as u32) | COMMITTED);
}

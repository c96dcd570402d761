//! How a span becomes a record when it is finished.

use super::open::{Open, is_number, mark};
use super::record;
use super::ring::{COMMITTED, Reserved, SHORT_WORDS};
use super::time::{LONG_WAY, Moment};
use core::sync::atomic::Ordering::Relaxed;

/// Records a finished span.
///
/// The short form, and everything that goes as usual, is here, so that where it is inlined a span
/// need never be in memory. Whatever is not as usual goes elsewhere, which begins anew.
#[inline(always)]
pub(super) fn record(open: &Open) {
    let clock = &open.tracer.clock;
    'short: {
        if cfg!(speed) && !open.is_leaf() {
            if open.first.get() & (mark::UNSAMPLED | mark::BAGGAGE) == mark::UNSAMPLED {
                return;
            }
            break 'short;
        }
        let Some(reserved) = reserve(open) else { break 'short };
        // The clock is read this late since there are registers to spare again.
        #[cfg(speed)]
        let end = clock.ticks();
        // SAFETY: where this is not inlined, a leaf whose clock is a function goes the long way.
        #[cfg(not(speed))]
        let end = unsafe { clock.register_now() };
        commit(open, reserved, end);
        // Only now: a reset finds the span in the ring or in the table, or in both.
        if cfg!(speed) && open.tracer.recorder.has_slots() {
            open.tracer.recorder.free_leaf(open.own.get());
        }
        return;
    }
    slowly(open);
}

/// Room for a short record, if the span goes the short way, half a turn of the clock has not passed
/// (it would not fit the difference of two counters), and the ring is not at its end.
#[inline(always)]
fn reserve(open: &Open) -> Option<Reserved<'static>> {
    let recorder = &open.tracer.recorder;
    if u32::from(recorder.state().half_wraps.load(Relaxed)) != open.kinds.get() & 0xffff {
        return None;
    }
    recorder.reserve_short(SHORT_WORDS)
}

/// Writes and commits a short record.
#[inline(always)]
fn commit(open: &Open, reserved: Reserved<'_>, end: u32) {
    // SAFETY: so many words were reserved; the words of a span from its kinds on are those of the
    // record, and no fewer.
    unsafe {
        reserved.write(1, end);
        reserved.copy_pairs::<COPIED_PAIRS>(2, open.record_words());
    }
    reserved.commit(open.first.get());
}

/// [`record_slowly`], with a copy: what it is given must not keep the original from registers.
#[cfg(speed)]
#[inline(always)]
fn slowly(open: &Open) {
    record_slowly(&open.copy());
}

#[cfg(not(speed))]
use record_slowly as slowly;

/// Records a span that has a number, or lasted long, or finds the ring at its end; and where
/// [`record`] is not inlined a leaf with a slot, or whose clock is a function.
#[cold]
#[inline(never)]
fn record_slowly(open: &Open) {
    record_at(open, None);
}

/// Records a span that ended at this moment, or now.
#[cfg_attr(speed, inline(always))]
#[expect(clippy::cast_possible_truncation, reason = "13 at most")]
pub(super) fn record_at(open: &Open, end: Option<Moment>) {
    const WIDE: usize = record::WIDE_WORDS;

    let baggage = open.baggage();
    if let Some(pool) = open.tracer.pool()
        && baggage != 0
    {
        pool.release(baggage);
    }
    if open.is(mark::UNSAMPLED) {
        return;
    }
    let recorder = &open.tracer.recorder;
    let end = end.unwrap_or_else(|| Moment::now(recorder.state(), &open.tracer.clock));
    let started = open.kinds.get() as u16 & !LONG_WAY;
    let is_short = open.is_leaf() && started == end.half_wraps;
    let len = if is_short { SHORT_WORDS as usize } else { WIDE };
    if let Some(reserved) = recorder.reserve(&open.home, len as u32) {
        let mut first = open.first.get();
        let copied = if is_short { len - 2 } else { len - 4 };
        // SAFETY: so many words were reserved; the words of a span from its kinds on are those of
        // the record, and no fewer.
        unsafe {
            reserved.write(1, end.ticks);
            reserved.copy_all(2, open.record_words(), copied);
        }
        if !is_short {
            // One that needed no number to its end has its record's.
            let own = if is_number(open.own.get()) { open.own.get() } else { 0 };
            let marks = first >> record::MARKS_SHIFT & 0xffff;
            let marks = if open.is_leaf() { marks & 0xff00 } else { marks };
            let marks = if baggage == 0 { marks } else { marks & 0xff };
            let marks = u32::from(end.half_wraps) << 16 | marks;
            // SAFETY: as above.
            unsafe {
                reserved.write(WIDE - 2, own);
                reserved.write(WIDE - 1, marks);
            }
            first = first & 0xffff | record::first(record::KIND_WIDE, len as u32) | COMMITTED;
        }
        reserved.commit(first);
    }
    recorder.free(open);
}

/// Pairs of words in a short record behind the end.
const COPIED_PAIRS: usize = (SHORT_WORDS as usize - 2) / 2;
const _: () = {
    assert!(SHORT_WORDS.is_multiple_of(2));
    assert!(core::mem::offset_of!(Open, kinds) + 8 * COPIED_PAIRS <= size_of::<Open>());
    assert!(core::mem::offset_of!(Open, kinds) + 4 * (record::WIDE_WORDS - 4) == size_of::<Open>());
};

//! The ring by itself, also under Miri (`cargo xtask miri`): it needs no call site, which Miri's lack
//! of a linker would not give a table for.

use super::recorder::Recorder;
use super::ring::{COMMITTED, Committed, LEN_SHIFT, Ring, SHORT, SHORT_WORDS, len_of};
use core::mem::MaybeUninit;
use std::boxed::Box;
use std::thread;
use std::vec::Vec;

fn ring<const WORDS: usize>() -> Ring<'static> {
    let recorder: &'static Recorder<WORDS> = Box::leak(Box::new(Recorder::new()));
    recorder.by_ref().ring()
}

/// Records a number `len - 1` times.
fn produce(ring: Ring<'_>, len: u32, number: u32) -> bool {
    let Some(reserved) = ring.reserve(len) else { return false };
    for at in 1..len as usize {
        // SAFETY: below the length reserved.
        unsafe { reserved.write(at, number) };
    }
    reserved.commit(len << LEN_SHIFT | COMMITTED);
    true
}

fn word(record: &Committed<'_>, at: usize) -> Option<u32> {
    // SAFETY: the records of these tests hold something in every word.
    unsafe { record.word(at) }
}

/// The number of the oldest record, which is whole.
fn consume(ring: Ring<'_>) -> Option<u32> {
    let record = ring.oldest()?;
    let number = word(&record, 1)?;
    let len = len_of(record.first()) as usize;
    assert!((1..len).all(|at| word(&record, at) == Some(number)));
    assert_eq!(word(&record, len), None);
    ring.release(&record);
    Some(number)
}

#[test]
fn records_of_all_lengths_go_round() {
    let ring = ring::<67>();
    let mut made = 0;
    let mut seen = 0;
    for turn in 0..200 {
        made += u32::from(produce(ring, 2 + turn % 17, made));
        if turn % 3 == 2 {
            while let Some(number) = consume(ring) {
                assert_eq!(number, seen);
                seen += 1;
            }
        }
    }
    seen += core::iter::from_fn(|| consume(ring)).count() as u32;
    assert_eq!((made, ring.positions.dropped()), (seen, 200 - made));
}

/// The length of a short record is not written as a number.
#[test]
fn short_records_go_round_too() {
    let ring = ring::<67>();
    for number in 0..200 {
        let reserved = ring.reserve(SHORT_WORDS).unwrap();
        // SAFETY: below the length reserved.
        (1..SHORT_WORDS as usize).for_each(|at| unsafe { reserved.write(at, number) });
        reserved.commit(number << LEN_SHIFT | SHORT | COMMITTED);
        assert!(produce(ring, 3, number));
        assert_eq!((consume(ring), consume(ring)), (Some(number), Some(number)));
    }
}

/// A short record has words for values that its span does not have.
#[test]
fn words_that_hold_nothing_are_copied_and_not_read() {
    let ring = ring::<64>();
    let mut from = [const { MaybeUninit::<u32>::uninit() }; 6];
    from[0].write(7);
    from[1].write(8);
    for _ in 0..20 {
        let reserved = ring.reserve(SHORT_WORDS).unwrap();
        // SAFETY: six words go from the second on, of eight or ten.
        unsafe {
            reserved.write(1, 6);
            reserved.copy_pairs::<3>(2, from.as_ptr().cast());
        }
        reserved.commit(SHORT | COMMITTED);
        let record = ring.oldest().unwrap();
        assert_eq!([1, 2, 3].map(|at| word(&record, at)), [Some(6), Some(7), Some(8)]);
        ring.release(&record);
        let reserved = ring.reserve(5).unwrap();
        // SAFETY: four words go from the second on, of five.
        unsafe { reserved.copy_all(1, from.as_ptr().cast(), 4) };
        reserved.commit(5 << LEN_SHIFT | COMMITTED);
        let record = ring.oldest().unwrap();
        assert_eq!([1, 2].map(|at| word(&record, at)), [Some(7), Some(8)]);
        ring.release(&record);
    }
}

#[test]
fn a_full_ring_takes_nothing_and_keeps_what_it_has() {
    let ring = ring::<64>();
    let made = (0..20).filter(|number| produce(ring, 7, *number)).count();
    assert_eq!((made, ring.positions.dropped()), (9, 11));
    assert_eq!(ring.used(), 63);
    assert!(core::iter::from_fn(|| consume(ring)).eq(0..9));
    assert!(produce(ring, 7, 9) && consume(ring) == Some(9));
}

#[test]
fn what_is_not_committed_stops_the_drain() {
    let ring = ring::<64>();
    let slow = ring.reserve(3).unwrap();
    assert!(produce(ring, 4, 1));
    assert_eq!(consume(ring), None);
    // SAFETY: three words were reserved.
    unsafe {
        slow.write(1, 0);
        slow.write(2, 0);
    }
    slow.commit(3 << LEN_SHIFT | COMMITTED);
    assert!(core::iter::from_fn(|| consume(ring)).eq(0..2));
}

#[test]
fn text_is_read_as_it_was_written() {
    let ring = ring::<64>();
    let reserved = ring.reserve(4).unwrap();
    for (at, bytes) in [b"kopi", b"ert\0"].into_iter().enumerate() {
        #[expect(clippy::host_endian_bytes, reason = "bytes stay in the order of memory")]
        let word = u32::from_ne_bytes(*bytes);
        // SAFETY: below the length reserved.
        unsafe { reserved.write(1 + at, word) };
    }
    // SAFETY: as above.
    unsafe { reserved.write(3, 0) };
    reserved.commit(4 << LEN_SHIFT | COMMITTED);
    let record = ring.oldest().unwrap();
    assert_eq!(record.bytes(1, 7), Some(&b"kopiert"[..]));
    assert_eq!(record.bytes(1, 13), None);
    ring.release(&record);
}

#[test]
fn threads_record_while_another_drains() {
    const EACH: u32 = 40;

    let ring = ring::<64>();
    let producers: [_; 3] = core::array::from_fn(|thread| {
        let first = thread as u32 * EACH;
        thread::spawn(move || (first..first + EACH).filter(|n| produce(ring, 5, *n)).count())
    });
    let mut seen = Vec::new();
    while producers.iter().any(|one| !one.is_finished()) {
        seen.extend(consume(ring));
        thread::yield_now();
    }
    // Only by joining a thread one is sure to see its last commit.
    let made: usize = producers.into_iter().map(|one| one.join().unwrap()).sum();
    seen.extend(core::iter::from_fn(|| consume(ring)));
    assert_eq!(seen.len(), made);
    assert_eq!(made as u32 + ring.positions.dropped(), 3 * EACH);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), made, "one came twice");
}

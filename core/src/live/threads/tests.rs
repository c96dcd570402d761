//! The ring of a thread by itself, also under Miri.

use super::super::ring::{COMMITTED, LEN_SHIFT, len_of};
use super::super::sync::Word;
use super::ring::ThreadRing;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::thread;

fn ring(words: usize) -> ThreadRing {
    ThreadRing::new((0..words).map(|_| Word::new()).collect())
}

/// Records a number `len - 1` times.
fn produce(ring: &ThreadRing, len: u32, number: u32) -> bool {
    let Some(reserved) = ring.reserve(len) else { return false };
    for at in 1..len as usize {
        // SAFETY: below the length reserved.
        unsafe { reserved.write(at, number) };
    }
    reserved.commit(len << LEN_SHIFT | COMMITTED);
    true
}

/// Length and number of the oldest record, which is whole.
fn consume(ring: &ThreadRing) -> Option<(u32, u32)> {
    let record = ring.oldest()?;
    let len = len_of(record.first());
    // SAFETY: the records of these tests hold something in every word.
    let word = |at: u32| unsafe { record.word(at as usize) };
    let number = word(1)?;
    assert!((1..len).all(|at| word(at) == Some(number)));
    assert_eq!(word(len), None);
    ring.release(&record);
    Some((len, number))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 5 } else { 256 }, ..Default::default() })]

    /// What comes out is what went in; a record is dropped only where it would not fit behind the last,
    /// nor, where the words end, at their start.
    #[test]
    fn any_records_come_out_as_they_went_in(
        steps in proptest::collection::vec((2..80_u32, 0..3_u32), 0..200),
        is_large in any::<bool>(),
    ) {
        let ring = ring(if is_large { 256 } else { 64 });
        let size = if is_large { 256 } else { 64 };
        let (mut kept, mut head, mut dropped) = (VecDeque::new(), 0, 0);
        for (number, (len, drains)) in steps.into_iter().enumerate() {
            let used = ring.used();
            let to_end = size - head % size;
            let needed = if len <= to_end { len } else { to_end + len };
            let is_kept = produce(&ring, len, number as u32);
            prop_assert_eq!(is_kept, used + needed <= size, "{} of {}", needed, size - used);
            if is_kept {
                kept.push_back((len, number as u32));
                head += needed;
            } else {
                dropped += 1;
            }
            for _ in 0..drains {
                prop_assert_eq!(consume(&ring), kept.pop_front());
            }
        }
        while let Some(next) = kept.pop_front() {
            prop_assert_eq!(consume(&ring), Some(next));
        }
        prop_assert_eq!((consume(&ring), ring.used(), ring.dropped()), (None, 0, dropped));
    }
}

#[test]
fn what_is_not_committed_stops_the_drain_and_not_the_thread() {
    let ring = ring(64);
    let outer = ring.reserve(3).unwrap();
    assert!(produce(&ring, 4, 2));
    assert!(ring.oldest().is_none());
    // SAFETY: three words are reserved.
    unsafe {
        outer.write(1, 1);
        outer.write(2, 1);
    }
    outer.commit(3 << LEN_SHIFT | COMMITTED);
    assert_eq!(
        [consume(&ring), consume(&ring), consume(&ring)],
        [Some((3, 1)), Some((4, 2)), None]
    );
}

#[test]
fn a_drain_beside_the_thread_sees_every_record_that_was_kept() {
    const RECORDS: u32 = if cfg!(miri) { 300 } else { 300_000 };

    let ring = ring(128);
    let mut seen = 0;
    let mut last = None;
    thread::scope(|scope| {
        let producer = scope.spawn(|| {
            for number in 0..RECORDS {
                while !produce(&ring, 2 + number % 11, number) && number % 5 != 0 {
                    thread::yield_now();
                }
            }
        });
        loop {
            let is_finished = producer.is_finished();
            match consume(&ring) {
                Some((len, number)) => {
                    assert_eq!(len, 2 + number % 11);
                    assert!(last < Some(number));
                    (last, seen) = (Some(number), seen + 1);
                }
                None if is_finished => break,
                None => thread::yield_now(),
            }
        }
    });
    assert!(seen >= RECORDS / 5 * 4);
    assert!(seen + ring.dropped() >= RECORDS);
}

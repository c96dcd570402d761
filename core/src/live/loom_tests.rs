//! Every interleaving of two producers on two cores and the consumer, by loom.
//!
//! The critical section is a lock here, as on chips with two cores. Nested interrupts are no threads:
//! those the step test under QEMU shows.

use super::ring::{COMMITTED, LEN_SHIFT, Positions, Ring};
use super::sync::{AtomicU32, Ordering, Word};
use super::threads::ring::ThreadRing;
use loom::sync::Arc;
use loom::thread;
use std::vec::Vec;

/// A critical section for loom: a lock that it knows.
struct Lock;
critical_section::set_impl!(Lock);

loom::lazy_static! {
    static ref LOCK: loom::sync::Mutex<()> = loom::sync::Mutex::new(());
}

std::thread_local! {
    static HELD: core::cell::RefCell<Option<loom::sync::MutexGuard<'static, ()>>> =
        const { core::cell::RefCell::new(None) };
}

// SAFETY: a lock excludes all other threads until it is released.
unsafe impl critical_section::Impl for Lock {
    unsafe fn acquire() {
        let guard = LOCK.lock().unwrap();
        // SAFETY: released before the model ends, as every section is.
        let guard: loom::sync::MutexGuard<'static, ()> = unsafe { core::mem::transmute(guard) };
        HELD.with(|held| held.borrow_mut().replace(guard));
    }

    unsafe fn release(_: ()) {
        HELD.with(|held| held.borrow_mut().take());
    }
}

struct Memory {
    positions: Positions,
    words: Vec<Word>,
}

impl Memory {
    fn new(words: usize) -> Arc<Self> {
        let words = (0..words).map(|_| Word::new()).collect();
        Arc::new(Self { positions: Positions::new(), words })
    }

    fn ring(&self) -> Ring<'_> {
        Ring { positions: &self.positions, words: &self.words }
    }
}

/// Records three words: the first, and twice a number.
fn produce(memory: &Memory, number: u32) -> bool {
    let reserved = memory.ring().reserve(3);
    let Some(reserved) = reserved else { return false };
    // SAFETY: three words were reserved.
    unsafe {
        reserved.write(1, number);
        reserved.write(2, number);
    }
    reserved.commit(3 << LEN_SHIFT | COMMITTED);
    true
}

fn consume(memory: &Memory) -> Option<u32> {
    let record = memory.ring().oldest()?;
    // SAFETY: the records of these tests hold something in every word.
    let [number, again] = [1, 2].map(|at| unsafe { record.word(at) });
    assert_eq!(number, again);
    memory.ring().release(&record);
    number
}

#[test]
fn two_cores_and_a_drain() {
    loom::model(|| {
        let memory = Memory::new(7);
        let producers: Vec<_> = [1, 2]
            .map(|number| {
                let memory = memory.clone();
                thread::spawn(move || produce(&memory, number))
            })
            .into_iter()
            .collect();
        let mut seen: Vec<u32> = consume(&memory).into_iter().collect();
        let kept = producers.into_iter().map(|one| one.join().unwrap()).filter(|kept| *kept);
        let kept = kept.count();
        seen.extend(core::iter::from_fn(|| consume(&memory)));
        assert_eq!(seen.len(), kept);
        assert_eq!(kept, 2);
        seen.sort_unstable();
        assert_eq!(seen, [1, 2]);
    });
}

#[test]
fn a_ring_that_wraps_under_the_drain() {
    loom::model(|| {
        let memory = Memory::new(8);
        assert!(produce(&memory, 1) && produce(&memory, 2));
        let producer = {
            let memory = memory.clone();
            thread::spawn(move || u32::from(produce(&memory, 3)) + u32::from(produce(&memory, 4)))
        };
        let mut seen: Vec<u32> = consume(&memory).into_iter().collect();
        seen.extend(consume(&memory));
        let kept = producer.join().unwrap();
        seen.extend(core::iter::from_fn(|| consume(&memory)));
        assert_eq!(seen.len() as u32, 2 + kept);
        assert_eq!(memory.positions.dropped(), 2 - kept);
        assert!(seen.is_sorted());
    });
}

fn thread_ring(words: usize) -> Arc<ThreadRing> {
    Arc::new(ThreadRing::new((0..words).map(|_| Word::new()).collect()))
}

/// Records three words, as the thread whose ring it is: the first, and twice a number.
fn produce_alone(ring: &ThreadRing, number: u32) -> bool {
    let Some(reserved) = ring.reserve(3) else { return false };
    // SAFETY: three words were reserved.
    unsafe {
        reserved.write(1, number);
        reserved.write(2, number);
    }
    reserved.commit(3 << LEN_SHIFT | COMMITTED);
    true
}

fn consume_from(ring: &ThreadRing) -> Option<u32> {
    let record = ring.oldest()?;
    // SAFETY: as above.
    let [number, again] = [1, 2].map(|at| unsafe { record.word(at) });
    assert_eq!(number, again);
    ring.release(&record);
    number
}

#[test]
fn the_ring_of_a_thread_wraps_under_the_drain() {
    loom::model(|| {
        let ring = thread_ring(8);
        assert!(produce_alone(&ring, 1) && produce_alone(&ring, 2));
        let producer = {
            let ring = ring.clone();
            thread::spawn(move || {
                (3..6).map(|number| u32::from(produce_alone(&ring, number))).sum::<u32>()
            })
        };
        let mut seen: Vec<u32> = consume_from(&ring).into_iter().collect();
        seen.extend(consume_from(&ring));
        seen.extend(consume_from(&ring));
        let kept = producer.join().unwrap();
        seen.extend(core::iter::from_fn(|| consume_from(&ring)));
        assert_eq!(seen.len() as u32, 2 + kept);
        assert_eq!(ring.dropped(), 3 - kept);
        assert_eq!(ring.used(), 0);
        assert!(seen.is_sorted());
    });
}

/// What says where the ring of another thread ended is found in no other order.
#[test]
fn who_says_what_comes_first_is_right() {
    loom::model(|| {
        let (first, second) = (thread_ring(8), thread_ring(8));
        let is_sent = Arc::new(AtomicU32::new(0));
        let sender = {
            let (ring, is_sent) = (first.clone(), is_sent.clone());
            thread::spawn(move || {
                assert!(produce_alone(&ring, 7));
                is_sent.store(1, Ordering::Release);
            })
        };
        let receiver = {
            let (first, ring) = (first.clone(), second.clone());
            thread::spawn(move || {
                if is_sent.load(Ordering::Acquire) == 1 {
                    assert!(produce_alone(&ring, first.end()));
                }
            })
        };
        if let Some(end) = consume_from(&second) {
            assert_eq!((first.is_drained_to(end), consume_from(&first)), (false, Some(7)));
            assert!(first.is_drained_to(end));
        }
        sender.join().unwrap();
        receiver.join().unwrap();
    });
}

/// A thread takes the ring that another left, and goes on behind what is in it.
#[test]
fn a_ring_is_handed_on() {
    loom::model(|| {
        let ring = thread_ring(8);
        let is_left = Arc::new(AtomicU32::new(0));
        let before = {
            let (ring, is_left) = (ring.clone(), is_left.clone());
            thread::spawn(move || {
                assert!(produce_alone(&ring, 1));
                is_left.store(1, Ordering::Release);
            })
        };
        let next = {
            let ring = ring.clone();
            thread::spawn(move || is_left.load(Ordering::Acquire) == 1 && produce_alone(&ring, 2))
        };
        let mut seen: Vec<u32> = consume_from(&ring).into_iter().collect();
        before.join().unwrap();
        let has_next = next.join().unwrap();
        seen.extend(core::iter::from_fn(|| consume_from(&ring)));
        assert_eq!(seen, if has_next { &[1, 2][..] } else { &[1] });
    });
}

//! Every interleaving of two producers on two cores and the consumer, by loom.
//!
//! The critical section is a lock here, as on chips with two cores. Nested interrupts are no threads:
//! those the step test under QEMU shows.

use super::ring::{COMMITTED, LEN_SHIFT, Positions, Ring};
use super::sync::Word;
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

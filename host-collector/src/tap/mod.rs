//! A tap on what comes: whoever listens has it at once, and holds up nobody.
//!
//! ```
//! use spandrel_collector::model::Chunk;
//! use spandrel_collector::tap::Tap;
//!
//! let tap = Tap::default();
//! tap.offer(&Chunk::default()); // Nobody listens: nothing happens.
//! let listener = tap.listen().expect("there is room");
//! assert_eq!(tap.listeners(), 1);
//! drop(listener);
//! assert_eq!(tap.listeners(), 0);
//! ```

use crate::model::Chunk;
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many may listen at a time.
pub const MOST_LISTENERS: usize = 32;
/// So many bytes wait for each; what comes beyond them it is told to have missed.
const MOST_BYTES: usize = 2 << 20;
/// So many chunks wait for each.
const MOST_CHUNKS: usize = 1 << 12;

/// Where spans are offered. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Tap(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// As many as there are queues, so that nobody takes the lock for nobody.
    count: AtomicUsize,
    all: Mutex<All>,
}

#[derive(Debug, Default)]
struct All {
    queues: Vec<Arc<Mutex<Queue>>>,
    is_closed: bool,
}

#[derive(Debug, Default)]
struct Queue {
    chunks: VecDeque<Chunk>,
    bytes: usize,
    missed: u64,
    is_over: bool,
    waker: Option<Waker>,
}

/// What a listener hears.
#[derive(Debug)]
pub enum Heard {
    /// Spans.
    Spans(Chunk),
    /// So many spans came, and there was no room for them.
    Missed(u64),
}

/// One who listens, until it is dropped.
#[derive(Debug)]
pub struct Listener {
    tap: Tap,
    queue: Arc<Mutex<Queue>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tap {
    /// Lets everybody who listens have spans. It does not wait.
    pub fn offer(&self, chunk: &Chunk) {
        if self.listeners() == 0 {
            return;
        }
        for queue in &lock(&self.0.all).queues {
            let mut queue = lock(queue);
            let bytes = chunk.bytes().len();
            if queue.bytes + bytes > MOST_BYTES || queue.chunks.len() >= MOST_CHUNKS {
                queue.missed += chunk.len() as u64;
            } else {
                queue.bytes += bytes;
                queue.chunks.push_back(chunk.clone());
            }
            queue.wake();
        }
    }

    /// One more who listens; none if there is no room, or nothing more will come.
    #[must_use]
    pub fn listen(&self) -> Option<Listener> {
        let mut all = lock(&self.0.all);
        if all.is_closed || all.queues.len() >= MOST_LISTENERS {
            return None;
        }
        let queue = Arc::<Mutex<Queue>>::default();
        all.queues.push(queue.clone());
        self.0.count.store(all.queues.len(), Ordering::Relaxed);
        Some(Listener { tap: self.clone(), queue })
    }

    /// How many listen.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.0.count.load(Ordering::Relaxed)
    }

    /// Nothing more will come: listeners hear what waits, and that it is over.
    pub fn close(&self) {
        let mut all = lock(&self.0.all);
        all.is_closed = true;
        for queue in &all.queues {
            let mut queue = lock(queue);
            queue.is_over = true;
            queue.wake();
        }
    }
}

impl Queue {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Listener {
    /// What came since, in its order; none once nothing more will come.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Heard>> {
        let mut queue = lock(&self.queue);
        if let Some(chunk) = queue.chunks.pop_front() {
            queue.bytes = queue.bytes.saturating_sub(chunk.bytes().len());
            return Poll::Ready(Some(Heard::Spans(chunk)));
        }
        // What was missed came behind all that waited.
        match core::mem::take(&mut queue.missed) {
            0 if queue.is_over => Poll::Ready(None),
            0 => {
                queue.waker = Some(context.waker().clone());
                Poll::Pending
            }
            missed => Poll::Ready(Some(Heard::Missed(missed))),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let shared = &self.tap.0;
        let mut all = lock(&shared.all);
        all.queues.retain(|queue| !Arc::ptr_eq(queue, &self.queue));
        shared.count.store(all.queues.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ChunkWriter;
    use std::sync::atomic::AtomicBool;
    use std::task::Wake;

    struct Flag(AtomicBool);

    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    fn chunk(name: &[u8]) -> Chunk {
        let mut writer = ChunkWriter::default();
        writer.resource_spans(b"", "", |scopes| {
            scopes.scope_spans(b"", "", |spans| {
                spans.span_with(|span| {
                    span.bytes(1, &[7; 16]);
                    span.bytes(2, &[8; 8]);
                    span.bytes(5, name);
                    span.fixed64(7, 1);
                    span.fixed64(8, 2);
                });
            });
        });
        writer.finish()
    }

    fn hear(listener: &mut Listener) -> Poll<Option<Heard>> {
        listener.poll_next(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn who_listens_is_woken_and_hears_what_comes_from_then_on() {
        let tap = Tap::default();
        tap.offer(&chunk(b"early"));
        let mut listener = tap.listen().unwrap();
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(flag.clone());
        assert!(listener.poll_next(&mut Context::from_waker(&waker)).is_pending());
        tap.offer(&chunk(b"late"));
        assert!(flag.0.load(Ordering::Relaxed));
        let Poll::Ready(Some(Heard::Spans(heard))) = hear(&mut listener) else { panic!("nothing") };
        assert_eq!(heard, chunk(b"late"));
        tap.offer(&chunk(b"last"));
        tap.close();
        assert!(matches!(hear(&mut listener), Poll::Ready(Some(Heard::Spans(_)))));
        assert!(matches!(hear(&mut listener), Poll::Ready(None)));
        assert!(tap.listen().is_none());
    }

    #[test]
    fn who_is_slow_misses_spans_and_is_told_how_many() {
        let tap = Tap::default();
        let mut slow = tap.listen().unwrap();
        let long = chunk(&vec![b'x'; MOST_BYTES / 4]);
        (0..10).for_each(|_| tap.offer(&long));
        let mut heard = 0;
        loop {
            match hear(&mut slow) {
                Poll::Ready(Some(Heard::Spans(_))) => heard += 1,
                Poll::Ready(Some(Heard::Missed(missed))) => break assert_eq!(heard + missed, 10),
                other => panic!("{other:?}"),
            }
        }
        assert!((1..10).contains(&heard));
        assert!(hear(&mut slow).is_pending());
    }

    #[test]
    fn there_is_room_for_so_many() {
        let tap = Tap::default();
        let mut all: Vec<_> = (0..MOST_LISTENERS).map(|_| tap.listen().unwrap()).collect();
        assert!(tap.listen().is_none());
        all.pop();
        assert!(tap.listen().is_some());
    }
}

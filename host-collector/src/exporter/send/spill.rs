//! The way from memory to the spool and back.

use super::queue::Queue;
use super::worker::SPOOL_PAUSE;
use crate::model::Chunk;
use crate::storage::{Position, Spool, SpoolError, Waiting};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;
use tokio::task::yield_now;
use tokio::time::sleep;

/// Moves what should not wait in memory, and reads it again. It blocks its thread, which is the
/// exporter's own.
pub(super) struct Spiller {
    name: String,
    queue: Arc<Queue>,
    spool: Arc<dyn Spool>,
    linger: Duration,
    is_failing: AtomicBool,
}

impl Spiller {
    pub(super) fn new(
        name: String,
        queue: Arc<Queue>,
        spool: Arc<dyn Spool>,
        linger: Duration,
    ) -> Self {
        Self { name, queue, spool, linger, is_failing: AtomicBool::new(false) }
    }

    /// Moves for ever.
    pub(super) async fn run(&self) {
        loop {
            let changed = self.queue.changed();
            let chunks = self.queue.to_move();
            if chunks.is_empty() {
                changed.await;
                // What comes in drops is written in fewer and larger pieces.
                if !self.queue.is_pressed() {
                    let pressed = self.queue.changed();
                    tokio::select! {
                        () = pressed => {}
                        () = sleep(self.linger) => {}
                    }
                }
                continue;
            }
            let moved = self.check(self.spool.append(&chunks)).unwrap_or(0);
            self.queue.moved(moved);
            if moved < chunks.len() {
                sleep(SPOOL_PAUSE).await;
            } else {
                yield_now().await;
            }
        }
    }

    /// At the end: what the queue still has goes to the spool, if that keeps it. Says how many spans
    /// are lost.
    pub(super) fn last(&self) -> u64 {
        let left = self.queue.take(usize::MAX);
        let kept = match self.is_durable() {
            true => self.check(self.spool.append(&left)).unwrap_or(0),
            false => 0,
        };
        self.queue.settle(Vec::new());
        let mut lost = left.iter().skip(kept).map(|chunk| chunk.len() as u64).sum();
        if !self.is_durable() {
            lost += self.waiting().spans;
            if let Some((_, end)) = self.read(usize::MAX) {
                self.acknowledge(end);
            }
        }
        lost
    }

    /// The oldest in the spool; none if there is nothing, or nothing that can be read now.
    pub(super) fn read(&self, most: usize) -> Option<(Vec<Chunk>, Position)> {
        if self.spool.waiting().bytes == 0 {
            return None;
        }
        let spooled = self.check(self.spool.read(most))?;
        (!spooled.chunks.is_empty()).then_some((spooled.chunks, spooled.end))
    }

    pub(super) fn acknowledge(&self, end: Position) {
        self.check(self.spool.acknowledge(end));
    }

    pub(super) fn waiting(&self) -> Waiting {
        self.spool.waiting()
    }

    pub(super) fn is_durable(&self) -> bool {
        self.spool.is_durable()
    }

    fn check<T>(&self, result: Result<T, SpoolError>) -> Option<T> {
        match result {
            Ok(value) => {
                self.is_failing.store(false, Ordering::Relaxed);
                Some(value)
            }
            Err(error) => {
                if !self.is_failing.swap(true, Ordering::Relaxed) {
                    log::warn!("{}: {error}; will go on trying", self.name);
                }
                None
            }
        }
    }
}

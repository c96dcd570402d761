//! What all exporters share: a queue, a thread, attempts until there is an answer, and counts.
//!
//! Whoever offers a chunk never waits: a server that is slow, gone or angry fills a bounded queue, which
//! spills to a spool, and what no longer fits is counted. Requests that may succeed later are repeated,
//! each time after a longer pause; what a server refuses for good is counted and said once a cause.
//!
//! Each exporter has a thread of its own, so that no conversion, compression or disk of one makes
//! another one wait, nor whoever receives.

mod backoff;
mod counts;
mod halves;
mod limits;
mod outcome;
mod queue;
mod spill;
#[cfg(test)]
mod tests;
mod watch;
mod worker;

pub use counts::Counts;
pub use limits::Limits;
pub use outcome::Outcome;
pub use watch::Watch;

use super::Exporter;
use crate::model::Chunk;
use crate::storage::Spool;
use core::time::Duration;
use queue::Queue;
use std::io;
use std::sync::Arc;
use std::thread;
use worker::Worker;

/// A running exporter. Dropped without [`Export::finish`] it sends what waits, unobserved.
#[derive(Debug)]
pub struct Export(Watch);

impl Export {
    /// Starts the exporter's thread. What the spool has from before goes first.
    ///
    /// # Errors
    /// The operating system refuses a thread or what the thread waits with.
    pub fn start(
        exporter: impl Exporter,
        spool: Arc<dyn Spool>,
        limits: Limits,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(limits));
        let name = exporter.name().into();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let worker = Worker::new(exporter, queue.clone(), spool.clone(), limits);
        thread::Builder::new()
            .name("export".into())
            .spawn(move || runtime.block_on(worker.run()))?;
        Ok(Self(Watch { name, queue, spool }))
    }

    /// Where it sends to.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// What reads its counts, also when it has ended.
    #[must_use]
    pub fn watch(&self) -> Watch {
        self.0.clone()
    }

    /// Queues a chunk; one that does not fit is counted as dropped. Never waits.
    ///
    /// Each resource may have as much waiting as is free, so that one that floods leaves room for others;
    /// a chunk of several counts as its first.
    pub fn offer(&self, chunk: &Chunk) {
        let Some(first) = chunk.resources().next() else { return };
        if self.0.queue.offer(first.resource(), chunk) {
            log::warn!("{}: its queue is full, spans are being dropped", self.name());
        }
    }

    /// What became of the spans so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.0.counts()
    }

    /// Takes no more; what waits may still be sent for the time `grace`.
    pub fn close(&self, grace: Duration) {
        self.0.queue.close(grace);
    }

    /// Waits until what waits was sent, or the time given to [`Export::close`] is over.
    #[must_use = "it says what was not delivered"]
    pub fn finish(&self) -> Counts {
        // The half second is for what does not end at once when the time is over.
        let left = self.0.queue.time_left().unwrap_or_default() + Duration::from_millis(500);
        self.0.queue.wait_finished(left);
        self.counts()
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        if self.0.queue.time_left().is_none() {
            self.0.queue.close(Limits::default().timeout);
        }
    }
}

//! The store's threads: one writes the log, one seals, one merges and removes what is old.

use super::core::Core;
use super::log::{LONGEST, Log};
use crate::model::Chunk;
use crate::storage::{Promise, Refused, Ticket};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// After an error of the disk it is tried again so often.
const AGAIN: Duration = Duration::from_secs(1);
/// What is old is looked for so often.
const LOOK: Duration = Duration::from_secs(10);

/// Seconds since the Unix epoch.
pub(super) fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[derive(Debug, Default)]
struct Queue {
    chunks: Vec<Chunk>,
    promises: Vec<Promise>,
    bytes: usize,
    is_closing: bool,
    /// Counts what was done, so that who waits sees that something was.
    sealed: u64,
    /// Why nothing can be sealed now.
    trouble: Option<String>,
}

/// What the threads share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) core: Core,
    queue: Mutex<Queue>,
    /// Something came, or it is closing.
    came: Condvar,
    /// Something waits to be sealed, was sealed, or it is closing.
    sealing: Condvar,
}

impl Shared {
    pub(super) fn new(core: Core) -> Self {
        Self { core, queue: Mutex::default(), came: Condvar::new(), sealing: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// See [`Intake::offer`](crate::storage::Intake::offer).
    pub(super) fn offer(&self, chunk: Chunk) -> Result<Ticket, Refused> {
        let length = chunk.bytes().len();
        if length > LONGEST {
            return Err(Refused::Disk(format!("{length} bytes at once are more than {LONGEST}")));
        }
        let mut queue = self.lock();
        if queue.is_closing {
            return Err(Refused::Closing);
        }
        if chunk.is_empty() {
            return Ok(Ticket::kept());
        }
        // One in any case, however large.
        if queue.bytes > 0 && queue.bytes + length > self.core.limits.waiting_bytes {
            return Err(match &queue.trouble {
                Some(trouble) => Refused::Disk(trouble.clone()),
                None => Refused::Full,
            });
        }
        let (ticket, promise) = Ticket::new();
        queue.bytes += length;
        queue.chunks.push(chunk);
        queue.promises.push(promise);
        drop(queue);
        self.came.notify_one();
        Ok(ticket)
    }

    fn close(&self) {
        self.lock().is_closing = true;
        self.came.notify_all();
        self.sealing.notify_all();
    }

    fn write(&self) {
        let mut log: Option<Log> = None;
        loop {
            let (chunks, promises) = {
                let queue = self.lock();
                let idle = |queue: &mut Queue| queue.chunks.is_empty() && !queue.is_closing;
                let waited = self.came.wait_while(queue, idle);
                let mut queue = waited.unwrap_or_else(PoisonError::into_inner);
                if queue.chunks.is_empty() {
                    return;
                }
                queue.bytes = 0;
                (core::mem::take(&mut queue.chunks), core::mem::take(&mut queue.promises))
            };
            let outcome = self.room().and_then(|()| {
                let written = self.core.append(&mut log, &chunks);
                written.map_err(|error| Refused::Disk(text_of(&error)))
            });
            // Who is about to wait has looked under this lock.
            drop(self.lock());
            self.sealing.notify_all();
            promises.into_iter().for_each(|promise| promise.keep(outcome.clone()));
        }
    }

    /// Waits until there is room for more that is not sealed.
    fn room(&self) -> Result<(), Refused> {
        let mut queue = self.lock();
        loop {
            if self.core.lock().waiting.len() < self.core.limits.unsealed {
                return Ok(());
            }
            if let Some(trouble) = &queue.trouble {
                return Err(Refused::Disk(trouble.clone()));
            }
            if queue.is_closing {
                return Err(Refused::Closing);
            }
            let sealed = queue.sealed;
            let idle = |queue: &mut Queue| {
                queue.sealed == sealed && queue.trouble.is_none() && !queue.is_closing
            };
            let waited = self.sealing.wait_while(queue, idle);
            queue = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn seal(&self) {
        loop {
            match self.core.seal_oldest(now_s()) {
                Ok(true) => {
                    let mut queue = self.lock();
                    queue.sealed += 1;
                    if queue.trouble.take().is_some() {
                        log::info!("the store can write again");
                    }
                    drop(queue);
                    self.sealing.notify_all();
                }
                Ok(false) => {
                    let queue = self.lock();
                    // Whoever adds to what waits takes this lock first, or wakes us afterwards.
                    let idle = |queue: &mut Queue| {
                        self.core.lock().waiting.is_empty() && !queue.is_closing
                    };
                    let waited = self.sealing.wait_timeout_while(queue, LOOK, idle);
                    if waited.unwrap_or_else(PoisonError::into_inner).0.is_closing {
                        return;
                    }
                }
                Err(error) => {
                    let text = text_of(&error);
                    let mut queue = self.lock();
                    if queue.trouble.is_none() {
                        log::error!("the store cannot seal a log, and tries again: {text}");
                    }
                    queue.trouble = Some(text);
                    self.sealing.notify_all();
                    let closing = |queue: &mut Queue| !queue.is_closing;
                    let waited = self.sealing.wait_timeout_while(queue, AGAIN, closing);
                    if waited.unwrap_or_else(PoisonError::into_inner).0.is_closing {
                        return;
                    }
                }
            }
        }
    }

    fn keep_house(&self) {
        let mut failed = false;
        loop {
            let done = self.core.retain(now_s()).and_then(|()| {
                // Short-circuited: what was merged is looked at in the next round.
                Ok(self.core.merge_some()? || self.core.erase_some(now_s())?)
            });
            if let (Err(error), false) = (&done, failed) {
                log::error!("the store cannot tidy up, and tries again: {}", text_of(error));
            }
            failed = done.is_err();
            let queue = self.lock();
            if queue.is_closing {
                return;
            }
            if matches!(done, Ok(true)) {
                continue;
            }
            let sealed = queue.sealed;
            let idle = |queue: &mut Queue| queue.sealed == sealed && !queue.is_closing;
            let waited = self.sealing.wait_timeout_while(queue, LOOK, idle);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }
}

pub(super) fn text_of(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => format!("the disk is full ({error})"),
        io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            format!("no more may be written ({error})")
        }
        _ => error.to_string(),
    }
}

/// What a thread does until the store is closed.
type Job = fn(&Shared);

/// The threads, which end when this is dropped.
#[derive(Debug)]
pub(super) struct Threads {
    pub(super) shared: Arc<Shared>,
    running: Vec<JoinHandle<()>>,
}

impl Threads {
    pub(super) fn start(core: Core) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(core));
        let mut threads = Self { shared, running: Vec::new() };
        let jobs: [(&str, Job); 3] = [
            ("store-log", Shared::write),
            ("store-seal", Shared::seal),
            ("store-merge", Shared::keep_house),
        ];
        for (name, job) in jobs {
            let shared = threads.shared.clone();
            let thread = thread::Builder::new().name(name.to_owned());
            threads.running.push(thread.spawn(move || job(&shared))?);
        }
        Ok(threads)
    }

    /// Writes what waits, then ends.
    pub(super) fn end(&mut self) {
        self.shared.close();
        for thread in self.running.drain(..) {
            // A thread that panicked has said so.
            drop(thread.join());
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.end();
    }
}

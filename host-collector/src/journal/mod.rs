//! The journal on the disk: what devices were told to last, and had not left the sessions yet.
//!
//! It knows nothing of what it keeps: entries are bytes, in the order in which they were noted. A file
//! begins with every session as it is; when it has grown long the next begins so, and the ones before
//! go as soon as the spans that were handed on until then are kept elsewhere.
//!
//! | part | is |
//! |---|---|
//! | `segment` | a file, written and read |
//! | `writer` | the thread that writes and syncs |

mod segment;
mod writer;

#[cfg(test)]
mod tests;

use crate::pipeline::Journal;
use crate::storage::{Promise, Refused, Ticket};
use crate::store::disk::Disk;
use core::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use writer::{Job, Writer};

/// A file that is shorter is not worth another.
const LEAST_BYTES: u64 = 8 << 20;
/// A file is long when the sessions at its beginning are only so much of it.
const SESSIONS_SHARE: u64 = 4;
/// Bytes that wait for the disk at most. What there is no room for is not promised to anyone: sessions
/// are noted anew as soon as the disk has caught up.
const MOST_WAITING: usize = 64 << 20;

/// What tells when all spans that were handed on so far are kept.
pub type Settled = Box<dyn FnMut() -> Ticket + Send>;

/// Tells when what was noted so far is on the disk, beside whoever notes.
#[derive(Clone, Debug)]
pub struct Noted {
    jobs: Sender<Job>,
    shared: Arc<Shared>,
}

impl Noted {
    /// Kept when all that was noted is on the disk, refused where it cannot be; none where all is.
    #[must_use]
    pub fn so_far(&self) -> Option<Ticket> {
        (self.shared.waiting.load(Ordering::Relaxed) > 0).then(|| sync(&self.jobs))
    }
}

fn sync(jobs: &Sender<Job>) -> Ticket {
    let (ticket, promise) = Ticket::new();
    // Where the thread is gone the promise is dropped, and the ticket says so.
    let _ = jobs.send(Job::Sync(promise));
    ticket
}

/// A journal in a folder.
pub struct FileJournal {
    jobs: Sender<Job>,
    shared: Arc<Shared>,
    settled: Settled,
    /// Bytes in the file that is written, and how many of them are the sessions that it begins with.
    length: u64,
    sessions: u64,
    /// Whether every session is being noted, at the beginning of a file.
    is_beginning: bool,
    /// A file that is shorter is not worth another.
    least_bytes: u64,
}

/// What the journal and its thread share.
#[derive(Debug, Default)]
struct Shared {
    /// Bytes that wait for the disk.
    waiting: AtomicUsize,
    /// Something was not written: what was noted is not enough to go on.
    has_hole: AtomicBool,
    /// Files of before are still needed.
    has_old: AtomicBool,
}

/// The journal's thread; it ends when the journal is dropped, and all [`Noted`].
#[derive(Debug)]
pub struct Running(Mutex<Option<JoinHandle<()>>>);

impl Running {
    /// Waits until everything that was noted is on the disk, once the journal is dropped.
    pub fn join(&self) {
        let thread = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It does not panic; and there is nothing to do if it did.
            let _ = thread.join();
        }
    }
}

/// What was found in a journal of before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Entries that were read.
    pub entries: u64,
    /// Bytes behind the last whole entry of a file: what was being written when the process ended, or
    /// damage.
    pub unread_bytes: u64,
}

impl FileJournal {
    /// Opens the journal in a folder: gives every entry that is in it to `replay`, and begins a new file.
    ///
    /// # Errors
    /// What the system says, and of which file.
    pub fn open(
        disk: Arc<dyn Disk>,
        mut replay: impl FnMut(&[u8]),
        settled: Settled,
    ) -> io::Result<(Self, Running, Found)> {
        let numbers = segment::numbers(&*disk)?;
        let mut found = Found::default();
        for number in &numbers {
            segment::read(&*disk, *number, &mut found, &mut replay).map_err(|why| {
                let name = segment::name(*number);
                io::Error::new(why.kind(), format!("{}/{name}: {why}", disk.name()))
            })?;
        }
        let shared = Arc::new(Shared::default());
        // What goes on from there is noted whole at the first opportunity.
        shared.has_hole.store(true, Ordering::Relaxed);
        let (jobs, received) = channel();
        let writer = Writer::new(disk, numbers, shared.clone());
        let thread = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run(&received))?;
        let journal = Self {
            jobs,
            shared,
            settled,
            length: 0,
            sessions: 0,
            is_beginning: false,
            least_bytes: LEAST_BYTES,
        };
        Ok((journal, Running(Mutex::new(Some(thread))), found))
    }

    /// What tells others how far it is. The journal's thread does not end before they are dropped.
    #[must_use]
    pub fn noted(&self) -> Noted {
        Noted { jobs: self.jobs.clone(), shared: self.shared.clone() }
    }

    fn send(&self, job: Job) {
        // Where the thread is gone, promises are not kept: nobody is told anything.
        let _ = self.jobs.send(job);
    }
}

impl Journal for FileJournal {
    fn note(&mut self, entry: Vec<u8>) {
        let length = segment::length_of(&entry);
        if self.shared.waiting.load(Ordering::Relaxed) + length > MOST_WAITING {
            self.shared.has_hole.store(true, Ordering::Relaxed);
            self.send(Job::Hole);
            return;
        }
        self.shared.waiting.fetch_add(length, Ordering::Relaxed);
        self.length += length as u64;
        self.send(Job::Note(entry));
    }

    fn sync(&mut self) -> Ticket {
        sync(&self.jobs)
    }

    fn wants_all(&mut self) -> bool {
        let is_idle = self.shared.waiting.load(Ordering::Relaxed) == 0;
        let has_hole = self.shared.has_hole.load(Ordering::Relaxed) && is_idle;
        let is_long = self.length > self.least_bytes.max(SESSIONS_SHARE * self.sessions)
            && !self.shared.has_old.load(Ordering::Relaxed);
        if self.is_beginning || !(has_hole || is_long) {
            return false;
        }
        self.is_beginning = true;
        self.length = 0;
        self.shared.has_hole.store(false, Ordering::Relaxed);
        self.send(Job::Begin);
        true
    }

    fn is_all(&mut self) {
        self.is_beginning = false;
        self.sessions = self.length;
        self.shared.has_old.store(true, Ordering::Relaxed);
        let settled = (self.settled)();
        self.send(Job::All(settled));
    }
}

impl fmt::Debug for FileJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileJournal").field("length", &self.length).finish_non_exhaustive()
    }
}

/// Why nothing is promised at the moment.
fn refused(why: &io::Error) -> Refused {
    Refused::Disk(format!("the journal: {why}"))
}

fn refuse(promises: &mut Vec<Promise>, why: &Refused) {
    promises.drain(..).for_each(|promise| promise.keep(Err(why.clone())));
}

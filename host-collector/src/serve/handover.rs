//! From the sessions to what keeps spans: nobody who receives frames waits for a disk.

use crate::journal::Noted;
use crate::model::Chunk;
use crate::storage::{Intake, Promise, Refused, Ticket};
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Bytes of spans that wait to be kept at most. What there is no room for is dropped and counted.
const MOST_BYTES: usize = 64 << 20;
/// How long whoever refused is left alone.
const AGAIN: Duration = Duration::from_millis(50);
/// How often it is looked whether what was handed over is kept, while nothing comes.
const LOOK: Duration = Duration::from_millis(2);

enum Job {
    /// Spans, and what they must not be kept before.
    Spans(Chunk, Option<Ticket>),
    /// Spans that were taken and are not kept yet.
    Offered(Chunk, Ticket),
    /// Tell when everything before is kept.
    Mark(Promise),
}

/// Hands spans over, in their order.
#[derive(Clone)]
pub(super) struct Handover {
    intake: Arc<dyn Intake>,
    jobs: Sender<Job>,
    shared: Arc<Shared>,
    journal: Arc<OnceLock<Noted>>,
}

#[derive(Default)]
struct Shared {
    waiting: AtomicUsize,
    dropped: AtomicU64,
    /// Something was dropped since the last mark.
    has_hole: AtomicBool,
}

/// Its thread.
pub(super) struct Running {
    thread: JoinHandle<()>,
    shared: Arc<Shared>,
}

impl Handover {
    pub(super) fn start(intake: Arc<dyn Intake>) -> io::Result<(Self, Running)> {
        let (jobs, received) = channel();
        let shared = Arc::new(Shared::default());
        let keeper =
            Keeper { intake: intake.clone(), shared: shared.clone(), open: VecDeque::new() };
        let run = move || keeper.run(&received);
        let thread = thread::Builder::new().name("handover".to_owned()).spawn(run)?;
        let handover = Self { intake, jobs, shared: shared.clone(), journal: Arc::default() };
        Ok((handover, Running { thread, shared }))
    }

    /// From now on spans are kept behind what they were made of, as this journal has it.
    ///
    /// Otherwise one that is kept and of which the journal has nothing would be made once more when its
    /// device sends it again, by what is known of its clock then: as another span.
    pub(super) fn follow(&self, journal: Noted) {
        // There is one journal.
        let _ = self.journal.set(journal);
    }

    /// Hands spans over. It does not wait.
    pub(super) fn offer(&self, chunk: Chunk) {
        let length = chunk.bytes().len();
        let waiting = self.shared.waiting.load(Ordering::Relaxed);
        if waiting + length > MOST_BYTES {
            self.shared.count_dropped(&chunk);
            return;
        }
        let after = self.journal.get().and_then(Noted::so_far);
        let is_free = after.as_ref().is_none_or(|after| after.outcome().is_some());
        // Waking the thread costs more than handing over does.
        let offered =
            if waiting == 0 && is_free { self.intake.offer(chunk.clone()).ok() } else { None };
        if offered.as_ref().is_some_and(|ticket| ticket.outcome() == Some(Ok(()))) {
            return;
        }
        self.shared.waiting.fetch_add(length, Ordering::Relaxed);
        // Its thread ends only behind the last of these.
        let _ = self.jobs.send(match offered {
            Some(ticket) => Job::Offered(chunk, ticket),
            None => Job::Spans(chunk, after),
        });
    }

    /// Kept when everything that was handed over is; refused where some of it never will be.
    pub(super) fn settled(&self) -> Ticket {
        let (ticket, promise) = Ticket::new();
        let _ = self.jobs.send(Job::Mark(promise));
        ticket
    }
}

impl Shared {
    fn count_dropped(&self, chunk: &Chunk) {
        self.dropped.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        self.has_hole.store(true, Ordering::Relaxed);
    }
}

impl Running {
    /// Waits until everything is kept, once all that hand over are dropped, but not longer than this.
    /// Gives how many spans were dropped.
    pub(super) fn finish(self, most: Duration) -> u64 {
        let until = Instant::now() + most;
        while !self.thread.is_finished() && Instant::now() < until {
            thread::sleep(LOOK);
        }
        self.shared.dropped.load(Ordering::Relaxed)
    }
}

/// What waits to be kept, or to be told that all before it is.
enum Open {
    Spans(Chunk, Ticket),
    Mark(Promise),
}

struct Keeper {
    intake: Arc<dyn Intake>,
    shared: Arc<Shared>,
    open: VecDeque<Open>,
}

impl Keeper {
    fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let wait = if self.open.is_empty() { Duration::from_secs(1) } else { LOOK };
            match jobs.recv_timeout(wait) {
                Ok(Job::Spans(chunk, after)) => {
                    if let Some(after) = after {
                        // Where the journal cannot be written, the spans are all that there is.
                        let _ = after.wait();
                    }
                    match self.insist(&chunk) {
                        Ok(ticket) => self.open.push_back(Open::Spans(chunk, ticket)),
                        Err(_) => self.lose(&chunk),
                    }
                }
                Ok(Job::Offered(chunk, ticket)) => self.open.push_back(Open::Spans(chunk, ticket)),
                Ok(Job::Mark(promise)) => self.open.push_back(Open::Mark(promise)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) if self.open.is_empty() => return,
                Err(RecvTimeoutError::Disconnected) => thread::sleep(LOOK),
            }
            self.settle();
        }
    }

    /// Offers until it is taken; an error where it never will be.
    fn insist(&self, chunk: &Chunk) -> Result<Ticket, Refused> {
        loop {
            match self.intake.offer(chunk.clone()) {
                Err(Refused::Full | Refused::Disk(_)) => thread::sleep(AGAIN),
                other => return other,
            }
        }
    }

    fn lose(&self, chunk: &Chunk) {
        self.shared.waiting.fetch_sub(chunk.bytes().len(), Ordering::Relaxed);
        self.shared.count_dropped(chunk);
    }

    fn settle(&mut self) {
        while let Some(first) = self.open.pop_front() {
            match first {
                Open::Spans(chunk, ticket) => match ticket.outcome() {
                    None => return self.open.push_front(Open::Spans(chunk, ticket)),
                    Some(Ok(())) => {
                        let length = chunk.bytes().len();
                        self.shared.waiting.fetch_sub(length, Ordering::Relaxed);
                    }
                    // It was not written: once more, in its place.
                    Some(Err(_)) => match self.insist(&chunk) {
                        Ok(ticket) => return self.open.push_front(Open::Spans(chunk, ticket)),
                        Err(_) => self.lose(&chunk),
                    },
                },
                Open::Mark(promise) => {
                    let has_hole = self.shared.has_hole.swap(false, Ordering::Relaxed);
                    promise.keep(if has_hole { Err(Refused::Full) } else { Ok(()) });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ChunkWriter;
    use std::sync::Mutex;

    /// Takes every other chunk, and keeps every other of these at once.
    #[derive(Default)]
    struct Moody {
        calls: AtomicUsize,
        kept: Mutex<Vec<Chunk>>,
    }

    impl Intake for Moody {
        fn offer(&self, chunk: Chunk) -> Result<Ticket, Refused> {
            match self.calls.fetch_add(1, Ordering::Relaxed) % 3 {
                0 => Err(Refused::Full),
                1 => {
                    let (ticket, promise) = Ticket::new();
                    promise.keep(Err(Refused::Disk("full".to_owned())));
                    Ok(ticket)
                }
                _ => {
                    self.kept.lock().unwrap().push(chunk);
                    Ok(Ticket::kept())
                }
            }
        }
    }

    fn chunk(number: u8) -> Chunk {
        let mut writer = ChunkWriter::default();
        writer.resource_spans(b"", "", |to| {
            to.scope_spans(b"", "", |to| to.span(&[8, number]));
        });
        writer.finish()
    }

    #[test]
    fn everything_is_kept_in_its_order_however_often_it_is_refused() {
        let moody = Arc::new(Moody::default());
        let (handover, running) = Handover::start(moody.clone()).unwrap();
        let chunks: Vec<_> = (0..5).map(chunk).collect();
        chunks.iter().for_each(|chunk| handover.offer(chunk.clone()));
        assert_eq!(handover.settled().wait_for(Duration::from_secs(60)), Some(Ok(())));
        assert_eq!(*moody.kept.lock().unwrap(), chunks);
        drop(handover);
        assert_eq!(running.finish(Duration::from_secs(60)), 0);
    }

    #[test]
    fn spans_are_kept_behind_what_they_were_made_of() {
        let moody = Arc::new(Moody::default());
        let (handover, running) = Handover::start(moody.clone()).unwrap();
        let (after, journal) = Ticket::new();
        handover.jobs.send(Job::Spans(chunk(1), Some(after))).unwrap();
        let settled = handover.settled();
        assert_eq!(settled.wait_for(Duration::from_millis(20)), None);
        assert!(moody.kept.lock().unwrap().is_empty());
        // It could not be written: then these are all that there is.
        journal.keep(Err(Refused::Full));
        assert_eq!(settled.wait_for(Duration::from_secs(60)), Some(Ok(())));
        assert_eq!(*moody.kept.lock().unwrap(), [chunk(1)]);
        drop(handover);
        running.finish(Duration::from_secs(60));
    }

    /// Keeps everything at once, and knows who offered it.
    #[derive(Default)]
    struct Ready(Mutex<Vec<thread::ThreadId>>);

    impl Intake for Ready {
        fn offer(&self, _: Chunk) -> Result<Ticket, Refused> {
            self.0.lock().unwrap().push(thread::current().id());
            Ok(Ticket::kept())
        }
    }

    #[test]
    fn nobody_is_woken_for_what_is_kept_at_once() {
        let ready = Arc::new(Ready::default());
        let (handover, running) = Handover::start(ready.clone()).unwrap();
        (0..3).map(chunk).for_each(|chunk| handover.offer(chunk));
        assert_eq!(*ready.0.lock().unwrap(), [thread::current().id(); 3]);
        assert_eq!(handover.settled().wait_for(Duration::from_secs(60)), Some(Ok(())));
        drop(handover);
        assert_eq!(running.finish(Duration::from_secs(60)), 0);
    }

    /// Ends at once.
    struct Ending;

    impl Intake for Ending {
        fn offer(&self, _: Chunk) -> Result<Ticket, Refused> {
            Err(Refused::Closing)
        }
    }

    #[test]
    fn what_is_lost_is_counted_and_not_called_kept() {
        let (handover, running) = Handover::start(Arc::new(Ending)).unwrap();
        handover.offer(chunk(1));
        let settled = handover.settled().wait_for(Duration::from_secs(60));
        assert_eq!(settled, Some(Err(Refused::Full)));
        drop(handover);
        assert_eq!(running.finish(Duration::from_secs(60)), 1);
    }
}

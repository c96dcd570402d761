//! Shows the recent traces, on the terminal and in files, from a thread of its own.
//!
//! A terminal may stand still and a disk may be slow; whoever receives frames must not wait for
//! either. So batches come over a bounded queue, and what does not fit is counted.

mod desk;
mod file;
mod text;

pub use file::{Format, OutFile};
pub use text::{TextOut, TextTo};

use crate::model::{Batch, Source};
use crate::receiver::Shares;
use crate::recent::{Bounds, Counts, Recent};
use desk::{Desk, Screen};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Batches that may wait; a batch is one frame's spans.
const QUEUE: usize = 4096;
/// Bytes that they may hold, about. A device may have as many of them as are free.
pub(crate) const QUEUE_BYTES: usize = 32 << 20;
const TICK: Duration = Duration::from_millis(100);

/// What to show, and where.
#[derive(Debug, Default)]
pub struct Options {
    /// Trees on standard output; in colour if that is set.
    pub tree: Option<Colour>,
    /// Files that follow the recent traces.
    pub files: Vec<OutFile>,
    /// How many traces are recent.
    pub bounds: Bounds,
    /// Set when nobody looks any more: no file, and whoever read standard output left.
    pub unseen: Option<Arc<AtomicBool>>,
}

/// Whether trees are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// With escape sequences.
    Always,
    /// Plain text.
    Never,
}

/// The running view.
#[derive(Debug)]
pub struct View {
    batches: SyncSender<(Arc<Batch>, usize)>,
    room: Arc<Mutex<Shares<Source>>>,
    thread: JoinHandle<Counts>,
    dropped: AtomicU64,
}

impl View {
    /// Starts the thread.
    ///
    /// # Errors
    /// The operating system refuses it.
    pub fn start(options: Options) -> io::Result<Self> {
        let screen = options
            .tree
            .map(|colour| Screen { out: io::stdout(), colour: colour == Colour::Always });
        let desk = Desk::new(Recent::new(options.bounds), screen, options.files);
        let (batches, received) = mpsc::sync_channel(QUEUE);
        let room = Arc::new(Mutex::new(Shares::new(QUEUE_BYTES)));
        let shared = room.clone();
        let thread = thread::Builder::new()
            .name("view".into())
            .spawn(move || run(desk, &received, &shared, options.unseen.as_deref()))?;
        Ok(Self { batches, room, thread, dropped: AtomicU64::new(0) })
    }

    /// Hands over a batch; never waits.
    pub fn offer(&self, batch: &Arc<Batch>) {
        let weight = batch.weight();
        let has_room = lock(&self.room).take(batch.source, weight);
        if !has_room || self.batches.try_send((batch.clone(), weight)).is_err() {
            if has_room {
                lock(&self.room).give_back(&batch.source, weight);
            }
            let spans = batch.spans.len() as u64;
            if self.dropped.fetch_add(spans, Ordering::Relaxed) == 0 {
                log::warn!("the view cannot keep up: some spans are not shown");
            }
        }
    }

    /// Shows what is left and stops. Returns what was kept, and how many spans were never shown.
    pub fn finish(self) -> (Counts, u64) {
        drop(self.batches);
        let counts = self.thread.join().unwrap_or_default();
        (counts, self.dropped.into_inner())
    }
}

fn lock(room: &Mutex<Shares<Source>>) -> MutexGuard<'_, Shares<Source>> {
    // Nobody panics while it is locked.
    room.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run<W: Write>(
    mut desk: Desk<W>,
    batches: &Receiver<(Arc<Batch>, usize)>,
    room: &Mutex<Shares<Source>>,
    unseen: Option<&AtomicBool>,
) -> Counts {
    let began = Instant::now();
    let mut next_tick = TICK;
    loop {
        let wait = next_tick.saturating_sub(began.elapsed());
        match batches.recv_timeout(wait) {
            Ok((batch, weight)) => {
                lock(room).give_back(&batch.source, weight);
                desk.add(Arc::unwrap_or_clone(batch), began.elapsed());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if began.elapsed() >= next_tick {
            desk.tick(began.elapsed());
            next_tick = began.elapsed() + TICK;
            if let Some(unseen) = unseen
                && desk.is_unseen()
            {
                unseen.store(true, Ordering::Relaxed);
            }
        }
    }
    desk.finish();
    desk.counts()
}

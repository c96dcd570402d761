//! What waits to be sent: bounded, filled from any thread without waiting, emptied by one.

use super::{Counts, Limits};
use crate::model::Chunk;
use crate::receiver::Shares;
use crate::storage::Waiting;
use core::hash::{BuildHasher as _, Hash};
use core::time::Duration;
use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// What a chunk takes beside its bytes: its place in the queue and the counts of whoever shares it.
const PLACE: usize = 128;

#[derive(Debug)]
struct Entry {
    chunk: Chunk,
    /// What it takes of the source's share.
    weight: usize,
    source: u64,
}

#[derive(Debug)]
struct State {
    waiting: VecDeque<Entry>,
    queued: Waiting,
    /// What all that waits takes of the room.
    weight: usize,
    room: Shares<u64>,
    under_way: Waiting,
    is_failing: bool,
    /// When to give up; set when the exporter is shut down.
    deadline: Option<Instant>,
    is_finished: bool,
    counts: Counts,
}

/// The queue, and the state that its two sides share.
#[derive(Debug)]
pub(super) struct Queue {
    limits: Limits,
    state: Mutex<State>,
    hasher: RandomState,
    /// For the exporter's own thread: there is more to do than before.
    changed: Notify,
    /// For whoever waits for the end.
    finished: Condvar,
}

impl Queue {
    pub(super) fn new(limits: Limits) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            queued: Waiting::default(),
            weight: 0,
            room: Shares::new(limits.queue_bytes),
            under_way: Waiting::default(),
            is_failing: false,
            deadline: None,
            is_finished: false,
            counts: Counts::default(),
        };
        Self {
            limits,
            state: Mutex::new(state),
            hasher: RandomState::new(),
            changed: Notify::new(),
            finished: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, and counts are whole at every moment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a chunk, or counts it as dropped. Says whether it was the first one dropped.
    pub(super) fn offer(&self, source: impl Hash, chunk: &Chunk) -> bool {
        let (weight, source) = (chunk.bytes().len() + PLACE, self.hasher.hash_one(source));
        let entry = Entry { chunk: chunk.clone(), weight, source };
        let mut state = self.lock();
        if state.deadline.is_some() || !state.room.take(source, weight) {
            let first = state.counts.dropped == 0;
            state.counts.dropped += chunk.len() as u64;
            return first;
        }
        let before = state.queued.bytes;
        state.queued = plus(state.queued, &entry.chunk);
        state.weight += weight;
        state.waiting.push_back(entry);
        // Whoever takes looks again where it might do something that it would not have done before.
        let enough = self.limits.request_bytes as u64;
        let is_enough = before < enough && state.queued.bytes >= enough;
        let is_pressed =
            self.is_pressed_by(state.weight) && !self.is_pressed_by(state.weight - weight);
        if before == 0 || is_enough || is_pressed {
            self.changed.notify_waiters();
        }
        false
    }

    /// Whether so much waits that it should go to the spool: half of what one source may have.
    fn is_pressed_by(&self, weight: usize) -> bool {
        weight >= self.limits.queue_bytes / 4
    }

    /// Ends when something changed since it was called.
    pub(super) fn changed(&self) -> impl Future<Output = ()> {
        self.changed.notified()
    }

    /// Ends when the time is over that was given to [`Queue::close`].
    pub(super) async fn over(&self) {
        loop {
            let changed = self.changed();
            match self.time_left() {
                Some(left) => return sleep(left).await,
                None => changed.await,
            }
        }
    }

    pub(super) fn queued(&self) -> Waiting {
        self.lock().queued
    }

    /// Takes chunks until they have `most` bytes, or there are no more.
    pub(super) fn take(&self, most: usize) -> Vec<Chunk> {
        let mut state = self.lock();
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while bytes < most
            && let Some(entry) = pop(&mut state)
        {
            bytes += entry.chunk.bytes().len();
            state.under_way = plus(state.under_way, &entry.chunk);
            taken.push(entry.chunk);
        }
        taken
    }

    /// What should go to the spool, which stays here until [`Queue::moved`]: all if the server does not
    /// take anything, else the oldest of what is too much.
    pub(super) fn to_move(&self) -> Vec<Chunk> {
        let state = self.lock();
        if !state.is_failing && !self.is_pressed_by(state.weight) {
            return Vec::new();
        }
        let (mut chunks, mut bytes) = (Vec::new(), 0);
        for entry in &state.waiting {
            if bytes >= self.limits.queue_bytes / 4 {
                break;
            }
            bytes += entry.chunk.bytes().len();
            chunks.push(entry.chunk.clone());
        }
        chunks
    }

    /// The first `count` of what [`Queue::to_move`] gave are in the spool.
    pub(super) fn moved(&self, count: usize) {
        let mut state = self.lock();
        for _ in 0..count {
            pop(&mut state);
        }
    }

    /// Whether so much waits that it should go to the spool at once.
    pub(super) fn is_pressed(&self) -> bool {
        self.is_pressed_by(self.lock().weight)
    }

    /// What was taken is settled, but for these, which wait again, as the first.
    pub(super) fn settle(&self, left: Vec<Chunk>) {
        let mut state = self.lock();
        state.under_way = Waiting::default();
        for chunk in left.into_iter().rev() {
            state.queued = plus(state.queued, &chunk);
            // Its room was given back; whoever has it now is not asked for it.
            state.waiting.push_front(Entry { chunk, weight: 0, source: 0 });
        }
    }

    pub(super) fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.lock().counts);
    }

    /// Notes whether the server takes anything; says whether that is new.
    pub(super) fn set_failing(&self, is_failing: bool) -> bool {
        let was = core::mem::replace(&mut self.lock().is_failing, is_failing);
        if was != is_failing {
            self.changed.notify_waiters();
        }
        was != is_failing
    }

    pub(super) fn is_failing(&self) -> bool {
        self.lock().is_failing
    }

    /// How much time is left; none as long as the exporter is not being shut down.
    pub(super) fn time_left(&self) -> Option<Duration> {
        let deadline = self.lock().deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    /// Takes no more; what waits may still be sent for the time `grace`.
    pub(super) fn close(&self, grace: Duration) {
        self.lock().deadline = Some(Instant::now() + grace);
        self.changed.notify_waiters();
    }

    /// The exporter's thread has nothing more to do.
    pub(super) fn finish(&self) {
        self.lock().is_finished = true;
        self.finished.notify_all();
    }

    /// Waits for the exporter's thread, for `time` at most.
    pub(super) fn wait_finished(&self, time: Duration) {
        let state = self.lock();
        let _ = self.finished.wait_timeout_while(state, time, |state| !state.is_finished);
    }

    /// What became of everything so far, but for the spool.
    pub(super) fn counts(&self) -> Counts {
        let state = self.lock();
        let Waiting { spans, bytes } = state.under_way;
        let queued =
            Waiting { spans: state.queued.spans + spans, bytes: state.queued.bytes + bytes };
        Counts { queued, ..state.counts }
    }
}

fn pop(state: &mut State) -> Option<Entry> {
    let entry = state.waiting.pop_front()?;
    state.room.give_back(&entry.source, entry.weight);
    state.weight -= entry.weight;
    state.queued.spans -= entry.chunk.len() as u64;
    state.queued.bytes -= entry.chunk.bytes().len() as u64;
    Some(entry)
}

fn plus(waiting: Waiting, chunk: &Chunk) -> Waiting {
    Waiting {
        spans: waiting.spans + chunk.len() as u64,
        bytes: waiting.bytes + chunk.bytes().len() as u64,
    }
}

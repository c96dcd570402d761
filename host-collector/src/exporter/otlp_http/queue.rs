//! What waits to be sent: bounded, filled without waiting, emptied by one worker.

use crate::model::{Batch, Source};
use crate::receiver::Shares;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What became of the spans that were offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The server took them.
    pub delivered: u64,
    /// The server refused them, or the request they were in.
    pub rejected: u64,
    /// The queue was full.
    pub dropped: u64,
    /// They still wait, or nobody knows whether they arrived.
    pub undelivered: u64,
}

/// Bounds of the queue and of one request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Spans that may wait. A device may have as many of them as are free.
    pub spans: usize,
    /// Bytes that what waits may hold, about. A device may have as many of them as are free.
    pub bytes: usize,
    /// A request is sent once it has this many spans.
    pub request_spans: usize,
    /// Or once its first span has waited this long.
    pub linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            spans: 65_536,
            bytes: 64 << 20,
            request_spans: 2048,
            linger: Duration::from_millis(200),
        }
    }
}

/// The batches of one request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) batches: Vec<Arc<Batch>>,
    pub(super) spans: u64,
}

#[derive(Debug)]
struct State {
    waiting: VecDeque<(Arc<Batch>, usize)>,
    spans: usize,
    room_for_spans: Shares<Source>,
    room_for_bytes: Shares<Source>,
    in_flight: u64,
    report: Report,
    /// When to give up; set when the exporter is shut down.
    deadline: Option<Instant>,
    finished: bool,
}

#[derive(Debug)]
pub(super) struct Queue {
    limits: Limits,
    state: Mutex<State>,
    changed: Condvar,
}

impl State {
    fn take_room(&mut self, source: Source, spans: usize, bytes: usize) -> bool {
        let fits = self.room_for_spans.take(source, spans);
        let both_fit = fits && self.room_for_bytes.take(source, bytes);
        if fits && !both_fit {
            self.room_for_spans.give_back(&source, spans);
        }
        both_fit
    }
}

impl Queue {
    pub(super) fn new(limits: Limits) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            spans: 0,
            room_for_spans: Shares::new(limits.spans),
            room_for_bytes: Shares::new(limits.bytes),
            in_flight: 0,
            report: Report::default(),
            deadline: None,
            finished: false,
        };
        Self { limits, state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, and counts are whole at every moment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Adds a batch, or counts it as dropped. Says whether it was the first one dropped.
    pub(super) fn offer(&self, batch: &Arc<Batch>) -> bool {
        let (spans, bytes) = (batch.spans.len(), batch.weight());
        let mut state = self.lock();
        if state.deadline.is_none() && state.take_room(batch.source, spans, bytes) {
            state.waiting.push_back((batch.clone(), bytes));
            state.spans += spans;
            self.changed.notify_all();
            return false;
        }
        let first = state.report.dropped == 0;
        state.report.dropped += spans as u64;
        first
    }

    /// Waits for something to send; none once the queue is closed and empty.
    pub(super) fn next(&self) -> Option<Request> {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if state.deadline.is_some() {
                return None;
            }
            state = self.wait(state, Duration::MAX);
        }
        let send_at = Instant::now() + self.limits.linger;
        while state.spans < self.limits.request_spans && state.deadline.is_none() {
            let left = send_at.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.wait(state, left);
        }
        let mut request = Request { batches: Vec::new(), spans: 0 };
        while request.spans < self.limits.request_spans as u64
            && let Some((batch, bytes)) = state.waiting.pop_front()
        {
            state.spans -= batch.spans.len();
            state.room_for_spans.give_back(&batch.source, batch.spans.len());
            state.room_for_bytes.give_back(&batch.source, bytes);
            request.spans += batch.spans.len() as u64;
            request.batches.push(batch);
        }
        state.in_flight = request.spans;
        Some(request)
    }

    /// Settles what became of the request that [`Queue::next`] handed out.
    pub(super) fn settle(&self, settle: impl FnOnce(&mut Report, u64)) {
        let mut state = self.lock();
        let spans = core::mem::take(&mut state.in_flight);
        settle(&mut state.report, spans);
    }

    /// Sleeps; shutting down ends the sleep early.
    pub(super) fn sleep(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut state = self.lock();
        while state.deadline.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.wait(state, left);
        }
    }

    /// How much time is left; none as long as the exporter is not being shut down.
    pub(super) fn time_left(&self) -> Option<Duration> {
        let deadline = self.lock().deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    /// Takes no more; what waits may still be sent for the time `grace`.
    pub(super) fn close(&self, grace: Duration) {
        self.lock().deadline = Some(Instant::now() + grace);
        self.changed.notify_all();
    }

    /// The worker has nothing more to do.
    pub(super) fn finish(&self) {
        self.lock().finished = true;
        self.changed.notify_all();
    }

    /// Waits for the worker, for `time` at most.
    pub(super) fn wait_finished(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut state = self.lock();
        while !state.finished {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.wait(state, left);
        }
    }

    /// What became of everything so far.
    pub(super) fn report(&self) -> Report {
        let state = self.lock();
        let mut report = state.report;
        report.undelivered += state.in_flight + state.spans as u64;
        report
    }
}

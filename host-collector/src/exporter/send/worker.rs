//! The exporter's own thread: takes from spool and queue, sends, and judges by what comes back.

use super::backoff::Backoff;
use super::halves::halves;
use super::queue::Queue;
use super::spill::Spiller;
use super::{Exporter, Limits, Outcome};
use crate::model::Chunk;
use crate::storage::{Position, Spool};
use core::hash::BuildHasher as _;
use core::time::Duration;
use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::sync::Arc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// What breaks for this long is given up, so that a request that breaks the server passes.
const GIVE_UP: Duration = Duration::from_secs(300);
/// While the exporter is being shut down, the pause between attempts.
const LAST_PAUSE: Duration = Duration::from_millis(250);
/// How long a spool that fails is left alone.
pub(super) const SPOOL_PAUSE: Duration = Duration::from_secs(1);
/// Requests do not become shorter than this because a server refuses longer ones.
const SHORTEST_REQUEST: usize = 16 << 10;
/// How many of a server's complaints are known, so that each is said once.
const MOST_SAID: usize = 32;

pub(super) struct Worker<E> {
    exporter: E,
    queue: Arc<Queue>,
    spiller: Arc<Spiller>,
    limits: Limits,
    /// Since the server answered last.
    backoff: Backoff,
    broken_since: Option<Instant>,
    said: HashSet<String>,
}

/// What came of a part of a request.
enum Settled {
    /// Nothing is left to do.
    Done,
    /// It is too long.
    TooLong(String),
    /// It is to be sent later, after this time.
    Postponed(Duration),
    /// It is time to end.
    Over,
}

/// What is sent as one, and what to acknowledge for it.
struct Request {
    chunks: Vec<Chunk>,
    end: Option<Position>,
}

impl<E: Exporter> Worker<E> {
    pub(super) fn new(
        exporter: E,
        queue: Arc<Queue>,
        spool: Arc<dyn Spool>,
        limits: Limits,
    ) -> Self {
        let name = exporter.name().to_owned();
        let spiller = Arc::new(Spiller::new(name, queue.clone(), spool, limits.linger));
        let (backoff, said) = (Backoff::new(), HashSet::new());
        Self { exporter, queue, spiller, limits, backoff, broken_since: None, said }
    }

    /// Runs until the queue is closed and all is sent, or the time is over.
    pub(super) async fn run(mut self) {
        let spiller = self.spiller.clone();
        tokio::select! {
            () = self.send_all() => {}
            () = spiller.run() => {}
        }
        let lost = spiller.last();
        self.queue.count(|counts| counts.undelivered += lost);
        self.queue.finish();
    }

    async fn send_all(&mut self) {
        while let Some(request) = self.next().await {
            self.deliver(request).await;
        }
    }

    /// Waits for something to send; none once the queue is closed and empty, or it is time to end.
    async fn next(&self) -> Option<Request> {
        let mut send_at = None;
        loop {
            let changed = self.queue.changed();
            if self.is_over() {
                return None;
            }
            if let Some((chunks, end)) = self.spiller.read(self.limits.request_bytes) {
                return Some(Request { chunks, end: Some(end) });
            }
            let queued = self.queue.queued().bytes;
            let is_closed = self.queue.time_left().is_some();
            if queued == 0 && is_closed {
                return None;
            }
            if queued == 0 && self.spiller.waiting().bytes == 0 {
                changed.await;
                continue;
            }
            let (now, linger) = (Instant::now(), self.limits.linger);
            let send_at = *send_at.get_or_insert(now + linger);
            let is_time = is_closed || now >= send_at || queued >= self.limits.request_bytes as u64;
            if queued != 0 && is_time {
                let chunks = self.queue.take(self.limits.request_bytes);
                return Some(Request { chunks, end: None });
            }
            // A spool that cannot be read now is tried again later.
            let at = if queued == 0 { now + SPOOL_PAUSE } else { send_at };
            tokio::select! {
                () = changed => {}
                () = sleep_until(at) => {}
            }
        }
    }

    /// Whether what is left stays where it is: the time is over, or the server takes nothing and the
    /// spool keeps it.
    fn is_over(&self) -> bool {
        let is_safe = self.queue.is_failing() && self.spiller.is_durable();
        self.queue.time_left().is_some_and(|left| left.is_zero() || is_safe)
    }

    async fn deliver(&mut self, request: Request) {
        let mut parts = vec![request.chunks];
        let mut pause = None;
        while let Some(part) = parts.pop() {
            let bytes: usize = part.iter().map(|chunk| chunk.bytes().len()).sum();
            if bytes > self.limits.longest_request
                && let Some([first, second]) = halves(&part)
            {
                parts.extend([second, first]);
                continue;
            }
            match self.attempts(&part, request.end.is_some()).await {
                Settled::Done => {}
                Settled::TooLong(why) => match halves(&part) {
                    Some([first, second]) => {
                        log::debug!("{}: {why}; in halves", self.exporter.name());
                        // What follows need not be refused first.
                        let half = (bytes / 2).max(SHORTEST_REQUEST);
                        self.limits.longest_request = self.limits.longest_request.min(half);
                        self.limits.request_bytes = self.limits.request_bytes.min(half);
                        parts.extend([second, first]);
                    }
                    None => self.refused(&part, &why),
                },
                Settled::Postponed(time) => {
                    parts.push(part);
                    pause = Some(time);
                    break;
                }
                Settled::Over => {
                    parts.push(part);
                    break;
                }
            }
        }
        match request.end {
            // It is there still, and comes again as a whole.
            Some(_) if !parts.is_empty() && self.spiller.is_durable() => return,
            Some(end) => self.spiller.acknowledge(end),
            None => {}
        }
        self.queue.settle(parts.into_iter().rev().flatten().collect());
        if let Some(time) = pause {
            self.pause(time).await;
        }
    }

    /// Tries until there is an answer that is final. What could be on the disk instead of here is
    /// postponed, so that it gets there.
    async fn attempts(&mut self, part: &[Chunk], is_spooled: bool) -> Settled {
        let body = self.exporter.convert(part);
        loop {
            if self.is_over() {
                return Settled::Over;
            }
            let attempt = timeout(self.limits.timeout, self.exporter.send(&body));
            let outcome = tokio::select! {
                outcome = attempt => outcome,
                () = self.queue.over() => return Settled::Over,
            };
            let outcome = outcome.unwrap_or_else(|_| {
                let why = format!("no answer within {} s", self.limits.timeout.as_secs_f32());
                Outcome::Broken { why }
            });
            let (why, after) = match outcome {
                Outcome::Delivered { rejected, message } => {
                    self.delivered(part, rejected, &message);
                    return Settled::Done;
                }
                Outcome::TooLong { why } => {
                    self.answered();
                    return Settled::TooLong(why);
                }
                Outcome::Refused { why } => {
                    self.answered();
                    self.refused(part, &why);
                    return Settled::Done;
                }
                Outcome::Broken { why } => {
                    let since = *self.broken_since.get_or_insert_with(Instant::now);
                    if since.elapsed() >= GIVE_UP {
                        self.gave_up(part, &why);
                        return Settled::Done;
                    }
                    (why, None)
                }
                Outcome::Later { why, after } => {
                    self.broken_since = None;
                    (why, after)
                }
            };
            let time = self.failed(&why, after);
            if !is_spooled && self.spiller.is_durable() {
                return Settled::Postponed(time);
            }
            self.pause(time).await;
        }
    }

    /// Says how long to wait before the next attempt.
    fn failed(&mut self, why: &str, after: Option<Duration>) -> Duration {
        self.queue.count(|counts| counts.retries += 1);
        if self.queue.set_failing(true) {
            log::warn!("{}: {why}; will go on trying", self.exporter.name());
        } else {
            log::debug!("{}: {why}", self.exporter.name());
        }
        let [chance, ..] = RandomState::new().hash_one(()).to_le_bytes();
        self.backoff.pause(after, chance)
    }

    fn gave_up(&mut self, part: &[Chunk], why: &str) {
        self.broken_since = None;
        log::warn!("{}: gave up on {} spans: {why}", self.exporter.name(), spans(part));
        self.queue.count(|counts| counts.undelivered += spans(part));
    }

    fn answered(&mut self) {
        self.broken_since = None;
        self.backoff = Backoff::new();
        self.queue.count(|counts| counts.requests += 1);
        if self.queue.set_failing(false) {
            log::warn!("{}: answers again", self.exporter.name());
        }
    }

    fn delivered(&mut self, part: &[Chunk], rejected: u64, message: &str) {
        self.answered();
        if rejected > 0 || !message.is_empty() {
            self.say(&format!("of {} spans it rejected {rejected}", spans(part)), message);
        }
        self.queue.count(|counts| {
            let rejected = rejected.min(spans(part));
            counts.rejected += rejected;
            counts.delivered += spans(part) - rejected;
        });
    }

    fn refused(&mut self, part: &[Chunk], why: &str) {
        self.say(&format!("refused {} spans", spans(part)), why);
        self.queue.count(|counts| counts.rejected += spans(part));
    }

    /// What is said each time is said aloud once.
    fn say(&mut self, what: &str, why: &str) {
        let name = self.exporter.name();
        if self.said.len() < MOST_SAID && self.said.insert(why.to_owned()) {
            log::warn!("{name}: {what}: {why}");
        } else {
            log::debug!("{name}: {what}: {why}");
        }
    }

    /// Shutting down ends the pause early.
    async fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        loop {
            let changed = self.queue.changed();
            if let Some(left) = self.queue.time_left() {
                return sleep(LAST_PAUSE.min(left)).await;
            }
            tokio::select! {
                () = changed => {}
                () = sleep_until(until) => return,
            }
        }
    }
}

fn spans(part: &[Chunk]) -> u64 {
    part.iter().map(|chunk| chunk.len() as u64).sum()
}

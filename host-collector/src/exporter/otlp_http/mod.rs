//! Sends OTLP over HTTP from a thread of its own.
//!
//! Whoever offers a batch never waits: a server that is slow, gone or angry fills a bounded queue,
//! and what no longer fits is counted. Requests that may succeed later are repeated, each time
//! after a longer pause; what a server refuses for good is counted and said once a cause.

mod endpoint;
mod post;
mod queue;

pub use endpoint::{Endpoint, EndpointError};
pub use queue::{Limits, Report};

use super::otlp;
use crate::model::Batch;
use post::Outcome;
use queue::{Queue, Request};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// An attempt that takes longer than this has failed.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A server that asks for a longer pause than this is not obeyed to the letter.
const LONGEST_ASKED_PAUSE: Duration = Duration::from_secs(60);
/// A request that fails for this long is given up, so that one that poisons the server passes.
const GIVE_UP: Duration = Duration::from_secs(300);

/// A running exporter. Dropped without [`OtlpHttp::shutdown`] it sends what waits, unobserved.
#[derive(Debug)]
pub struct OtlpHttp {
    queue: Arc<Queue>,
    endpoint: Endpoint,
}

impl OtlpHttp {
    /// Starts the thread that sends to `endpoint`.
    ///
    /// # Errors
    /// The operating system refuses a thread.
    pub fn start(endpoint: Endpoint, limits: Limits) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(limits));
        let worker = Worker {
            queue: queue.clone(),
            endpoint: endpoint.clone(),
            agent: post::agent(),
            failing: false,
        };
        thread::Builder::new().name("otlp-http".into()).spawn(move || worker.run())?;
        Ok(Self { queue, endpoint })
    }

    /// Queues a batch; one that does not fit is counted as dropped. Never waits.
    pub fn offer(&self, batch: &Arc<Batch>) {
        if self.queue.offer(batch) {
            log::warn!("{}: its queue is full, spans are being dropped", self.endpoint);
        }
    }

    /// What became of the spans so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.queue.report()
    }

    /// Sends what waits and stops, within `grace` and half a second.
    #[must_use = "it says what was not delivered"]
    pub fn shutdown(self, grace: Duration) -> Report {
        self.queue.close(grace);
        // The half second is for an attempt that times out exactly at the end.
        self.queue.wait_finished(grace + Duration::from_millis(500));
        self.queue.report()
    }
}

impl Drop for OtlpHttp {
    fn drop(&mut self) {
        if self.queue.time_left().is_none() {
            self.queue.close(ATTEMPT_TIMEOUT);
        }
    }
}

struct Worker {
    queue: Arc<Queue>,
    endpoint: Endpoint,
    agent: ureq::Agent,
    failing: bool,
}

impl Worker {
    fn run(mut self) {
        while let Some(request) = self.queue.next() {
            self.deliver(&request);
        }
        self.queue.finish();
    }

    fn deliver(&mut self, request: &Request) {
        let body = otlp::to_protobuf(request.batches.iter().map(|batch| &**batch));
        let give_up = Instant::now() + GIVE_UP;
        let mut pause = FIRST_PAUSE;
        loop {
            let timeout = match self.queue.time_left() {
                None => ATTEMPT_TIMEOUT,
                Some(Duration::ZERO) => {
                    return self.queue.settle(|report, spans| report.undelivered += spans);
                }
                Some(left) => left.min(ATTEMPT_TIMEOUT),
            };
            match post::post(&self.agent, self.endpoint.as_str(), &body, timeout) {
                Outcome::Delivered { rejected, message } => {
                    return self.delivered(rejected, &message);
                }
                Outcome::Refused { why } => {
                    log::warn!("{}: refused {} spans: {why}", self.endpoint, request.spans);
                    return self.queue.settle(|report, spans| report.rejected += spans);
                }
                Outcome::Retry { why, .. } if Instant::now() > give_up => {
                    log::warn!("{}: gave up on {} spans: {why}", self.endpoint, request.spans);
                    return self.queue.settle(|report, spans| report.undelivered += spans);
                }
                Outcome::Retry { why, after } => self.pause(&why, after, &mut pause),
            }
        }
    }

    fn delivered(&mut self, rejected: u64, message: &str) {
        if core::mem::take(&mut self.failing) {
            log::warn!("{}: delivering again", self.endpoint);
        }
        if rejected > 0 || !message.is_empty() {
            log::warn!("{}: rejected {rejected} spans: {message}", self.endpoint);
        }
        self.queue.settle(|report, spans| {
            let rejected = rejected.min(spans);
            report.rejected += rejected;
            report.delivered += spans - rejected;
        });
    }

    fn pause(&mut self, why: &str, after: Option<Duration>, pause: &mut Duration) {
        if !core::mem::replace(&mut self.failing, true) {
            log::warn!("{}: {why}; will go on trying", self.endpoint);
        }
        let time = after.map_or(*pause, |after| after.min(LONGEST_ASKED_PAUSE));
        *pause = (*pause * 2).min(LONGEST_PAUSE);
        // Up to a quarter more, so that many collectors do not come back in step. While shutting
        // down the pause ends at once, hence a minimum that does not keep the processor busy.
        let extra = RandomState::new().hash_one(()) % 256;
        let extra = u32::try_from(extra).unwrap_or_default();
        match self.queue.time_left() {
            None => self.queue.sleep(time + time * extra / 1024),
            Some(left) => thread::sleep(FIRST_PAUSE.min(left)),
        }
    }
}

#[cfg(test)]
mod tests;

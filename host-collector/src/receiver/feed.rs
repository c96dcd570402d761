//! [`Feed`]: what links hand everything to.

use super::hub::TICK;
use super::outlets::{Outbox, Scope};
use super::{Origin, Peer, Reply, Shares};
use crate::rules::SourceLimit;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that wait for the handler at most: a burst of a hundred boards is some megabytes. Of these
/// each origin has a share: a flood leaves room for whoever else is there.
pub(super) const MOST_BYTES: usize = 16 << 20;
/// What a frame counts as at least, so that they are bounded in number, too.
const LEAST_BYTES: usize = 1024;
/// Events that wait at most: so many frames, and some more of what links say beside.
pub(super) const MOST_EVENTS: usize = MOST_BYTES / LEAST_BYTES + 1024;

/// What links tell.
#[derive(Debug)]
pub(super) enum Event {
    Opened(Scope, SyncSender<Reply>),
    Frame { bytes: Vec<u8>, peer: Peer, at: Instant },
    Sent { peer: Peer, session_tag: [u8; 4], ping: u32, at: Instant },
    Closed(Peer),
}

/// What all feeds share.
#[derive(Debug)]
pub(super) struct Shared {
    /// Bytes that wait.
    waiting: Mutex<Shares<Origin>>,
    /// Datagrams that there was no room for.
    pub(super) dropped: AtomicU64,
    /// Datagrams that the kernel had no room for.
    pub(super) dropped_by_kernel: AtomicU64,
    /// What each source may send; none: as much as it likes.
    pub(super) limit: OnceLock<Arc<SourceLimit>>,
    /// Datagrams beyond that.
    pub(super) over_limit: AtomicU64,
    pub(super) is_over: AtomicBool,
}

impl Shared {
    fn new() -> Self {
        Self {
            waiting: Mutex::new(Shares::new(MOST_BYTES)),
            dropped: AtomicU64::new(0),
            dropped_by_kernel: AtomicU64::new(0),
            limit: OnceLock::new(),
            over_limit: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        }
    }

    /// Whether the source may send that now, or how long it has to wait.
    fn within_limit(&self, peer: &Peer, bytes: usize, now: Instant) -> Result<(), Duration> {
        self.limit.get().map_or(Ok(()), |limit| limit.take(&peer.origin(), bytes, now))
    }

    fn waiting(&self) -> MutexGuard<'_, Shares<Origin>> {
        // Nobody panics while it is locked.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes room for a frame; false where its origin has its share.
    fn take_room(&self, peer: &Peer, bytes: &[u8]) -> bool {
        self.waiting().take(peer.origin(), bytes.len().max(LEAST_BYTES))
    }

    pub(super) fn give_back(&self, peer: &Peer, bytes: &[u8]) {
        self.waiting().give_back(&peer.origin(), bytes.len().max(LEAST_BYTES));
    }
}

/// Datagrams that were dropped before anybody read them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// There was no room for them.
    pub crowded_out: u64,
    /// Their sources sent more than they may.
    pub over_limit: u64,
    /// The kernel had no room for them, since nobody took them so fast.
    pub by_kernel: u64,
}

/// The hub is gone: the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody takes what this link receives any more")]
pub struct Closed;

/// What a link hands everything to. Clones are for its threads.
#[derive(Clone, Debug)]
pub struct Feed {
    events: SyncSender<Event>,
    pub(super) shared: Arc<Shared>,
}

impl Feed {
    /// A feed, and where what it is given comes out.
    pub(super) fn new() -> (Self, Receiver<Event>) {
        let (events, receiver) = sync_channel(MOST_EVENTS);
        (Self { events, shared: Arc::new(Shared::new()) }, receiver)
    }

    /// What was dropped since the start.
    #[must_use]
    pub fn drops(&self) -> Drops {
        let [crowded_out, over_limit, by_kernel] =
            [&self.shared.dropped, &self.shared.over_limit, &self.shared.dropped_by_kernel]
                .map(|count| count.load(Ordering::Relaxed));
        Drops { crowded_out, over_limit, by_kernel }
    }

    /// Says which peers the link reaches; gives the replies to them.
    ///
    /// # Errors
    /// The program ends.
    pub fn open(&self, scope: Scope) -> Result<Outbox, Closed> {
        let (sender, outbox) = Outbox::new(self.clone());
        self.events.send(Event::Opened(scope, sender)).map_err(|_| Closed)?;
        Ok(outbox)
    }

    /// Hands on a frame of a stream, received at `at`; waits where there is no room, so that the
    /// far end has to wait, too.
    ///
    /// # Errors
    /// The program ends.
    pub fn frame(&self, bytes: &[u8], peer: &Peer, at: Instant) -> Result<(), Closed> {
        while let Err(wait) = self.shared.within_limit(peer, bytes.len(), Instant::now()) {
            if self.is_over() {
                return Err(Closed);
            }
            thread::sleep(wait.min(TICK));
        }
        while !self.shared.take_room(peer, bytes) {
            if self.is_over() {
                return Err(Closed);
            }
            thread::sleep(Duration::from_millis(1));
        }
        let event = Event::Frame { bytes: bytes.to_vec(), peer: peer.clone(), at };
        self.events.send(event).map_err(|_| Closed)
    }

    /// Hands on a datagram, received at `at`. Never waits: what there is no room for is counted.
    ///
    /// # Errors
    /// The program ends.
    pub fn datagram(&self, bytes: &[u8], peer: Peer, at: Instant) -> Result<(), Closed> {
        let dropped = if self.shared.within_limit(&peer, bytes.len(), at).is_err() {
            Some(&self.shared.over_limit)
        } else if !self.shared.take_room(&peer, bytes) {
            Some(&self.shared.dropped)
        } else {
            None
        };
        if let Some(count) = dropped {
            count.fetch_add(1, Ordering::Relaxed);
            return if self.is_over() { Err(Closed) } else { Ok(()) };
        }
        match self.events.try_send(Event::Frame { bytes: bytes.to_vec(), peer, at }) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(event)) => {
                if let Event::Frame { bytes, peer, .. } = &event {
                    self.shared.give_back(peer, bytes);
                }
                self.shared.dropped.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(TrySendError::Disconnected(_)) => Err(Closed),
        }
    }

    /// A connection ended, or a port is gone.
    ///
    /// # Errors
    /// The program ends.
    pub fn close(&self, peer: &Peer) -> Result<(), Closed> {
        self.events.send(Event::Closed(peer.clone())).map_err(|_| Closed)
    }

    /// Whether the program ends: for links that wait for bytes.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.shared.is_over.load(Ordering::Relaxed)
    }

    /// A ping goes out. Never waits, since it is about to; the handler then has a rougher time.
    pub(super) fn sent(&self, peer: &Peer, session_tag: [u8; 4], ping: u32, at: Instant) {
        let event = Event::Sent { peer: peer.clone(), session_tag, ping, at };
        let _ = self.events.try_send(event);
    }
}

//! [`Hub`]: where all links come together.

use super::outlets::{Outbox, Outlets, Scope};
use super::{Handler, HostClock, KernelDrops, Origin, Peer, Replies, Reply, Shares};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a handler hears that time passes, and a link looks whether it should end.
pub const TICK: Duration = Duration::from_millis(50);

/// How often the kernel is asked what it dropped: it has to write down all of its sockets.
const LOOK: Duration = Duration::from_secs(1);

/// Bytes that wait for the handler at most: a burst of a hundred boards is some megabytes. Of these
/// each origin has a share: a flood leaves room for whoever else is there.
pub(crate) const MOST_BYTES: usize = 16 << 20;
/// What a frame counts as at least, so that they are bounded in number, too.
const LEAST_BYTES: usize = 1024;
/// Events that wait at most: so many frames, and some more of what links say beside.
const MOST_EVENTS: usize = MOST_BYTES / LEAST_BYTES + 1024;

/// What links tell.
#[derive(Debug)]
enum Event {
    Opened(Scope, SyncSender<Reply>),
    Frame { bytes: Vec<u8>, peer: Peer, at: Instant },
    Sent { peer: Peer, session_tag: [u8; 4], ping: u32, at: Instant },
    Closed(Peer),
}

/// What all feeds share.
#[derive(Debug)]
struct Shared {
    /// Bytes that wait.
    waiting: Mutex<Shares<Origin>>,
    /// Datagrams that there was no room for.
    dropped: AtomicU64,
    /// Datagrams that the kernel had no room for.
    dropped_by_kernel: AtomicU64,
    is_over: AtomicBool,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Shares<Origin>> {
        // Nobody panics while it is locked.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes room for a frame; false where its origin has its share.
    fn take_room(&self, peer: &Peer, bytes: &[u8]) -> bool {
        self.waiting().take(peer.origin(), bytes.len().max(LEAST_BYTES))
    }

    fn give_back(&self, peer: &Peer, bytes: &[u8]) {
        self.waiting().give_back(&peer.origin(), bytes.len().max(LEAST_BYTES));
    }
}

/// The hub is gone: the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody takes what this link receives any more")]
pub struct Closed;

/// What a link hands everything to. Clones are for its threads.
#[derive(Clone, Debug)]
pub struct Feed {
    events: SyncSender<Event>,
    shared: Arc<Shared>,
}

impl Feed {
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
        if !self.shared.take_room(&peer, bytes) {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
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

/// Takes what all links receive, in one thread.
#[derive(Debug)]
pub struct Hub {
    events: Receiver<Event>,
    feed: Feed,
    sockets: Vec<KernelDrops>,
}

impl Hub {
    /// A hub without links.
    #[must_use]
    pub fn new() -> Self {
        let (sender, events) = sync_channel(MOST_EVENTS);
        let shared = Shared {
            waiting: Mutex::new(Shares::new(MOST_BYTES)),
            dropped: AtomicU64::new(0),
            dropped_by_kernel: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        };
        let feed = Feed { events: sender, shared: Arc::new(shared) };
        Self { events, feed, sockets: Vec::new() }
    }

    /// Looks now and then at what the kernel drops of a link.
    pub fn watch(&mut self, socket: KernelDrops) {
        self.sockets.push(socket);
    }

    /// For a link.
    #[must_use]
    pub fn feed(&self) -> Feed {
        self.feed.clone()
    }

    /// Datagrams that there was no room for, since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.feed.shared.dropped.load(Ordering::Relaxed)
    }

    /// Datagrams that the kernel dropped, since nobody took them so fast.
    #[must_use]
    pub fn dropped_by_kernel(&self) -> u64 {
        self.feed.shared.dropped_by_kernel.load(Ordering::Relaxed)
    }

    /// Hands everything to `handler` and sends what it replies, until `stop` is set.
    pub fn run<H: Handler>(&self, handler: &mut H, stop: &AtomicBool) {
        let mut clock = HostClock::new();
        let mut outlets = Outlets::default();
        let mut replies = Replies::new();
        let mut told = Dropped::default();
        let (mut last_tick, mut last_look) = (Instant::now(), Instant::now());
        while !stop.load(Ordering::Relaxed) {
            match self.events.recv_timeout(TICK.saturating_sub(last_tick.elapsed())) {
                Ok(event) => self.take(event, &clock, &mut outlets, handler, &mut replies),
                // The hub has a feed itself, so nobody hangs up.
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            // Also while frames keep coming.
            if last_tick.elapsed() >= TICK {
                last_tick = Instant::now();
                if let Some(step_ns) = clock.check() {
                    log::info!("this machine's clock was set by {} ms", step_ns / 1_000_000);
                    handler.on_clock_step(step_ns);
                }
                handler.on_tick(clock.now_ns(), &mut replies);
                if last_look.elapsed() >= LOOK {
                    last_look = Instant::now();
                    self.look_at_sockets();
                }
                self.tell_dropped(&mut told);
            }
            replies.drain(..).for_each(|reply| outlets.send(reply));
        }
        self.look_at_sockets();
        // What came before the end counts; nobody is answered any more.
        for event in self.events.try_iter().take(MOST_EVENTS) {
            self.take(event, &clock, &mut outlets, handler, &mut replies);
        }
    }

    fn take<H: Handler>(
        &self,
        event: Event,
        clock: &HostClock,
        outlets: &mut Outlets,
        handler: &mut H,
        replies: &mut Replies,
    ) {
        match event {
            Event::Frame { bytes, peer, at } => {
                self.feed.shared.give_back(&peer, &bytes);
                handler.on_frame(&bytes, &peer, clock.at_ns(at), replies);
            }
            Event::Sent { peer, session_tag, ping, at } => {
                handler.on_sent(&peer, session_tag, ping, clock.at_ns(at));
            }
            Event::Opened(scope, outbox) => outlets.open(scope, outbox),
            Event::Closed(peer) => {
                outlets.close(&peer);
                handler.on_closed(&peer);
            }
        }
    }

    fn look_at_sockets(&self) {
        let dropped = self.sockets.iter().filter_map(KernelDrops::count).sum();
        // A socket that cannot be looked at any more has dropped what it had.
        self.feed.shared.dropped_by_kernel.fetch_max(dropped, Ordering::Relaxed);
    }

    /// Says it when datagrams had to be dropped: once for each time that there are ten times as many.
    fn tell_dropped(&self, told: &mut Dropped) {
        let dropped = self.dropped();
        if dropped > told.here.saturating_mul(10) {
            told.here = dropped;
            log::warn!(dropped; "{dropped} datagrams were dropped: they come faster than they can be taken");
        }
        let dropped = self.dropped_by_kernel();
        if dropped > told.by_kernel.saturating_mul(10) {
            told.by_kernel = dropped;
            log::warn!(
                dropped;
                "{dropped} datagrams were dropped by the kernel: they come faster than they can be taken, or \
                 net.core.rmem_max leaves them too little room"
            );
        }
    }
}

/// How many dropped datagrams were told.
#[derive(Default)]
struct Dropped {
    here: u64,
    by_kernel: u64,
}

impl Default for Hub {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.feed.shared.is_over.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_that_there_is_no_room_for_are_counted_and_a_stream_waits() {
        const SENT: usize = 2 * MOST_BYTES / 60_000;

        let hub = Hub::new();
        let (feed, bytes) = (hub.feed(), vec![0; 60_000]);
        let flood = Peer::Udp(([127, 0, 0, 1], 9).into());
        for _ in 0..SENT {
            feed.datagram(&bytes, flood.clone(), Instant::now()).unwrap();
        }
        let dropped = hub.dropped();
        let taken = SENT - usize::try_from(dropped).unwrap();
        assert!(taken > 0 && taken * bytes.len() <= MOST_BYTES, "{taken}");
        // Somebody else's is taken all the same.
        feed.datagram(&[1], Peer::Udp(([127, 0, 0, 2], 9).into()), Instant::now()).unwrap();
        assert_eq!(hub.dropped(), dropped);
        // A stream waits, with nothing of it lost, until the hub is gone.
        let stream = feed.clone();
        let thread = thread::spawn(move || {
            let peer = Peer::Serial("a".into());
            while stream.frame(&[0; 60_000], &peer, Instant::now()).is_ok() {}
        });
        drop(hub);
        thread.join().unwrap();
        assert!(feed.is_over() && feed.datagram(&bytes, flood, Instant::now()).is_err());
    }
}

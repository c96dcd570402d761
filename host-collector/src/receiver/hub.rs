//! [`Hub`]: where all links come together.

use super::feed::{Drops, Event, Feed, MOST_EVENTS};
use super::outlets::Outlets;
use super::{Handler, HostClock, KernelDrops, Replies};
use crate::rules::SourceLimit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a handler hears that time passes, and a link looks whether it should end.
pub const TICK: Duration = Duration::from_millis(50);

/// How often the kernel is asked what it dropped: it has to write down all of its sockets.
const LOOK: Duration = Duration::from_secs(1);

/// Frames that follow each other faster than this come in a rush. Then it is slept for a moment once none
/// is left, and all are taken that came meanwhile: to be woken for a frame costs more than to take it.
const RUSH: Duration = Duration::from_micros(200);
const MOMENT: Duration = Duration::from_micros(500);

/// Whether so many frames in this time are a rush.
fn is_rush(frames: u32, time: Duration) -> bool {
    RUSH.checked_mul(frames).is_none_or(|rush| time < rush)
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
        let (feed, events) = Feed::new();
        Self { events, feed, sockets: Vec::new() }
    }

    /// Lets each source send so much from now on. The first limit that is set stays.
    pub fn limit(&self, limit: Arc<SourceLimit>) {
        let _ = self.feed.shared.limit.set(limit);
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

    /// What was dropped of what links received.
    #[must_use]
    pub fn drops(&self) -> Drops {
        self.feed.drops()
    }

    /// Hands everything to `handler` and sends what it replies, until `stop` is set.
    pub fn run<H: Handler>(&self, handler: &mut H, stop: &AtomicBool) {
        let mut clock = HostClock::new();
        let mut outlets = Outlets::default();
        let mut replies = Replies::new();
        let mut told = Drops::default();
        let (mut last_tick, mut last_look) = (Instant::now(), Instant::now());
        // Since when there was always something to take, and how much that was.
        let (mut since, mut taken) = (Instant::now(), 0);
        while !stop.load(Ordering::Relaxed) {
            let next = self.events.try_recv().or_else(|_| {
                if is_rush(taken, since.elapsed()) {
                    thread::sleep(MOMENT);
                }
                (since, taken) = (Instant::now(), 0);
                self.events.recv_timeout(TICK.saturating_sub(last_tick.elapsed()))
            });
            match next {
                Ok(event) => {
                    taken += 1;
                    self.take(event, &clock, &mut outlets, handler, &mut replies);
                }
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
    fn tell_dropped(&self, told: &mut Drops) {
        let is_news = |dropped: u64, told: &mut u64| {
            let is_news = dropped > told.saturating_mul(10);
            if is_news {
                *told = dropped;
            }
            is_news
        };
        let Drops { crowded_out, over_limit, by_kernel } = self.drops();
        if is_news(crowded_out, &mut told.crowded_out) {
            let dropped = crowded_out;
            log::warn!(dropped; "{dropped} datagrams were dropped: they come faster than they can be taken");
        }
        if is_news(over_limit, &mut told.over_limit) {
            let dropped = over_limit;
            log::warn!(
                dropped;
                "{dropped} datagrams were dropped: their sources sent more than --source-limit lets them"
            );
        }
        if is_news(by_kernel, &mut told.by_kernel) {
            let dropped = by_kernel;
            log::warn!(
                dropped;
                "{dropped} datagrams were dropped by the kernel: they come faster than they can be taken, or \
                 net.core.rmem_max leaves them too little room"
            );
        }
    }
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
    use crate::receiver::Peer;
    use crate::receiver::feed::MOST_BYTES;

    #[test]
    fn datagrams_that_there_is_no_room_for_are_counted_and_a_stream_waits() {
        const SENT: usize = 2 * MOST_BYTES / 60_000;

        let hub = Hub::new();
        let (feed, bytes) = (hub.feed(), vec![0; 60_000]);
        let flood = Peer::Udp(([127, 0, 0, 1], 9).into());
        for _ in 0..SENT {
            feed.datagram(&bytes, flood.clone(), Instant::now()).unwrap();
        }
        let dropped = hub.drops().crowded_out;
        let taken = SENT - usize::try_from(dropped).unwrap();
        assert!(taken > 0 && taken * bytes.len() <= MOST_BYTES, "{taken}");
        // Somebody else's is taken all the same.
        feed.datagram(&[1], Peer::Udp(([127, 0, 0, 2], 9).into()), Instant::now()).unwrap();
        assert_eq!(hub.drops().crowded_out, dropped);
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

    #[test]
    fn a_rush_is_told_by_how_frames_follow_each_other() {
        let ms = Duration::from_millis;
        assert!(!is_rush(0, ms(0)), "nothing came");
        assert!(!is_rush(1, ms(1)) && !is_rush(10, ms(2)), "each was waited for");
        assert!(is_rush(10, ms(1)) && is_rush(u32::MAX, ms(1)));
    }

    #[test]
    fn beyond_its_limit_a_source_loses_datagrams_and_a_stream_waits() {
        let (hub, now) = (Hub::new(), Instant::now());
        hub.limit(Arc::new(SourceLimit::new(100)));
        let feed = hub.feed();
        let peer = |port| Peer::Udp(([127, 0, 0, 1], port).into());
        // What it may save up, from any port, and one more on credit.
        for port in 0..20 {
            feed.datagram(&[0; 100], peer(port), now).unwrap();
        }
        assert_eq!((hub.drops().over_limit, hub.drops().crowded_out), (9, 0));
        let stream = feed.clone();
        let thread = thread::spawn(move || {
            let serial = Peer::Serial("a".into());
            (0..).find(|_| stream.frame(&[0; 1_000_000], &serial, now).is_err())
        });
        // The first passes on credit, and the next would wait for hours.
        while !matches!(hub.events.recv().unwrap(), Event::Frame { peer: Peer::Serial(_), .. }) {}
        drop(hub);
        assert_eq!(thread.join().unwrap(), Some(1));
    }
}

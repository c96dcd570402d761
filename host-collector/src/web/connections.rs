//! Who is connected, who waits for what, and who must go for others.
//!
//! A connection is idle as long as all that is to happen is its client's to do: to send a request, or the
//! rest of one. Where there is no room for one more, the longest idle one of the origin that has most of
//! them goes, so that a flood of connections pushes out itself; and whatever a client does not do in time
//! ends its connection, so that none is held by doing nothing.

use super::limits::Limits;
use crate::receiver::{Origin, Peer};
use core::fmt::{self, Debug, Formatter};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// All connections of all doors.
pub(super) struct Connections {
    most: usize,
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    open: usize,
    next: u64,
    /// By origin, then by when they became idle.
    idle: HashMap<Origin, BTreeMap<u64, Arc<Eviction>>>,
}

/// Whether a connection must make room for another one.
#[derive(Debug, Default)]
struct Eviction {
    /// It goes once, and not for two others.
    is_told: AtomicBool,
    notify: Notify,
}

/// One connection; it is open until this is dropped.
pub(super) struct Connection {
    connections: Arc<Connections>,
    origin: Origin,
    evicted: Arc<Eviction>,
    activity: Mutex<Activity>,
}

struct Activity {
    /// Its number among those that are idle.
    idle: Option<u64>,
    /// Since when it has no request.
    since: Instant,
    /// Whether it had one.
    is_used: bool,
    next: u64,
    /// Requests under way, and who must do something for each.
    exchanges: HashMap<u64, Turn>,
}

/// Who must do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// The collector.
    Ours,
    /// The client, who has not sent all of the request.
    Request,
    /// The client, who took some of the answer then.
    Answer(Instant),
}

impl Connections {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, all: Mutex::default() })
    }

    pub(super) fn open(&self) -> usize {
        self.lock().open
    }

    /// Lets one in, and says whether another one must go for it. None if all others are busy.
    pub(super) fn enter(self: &Arc<Self>, peer: SocketAddr) -> Option<(Arc<Connection>, bool)> {
        let origin = Peer::Tcp(peer).origin();
        let evicted = Arc::<Eviction>::default();
        let mut all = self.lock();
        let is_full = all.open >= self.most;
        if is_full && !all.evict() {
            return None;
        }
        all.open += 1;
        let idle = Some(all.idle(&origin, &evicted));
        drop(all);
        let activity = Activity {
            idle,
            since: Instant::now(),
            is_used: false,
            next: 0,
            exchanges: HashMap::new(),
        };
        let connections = self.clone();
        let activity = Mutex::new(activity);
        Some((Arc::new(Connection { connections, origin, evicted, activity }), is_full))
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    fn idle(&mut self, origin: &Origin, evicted: &Arc<Eviction>) -> u64 {
        self.next += 1;
        if evicted.is_told.load(Ordering::Relaxed) {
            return self.next;
        }
        let of_origin = self.idle.entry(origin.clone()).or_default();
        of_origin.insert(self.next, evicted.clone());
        self.next
    }

    fn busy(&mut self, origin: &Origin, number: u64) {
        if let Some(of_origin) = self.idle.get_mut(origin) {
            of_origin.remove(&number);
            if of_origin.is_empty() {
                self.idle.remove(origin);
            }
        }
    }

    /// Ends the longest idle connection of the origin that has most of them.
    fn evict(&mut self) -> bool {
        let most = self.idle.iter().max_by_key(|(_, idle)| idle.len());
        let Some(origin) = most.map(|(origin, _)| origin.clone()) else { return false };
        let first = self.idle.get(&origin).and_then(BTreeMap::first_key_value);
        let Some((number, first)) = first.map(|(number, first)| (*number, first.clone())) else {
            return false;
        };
        self.busy(&origin, number);
        first.is_told.store(true, Ordering::Relaxed);
        first.notify.notify_one();
        true
    }
}

impl Connection {
    fn activity(&self) -> MutexGuard<'_, Activity> {
        self.activity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request is there; it is under way until what this returns is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Exchange {
        let mut activity = self.activity();
        activity.is_used = true;
        activity.next += 1;
        let number = activity.next;
        activity.exchanges.insert(number, Turn::Ours);
        self.settle(&mut activity);
        drop(activity);
        Exchange { connection: self.clone(), number }
    }

    /// It is idle from now on, or no longer.
    fn settle(&self, activity: &mut Activity) {
        let is_idle = activity.exchanges.values().all(|turn| *turn == Turn::Request);
        match activity.idle {
            None if is_idle => {
                activity.idle = Some(self.connections.lock().idle(&self.origin, &self.evicted));
            }
            Some(number) if !is_idle => {
                activity.idle = None;
                self.connections.lock().busy(&self.origin, number);
            }
            _ => {}
        }
    }

    fn turn(&self, number: u64, turn: Turn) {
        let mut activity = self.activity();
        activity.exchanges.insert(number, turn);
        self.settle(&mut activity);
    }

    /// Waits until it must make room for another one.
    pub(super) async fn evicted(&self) {
        self.evicted.notify.notified().await;
    }

    /// Waits until its client has not done in time what it must do next.
    pub(super) async fn overdue(&self, limits: &Limits) {
        loop {
            let (until, is_due) = self.activity().due(limits);
            if is_due && until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }
}

impl Activity {
    /// Until when nothing needs to happen, and whether its client is the one who must do it.
    fn due(&self, limits: &Limits) -> (Instant, bool) {
        if self.exchanges.is_empty() {
            let time = if self.is_used { limits.idle_time } else { limits.first_time };
            return (self.since + time, true);
        }
        let taken = self.exchanges.values().filter_map(|turn| match turn {
            Turn::Answer(taken) => Some(*taken),
            Turn::Ours | Turn::Request => None,
        });
        match taken.min() {
            Some(taken) => (taken + limits.stall_time, true),
            // It is our turn, or whoever reads the request looks at the time: look again later.
            None => (Instant::now() + limits.stall_time, false),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let idle = self.activity().idle.take();
        let mut all = self.connections.lock();
        all.open = all.open.saturating_sub(1);
        if let Some(number) = idle {
            all.busy(&self.origin, number);
        }
    }
}

impl Debug for Connection {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Exchange {
    connection: Arc<Connection>,
    number: u64,
}

impl Exchange {
    /// The client took some of the answer, or may take it from now on.
    pub(super) fn taken(&self) {
        self.connection.turn(self.number, Turn::Answer(Instant::now()));
    }

    /// More of the request must come from the client.
    pub(super) fn waits(&self) {
        self.connection.turn(self.number, Turn::Request);
    }

    /// More of it came, or nobody waits for it any more.
    pub(super) fn goes_on(&self) {
        self.connection.turn(self.number, Turn::Ours);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let connection = &self.connection;
        let mut activity = connection.activity();
        activity.exchanges.remove(&self.number);
        if activity.exchanges.is_empty() {
            activity.since = Instant::now();
        }
        connection.settle(&mut activity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn peer(last: u8, port: u16) -> SocketAddr {
        ([10, 0, 0, last], port).into()
    }

    fn is_evicted(connection: &Connection) -> bool {
        let mut notified = core::pin::pin!(connection.evicted.notify.notified());
        notified.as_mut().enable()
    }

    #[test]
    fn a_flood_pushes_out_itself() {
        let connections = Connections::new(3);
        let honest = connections.enter(peer(1, 1)).unwrap().0;
        let flood: Vec<_> =
            (0..2).map(|port| connections.enter(peer(2, port)).unwrap().0).collect();
        let (newest, made_room) = connections.enter(peer(2, 9)).unwrap();
        assert!(made_room && is_evicted(&flood[0]));
        assert!(!is_evicted(&honest) && !is_evicted(&flood[1]) && !is_evicted(&newest));
        assert_eq!(connections.open(), 4);
        drop(flood);
        assert_eq!(connections.open(), 2);
    }

    #[test]
    fn who_is_busy_stays_and_where_all_are_nobody_enters() {
        let connections = Connections::new(1);
        let first = connections.enter(peer(1, 1)).unwrap().0;
        let exchange = first.begin();
        assert!(connections.enter(peer(1, 2)).is_none());
        drop(exchange);
        let (newest, made_room) = connections.enter(peer(1, 2)).unwrap();
        assert!(made_room && is_evicted(&first));
        let _busy = newest.begin();
        // It is on its way out, whatever it still does, and goes for one.
        drop(first.begin());
        assert!(connections.enter(peer(1, 3)).is_none());
    }

    #[test]
    fn who_does_not_send_the_rest_of_a_request_is_as_idle_as_who_sends_none() {
        let connections = Connections::new(2);
        let slow = connections.enter(peer(1, 1)).unwrap().0;
        let other = connections.enter(peer(1, 2)).unwrap().0;
        let (rest, work) = (slow.begin(), other.begin());
        assert!(connections.enter(peer(1, 3)).is_none(), "it is the collector's turn");
        rest.waits();
        let second = slow.begin();
        assert!(connections.enter(peer(1, 3)).is_none(), "with another request it still is");
        drop(second);
        assert!(connections.enter(peer(1, 3)).unwrap().1 && is_evicted(&slow));
        assert!(!is_evicted(&other));
        // What came whole is the collector's again.
        work.waits();
        work.goes_on();
        assert!(connections.enter(peer(1, 4)).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_does_not_do_his_part_in_time_is_overdue() {
        let limits = Limits {
            first_time: Duration::from_secs(1),
            idle_time: Duration::from_secs(5),
            stall_time: Duration::from_secs(3),
            ..Limits::default()
        };
        let connections = Connections::new(2);
        let (connection, _) = connections.enter(peer(1, 1)).unwrap();
        let start = Instant::now();
        connection.overdue(&limits).await;
        assert_eq!(start.elapsed().as_secs(), 1, "no request came");

        let exchange = connection.begin();
        let a_minute = Duration::from_mins(1);
        let overdue = tokio::time::timeout(a_minute, connection.overdue(&limits)).await;
        assert!(overdue.is_err(), "it is not the client's turn");
        exchange.taken();
        let start = Instant::now();
        connection.overdue(&limits).await;
        assert_eq!(start.elapsed().as_secs(), 3, "nothing of the answer was taken");

        drop(exchange);
        let start = Instant::now();
        connection.overdue(&limits).await;
        assert_eq!(start.elapsed().as_secs(), 5, "no other request came");
    }
}

//! A farm of simulated devices and their collector: real tracers, reporters and pipeline in virtual time.
//!
//! True time goes from event to event: a datagram arrives, a reporter has waited long enough, the
//! collector's tick is due. Nothing sleeps and nothing depends on this machine, so a seed gives the
//! same run everywhere.

use core::cell::RefCell;
use core::fmt;
use core::future::{Future, poll_fn};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use spandrel::{DeviceId, Session, SessionSource, Tracer};
use spandrel_collector::receiver::{Handler as _, Peer, Replies, Reply};
use spandrel_transport::{Reporter, Settings, Uplink};

use super::board::{Board, Quartz};
use super::host::{EPOCH_NS, Host};
use super::link::{Counts, Fate, Faults, Link};
use super::serial::{Serial, Way};
use super::stream::StreamFaults;

/// A millisecond of virtual time.
pub const MILLISECOND: u64 = 1_000_000;
/// A second of virtual time.
pub const SECOND: u64 = 1_000 * MILLISECOND;
/// How often the collector looks at what waits, as its receiver does.
const TICK_NS: u64 = 50 * MILLISECOND;

/// What a device of a farm is like.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Its clock.
    pub quartz: Quartz,
    /// The longest frame of its link.
    pub mtu: usize,
    /// When its reporter sends.
    pub settings: Settings,
    /// What its frames meet on the way up.
    pub up: Faults,
    /// What the collector's meet on the way down.
    pub down: Faults,
    /// Where the link is a serial line: what bytes meet on it, up and down.
    pub serial: Option<[StreamFaults; 2]>,
}

impl Default for Setup {
    /// A clock that is right, and a link without faults.
    fn default() -> Self {
        Self {
            quartz: Quartz::MICROSECONDS,
            mtu: 508,
            settings: Settings::DEFAULT,
            up: Faults::NONE,
            down: Faults::NONE,
            serial: None,
        }
    }
}

impl Setup {
    /// Both directions.
    fn ways(&self, seed: u64) -> [Way; 2] {
        let seeds = [seed, seed.wrapping_add(1)];
        match self.serial {
            None => [
                Way::Datagrams(Link::new(self.up, seeds[0])),
                Way::Datagrams(Link::new(self.down, seeds[1])),
            ],
            Some(faults) => {
                [0, 1].map(|way| Way::Bytes(Serial::new(faults[way], self.mtu, seeds[way])))
            }
        }
    }
}

/// What a device and its link share.
#[derive(Debug)]
struct Port {
    now_ns: u64,
    /// Whether the link takes anything.
    is_open: bool,
    /// What the reporter has sent and the link has not taken yet.
    sent: Vec<Vec<u8>>,
    /// What has arrived and the reporter has not read yet.
    arrived: VecDeque<Vec<u8>>,
    /// Until when the reporter waits.
    until_ns: u64,
}

/// The uplink of a simulated device.
struct Line {
    port: Rc<RefCell<Port>>,
    mtu: usize,
}

impl Uplink for Line {
    fn mtu(&self) -> usize {
        self.mtu
    }

    async fn send(&mut self, frame: &[u8]) -> bool {
        let mut port = self.port.borrow_mut();
        if port.is_open {
            port.sent.push(frame.to_vec());
        }
        port.is_open
    }

    async fn receive(&mut self, buffer: &mut [u8], within: Duration) -> Option<usize> {
        let within_ns = u64::try_from(within.as_nanos()).unwrap_or(u64::MAX);
        let until_ns = self.port.borrow().now_ns.saturating_add(within_ns.max(1));
        poll_fn(|_| {
            let mut port = self.port.borrow_mut();
            port.until_ns = until_ns;
            // A frame that does not fit is lost, as it is on a real link.
            if let Some(frame) = if buffer.is_empty() { None } else { port.arrived.pop_front() }
                && let Some(place) = buffer.get_mut(..frame.len())
            {
                place.copy_from_slice(&frame);
                return Poll::Ready(Some(frame.len()));
            }
            if port.now_ns >= until_ns { Poll::Ready(None) } else { Poll::Pending }
        })
        .await
    }
}

/// Sees what goes up, and what becomes of it.
type Watch = Box<dyn FnMut(&[u8], Fate)>;

/// A device, its reporter, and both directions of its link.
pub struct Device {
    board: Board,
    peer: Peer,
    port: Rc<RefCell<Port>>,
    reporter: Pin<Box<dyn Future<Output = ()>>>,
    up: Way,
    down: Way,
    watch: Option<Watch>,
    /// The event that it waits for.
    next_ns: u64,
}

impl Device {
    /// Its tracer.
    #[must_use]
    pub fn tracer(&self) -> &'static Tracer {
        self.board.tracer
    }

    /// Where its frames come from.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Whether its link takes anything from now on; the device knows.
    pub fn set_open(&mut self, is_open: bool) {
        self.port.borrow_mut().is_open = is_open;
    }

    /// Whether anything gets through from now on; the device does not know.
    pub fn set_up(&mut self, is_up: bool) {
        self.up.set_up(is_up);
        self.down.set_up(is_up);
    }

    /// Treats what comes from now on otherwise: on the way up, and down.
    pub fn set_faults(&mut self, up: Faults, down: Faults) {
        self.up.set_faults(up);
        self.down.set_faults(down);
    }

    /// Shows every frame that goes up to `watch`, and what becomes of it.
    pub fn watch(&mut self, watch: impl FnMut(&[u8], Fate) + 'static) {
        self.watch = Some(Box::new(watch));
    }

    /// Prints text on the serial line that it shares with the frames; says whether all of it arrives
    /// as it is. On other links there is nowhere to print.
    pub fn print(&mut self, text: &[u8]) -> bool {
        let now_ns = self.port.borrow().now_ns;
        match &mut self.up {
            Way::Bytes(serial) => serial.push_text(now_ns, text),
            Way::Datagrams(_) => false,
        }
    }

    /// What has come out of the serial line and was no frame.
    #[must_use]
    pub fn printed(&self) -> String {
        match &self.up {
            Way::Bytes(serial) => String::from_utf8_lossy(serial.text()).into_owned(),
            Way::Datagrams(_) => String::new(),
        }
    }

    /// What the link did, up and down; nothing of a serial line.
    #[must_use]
    pub fn counts(&self) -> [Counts; 2] {
        [self.up.counts(), self.down.counts()]
    }

    fn poll(&mut self, now_ns: u64) {
        while let Some(bytes) = self.down.pop(now_ns) {
            self.port.borrow_mut().arrived.push_back(bytes);
        }
        self.port.borrow_mut().now_ns = now_ns;
        self.board.set_time(now_ns);
        // It is asked again when its time is over or something has arrived: nobody wakes it.
        let mut context = Context::from_waker(Waker::noop());
        let ended = self.reporter.as_mut().poll(&mut context);
        assert!(ended.is_pending(), "a reporter never ends");
        for frame in core::mem::take(&mut self.port.borrow_mut().sent) {
            let fate = self.up.push(now_ns, &frame);
            if let Some(watch) = &mut self.watch {
                watch(&frame, fate);
            }
        }
    }

    fn next_event(&self) -> u64 {
        let until_ns = self.port.borrow().until_ns;
        [self.up.next_ns(), self.down.next_ns()].into_iter().flatten().fold(until_ns, u64::min)
    }
}

/// Devices, a collector, and true time.
pub struct Farm {
    /// The collector.
    pub host: Host,
    devices: Vec<Device>,
    /// When which device has its next event.
    events: BTreeSet<(u64, usize)>,
    now_ns: u64,
    tick_ns: u64,
    seed: u64,
}

impl Farm {
    /// A farm without devices; `seed` chooses what its links do.
    #[must_use]
    pub fn new(host: Host, seed: u64) -> Self {
        let (devices, events) = (Vec::new(), BTreeSet::new());
        Self { host, devices, events, now_ns: 0, tick_ns: TICK_NS, seed }
    }

    /// Switches on a device with a ring of `WORDS` words and a table of `NAMES` strings; says its index.
    ///
    /// # Panics
    /// If `equip` gives its drain away.
    pub fn add<const WORDS: usize, const NAMES: usize>(
        &mut self,
        setup: &Setup,
        equip: impl FnOnce(Tracer) -> Tracer,
    ) -> usize {
        let index = self.devices.len();
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let identity = |tracer: Tracer| {
            let session = Session::new(7);
            let device = DeviceId(0x5afe_0000_0000_0000 + u64::from(number));
            equip(tracer.device_id(device).session(SessionSource::Fixed(session)))
        };
        let board = Board::new::<WORDS, NAMES>("farm", setup.quartz, identity);
        board.set_time(self.now_ns);
        let port = Rc::new(RefCell::new(Port {
            now_ns: self.now_ns,
            is_open: true,
            sent: Vec::new(),
            arrived: VecDeque::new(),
            until_ns: self.now_ns,
        }));
        let line = Line { port: Rc::clone(&port), mtu: setup.mtu };
        let buffer = vec![0; setup.mtu].leak();
        let mut reporter = Reporter::new(board.tracer, line, buffer, setup.settings)
            .expect("nobody else drains it");
        let reporter = Box::pin(async move {
            loop {
                reporter.step().await;
            }
        });
        let address = Ipv4Addr::from(0x0a00_0000 + number);
        let seed = self.seed.wrapping_add(2 * u64::from(number));
        let [up, down] = setup.ways(seed);
        self.devices.push(Device {
            board,
            peer: Peer::Udp(SocketAddr::new(IpAddr::V4(address), 7)),
            port,
            reporter,
            up,
            down,
            watch: None,
            next_ns: self.now_ns,
        });
        self.events.insert((self.now_ns, index));
        index
    }

    /// Nanoseconds of true time that are over.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// How many devices there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.devices.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty()
    }

    /// A device, whose clock shows what it does now.
    ///
    /// # Panics
    /// If there is none with this index.
    pub fn device(&mut self, index: usize) -> &mut Device {
        let device = &mut self.devices[index];
        device.board.set_time(self.now_ns);
        device
    }

    /// Hands the collector a datagram of somebody else, from `peer`; gives what it answers.
    pub fn inject(&mut self, bytes: &[u8], peer: &Peer) -> Vec<Vec<u8>> {
        let mut replies = Vec::new();
        let rx_ns = EPOCH_NS + self.now_ns;
        self.host.pipeline.on_frame(bytes, peer, rx_ns, &mut replies);
        let (own, others): (Vec<_>, Vec<_>) =
            replies.into_iter().partition(|reply| reply.peer == *peer);
        self.send_down(others);
        own.into_iter().map(|reply| reply.bytes).collect()
    }

    /// Lets `span_ns` nanoseconds of true time pass.
    pub fn pass(&mut self, span_ns: u64) {
        let end_ns = self.now_ns + span_ns;
        loop {
            let device = self.events.first().copied();
            let next_ns = device.map_or(self.tick_ns, |(at_ns, _)| at_ns.min(self.tick_ns));
            if next_ns > end_ns {
                break;
            }
            self.now_ns = self.now_ns.max(next_ns);
            match device.filter(|(at_ns, _)| *at_ns <= self.tick_ns) {
                Some((_, index)) => self.turn(index),
                None => self.tick(),
            }
        }
        self.now_ns = end_ns;
    }

    /// Has the collector hand on what still waits: nothing more will come.
    pub fn finish(&mut self) {
        self.host.pipeline.finish(EPOCH_NS + self.now_ns);
    }

    fn tick(&mut self) {
        self.tick_ns += TICK_NS;
        let mut replies = Vec::new();
        self.host.pipeline.on_tick(EPOCH_NS + self.now_ns, &mut replies);
        self.send_down(replies);
    }

    /// Does what is due for a device: its reporter's turn, and what has arrived of it.
    fn turn(&mut self, index: usize) {
        let now_ns = self.now_ns;
        let device = &mut self.devices[index];
        device.poll(now_ns);
        let mut replies = Vec::new();
        while let Some(bytes) = device.up.pop(now_ns) {
            let rx_ns = EPOCH_NS + now_ns;
            self.host.pipeline.on_frame(&bytes, &device.peer, rx_ns, &mut replies);
        }
        self.await_next(index);
        self.send_down(replies);
    }

    fn send_down(&mut self, replies: Replies) {
        for Reply { peer, bytes, ping } in replies {
            if let Some((session_tag, ping)) = ping {
                let sent_ns = EPOCH_NS + self.now_ns;
                self.host.pipeline.on_sent(&peer, session_tag, ping, sent_ns);
            }
            let Peer::Udp(address) = peer else { continue };
            let IpAddr::V4(host) = address.ip() else { continue };
            let index = usize::try_from(u32::from(host) & 0x00ff_ffff).unwrap_or(usize::MAX);
            // What goes to somebody else goes nowhere.
            if let Some(device) = self.devices.get_mut(index).filter(|device| device.peer == peer) {
                device.down.push(self.now_ns, &bytes);
                self.await_next(index);
            }
        }
    }

    fn await_next(&mut self, index: usize) {
        let device = &mut self.devices[index];
        self.events.remove(&(device.next_ns, index));
        device.next_ns = device.next_event();
        self.events.insert((device.next_ns, index));
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl fmt::Debug for Farm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (now_ns, devices) = (self.now_ns, self.devices.len());
        f.debug_struct("Farm").field("now_ns", &now_ns).field("devices", &devices).finish()
    }
}

//! A device of a [farm](super::farm::Farm): a real tracer and reporter, and its link.

use core::cell::RefCell;
use core::fmt;
use core::future::{Future, poll_fn};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::VecDeque;
use std::rc::Rc;

use spandrel::{DeviceId, Session, SessionSource, Tracer};
use spandrel_collector::receiver::Peer;
use spandrel_transport::{Reporter, Settings, Uplink};

use super::board::{Board, Quartz};
use super::link::{Counts, Fate, Faults, Link};
use super::serial::{Serial, Way};
use super::stream::StreamFaults;

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
    pub(super) board: Board,
    pub(super) peer: Peer,
    port: Rc<RefCell<Port>>,
    reporter: Pin<Box<dyn Future<Output = ()>>>,
    pub(super) up: Way,
    pub(super) down: Way,
    watch: Option<Watch>,
    /// The event that it waits for.
    pub(super) next_ns: u64,
}

impl Device {
    /// Switches one on. Its address says its number.
    pub(super) fn new<const WORDS: usize, const NAMES: usize>(
        number: u32,
        setup: &Setup,
        seed: u64,
        now_ns: u64,
        equip: impl FnOnce(Tracer) -> Tracer,
    ) -> Self {
        let identity = |tracer: Tracer| {
            let session = Session::new(7);
            let device = DeviceId(0x5afe_0000_0000_0000 + u64::from(number));
            equip(tracer.device_id(device).session(SessionSource::Fixed(session)))
        };
        let board = Board::new::<WORDS, NAMES>("farm", setup.quartz, identity);
        board.set_time(now_ns);
        let port = Rc::new(RefCell::new(Port {
            now_ns,
            is_open: true,
            sent: Vec::new(),
            arrived: VecDeque::new(),
            until_ns: now_ns,
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
        let [up, down] = setup.ways(seed);
        Self {
            board,
            peer: Peer::Udp(SocketAddr::new(IpAddr::V4(address), 7)),
            port,
            reporter,
            up,
            down,
            watch: None,
            next_ns: now_ns,
        }
    }

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

    /// Its reporter's turn: what has arrived is read, what is sent goes to the link.
    pub(super) fn poll(&mut self, now_ns: u64) {
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

    /// When there is something to do.
    pub(super) fn next_event(&self) -> u64 {
        let until_ns = self.port.borrow().until_ns;
        [self.up.next_ns(), self.down.next_ns()].into_iter().flatten().fold(until_ns, u64::min)
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device").field("peer", &self.peer).finish_non_exhaustive()
    }
}

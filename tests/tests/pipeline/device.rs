//! A device and its collector in virtual time: a real tracer, drain and pipeline, and no I/O between them.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::ops::{Deref, DerefMut};
use std::collections::VecDeque;

use spandrel::wire::{MIN_MTU, Value};
use spandrel::{Asked, DeviceId, Drain, Session, SessionSource, Tracer};
use spandrel_collector::Order;
use spandrel_collector::pipeline::{Options, Output, Pipeline};
use spandrel_collector::receiver::{Handler as _, Peer};
use spandrel_tests::faults::board::{Board, Quartz};
use spandrel_tests::faults::host::{EPOCH_NS, Host};

/// Ticks of the device's clock, all of them microseconds.
pub(crate) const SECOND: u32 = 1_000_000;
pub(crate) const DEVICE: DeviceId = DeviceId(0x0012_3456_00ab_cdef);
pub(crate) const SESSION: Session = Session::new(9);
/// Where the device's frames come from.
pub(crate) const PEER: Peer = Peer::Udp(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 9));

/// What the host's clock shows at a moment of the device's.
pub(crate) fn host_ns(ticks: u64) -> u64 {
    EPOCH_NS + ticks * 1_000
}

/// A device whose clock moves when it is told to.
pub(crate) struct Device {
    pub(crate) tracer: &'static Tracer,
    board: Board,
    drain: Drain,
    begun: u64,
    ticks: u64,
    mtu: usize,
    hello_ticks: Option<u64>,
    hello_was_seen: bool,
}

impl Device {
    /// A device whose ring has `WORDS` words and whose frames can name `NAMES` strings, whose frames
    /// are of up to `mtu` bytes, and whose clock begins at `ticks`.
    pub(crate) fn new<const WORDS: usize, const NAMES: usize>(mtu: usize, ticks: u32) -> Self {
        Self::with::<WORDS, NAMES>(mtu, ticks, |tracer| tracer)
    }

    /// The same, whose tracer is adapted.
    pub(crate) fn with<const WORDS: usize, const NAMES: usize>(
        mtu: usize,
        ticks: u32,
        adapt: impl FnOnce(Tracer) -> Tracer,
    ) -> Self {
        assert!(mtu >= MIN_MTU);
        let begun = ticks.into();
        let quartz = Quartz { first_ticks: begun, ..Quartz::MICROSECONDS };
        let board = Board::new::<WORDS, NAMES>("bench", quartz, |tracer| {
            let tracer = tracer
                .device_id(DEVICE)
                .session(SessionSource::Fixed(SESSION))
                .build_id(&[0xca, 0xfe])
                .tags(&[("board", Value::Text("none")), ("pins", Value::U32(48))]);
            adapt(tracer)
        });
        let drain = board.tracer.drain().expect("nobody else drains it");
        let tracer = board.tracer;
        Self {
            tracer,
            board,
            drain,
            begun,
            ticks: begun,
            mtu,
            hello_ticks: None,
            hello_was_seen: false,
        }
    }

    /// Ticks since the clock was 0.
    pub(crate) fn ticks(&self) -> u64 {
        self.ticks
    }

    pub(crate) fn now_ns(&self) -> u64 {
        host_ns(self.ticks)
    }

    pub(crate) fn pass(&mut self, ticks: u32) {
        self.ticks += u64::from(ticks);
        self.board.set_time((self.ticks - self.begun) * 1_000);
    }

    pub(crate) fn losses(&self) -> spandrel::wire::Losses {
        self.drain.losses()
    }

    /// A hello if one is due: after one second, after ten once the collector has seen one.
    pub(crate) fn due_hello(&mut self) -> Option<Vec<u8>> {
        let pause = u64::from(SECOND) * if self.hello_was_seen { 10 } else { 1 };
        self.hello_ticks.is_none_or(|last| self.ticks - last >= pause).then(|| self.hello())
    }

    fn hello(&mut self) -> Vec<u8> {
        self.hello_ticks = Some(self.ticks);
        let mut buffer = vec![0; self.mtu];
        self.drain.hello(&mut buffer).expect("a hello fits any frame").to_vec()
    }

    /// The next frame of records, if there are any.
    pub(crate) fn frame(&mut self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; self.mtu];
        self.drain.frame(&mut buffer).map(<[u8]>::to_vec)
    }

    /// Takes a frame that came down; gives what it asks and the answer, if one goes up at once.
    pub(crate) fn hears(&mut self, bytes: &[u8]) -> (Asked, Option<Vec<u8>>) {
        let asked = self.drain.on_downlink(bytes);
        let answer = match asked {
            Asked::Nothing => None,
            Asked::HelloSeen => {
                self.hello_was_seen = true;
                None
            }
            Asked::Hello => Some(self.hello()),
            Asked::Answer => {
                let mut buffer = vec![0; self.mtu];
                self.drain.answer(&mut buffer).map(<[u8]>::to_vec)
            }
            Asked::Pong(id) => {
                let mut buffer = vec![0; self.mtu];
                let now = self.drain.now_ticks();
                self.drain.pong(&mut buffer, id, now).map(<[u8]>::to_vec)
            }
        };
        (asked, answer)
    }
}

/// A collector that talks with one device.
pub(crate) struct Collector(Host);

impl Deref for Collector {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.0
    }
}

impl DerefMut for Collector {
    fn deref_mut(&mut self) -> &mut Host {
        &mut self.0
    }
}

impl Collector {
    pub(crate) fn new(downlink: bool) -> Self {
        Self(Host::new(downlink))
    }

    /// Tells devices what to do, of which none was heard.
    pub(crate) fn order(&mut self, orders: Vec<Order>) {
        let nobody = Pipeline::new(Options::default(), Box::new(|_| ()) as Box<dyn FnMut(Output)>);
        let pipeline = core::mem::replace(&mut self.pipeline, nobody);
        self.pipeline = pipeline.with_orders(orders);
    }

    /// Takes a frame, which needed no time to arrive, and lets collector and device talk to the end.
    pub(crate) fn receive(&mut self, device: &mut Device, frame: Vec<u8>) {
        let now_ns = device.now_ns();
        let mut up = VecDeque::from([frame]);
        while let Some(frame) = up.pop_front() {
            let mut replies = Vec::new();
            self.0.pipeline.on_frame(&frame, &PEER, now_ns, &mut replies);
            up.extend(replies.iter().filter_map(|reply| device.hears(&reply.bytes).1));
        }
    }

    /// Lets the collector see that time has passed.
    pub(crate) fn tick(&mut self, device: &mut Device) {
        let mut replies = Vec::new();
        self.0.pipeline.on_tick(device.now_ns(), &mut replies);
        for reply in replies {
            if let (_, Some(answer)) = device.hears(&reply.bytes) {
                self.receive(device, answer);
            }
        }
    }
}

//! A network in memory, and boards on it: time passes only while everybody waits.

use core::cell::RefCell;
use core::fmt;
use core::future::{Future, poll_fn};
use core::net::{Ipv4Addr, SocketAddrV4};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use hello_services::Board;
use spandrel::wire::{self, Body, Record};
use spandrel::{Clock, DeviceId, Drain, Recorder, Session, SessionSource, Tracer};
use std::collections::VecDeque;
use std::rc::Rc;

/// How long a datagram is on the way.
const DELAY: Duration = Duration::from_millis(1);

/// What happens to a datagram.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives,
    IsLost,
    IsDoubled,
}

struct Datagram {
    arrives: Duration,
    from: SocketAddrV4,
    to: SocketAddrV4,
    bytes: Vec<u8>,
}

struct Net {
    now: Duration,
    /// When the next wait ends, of all that are under way.
    next: Option<Duration>,
    sent: usize,
    fate: Box<dyn Fn(usize) -> Fate>,
    on_the_way: VecDeque<Datagram>,
}

impl Net {
    fn wait_until(&mut self, end: Duration) {
        self.next = Some(self.next.map_or(end, |next| next.min(end)));
    }
}

/// The network.
#[derive(Clone)]
pub(crate) struct Wire(Rc<RefCell<Net>>);

impl Wire {
    /// A network that treats the datagrams, which it counts from 0, as `fate` says.
    pub(crate) fn new(fate: impl Fn(usize) -> Fate + 'static) -> Self {
        let (now, on_the_way) = (Duration::ZERO, VecDeque::new());
        let fate = Box::new(fate);
        Self(Rc::new(RefCell::new(Net { now, next: None, sent: 0, fate, on_the_way })))
    }

    /// A board with an address of its own.
    pub(crate) fn board(&self, number: u8) -> TestBoard {
        TestBoard { wire: self.clone(), address: address(number), lines: Rc::default() }
    }

    /// How many datagrams were sent.
    pub(crate) fn sent(&self) -> usize {
        self.0.borrow().sent
    }

    /// Time since the start.
    pub(crate) fn now(&self) -> Duration {
        self.0.borrow().now
    }

    /// Runs the tasks until the first is done; `turn` is called whenever all of them wait.
    pub(crate) fn run<T>(
        &self,
        mut first: impl Future<Output = T> + Unpin,
        others: &mut [Pin<Box<dyn Future<Output = ()> + '_>>],
        mut turn: impl FnMut(),
    ) -> T {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(result) = Pin::new(&mut first).poll(&mut context) {
                turn();
                return result;
            }
            for other in &mut *others {
                assert!(other.as_mut().poll(&mut context).is_pending(), "a server has ended");
            }
            turn();
            let mut net = self.0.borrow_mut();
            let next = net.next.take().expect("somebody waits");
            assert!(next > net.now, "nobody waits for what has passed");
            net.now = next;
        }
    }
}

/// The address of a board.
pub(crate) fn address(number: u8) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, number), 9000)
}

/// A board on the network.
#[derive(Clone)]
pub(crate) struct TestBoard {
    wire: Wire,
    address: SocketAddrV4,
    lines: Rc<RefCell<Vec<String>>>,
}

impl TestBoard {
    /// What it printed.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.borrow().clone()
    }
}

impl Board for TestBoard {
    fn address(&self) -> SocketAddrV4 {
        self.address
    }

    async fn send(&mut self, datagram: &[u8], to: SocketAddrV4) {
        let net = &mut *self.wire.0.borrow_mut();
        let fate = (net.fate)(net.sent);
        net.sent += 1;
        let copies = match fate {
            Fate::Arrives => 1,
            Fate::IsLost => 0,
            Fate::IsDoubled => 2,
        };
        let (arrives, from) = (net.now + DELAY, self.address);
        for _ in 0..copies {
            net.on_the_way.push_back(Datagram { arrives, from, to, bytes: datagram.to_vec() });
        }
    }

    async fn receive(
        &mut self,
        buffer: &mut [u8],
        within: Duration,
    ) -> Option<(usize, SocketAddrV4)> {
        let end = self.uptime() + within;
        poll_fn(|_| {
            let net = &mut *self.wire.0.borrow_mut();
            let mine = net.on_the_way.iter().position(|datagram| datagram.to == self.address);
            let arrives = mine.map(|at| net.on_the_way[at].arrives);
            if arrives.is_some_and(|arrives| arrives <= net.now) {
                let datagram = net.on_the_way.remove(mine.unwrap()).unwrap();
                buffer[..datagram.bytes.len()].copy_from_slice(&datagram.bytes);
                return Poll::Ready(Some((datagram.bytes.len(), datagram.from)));
            }
            if net.now >= end {
                return Poll::Ready(None);
            }
            net.wait_until(arrives.map_or(end, |arrives| arrives.min(end)));
            Poll::Pending
        })
        .await
    }

    async fn pause(&mut self, time: Duration) {
        let end = self.uptime() + time;
        poll_fn(|_| {
            if self.uptime() >= end {
                return Poll::Ready(());
            }
            self.wire.0.borrow_mut().wait_until(end);
            Poll::Pending
        })
        .await;
    }

    fn uptime(&self) -> Duration {
        self.wire.now()
    }

    fn print(&mut self, line: fmt::Arguments<'_>) {
        self.lines.borrow_mut().push(line.to_string());
    }
}

/// A tracer and what it has recorded, as frames.
pub(crate) struct Tape {
    pub(crate) tracer: &'static Tracer,
    drain: Drain,
    frames: Vec<Vec<u8>>,
}

impl Tape {
    /// A tracer for a service, on a device of its own.
    pub(crate) fn new(service: &'static str, device: u64) -> Self {
        let recorder: &Recorder<1024> = Box::leak(Box::default());
        let tracer = Tracer::new(service, recorder, Clock::monotonic())
            .device_id(DeviceId(device))
            .session(SessionSource::Fixed(Session::new(7)));
        let tracer: &Tracer = Box::leak(Box::new(tracer));
        Self { tracer, drain: tracer.drain().unwrap(), frames: Vec::new() }
    }

    /// Takes what was recorded, as the reporter does.
    pub(crate) fn wind(&mut self) {
        let mut buffer = [0; 508];
        while let Some(frame) = self.drain.frame(&mut buffer) {
            self.frames.push(frame.to_vec());
        }
        self.drain.flushed();
    }

    /// Everything so far.
    pub(crate) fn records(&self) -> Vec<Record<'_>> {
        let records = self.frames.iter().map(|frame| match wire::decode(frame).unwrap().body {
            Body::Data(data) => data.records,
            other => panic!("{other:?}"),
        });
        records.flatten().collect()
    }
}

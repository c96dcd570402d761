//! The reporter over a link that the test holds in its hands.
#![expect(
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::cast_possible_truncation,
    reason = "a test on a host"
)]

use core::time::Duration;
use spandrel::wire::{self, Body, Downlink, Record, Request};
use spandrel::{Clock, DeviceId, Recorder, Session, SessionSource, Tracer, Window, span};
use spandrel_transport::{Reporter, Settings, Uplink};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};

const HZ: u32 = 1_000_000;
const DEVICE: DeviceId = DeviceId(5);
const SESSION: Session = Session::new(6);

/// A link that keeps what it is given; time passes only while the reporter waits on it.
struct TestLink<'a> {
    now: &'static AtomicU32,
    is_up: &'a core::cell::Cell<bool>,
    down: &'a core::cell::RefCell<VecDeque<Vec<u8>>>,
    up: &'a core::cell::RefCell<Vec<Vec<u8>>>,
    mtu: usize,
}

impl Uplink for TestLink<'_> {
    fn mtu(&self) -> usize {
        self.mtu
    }

    async fn send(&mut self, frame: &[u8]) -> bool {
        assert!(frame.len() <= self.mtu);
        if self.is_up.get() {
            self.up.borrow_mut().push(frame.to_vec());
        }
        self.is_up.get()
    }

    async fn receive(&mut self, buffer: &mut [u8], within: Duration) -> Option<usize> {
        self.now.fetch_add(within.as_micros() as u32, Ordering::Relaxed);
        if buffer.is_empty() {
            return None;
        }
        let frame = self.down.borrow_mut().pop_front()?;
        buffer[..frame.len()].copy_from_slice(&frame);
        Some(frame.len())
    }
}

struct Desk {
    tracer: &'static Tracer,
    now: &'static AtomicU32,
    is_up: core::cell::Cell<bool>,
    down: core::cell::RefCell<VecDeque<Vec<u8>>>,
    up: core::cell::RefCell<Vec<Vec<u8>>>,
}

impl Desk {
    fn new() -> Self {
        Self::with(|tracer| tracer)
    }

    fn with(adapt: impl FnOnce(Tracer) -> Tracer) -> Self {
        let now: &AtomicU32 = Box::leak(Box::default());
        let recorder: &Recorder<1024> = Box::leak(Box::default());
        // SAFETY: the counter lives for ever.
        let clock = unsafe { Clock::register(now.as_ptr(), HZ) };
        let tracer = Tracer::new("desk", recorder, clock)
            .device_id(DEVICE)
            .session(SessionSource::Fixed(SESSION));
        let tracer = Box::leak(Box::new(adapt(tracer)));
        let is_up = core::cell::Cell::new(true);
        Self { tracer, now, is_up, down: Default::default(), up: Default::default() }
    }

    fn reporter(&self, mtu: usize) -> Reporter<'static, TestLink<'_>> {
        let Self { now, is_up, down, up, .. } = self;
        let link = TestLink { now, is_up, down, up, mtu };
        let buffer = Box::leak(Box::new([0; 508]));
        Reporter::new(self.tracer, link, buffer, Settings::DEFAULT).unwrap()
    }

    fn turns(&self, reporter: &mut Reporter<'_, TestLink<'_>>, count: usize) {
        (0..count).for_each(|_| embassy_futures::block_on(reporter.step()));
    }

    fn say(&self, request: Request<'_>) {
        let downlink = Downlink { session_tag: SESSION.tag(DEVICE), request };
        self.down.borrow_mut().push_back(downlink.to_bytes());
    }

    /// Kinds of the frames since the last look: h, d, p; and how many spans.
    fn look(&self) -> (String, usize) {
        let (mut kinds, mut spans) = (String::new(), 0);
        for frame in self.up.borrow_mut().drain(..) {
            match wire::decode(&frame).unwrap().body {
                Body::Hello(_) => kinds.push('h'),
                Body::Pong(_) => kinds.push('p'),
                Body::Stats(_) => kinds.push('s'),
                Body::Answer(_) => kinds.push('a'),
                Body::Data(data) => {
                    kinds.push('d');
                    let is_span = |record: &&Record<'_>| matches!(record, Record::Span(_));
                    spans += data.records.iter().filter(is_span).count();
                }
            }
        }
        (kinds, spans)
    }
}

#[test]
fn a_hello_a_second_until_one_is_seen() {
    let desk = Desk::new();
    let mut reporter = desk.reporter(508);
    desk.turns(&mut reporter, 4 * 50);
    assert_eq!(desk.look().0, "hhhhh");
    desk.say(Request::HelloSeen);
    desk.turns(&mut reporter, 4 * 100);
    assert_eq!(desk.look().0, "h");
    desk.say(Request::SendHello);
    desk.turns(&mut reporter, 1);
    assert_eq!(desk.look().0, "h");
}

/// A collector that takes the place of another, and cannot ask, knows everything within ten seconds.
#[test]
fn definitions_go_up_again_within_ten_seconds_also_when_hellos_are_rare() {
    let desk = Desk::new();
    let mut reporter = desk.reporter(508);
    desk.say(Request::HelloSeen);
    span!(desk.tracer, "defined", n = 1).finish();
    span!(desk.tracer, "and with a string", s = "too").finish();
    desk.turns(&mut reporter, 10);
    let definitions = || {
        let frames: Vec<_> = desk.up.borrow_mut().drain(..).collect();
        let count = |frame: &Vec<u8>| match wire::decode(frame).unwrap().body {
            Body::Data(data) => {
                data.records.iter().filter(|r| matches!(r, Record::Define(_))).count()
            }
            _ => 0,
        };
        frames.iter().map(count).sum::<usize>()
    };
    assert_eq!(definitions(), 3);
    for _ in 0..3 {
        // A turn is 25 ms.
        desk.turns(&mut reporter, 4 * 100 + 10);
        assert_eq!(definitions(), 3);
    }
}

#[test]
fn records_go_when_they_are_old_many_or_asked_for() {
    let desk = Desk::new();
    let mut reporter = desk.reporter(508);
    desk.turns(&mut reporter, 5);
    desk.look();
    span!(desk.tracer, "old", n = 1).finish();
    desk.turns(&mut reporter, 1);
    assert_eq!(desk.look(), (String::new(), 0));
    desk.turns(&mut reporter, 3);
    assert_eq!(desk.look(), ("d".into(), 1));
    (0..80).for_each(|_| span!(desk.tracer, "many", n = 1).finish());
    desk.turns(&mut reporter, 1);
    assert_eq!(desk.look().1, 80);
    span!(desk.tracer, "asked").finish();
    desk.tracer.flush();
    assert!(!desk.tracer.is_flushed());
    desk.turns(&mut reporter, 1);
    assert!(desk.tracer.is_flushed());
    assert_eq!(desk.look().1, 1);
}

#[test]
fn a_link_that_is_down_loses_nothing_the_ring_can_hold() {
    let desk = Desk::new();
    let mut reporter = desk.reporter(64);
    desk.is_up.set(false);
    (0..30).for_each(|_| span!(desk.tracer, "kept", n = 1).finish());
    desk.turns(&mut reporter, 100);
    assert_eq!(desk.look(), (String::new(), 0));
    desk.is_up.set(true);
    desk.turns(&mut reporter, 10);
    let (kinds, spans) = desk.look();
    assert!(kinds.starts_with('h') && spans == 30, "{kinds} {spans}");
}

#[test]
fn a_ping_is_answered_at_once() {
    let desk = Desk::new();
    let mut reporter = desk.reporter(508);
    desk.turns(&mut reporter, 1);
    desk.look();
    desk.say(Request::Ping(77));
    desk.turns(&mut reporter, 1);
    let frames = desk.up.borrow();
    let Body::Pong(pong) = wire::decode(&frames[0]).unwrap().body else { panic!() };
    assert_eq!(pong.id, 77);
    assert_eq!(pong.received_ticks, u64::from(desk.now.load(Ordering::Relaxed)));
}

#[test]
fn what_is_not_acknowledged_is_sent_again_until_it_is() {
    let desk = Desk::with(|tracer| tracer.acknowledged(Box::leak(Box::new(Window::new()))));
    let mut reporter = desk.reporter(508);
    desk.say(Request::HelloSeen);
    span!(desk.tracer, "one").finish();
    desk.tracer.flush();
    desk.turns(&mut reporter, 2);
    assert_eq!(desk.look().1, 1);
    // A quarter of a second, then twice that.
    desk.turns(&mut reporter, 40);
    assert_eq!(desk.look(), ("dd".to_owned(), 2));
    desk.say(Request::Ack(wire::Ack { next: 1, ..wire::Ack::default() }));
    desk.turns(&mut reporter, 100);
    assert_eq!(desk.look().1, 0);
}

#[test]
fn a_link_that_is_down_does_not_keep_the_oldest_from_going() {
    let desk = Desk::with(|tracer| tracer.keep_newest(Box::leak(Box::new(Window::new()))));
    let mut reporter = desk.reporter(508);
    desk.is_up.set(false);
    for _ in 0..100 {
        (0..20).for_each(|_| span!(desk.tracer, "one").finish());
        desk.turns(&mut reporter, 1);
    }
    desk.is_up.set(true);
    desk.turns(&mut reporter, 8);
    let came = desk.look().1 as u32;
    let losses = desk.tracer.losses();
    assert_eq!((came + losses.evicted, losses.ring_full), (2000, 0));
}

#[test]
fn who_sleeps_is_not_woken_and_flushes_before() {
    let desk = Desk::new();
    let mut reporter = desk.reporter(508);
    embassy_futures::block_on(reporter.turn());
    desk.look();
    span!(desk.tracer, "one").finish();
    embassy_futures::block_on(reporter.turn());
    assert_eq!(desk.look().1, 0, "it is not old, and no time passes in a turn");
    assert!(embassy_futures::block_on(reporter.flush()));
    assert_eq!(desk.look().1, 1);
    desk.is_up.set(false);
    span!(desk.tracer, "two").finish();
    assert!(!embassy_futures::block_on(reporter.flush()));
    desk.is_up.set(true);
    assert!(embassy_futures::block_on(reporter.flush()));
    assert_eq!(desk.look().1, 1);
}

//! A thousand devices, of which one floods: all that the others send arrives.

use crate::device::{Device, part, site, span};
use crate::{alone, count};
use core::sync::atomic::{AtomicBool, Ordering};
use spandrel::wire::{Parent, TraceRef, Value};
use spandrel_collector::model::DeviceId;
use spandrel_collector::pipeline::{MOST_BYTES, Options, Output, Pipeline};
use spandrel_collector::receiver::{Handler, Hub, Peer, Replies};
use std::collections::HashMap;
use std::time::Instant;

/// Those that do what they should.
const OTHERS: u16 = 999;
const ROUNDS: u64 = 3;
/// Frames of the flood before each round of the others: more than wait for anybody.
const FLOOD: u64 = 9_000;
/// What the queue in front of the pipeline may hold, and the test itself.
const QUEUE: usize = 16 << 20;
const TEST: usize = 32 << 20;

/// Hands everything to a pipeline until a peer speaks that says that this was all.
struct UntilLast<'a, H> {
    handler: H,
    last: Peer,
    stop: &'a AtomicBool,
}

impl<H: Handler> Handler for UntilLast<'_, H> {
    fn on_frame(&mut self, bytes: &[u8], peer: &Peer, rx_ns: u64, replies: &mut Replies) {
        if *peer == self.last {
            self.stop.store(true, Ordering::Relaxed);
        } else {
            self.handler.on_frame(bytes, peer, rx_ns, replies);
        }
    }

    fn on_sent(&mut self, peer: &Peer, session_tag: [u8; 4], ping: u32, sent_ns: u64) {
        self.handler.on_sent(peer, session_tag, ping, sent_ns);
    }

    fn on_closed(&mut self, peer: &Peer) {
        self.handler.on_closed(peer);
    }

    fn on_tick(&mut self, now_ns: u64, replies: &mut Replies) {
        self.handler.on_tick(now_ns, replies);
    }

    fn on_clock_step(&mut self, step_ns: i64) {
        self.handler.on_clock_step(step_ns);
    }
}

/// Frame after frame of harm, from many ports of one address: spans that never end, sessions of its
/// own and invented ones, and definitions without end.
struct Flood {
    own: Device,
    sent: u64,
}

impl Flood {
    fn next(&mut self) -> (Vec<u8>, Peer) {
        const KEYS: &[u8] = &[0; 60];
        self.sent += 1;
        let number = self.sent;
        match number % 4 {
            0 => {
                let frame = self.own.data(vec![part(4 + number, "key", Value::Text("value"))]);
                (frame, self.own.peer.clone())
            }
            1 => {
                let id = u16::try_from(number % 60_000).expect("it is small");
                (self.own.data(vec![site(id, KEYS)]), self.own.peer.clone())
            }
            kind => {
                let mut invented = Device::new(1_000_000 + number, 0);
                let port = u16::try_from(number % 50_000).expect("it is small");
                invented.peer = Peer::Udp(([10, 0, 0, 0], port).into());
                let frame = match kind {
                    2 => invented.hello(&[], 0),
                    _ => invented.data(vec![site(1, KEYS)]),
                };
                (frame, invented.peer)
            }
        }
    }
}

#[test]
fn others_are_served_while_one_floods() {
    let _alone = alone();
    let before = count::held();
    count::most();
    let mut came: HashMap<DeviceId, u64> = HashMap::new();
    let mut pipeline =
        Pipeline::new(Options { downlink: false, ..Options::default() }, |output: Output| {
            *came.entry(output.source.device).or_default() += output.chunk.len() as u64;
        });
    let hub = Hub::new();
    let (feed, stop) = (hub.feed(), AtomicBool::new(false));
    let mut others: Vec<_> = (1..=OTHERS).map(|host| Device::new(host.into(), host)).collect();
    let mut flood = Flood { own: Device::new(5_000, 0), sent: 0 };
    let last = Peer::Serial("last".into());
    let send = |frame: &[u8], peer: &Peer| {
        feed.datagram(frame, peer.clone(), Instant::now()).expect("the hub is there");
    };
    for round in 0..ROUNDS {
        for _ in 0..FLOOD {
            let (frame, peer) = flood.next();
            send(&frame, &peer);
        }
        for device in &mut others {
            let root = 4 + round;
            let hello = device.hello(&[], 0);
            send(&hello, &device.peer);
            let records = vec![site(1, b"\x04read"), span(root, Parent::None, TraceRef::Own(root))];
            let frame = device.data(records);
            send(&frame, &device.peer);
        }
        feed.frame(b"", &last, Instant::now()).expect("the hub is there");
        stop.store(false, Ordering::Relaxed);
        let mut handler = UntilLast { handler: pipeline, last: last.clone(), stop: &stop };
        hub.run(&mut handler, &stop);
        pipeline = handler.handler;
        assert!(pipeline.weight() <= MOST_BYTES);
    }
    pipeline.finish(u64::MAX);
    let stats = *pipeline.stats();
    drop(pipeline);
    let peak = count::most() - before;
    for host in 1..=u64::from(OTHERS) {
        assert_eq!(came.get(&DeviceId(host)), Some(&ROUNDS), "device {host}: {stats}");
    }
    assert!(
        hub.drops().crowded_out > ROUNDS * FLOOD / 20,
        "the flood had to wait: {}",
        hub.drops().crowded_out
    );
    assert!(stats.forgotten > 1_000, "{stats}");
    assert!(peak <= MOST_BYTES + QUEUE + TEST, "{peak} bytes were held");
}

//! The gate against devices that are who they say, and others.
#![expect(clippy::cast_possible_truncation, reason = "what is sent here is short")]

use super::gate::{Challenge, Gate, Options};
use super::keys::Keys;
use super::marks::MarksFile;
use super::state::Keep;
use super::{Passed, SECOND_NS};
use crate::receiver::Peer;
use crate::stats::Stats;
use proptest::prelude::*;
use spandrel::seal::{self, AUTHENTICATOR_LEN, Clear, Direction, Key};
use spandrel::wire::{self, Body, Frame, Hello, Pong, Request};
use spandrel::{DeviceId, Session};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

mod one_way;
mod refused;
mod two_way;

const EPOCH_NS: u64 = 1_700_000_000 * SECOND_NS;
/// When the first collector begins, and the one after.
const BEGAN_NS: u64 = EPOCH_NS + 1_000 * SECOND_NS;
const LATER_NS: u64 = BEGAN_NS + 1_000 * SECOND_NS;
const KEY: &str = "6f1c09bd4c7e2a5588d30f7be24a9c11";
const OTHER: &str = "6f1c09bd4c7e2a5588d30f7be24a9c12";

/// A device that seals what it sends.
#[derive(Clone)]
struct Device {
    id: DeviceId,
    session: Session,
    key: Key,
    peer: Peer,
    packet: u32,
    challenge: Option<[u8; 8]>,
    previous: Option<u32>,
    /// When its clock was 0: just after the first collector began.
    began_ns: u64,
    /// The number of the last frame that it heard.
    heard: u64,
    asked: u32,
}

fn device(number: u16) -> Device {
    Device {
        id: DeviceId(number.into()),
        session: Session::new(7),
        key: Key::from_hex(KEY),
        peer: Peer::Udp(([10, 0, 0, 1], number).into()),
        packet: 0,
        challenge: None,
        previous: None,
        began_ns: BEGAN_NS + 2 * SECOND_NS,
        heard: 0,
        asked: 0,
    }
}

impl Device {
    fn seal(&mut self, body: impl FnOnce(u32) -> Body<'static>) -> Vec<u8> {
        let session_tag = self.session.tag(self.id);
        let mut bytes = Frame { session_tag, body: body(self.packet) }.to_bytes().unwrap();
        self.packet += 1;
        let len = bytes.len();
        bytes.resize(len + AUTHENTICATOR_LEN, 0);
        seal::seal(&self.key, self.session, Direction::Up, &mut bytes, len).unwrap();
        bytes
    }

    fn hello(&mut self, now_ns: u64) -> Vec<u8> {
        let hello = Hello {
            device: self.id.0,
            session: self.session.get(),
            clock_hz: 1_000_000,
            sent_ticks: (now_ns - self.began_ns) / 1_000,
            flags: Hello::KEPT,
            challenge: self.challenge,
            previous: self.previous,
            process_total: 3,
            process: b"\x00\x00\x00",
            ..Hello::default()
        };
        self.seal(|packet| Body::Hello(Hello { packet, ..hello }))
    }

    /// A frame that says nothing new.
    fn data(&mut self) -> Vec<u8> {
        self.seal(|packet| {
            Body::Pong(Pong { packet, id: 0, received_ticks: 0, sent_ticks: packet.into() })
        })
    }

    fn boot(&mut self, session: u32, now_ns: u64) {
        self.previous = Some(self.session.get());
        self.session = Session::new(session);
        (self.packet, self.challenge, self.began_ns, self.heard) = (0, None, now_ns, 0);
    }

    fn hears(&mut self, bytes: &[u8]) {
        let request = if bytes[0] & 1 == 0 {
            wire::decode_downlink(bytes).unwrap().request
        } else {
            let mut bytes = bytes.to_vec();
            let opened = seal::open(&self.key, self.session, Direction::Down, &mut bytes);
            let (clear, _) = opened.expect("it is sealed for this device");
            assert!(clear.number > self.heard, "a number came twice");
            self.heard = clear.number;
            return;
        };
        match request {
            Request::SendHello => self.asked += 1,
            Request::Challenge(challenge) => self.challenge = Some(challenge),
            other => panic!("not unsealed: {other:?}"),
        }
    }
}

/// Another challenge each time.
fn draw() -> io::Result<Challenge> {
    static DRAWN: AtomicU64 = AtomicU64::new(1);
    Ok(DRAWN.fetch_add(1, Ordering::Relaxed).to_le_bytes())
}

/// A disk that is as fast as the test says.
#[derive(Clone, Debug, Default)]
struct TestDisk {
    /// What was to be written, and how much of it was.
    state: Arc<Mutex<(Vec<String>, u64)>>,
    /// What was written before this run.
    before: u64,
}

impl TestDisk {
    /// Does what it was asked for.
    fn work(&self) {
        let mut state = self.state.lock().unwrap();
        state.1 = state.0.len() as u64;
    }

    /// The disk for a collector that begins, and what it finds there.
    fn open(&self) -> (Box<dyn Keep>, MarksFile) {
        let mut state = self.state.lock().unwrap();
        // What was not yet done when the power went is not there.
        let done = state.1;
        state.0.truncate(done as usize);
        let file = state.0.last().map(|text| MarksFile::parse(text).unwrap());
        let disk = Self { state: self.state.clone(), before: done };
        (Box::new(disk), file.unwrap_or_default())
    }
}

impl Keep for TestDisk {
    fn keep(&mut self, text: String) -> u64 {
        let mut state = self.state.lock().unwrap();
        state.0.push(text);
        state.0.len() as u64 - self.before
    }

    fn kept(&self) -> u64 {
        self.state.lock().unwrap().1 - self.before
    }
}

/// A gate, its clock, and what it let in.
struct Bench {
    gate: Gate,
    stats: Stats,
    /// Packets that were let in, with the session's tag.
    accepted: Vec<(u64, [u8; 4])>,
    now_ns: u64,
}

/// With the same key for devices 1 to 9, and what is known of them.
fn keys(words: &str) -> Keys {
    let lines: String = (1..10).map(|device| format!("{device:x} {KEY} {words}\n")).collect();
    Keys::parse(&lines, "it").unwrap()
}

impl Bench {
    fn new(words: &str) -> Self {
        Self::at(BEGAN_NS, words)
    }

    fn at(began_ns: u64, words: &str) -> Self {
        let options = Options { keys: keys(words), downlink: true, ..Options::default() };
        Self::with(began_ns, options, None)
    }

    fn on_disk(began_ns: u64, words: &str, disk: &TestDisk) -> Self {
        let options = Options { keys: keys(words), downlink: true, ..Options::default() };
        Self::with(began_ns, options, Some(disk))
    }

    fn with(began_ns: u64, options: Options, disk: Option<&TestDisk>) -> Self {
        let state = disk.map(TestDisk::open);
        let gate = Gate::with(options, began_ns, state, draw).unwrap();
        Self {
            gate,
            stats: Stats::default(),
            accepted: Vec::new(),
            now_ns: began_ns + 10 * SECOND_NS,
        }
    }

    fn note(&mut self, passed: Passed, device: &mut Device) {
        for reply in passed.replies {
            if reply.peer == device.peer {
                device.hears(&reply.bytes);
            }
        }
        for frame in passed.frames {
            let frame = wire::decode(&frame.bytes).unwrap();
            let packet = match frame.body {
                Body::Hello(hello) => hello.packet,
                Body::Pong(pong) => pong.packet,
                other => panic!("{other:?}"),
            };
            self.accepted.push((packet.into(), frame.session_tag));
        }
    }

    /// What a device, or somebody at its address, sends; the device hears what is said to that.
    fn receive(&mut self, device: &mut Device, bytes: &[u8]) {
        let mut passed = Passed::default();
        self.gate.take(bytes, &device.peer.clone(), self.now_ns, &mut self.stats, &mut passed);
        self.note(passed, device);
    }

    fn receive_all(&mut self, device: &mut Device, frames: &[Vec<u8>]) {
        frames.iter().for_each(|frame| self.receive(device, frame));
    }

    /// A hello, and another one as often as the device is asked for it.
    fn meet(&mut self, device: &mut Device) -> Vec<Vec<u8>> {
        let mut sent = Vec::new();
        device.asked = 1;
        while device.asked > 0 {
            device.asked = 0;
            sent.push(device.hello(self.now_ns));
            self.receive(device, sent.last().unwrap());
        }
        sent
    }

    fn tick(&mut self, device: &mut Device) {
        let mut passed = Passed::default();
        self.gate.on_tick(self.now_ns, &mut self.stats, &mut passed);
        self.note(passed, device);
    }

    /// The disk does all that there is to do.
    fn settle(&mut self, disk: &TestDisk, device: &mut Device) {
        for _ in 0..3 {
            disk.work();
            self.tick(device);
        }
    }

    fn pass(&mut self, ns: u64, device: &mut Device) {
        self.now_ns += ns;
        self.tick(device);
    }

    fn finish(&mut self) {
        self.gate.finish(&mut self.stats);
    }

    /// Everything that was refused, of every kind.
    fn refused(&self) -> u64 {
        let Stats { malformed, unknown_version, unkeyed, unlisted, .. } = self.stats;
        let Stats { forged, mis_keyed, replayed, unproven, .. } = self.stats;
        malformed + unknown_version + unkeyed + unlisted + forged + mis_keyed + replayed + unproven
    }
}

/// The next of some numbers that look random.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ *state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ mixed >> 27
}

//! Frames of those who do not belong, thousands of them between those of a device: none gets in.

use core::cell::RefCell;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use anyhow::Result;
use spandrel::seal::{self, AUTHENTICATOR_LEN, Clear, Direction, Key, SEALED};
use spandrel::wire::{FrameKind, VERSION};
use spandrel::{DeviceId, Drain, Session, SessionSource, Tracer, Window, span};
use spandrel_collector::auth::{self, Gate, Keys};
use spandrel_collector::receiver::Peer;
use spandrel_collector::stats::Stats;

use super::{Outcome, Row, Run};
use crate::faults::board::{Board, Quartz};
use crate::faults::farm::{Farm, MILLISECOND, SECOND, Setup};
use crate::faults::host::{EPOCH_NS, Host, said};
use crate::faults::work::{Verdict, Work};
use crate::random::Random;

pub(super) const ROW: Row = Row {
    name: "sealed",
    case: "1,000 forged, 1,000 replayed, 1,000 mis-keyed, 1,000 unkeyed frames, 1,000 sealed anew",
    asked: "0 accepted, each counted; all spans of the device arrive",
    run,
};

const HEX: &str = "6f1c09bd4c7e2a5588d30f7be24a9c11";
static KEY: Key = Key::from_hex(HEX);
static OTHER: Key = Key::from_hex("6f1c09bd4c7e2a5588d30f7be24a9c12");
/// The first device of a farm, and its session.
const DEVICE: DeviceId = DeviceId(0x5afe_0000_0000_0000);
const SESSION: Session = Session::new(7);
/// Another device that has a key here, and is given another one.
const MIS_KEYED: DeviceId = DeviceId(0xbad);
/// One that has none, here or anywhere.
const UNKEYED: DeviceId = DeviceId(0xfee);
/// The collector began before the device.
const BEFORE_NS: u64 = 10 * SECOND;
/// Who sends what is not the device's, if not from its own address.
const STRANGER: Peer = Peer::Udp(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 168, 0, 66)), 66));

/// What is sent beside what the device sends.
#[derive(Clone, Copy, Debug)]
enum Foul {
    Forged,
    Replayed,
    MisKeyed,
    Unkeyed,
    /// Opened, and sealed with a key that is not the device's.
    Anew,
}

const FOULS: [Foul; 5] = [Foul::Forged, Foul::Replayed, Foul::MisKeyed, Foul::Unkeyed, Foul::Anew];

/// A device that sends hellos and data in turn.
struct Imposter {
    board: Board,
    drain: Drain,
    sent: u64,
}

impl Imposter {
    fn new(equip: impl FnOnce(Tracer) -> Tracer) -> Self {
        let session = SessionSource::Fixed(SESSION);
        let equip = |tracer: Tracer| equip(tracer.session(session));
        let board = Board::new::<8192, 32>("imposter", Quartz::MICROSECONDS, equip);
        let drain = board.tracer.drain().expect("nobody else drains it");
        Self { board, drain, sent: 0 }
    }

    /// The next frame, and whether it is a hello.
    fn next(&mut self) -> (Vec<u8>, bool) {
        let (is_hello, mut buffer) = (self.sent.is_multiple_of(2), [0; 508]);
        self.sent += 1;
        let frame = if is_hello {
            self.drain.hello(&mut buffer)
        } else {
            // A span that would be taken for one of the device's.
            span!(self.board.tracer, "round", n = 0).finish();
            self.drain.frame(&mut buffer)
        };
        (frame.expect("it has something to say").to_vec(), is_hello)
    }
}

/// Makes frames that must not get in of those that did.
struct Attacker {
    random: Random,
    captured: Rc<RefCell<Vec<Vec<u8>>>>,
    mis_keyed: Imposter,
    unkeyed: Imposter,
    /// How often each was sent.
    sent: [u64; FOULS.len()],
    /// What must be counted of them.
    expected: Stats,
}

impl Attacker {
    fn new(seed: u64, captured: Rc<RefCell<Vec<Vec<u8>>>>) -> Self {
        let mis_keyed = Imposter::new(|tracer| tracer.device_id(MIS_KEYED).key(&OTHER));
        let unkeyed = Imposter::new(|tracer| tracer.device_id(UNKEYED));
        let (sent, expected) = ([0; FOULS.len()], Stats::default());
        Self { random: Random::new(seed), captured, mis_keyed, unkeyed, sent, expected }
    }

    /// The next frame of this kind, which is counted as what it must be refused for.
    fn next(&mut self, foul: Foul) -> Vec<u8> {
        self.sent[foul as usize] += 1;
        let captured = self.random.one_of(&self.captured.borrow()).clone();
        match foul {
            Foul::Forged => self.forge(captured),
            Foul::Replayed => {
                self.expected.replayed += 1;
                captured
            }
            Foul::MisKeyed => {
                let (frame, is_hello) = self.mis_keyed.next();
                // Without a hello nobody knows whose it is.
                let Stats { mis_keyed, unproven, .. } = &mut self.expected;
                *if is_hello { mis_keyed } else { unproven } += 1;
                frame
            }
            Foul::Unkeyed => {
                self.expected.unkeyed += 1;
                let is_own = self.random.chance(0.5);
                if is_own { unsealed(captured) } else { self.unkeyed.next().0 }
            }
            Foul::Anew => {
                // In a session that the device itself has begun.
                self.expected.forged += 1;
                let mut frame = unsealed(captured);
                let len = frame.len();
                frame.resize(len + AUTHENTICATOR_LEN, 0);
                seal::seal(&OTHER, SESSION, Direction::Up, &mut frame, len).expect("it was sealed");
                frame
            }
        }
    }

    /// Changes any one byte.
    fn forge(&mut self, mut frame: Vec<u8>) -> Vec<u8> {
        let was_hello = frame[0] >> 1 & 7 == FrameKind::Hello as u8;
        // Every other one is in what everybody can read, where it matters more what is changed.
        let end = if self.random.chance(0.5) { 8 } else { frame.len() };
        let at = self.random.index(end);
        frame[at] ^= 1 + self.random.byte() % 255;
        let (expected, first) = (&mut self.expected, frame[0]);
        let count = if first >> 4 != VERSION {
            &mut expected.unknown_version
        } else if first & SEALED == 0 {
            &mut expected.unkeyed
        } else if Clear::read(&frame, Direction::Up)
            .is_none_or(|clear| clear.number > u32::MAX.into())
        {
            // A number that is none any more.
            &mut expected.malformed
        } else if (1..5).contains(&at) && !was_hello {
            // Nobody knows of which session it is, and nobody tells.
            &mut expected.unproven
        } else {
            &mut expected.forged
        };
        *count += 1;
        frame
    }
}

/// A frame of the device as it was before it was sealed.
fn unsealed(mut frame: Vec<u8>) -> Vec<u8> {
    seal::open(&KEY, SESSION, Direction::Up, &mut frame).expect("the device has sealed it");
    frame.truncate(frame.len() - AUTHENTICATOR_LEN);
    frame[0] &= !SEALED;
    frame
}

fn run(run: &Run) -> Result<Outcome> {
    let of_each: u64 = run.of(1_000, 100);
    let lines = format!("{:x} {HEX}; {:x} {HEX}", DEVICE.0, MIS_KEYED.0);
    let keys = Keys::parse(&lines, "the row")?;
    let options = auth::Options { keys, downlink: true, ..auth::Options::default() };
    // It draws its challenge, which no seed chooses: nothing that is counted depends on what it is.
    let gate = Gate::new(options, EPOCH_NS - BEFORE_NS)?;
    let mut farm = Farm::new(Host::new(true).behind(gate), run.seed);
    // A ring that is too short for all of it: what is acknowledged makes room.
    let window: &Window = Box::leak(Box::new(Window::new()));
    let equip = |tracer: Tracer| tracer.acknowledged(window).key(&KEY);
    let device = farm.add::<2048, 32>(&Setup::default(), equip);
    let peer = farm.device(device).peer().clone();
    let captured = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&captured);
    farm.device(device).watch(move |frame, _| seen.borrow_mut().push(frame.to_vec()));
    let mut attacker = Attacker::new(run.seed, captured);
    let mut work = Work::default();
    for _ in 0..100 {
        work.round(&mut farm, device);
        farm.pass(10 * MILLISECOND);
    }
    for number in 0..of_each {
        for foul in FOULS {
            let from = if number % 2 == 0 { &peer } else { &STRANGER };
            farm.inject(&attacker.next(foul), from);
        }
        work.round(&mut farm, device);
        farm.pass(10 * MILLISECOND);
    }
    farm.pass(5 * SECOND);
    farm.finish();

    let (stats, batches) = (farm.host.stats(), farm.host.batches());
    let verdict = Verdict::of(&work, &batches);
    let last = batches.last().map(|batch| &batch.resource);
    let count = |tag| last.map_or(0, |process| said(process, tag));
    let expected = attacker.expected;
    let frames = attacker.captured.borrow().len() as u64;
    let accepted = stats.frames.saturating_sub(frames);
    let mut outcome = Outcome::new(format!(
        "{} of each: {accepted} accepted; counted {} forged, {} replayed, {} of another key, {} not sealed, \
         {} not proven, {} of another version, {} malformed; {} of {} spans of the device whole",
        attacker.sent[0],
        stats.forged,
        stats.replayed,
        stats.mis_keyed,
        stats.unkeyed,
        stats.unproven,
        stats.unknown_version,
        stats.malformed,
        verdict.whole,
        work.recorded.spans
    ));
    outcome.faults = verdict.faults();
    outcome.same("frames that were let in", stats.frames, frames);
    let kinds = [
        ("forged", stats.forged, expected.forged),
        ("replayed", stats.replayed, expected.replayed),
        ("of another key", stats.mis_keyed, expected.mis_keyed),
        ("not sealed", stats.unkeyed, expected.unkeyed),
        ("not proven", stats.unproven, expected.unproven),
        ("of another version", stats.unknown_version, expected.unknown_version),
        ("malformed", stats.malformed, expected.malformed),
    ];
    for (kind, found, asked) in kinds {
        outcome.same(kind, found, asked);
    }
    let refused: u64 = kinds.iter().map(|(_, found, _)| found).sum();
    outcome.same("refused", refused, attacker.sent.iter().sum());
    outcome.same("sessions", stats.sessions, 1);
    outcome.same("records", verdict.came, work.recorded);
    outcome.same("spans that came whole", verdict.whole, work.recorded.spans);
    outcome.same("lost on the way", count("lost.link"), 0);
    // The device was heard, and heard what it was told.
    outcome.same("found the ring full", count("lost.ring_full"), 0);
    outcome.holds("no exchange of time got through", !verdict.bounds_ns.is_empty());
    Ok(outcome)
}

//! A thousand devices, of which one sends as fast as it can: the others are served, and memory is bounded.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Result;
use spandrel::{DeviceId, Session, SessionSource, span};
use spandrel_collector::receiver::Peer;

use super::{Outcome, Row, Run};
use crate::faults::board::{Board, Quartz};
use crate::faults::farm::{Farm, MILLISECOND, SECOND, Setup};
use crate::faults::host::Host;
use crate::faults::memory;
use crate::faults::work::{Verdict, Work};
use crate::random::Random;

pub(super) const ROW: Row = Row {
    name: "flood",
    case: "1,000 devices, one flooding at full speed",
    asked: "the others' spans all arrive; memory within 256 MiB",
    run,
};

const MOST_BYTES: usize = 256 << 20;
/// Where the flood comes from.
const FLOODER: Peer = Peer::Udp(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 168, 0, 66)), 66));

/// Frames that are right, and that the flooder makes others of.
struct Flooder {
    hello: Vec<u8>,
    data: Vec<Vec<u8>>,
    random: Random,
}

impl Flooder {
    fn new(seed: u64) -> Self {
        let board = Board::new::<8192, 64>("flooder", Quartz::MICROSECONDS, |tracer| {
            let session = SessionSource::Fixed(Session::new(1));
            tracer.device_id(DeviceId(0xbad)).session(session)
        });
        let mut drain = board.tracer.drain().expect("nobody else drains it");
        let mut buffer = [0; 508];
        let hello = drain.hello(&mut buffer).expect("it fits").to_vec();
        let (mut data, mut open_spans) = (Vec::new(), Vec::new());
        for number in 0..200 {
            span!(board.tracer, "flood", n = number, text = "water").finish();
            let open = span!(board.tracer, "open", n = number);
            open.log("a log of a span that never ends", number);
            open_spans.push(open);
            if number % 20 == 19 {
                data.extend(drain.frame(&mut buffer).map(<[u8]>::to_vec));
            }
        }
        Self { hello, data, random: Random::new(seed) }
    }

    /// The next frame: of a session that it invents, or of its own with other numbers in it, or anything.
    fn next(&mut self) -> Vec<u8> {
        let is_hello = self.random.chance(0.3);
        let mut frame =
            if is_hello { self.hello.clone() } else { self.random.one_of(&self.data).clone() };
        match self.random.below(4) {
            // Behind the first byte is the session's tag.
            0 => frame[1..5].copy_from_slice(&self.random.word().to_le_bytes()[..4]),
            1 => {
                for _ in 0..4 {
                    let at = 5 + self.random.index(frame.len() - 5);
                    frame[at] = self.random.byte();
                }
            }
            2 => frame.truncate(1 + self.random.index(frame.len())),
            _ => frame[5] = self.random.byte() & 0x7f,
        }
        frame
    }
}

fn run(run: &Run) -> Result<Outcome> {
    let (devices, rounds, a_millisecond) = run.of((999, 10, 50), (19, 2, 4));
    let mut farm = Farm::new(Host::new(true), run.seed);
    let mut flooder = Flooder::new(run.seed);
    for _ in 0..devices {
        farm.add::<1024, 16>(&Setup::default(), |tracer| tracer);
    }
    let mut work = Work::default();
    let before = memory::begin_peak();
    let mut flooded = 0_u64;
    let mut flood = |farm: &mut Farm, span_ns: u64| {
        let end_ns = farm.now_ns() + span_ns;
        while farm.now_ns() < end_ns {
            for _ in 0..a_millisecond {
                farm.inject(&flooder.next(), &FLOODER);
                flooded += 1;
            }
            farm.pass(MILLISECOND);
        }
    };
    for _ in 0..rounds {
        for device in 0..devices {
            work.round(&mut farm, device);
        }
        flood(&mut farm, SECOND / 2);
    }
    flood(&mut farm, 2 * SECOND);
    let grown = memory::peak_bytes().saturating_sub(before);
    farm.pass(5 * SECOND);
    farm.finish();

    let verdict = Verdict::of(&work, &farm.host.batches());
    let mut outcome = Outcome::new(format!(
        "{flooded} frames of the flood; {} of {} spans of {devices} others whole; {} MiB at most",
        verdict.whole,
        work.recorded.spans,
        grown >> 20
    ));
    outcome.faults = verdict.faults();
    outcome.same("spans of the others that came whole", verdict.whole, work.recorded.spans);
    outcome.same("records of the others", verdict.came, work.recorded);
    outcome.holds("nobody counts the memory", before > 0);
    outcome.holds("it takes more memory than is stated", grown <= MOST_BYTES);
    Ok(outcome)
}

//! Whoever opens sealed frames is given anything: nothing opens but what was sealed.

use std::sync::{LazyLock, Mutex, PoisonError};

use spandrel::seal::{self, AUTHENTICATOR_LEN, Direction, Key, SEALED};
use spandrel::{Asked, DeviceId, Drain, Session, SessionSource};
use spandrel_collector::auth::{self, Gate, Keys};
use spandrel_collector::pipeline::{Options, Pipeline};
use spandrel_collector::receiver::{Handler, Peer, Replies};

use crate::faults::board::{Board, Quartz};
use crate::faults::host::EPOCH_NS;
use crate::vectors::{self, from_hex};

/// A frame that was sealed, and with what.
struct Sealed {
    hex: String,
    key: Key,
    device: DeviceId,
    session: Session,
    direction: Direction,
    bytes: Vec<u8>,
}

/// Of two devices, up and down.
static SEALED_FRAMES: LazyLock<Vec<Sealed>> = LazyLock::new(|| {
    let of_vector = |vector: vectors::Sealed| Sealed {
        key: Key::parse(&vector.key).expect("it has a key"),
        device: DeviceId(u64::from_str_radix(&vector.device, 16).expect("it has a device")),
        session: Session::new(vector.session),
        direction: match vector.direction {
            vectors::Direction::Up => Direction::Up,
            vectors::Direction::Down => Direction::Down,
        },
        bytes: from_hex(&vector.sealed).expect("it has bytes"),
        hex: vector.key,
    };
    vectors::sealed().into_iter().map(of_vector).collect()
});

/// The keys of both.
static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let lines = SEALED_FRAMES.iter().map(|frame| format!("{:x} {}", frame.device.0, frame.hex));
    let mut lines: Vec<_> = lines.collect();
    lines.sort_unstable();
    lines.dedup();
    Keys::parse(&lines.join("\n"), "the vectors").expect("they are keys")
});

/// One for all inputs, since a tracer is never given back.
static DEVICE: LazyLock<Mutex<Drain>> = LazyLock::new(|| Mutex::new(device()));

/// The first of both.
fn device() -> Drain {
    let first = &SEALED_FRAMES[0];
    let board = Board::new::<512, 16>("sealed", Quartz::MICROSECONDS, |tracer| {
        tracer
            .device_id(first.device)
            .session(SessionSource::Fixed(first.session))
            .key(Box::leak(Box::new(first.key)))
    });
    board.tracer.drain().expect("nobody else drains it")
}

/// Opens bytes as everybody who has a key would, and seals them.
///
/// # Panics
/// If something opens that was not sealed so, or does not open that was, or gets in where it must not, or
/// is not counted.
pub(super) fn run(data: &[u8]) {
    opens_only_what_was_sealed(data);
    comes_back(data);
    no_device_hears(data);
    nobody_gets_in(data);
}

fn opens_only_what_was_sealed(data: &[u8]) {
    for with in SEALED_FRAMES.iter() {
        let mut bytes = data.to_vec();
        let is_open = seal::open(&with.key, with.session, with.direction, &mut bytes).is_some();
        let is_same = |sealed: &&Sealed| {
            let of = |frame: &Sealed| (frame.key, frame.session, frame.direction);
            of(sealed) == of(with)
        };
        let was_sealed = SEALED_FRAMES.iter().filter(is_same).any(|sealed| sealed.bytes == data);
        assert_eq!(is_open, was_sealed);
    }
}

/// Anything that has clear fields can be sealed, and no bit of that be changed.
fn comes_back(data: &[u8]) {
    let Some(with) = SEALED_FRAMES.get(data.len() % SEALED_FRAMES.len()) else { return };
    let (key, session, direction) = (&with.key, with.session, with.direction);
    let mut sealed = [data, &[0; AUTHENTICATOR_LEN]].concat();
    let Some(len) = seal::seal(key, session, direction, &mut sealed, data.len()) else { return };
    assert_eq!(len, sealed.len());
    let mut opened = sealed.clone();
    let (clear, text) = seal::open(key, session, direction, &mut opened).expect("it was sealed");
    assert_eq!(text, &data[clear.len..]);
    let sum = data.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31) + usize::from(*byte));
    sealed[sum % len] ^= 1 << (sum / len % 8);
    assert!(seal::open(key, session, direction, &mut sealed).is_none());
}

fn no_device_hears(data: &[u8]) {
    let asked = DEVICE.lock().unwrap_or_else(PoisonError::into_inner).on_downlink(data);
    let is_sealed = data.first().is_some_and(|first| first & SEALED != 0);
    let was_sealed = || SEALED_FRAMES.iter().any(|frame| frame.bytes == data);
    match asked {
        Asked::Nothing => {}
        // Whoever hears nobody yet may be asked who it is by anybody.
        Asked::Hello if !is_sealed => {}
        _ => assert!(is_sealed && was_sealed(), "{asked:?}"),
    }
}

/// Not even what was sealed: nobody has proven here that it is no recording.
fn nobody_gets_in(data: &[u8]) {
    let options = auth::Options { keys: KEYS.clone(), downlink: true, ..auth::Options::default() };
    let gate = Gate::new(options, EPOCH_NS).expect("there are random bytes");
    let mut pipeline = Pipeline::new(Options::default(), |_| {}).behind(gate);
    let (peer, mut replies) = (Peer::Udp(([10, 0, 0, 1], 9).into()), Replies::new());
    // The second one may have come before.
    for seconds in 1..3 {
        pipeline.on_frame(data, &peer, EPOCH_NS + seconds * 1_000_000_000, &mut replies);
    }
    pipeline.finish(EPOCH_NS + 3_000_000_000);
    let stats = pipeline.stats();
    let by_key = stats.unlisted + stats.forged + stats.mis_keyed + stats.replayed + stats.unproven;
    let refused = by_key + stats.unkeyed + stats.malformed + stats.unknown_version;
    assert_eq!((stats.frames, refused), (0, 2), "{stats}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_and_is_heard_once() {
        assert_eq!(KEYS.len(), 2);
        let (mut device, mut heard) = (device(), Vec::new());
        for frame in SEALED_FRAMES.iter() {
            run(&frame.bytes);
            let asked = [0, 1].map(|_| device.on_downlink(&frame.bytes));
            heard.extend(asked.into_iter().filter(|asked| *asked != Asked::Nothing));
        }
        assert_eq!(heard, [Asked::HelloSeen]);
        // All of the second device are for others.
        assert!(device.refused() > 0);
    }
}

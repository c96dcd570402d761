//! A tracer with a key: what goes up is sealed, and what comes down is obeyed only if it is.

use super::*;
use crate::seal::{AUTHENTICATOR_LEN, Clear, Direction, Key, MIN_SEALED_MTU, SEALED, open, seal};
use crate::wire::{Downlink, MIN_MTU, Request, Writer};
use proptest::prelude::*;

static KEY: Key = Key::from_hex("6f1c09bd4c7e2a5588d30f7be24a9c11");
static OTHER: Key = Key::from_hex("6f1c09bd4c7e2a5588d30f7be24a9c12");

fn bench() -> (Bench, Drain) {
    let bench = Bench::with::<1024>(|tracer| tracer.key(&KEY));
    let drain = bench.tracer.drain().unwrap();
    (bench, drain)
}

/// The frame as it was before it was sealed.
fn unsealed(frame: &[u8]) -> Vec<u8> {
    let mut bytes = frame.to_vec();
    open(&KEY, SESSION, Direction::Up, &mut bytes).unwrap();
    bytes.truncate(frame.len() - AUTHENTICATOR_LEN);
    bytes[0] &= !SEALED;
    bytes
}

fn plain(request: Request<'_>) -> Vec<u8> {
    Downlink { session_tag: SESSION.tag(DEVICE), request }.to_bytes()
}

fn down(key: &Key, session: Session, number: u64, request: Request<'_>) -> Vec<u8> {
    let plain = plain(request);
    let mut bytes = std::vec![0; plain.len() + 10 + AUTHENTICATOR_LEN];
    let mut out = Writer::new(&mut bytes);
    out.raw(&plain[..5]);
    out.varint(number);
    out.raw(&plain[5..]);
    let len = out.finish().unwrap().len();
    let len = seal(key, session, Direction::Down, &mut bytes, len).unwrap();
    bytes.truncate(len);
    bytes
}

fn assign(number: u64) -> Vec<u8> {
    down(&KEY, SESSION, number, Request::HelloSeen)
}

#[test]
fn every_frame_goes_up_sealed() {
    let (bench, mut drain) = bench();
    let mut buffer = [0; 200];
    let mut frames = std::vec![drain.hello(&mut buffer).unwrap().to_vec()];
    frames.push(drain.pong(&mut buffer, 7, 1).unwrap().to_vec());
    for turn in 0..40 {
        span!(bench.tracer, "one", turn = turn).finish();
    }
    while let Some(frame) = drain.frame(&mut buffer) {
        frames.push(frame.to_vec());
    }
    assert!(frames.len() > 3);
    let mut seen = Seen::default();
    for (packet, frame) in (0..).zip(&frames) {
        let clear = Clear::read(frame, Direction::Up).unwrap();
        assert_eq!((clear.number, clear.tag), (packet, SESSION.tag(DEVICE)));
        assert_eq!(wire::decode(frame).err(), Some(wire::DecodeError::Sealed));
        let plain = unsealed(frame);
        match wire::decode(&plain).unwrap().body {
            Body::Hello(_) => assert_eq!(clear.identity(frame), Some((DEVICE, SESSION))),
            Body::Data(_) => seen.take(&plain),
            _ => {}
        }
        assert!(!frame.windows(3).any(|bytes| bytes == b"one" || bytes == b"ben"));
    }
    assert_eq!(seen.spans.len(), 40);
}

#[test]
fn a_sealed_frame_is_as_long_as_the_buffer_at_most() {
    let (bench, mut drain) = bench();
    assert_eq!(bench.tracer.min_mtu(), MIN_SEALED_MTU);
    assert_eq!(Bench::new::<64>().tracer.min_mtu(), MIN_MTU);
    (0..100)
        .for_each(|_| span!(bench.tracer, "one", state = "a text that goes as a name").finish());
    let mut short = [0; MIN_SEALED_MTU - 1];
    assert!(drain.frame(&mut short).is_none() && drain.hello(&mut short).is_none());
    let (mut seen, mut buffer, mut longest) = (Seen::default(), [0; MIN_SEALED_MTU], 0);
    while let Some(frame) = drain.frame(&mut buffer) {
        longest = longest.max(frame.len());
        seen.take(&unsealed(frame));
    }
    assert!(longest > MIN_SEALED_MTU - 10 && seen.spans.len() == 100, "{longest}");
    while !drain.is_described() {
        drain.hello(&mut buffer).unwrap();
    }
}

#[test]
fn a_record_longer_than_a_sealed_frame_goes_in_fragments() {
    let (bench, mut drain) = bench();
    let text = "0123456789".repeat(20);
    let span = span!(bench.tracer, "one");
    tag!(span, text = Copied(&text));
    span.finish();
    let (mut seen, mut buffer) = (Seen::default(), [0; MIN_SEALED_MTU]);
    while let Some(frame) = drain.frame(&mut buffer) {
        seen.take(&unsealed(frame));
    }
    let cut: String = text.chars().take(crate::MAX_COPIED_LEN).collect();
    assert!(seen.fragments > 1 && seen.fields(false)[0].1.starts_with(&cut[..60]));
}

#[test]
fn nothing_is_sent_once_no_number_is_left() {
    let (bench, mut drain) = bench();
    let mut buffer = [0; 200];
    drain.set_packet(u32::MAX - 1);
    span!(bench.tracer, "one").finish();
    assert!(drain.pong(&mut buffer, 7, 1).is_some());
    assert!(drain.pong(&mut buffer, 8, 1).is_none());
    assert!(drain.hello(&mut buffer).is_none() && drain.frame(&mut buffer).is_none());
}

#[test]
fn what_comes_down_is_obeyed_where_it_is_sealed() {
    let (_, mut drain) = bench();
    assert_eq!(drain.on_downlink(&down(&KEY, SESSION, 5, Request::Ping(9))), Asked::Pong(9));
    assert_eq!(drain.on_downlink(&assign(6)), Asked::HelloSeen);
    assert_eq!(drain.on_downlink(&assign(1 << 40)), Asked::HelloSeen);
    assert_eq!(drain.refused(), 0);
}

#[test]
fn what_is_not_sealed_is_refused_but_for_hellos() {
    let (_, mut drain) = bench();
    assert_eq!(drain.on_downlink(&plain(Request::SendHello)), Asked::Hello);
    assert_eq!(drain.on_downlink(&plain(Request::Challenge([7; 8]))), Asked::Nothing);
    assert_eq!(drain.refused(), 0);
    // The others change something, or are answered with what the collector would take for its own.
    let definitions =
        Request::SendDefinitions { sites: [1].into_iter().collect(), names: Default::default() };
    let all = [Request::HelloSeen, Request::Ping(1), Request::SetHandle(9), definitions];
    for (count, request) in (1..).zip(all) {
        assert_eq!(drain.on_downlink(&plain(request)), Asked::Nothing);
        assert_eq!(drain.refused(), count);
    }
    assert!(drain.is_idle(), "no definition was asked for");
    // What is for others, or nothing, is not counted.
    let others = Downlink { session_tag: [0; 4], request: Request::HelloSeen }.to_bytes();
    assert_eq!(drain.on_downlink(&others), Asked::Nothing);
    assert_eq!(drain.on_downlink(b"xyz"), Asked::Nothing);
    assert_eq!(drain.refused(), 4);
}

#[test]
fn a_challenge_is_given_back_in_hellos() {
    let (_, mut drain) = bench();
    let mut buffer = [0; 200];
    let mut challenge = |drain: &mut Drain| {
        let plain = unsealed(drain.hello(&mut buffer).unwrap());
        match wire::decode(&plain).unwrap().body {
            Body::Hello(hello) => hello.challenge,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(challenge(&mut drain), None);
    drain.on_downlink(&plain(Request::Challenge([7; 8])));
    assert_eq!(challenge(&mut drain), Some([7; 8]));
    drain.on_downlink(&down(&KEY, SESSION, 1, Request::Challenge([8; 8])));
    assert_eq!(challenge(&mut drain), Some([8; 8]));
}

#[test]
fn a_thousand_forged_replayed_and_mis_keyed_frames_down_do_nothing() {
    let (_, mut drain) = bench();
    let good: Vec<_> = (1..=1000).map(assign).collect();
    for frame in &good {
        assert_eq!(drain.on_downlink(frame), Asked::HelloSeen);
    }
    for frame in &good {
        assert_eq!(drain.on_downlink(frame), Asked::Nothing);
    }
    assert_eq!(drain.refused(), 1000);
    for number in 1001..=2000 {
        let frame = down(&OTHER, SESSION, number, Request::HelloSeen);
        assert_eq!(drain.on_downlink(&frame), Asked::Nothing);
    }
    assert_eq!(drain.refused(), 2000);
    let mut forged = 0;
    for number in 2001..=3000_u64 {
        let mut frame = assign(number);
        let at = number as usize % frame.len();
        frame[at] ^= 1 << (number / 31 % 8);
        assert_eq!(drain.on_downlink(&frame), Asked::Nothing, "{at}");
        // With another tag it is for another device; with another version it is nobody's.
        forged += u32::from(!(1..5).contains(&at));
    }
    assert_eq!(drain.refused(), 2000 + forged);
    // And of another session, which a device with a bad source of sessions may have had.
    let frame = down(&KEY, Session::new(8), 5000, Request::HelloSeen);
    assert_eq!(drain.on_downlink(&frame), Asked::Nothing);
    assert_eq!(drain.on_downlink(&assign(3001)), Asked::HelloSeen);
}

#[test]
fn a_frame_that_is_too_long_to_open_is_refused() {
    let (_, mut drain) = bench();
    let mut frame = assign(1);
    frame.resize(crate::seal::MAX_SEALED_DOWN + 1, 0);
    assert_eq!(drain.on_downlink(&frame), Asked::Nothing);
    assert_eq!(drain.refused(), 1);
    // The greatest number leaves none that is greater.
    assert_eq!(drain.on_downlink(&assign(u64::MAX)), Asked::Nothing);
    assert_eq!(drain.refused(), 2);
    assert_eq!(drain.on_downlink(&assign(u64::MAX - 1)), Asked::HelloSeen);
}

proptest! {
    #[test]
    fn any_bytes_that_come_down_do_no_harm(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
        sealed in any::<bool>(),
    ) {
        let (_, mut drain) = bench();
        for mut frame in frames {
            prop_assert_eq!(drain.on_downlink(&frame), Asked::Nothing);
            if frame.len() >= 5 {
                frame[0] = 0x10 | u8::from(sealed);
                frame[1..5].copy_from_slice(&SESSION.tag(DEVICE));
                let before = drain.refused();
                prop_assert_eq!(drain.on_downlink(&frame), Asked::Nothing);
                prop_assert_eq!(drain.refused(), before + 1);
            }
        }
    }
}

//! What is sealed opens, and nothing else does.

use super::*;
use crate::DeviceId;
use crate::wire::{Downlink, Hello, Pong, Request, Writer};
use proptest::prelude::*;
use std::vec::Vec;

const KEY: Key = Key::from_hex("000102030405060708090a0b0c0d0e0f");
const OTHER: Key = Key::from_hex("000102030405060708090a0b0c0d0e8f");
const DEVICE: DeviceId = DeviceId(0x0012_3456);
const SESSION: Session = Session::new(9);

fn up(packet: u32) -> Vec<u8> {
    let pong = Pong { packet, id: 7, received_ticks: 1_000_000, sent_ticks: 1_000_020 };
    let mut buffer = [0; 64];
    let mut out = Writer::new(&mut buffer);
    pong.write(SESSION.tag(DEVICE), &mut out);
    out.finish().unwrap().to_vec()
}

fn sealed(key: &Key, direction: Direction, frame: &[u8]) -> Vec<u8> {
    let mut buffer = [frame, &[0; AUTHENTICATOR_LEN]].concat();
    let len = seal(key, SESSION, direction, &mut buffer, frame.len()).unwrap();
    assert_eq!(len, buffer.len());
    buffer
}

fn is_open(key: &Key, session: Session, direction: Direction, mut frame: Vec<u8>) -> bool {
    open(key, session, direction, &mut frame).is_some()
}

proptest! {
    #[test]
    fn what_is_sealed_opens_as_it_was(packet in any::<u32>()) {
        let frame = up(packet);
        let mut bytes = sealed(&KEY, Direction::Up, &frame);
        let (clear, text) = open(&KEY, SESSION, Direction::Up, &mut bytes).unwrap();
        prop_assert_eq!((clear.number, clear.tag), (packet.into(), SESSION.tag(DEVICE)));
        prop_assert_eq!(text, &frame[clear.len..]);
        bytes.truncate(frame.len());
        bytes[0] &= !SEALED;
        prop_assert_eq!(bytes, frame);
    }

    #[test]
    fn no_bit_can_be_changed(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let mut frame = sealed(&KEY, Direction::Up, &up(77));
        let at = at.index(frame.len());
        frame[at] ^= 1 << bit;
        prop_assert!(!is_open(&KEY, SESSION, Direction::Up, frame));
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        for direction in [Direction::Up, Direction::Down] {
            prop_assert!(!is_open(&KEY, SESSION, direction, bytes.clone()));
            let mut buffer = bytes.clone();
            let len = bytes.len();
            prop_assert!(seal(&KEY, SESSION, direction, &mut buffer, len).is_none());
        }
    }
}

#[test]
fn key_session_and_direction_belong_to_it() {
    let frame = sealed(&KEY, Direction::Up, &up(300));
    assert!(is_open(&KEY, SESSION, Direction::Up, frame.clone()));
    assert!(!is_open(&OTHER, SESSION, Direction::Up, frame.clone()));
    assert!(!is_open(&KEY, Session::new(10), Direction::Up, frame.clone()));
    assert!(!is_open(&KEY, SESSION, Direction::Down, frame.clone()));
    for len in 0..frame.len() {
        assert!(!is_open(&KEY, SESSION, Direction::Up, frame[..len].to_vec()));
    }
}

#[test]
fn a_hello_says_in_the_clear_who_it_is_of() {
    let hello = |session: u32| {
        let mut buffer = [0; 80];
        let mut out = Writer::new(&mut buffer);
        let hello = Hello { device: DEVICE.0, session, clock_hz: 1, ..Hello::default() };
        hello.write(SESSION.tag(DEVICE), &mut out);
        let len = out.finish().unwrap().len();
        let len = seal(&KEY, SESSION, Direction::Up, &mut buffer, len).unwrap();
        let (clear, _) = open(&KEY, SESSION, Direction::Up, &mut buffer[..len]).unwrap();
        clear.identity(&buffer[..len])
    };
    assert_eq!(hello(SESSION.get()), Some((DEVICE, SESSION)));
    assert_eq!(hello(SESSION.get() + 1), None, "of another tag");
    assert_eq!(hello(SESSION.get() | 1 << 24), None, "no session has this number");
}

#[test]
fn frames_down_have_a_number_of_their_own() {
    let tag = SESSION.tag(DEVICE);
    let plain = Downlink { session_tag: tag, request: Request::Ping(9) }.to_bytes();
    let mut numbered = plain[..5].to_vec();
    numbered.extend_from_slice(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1]);
    numbered.extend_from_slice(&plain[5..]);
    let mut frame = sealed(&KEY, Direction::Down, &numbered);
    let (clear, text) = open(&KEY, SESSION, Direction::Down, &mut frame).unwrap();
    assert_eq!((clear.number, text), (1 << 63, &plain[5..]));
    numbered[14] = 2;
    let mut buffer = [0; 64];
    buffer[..numbered.len()].copy_from_slice(&numbered);
    assert!(seal(&KEY, SESSION, Direction::Down, &mut buffer, numbered.len()).is_none());
}

#[test]
fn a_buffer_without_room_is_left_unsealed() {
    let frame = up(1);
    let mut buffer = [&frame[..], &[0; AUTHENTICATOR_LEN - 1]].concat();
    assert!(seal(&KEY, SESSION, Direction::Up, &mut buffer, frame.len()).is_none());
    assert!(seal(&KEY, SESSION, Direction::Up, &mut [], usize::MAX).is_none());
}

#[test]
fn only_keys_are_read_as_keys() {
    let bytes = core::array::from_fn(|at| u8::try_from(at).unwrap());
    assert_eq!(KEY, Key::new(bytes));
    assert_eq!(Key::parse("000102030405060708090A0B0C0D0E0F"), Ok(KEY));
    let no_hex = "000102030405060708090a0b0c0d0e0g";
    for text in ["", "00", no_hex, &no_hex.replace('g', "f0")] {
        assert_eq!(Key::parse(text), Err(ParseKeyError::NotHex));
    }
    assert_eq!(Key::parse("ffffffffffffffffffffffffffffffff"), Err(ParseKeyError::Blank));
    assert_eq!(std::format!("{KEY:?} {:?}", Key::parse("")), "Key(..) Err(NotHex)");
}

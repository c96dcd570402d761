//! Instructions to seal a frame of 508 bytes, and to open one that comes down.
#![no_std]
#![no_main]

use core::hint::black_box;
use measure_run::console::{done, report_tenths};
use measure_run::counter::{CALLS, difference, now};
use spandrel::seal::{self, AUTHENTICATOR_LEN, Direction, Key};
use spandrel::{DeviceId, Session};

static KEY: Key = Key::from_hex("000102030405060708090a0b0c0d0e0f");
const SESSION: Session = Session::new(9);
/// The longest frame of a UDP link.
const UP: usize = 508;
/// A request for some definitions.
const DOWN: usize = 40;

/// Ticks of [`CALLS`] calls; `call` is not known here, so that the loop is the same for all.
#[inline(never)]
fn loop_over(frame: &[u8], call: fn(&mut [u8; UP], &[u8])) -> u32 {
    let mut buffer = [0; UP];
    let frame = black_box(frame);
    let start = now();
    for _ in 0..CALLS {
        call(&mut buffer, frame);
    }
    now().wrapping_sub(start)
}

/// Puts the frame into the buffer: sealing changes it.
#[inline(never)]
fn copy(buffer: &mut [u8; UP], frame: &[u8]) {
    buffer[..frame.len()].copy_from_slice(frame);
}

#[inline(never)]
fn copy_and_seal(buffer: &mut [u8; UP], frame: &[u8]) {
    buffer[..frame.len()].copy_from_slice(frame);
    _ = black_box(seal::seal(&KEY, SESSION, Direction::Up, black_box(buffer), frame.len()));
}

#[inline(never)]
fn copy_and_open(buffer: &mut [u8; UP], frame: &[u8]) {
    buffer[..frame.len()].copy_from_slice(frame);
    let frame = &mut black_box(buffer)[..frame.len()];
    _ = black_box(seal::open(&KEY, SESSION, Direction::Down, frame));
}

/// Reports what a call of `work` costs more than a copy of the frame.
fn report(key: &str, frame: &[u8], work: fn(&mut [u8; UP], &[u8])) {
    let tenths = difference(work, copy, |call| loop_over(frame, call), || ());
    report_tenths(key, tenths);
}

#[cortex_m_rt::entry]
fn main() -> ! {
    let [t0, t1, t2, t3] = SESSION.tag(DeviceId(0x0012_3456));
    let mut frame = [0x5a; UP];
    // A data frame, whose packet number takes two bytes.
    frame[..7].copy_from_slice(&[0x12, t0, t1, t2, t3, 0xac, 0x02]);
    let up = UP - AUTHENTICATOR_LEN;
    report("auth.frame_insns", &frame[..up], copy_and_seal);

    // A request, whose number takes as many bytes as Unix microseconds do.
    let head = [0x14, t0, t1, t2, t3, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x03];
    frame[..head.len()].copy_from_slice(&head);
    let down = seal::seal(&KEY, SESSION, Direction::Down, &mut frame, DOWN);
    assert_eq!(down, Some(DOWN + AUTHENTICATOR_LEN));
    let mut copy = frame;
    let sealed = &mut copy[..DOWN + AUTHENTICATOR_LEN];
    assert!(seal::open(&KEY, SESSION, Direction::Down, sealed).is_some());
    report("# to open a request", &frame[..DOWN + AUTHENTICATOR_LEN], copy_and_open);
    done()
}

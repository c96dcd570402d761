//! probe-rs's own fake of a probe, whose chip has nothing but zeros in its memory.

use super::*;
use crate::receiver::rtt::testing::BLOCK;
use crate::receiver::rtt::{Look, Place};
use probe_rs::integration::FakeProbe;
use std::collections::VecDeque;

#[test]
fn a_target_without_a_control_block_is_looked_at_and_left_alone() {
    let probe = FakeProbe::with_mocked_core().into_probe();
    let mut attached = Attached::new(probe, "nrf51822_xxAC").unwrap();
    let mut reader = Reader::new(Place::At(BLOCK), Which::Named);
    attached.begin().unwrap();
    let look = reader.look(&mut attached, &mut Vec::new(), &mut VecDeque::new()).unwrap();
    assert_eq!(look, Look::NoBlock);
    attached.end().unwrap();
    // Words go as words, or the probe of the test would not know how.
    attached.write(BLOCK, &[1, 2, 3, 4]).unwrap();
    attached.leave().unwrap();
}

#[test]
fn a_chip_that_nobody_knows_is_told() {
    let probe = FakeProbe::with_mocked_core().into_probe();
    let error = Attached::new(probe, "no such chip").unwrap_err();
    let told = link::whole(error);
    assert!(told.contains("no such chip"), "{told}");
}

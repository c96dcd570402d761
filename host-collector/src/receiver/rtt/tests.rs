//! The reader against a target that the test holds in its hands.

use super::block::{ChannelFault, WRITE_AT};
use super::testing::{BLOCK, RAM, Target, channel_at};
use super::{Look, Place, Reader, Which};
use proptest::prelude::*;
use std::collections::VecDeque;

const UPS: [(&str, u32); 2] = [("Terminal", 64), ("spandrel", 32)];
const DOWNS: [(&str, u32); 2] = [("Terminal", 16), ("spandrel", 16)];

struct Desk {
    target: Target,
    reader: Reader,
    up: Vec<u8>,
    down: VecDeque<u8>,
}

impl Desk {
    fn new(place: Place, which: Which) -> Self {
        let mut target = Target::new();
        target.init(&UPS, &DOWNS);
        let reader = Reader::new(place, which);
        Self { target, reader, up: Vec::new(), down: VecDeque::new() }
    }

    fn look(&mut self) -> Look {
        self.target.moved = 0;
        let look = self.reader.look(&mut self.target, &mut self.up, &mut self.down).unwrap();
        // A control block, two rings, or a part of the RAM.
        assert!(self.target.moved <= 20 << 10, "{} bytes at one look", self.target.moved);
        look
    }
}

#[test]
fn bytes_go_both_ways_and_other_channels_are_not_touched() {
    let mut desk = Desk::new(Place::At(BLOCK), Which::Named);
    assert!(desk.target.write_up(0, b"text"));
    assert!(desk.target.write_up(1, b"frame"));
    desk.down.extend(b"ping, and more than there is room for");
    assert_eq!(desk.look(), Look::Exchanged { up: 5, down: 15 });
    assert_eq!(desk.up, b"frame");
    assert_eq!(desk.target.read_down(1), b"ping, and more ");
    assert_eq!(desk.look(), Look::Exchanged { up: 0, down: 15 });
    assert_eq!(desk.target.read_down(1), b"than there is r");
    assert_eq!(desk.look(), Look::Exchanged { up: 0, down: 7 });
    assert_eq!(desk.down.len(), 0);
    assert_eq!(desk.target.read_down(1), b"oom for");
    let terminal = desk.target.channel(0);
    assert_eq!((terminal.write, terminal.read), (4, 0));
    assert_eq!(desk.target.read_down(0), b"");
}

#[test]
fn channels_are_chosen_by_name_or_by_number() {
    let mut desk = Desk::new(Place::At(BLOCK), Which::Number(0));
    assert!(desk.target.write_up(0, b"text"));
    desk.look();
    assert_eq!(desk.up, b"text");

    let mut desk = Desk::new(Place::At(BLOCK), Which::Number(2));
    assert_eq!(desk.look(), Look::NoChannel);
    let mut desk = Desk::new(Place::At(BLOCK), Which::Named);
    desk.target.init(&[("Terminal", 64), ("spandrels", 32)], &[]);
    assert_eq!(desk.look(), Look::NoChannel);
    // A name in memory that cannot be had is none, and the next one may be ours.
    desk.target.init(&UPS, &[]);
    desk.target.put_word(channel_at(0), 0xffff_fff8);
    desk.down.extend(b"nobody");
    assert_eq!(desk.look(), Look::Exchanged { up: 0, down: 0 });
    assert!(desk.down.is_empty());
}

#[test]
fn a_block_is_searched_for_also_where_the_ram_is_smaller_than_told() {
    for begin in [RAM, BLOCK, RAM + 1024 - 16] {
        let mut desk = Desk::new(Place::Within(begin.min(BLOCK)..RAM + 0x10_0000), Which::Named);
        assert!(desk.target.write_up(1, b"frame"));
        assert!((0..4).any(|_| matches!(desk.look(), Look::Exchanged { up: 5, .. })));
    }
    let mut desk = Desk::new(Place::Within(BLOCK + 4..RAM + 0x4000), Which::Named);
    assert!((0..9).all(|_| desk.look() == Look::NoBlock));
    let mut desk = Desk::new(Place::Within(0..8), Which::Named);
    assert_eq!(desk.look(), Look::NoBlock);
}

#[test]
fn a_block_across_the_bounds_of_reads_is_found() {
    for shift in (0..64).map(|words| words * 4) {
        let begin = BLOCK - 1024 + shift;
        let mut desk = Desk::new(Place::Within(begin..RAM + 0x4000), Which::Named);
        assert_eq!(desk.look(), Look::Exchanged { up: 0, down: 0 });
    }
}

#[test]
fn a_copy_that_is_no_control_block_does_not_end_the_search() {
    let mut desk = Desk::new(Place::Within(RAM..RAM + 0x4000), Which::Named);
    // The name alone, as a constant of the program.
    desk.target.put(RAM + 0x200, &super::block::ID);
    // And an old one, of a boot loader, that has other channels.
    let old = desk.target.get(BLOCK, 24 + 24).to_vec();
    desk.target.put(RAM + 0x300, &old);
    desk.target.put_word(RAM + 0x300 + 16, 1);
    desk.target.put_word(RAM + 0x300 + 20, 0);
    let looks: Vec<_> = (0..3).map(|_| desk.look()).collect();
    assert_eq!(looks[..2], [Look::NoChannel, Look::Exchanged { up: 0, down: 0 }]);
}

#[test]
fn a_reset_is_survived() {
    let mut desk = Desk::new(Place::Within(RAM..RAM + 0x4000), Which::Named);
    assert!(desk.target.write_up(1, b"before"));
    desk.look();
    desk.target.ram.fill(0);
    assert_eq!(desk.look(), Look::NoBlock);
    desk.target.init(&[("spandrel", 64)], &DOWNS);
    assert!(desk.target.write_up(0, b"after"));
    let looks: Vec<_> = (0..2).map(|_| desk.look()).collect();
    assert!(looks.contains(&Look::Exchanged { up: 5, down: 0 }), "{looks:?}");
    assert_eq!(desk.up, b"beforeafter");
    // Other firmware at once, without a moment of nothing between.
    desk.target.init(&UPS, &DOWNS);
    assert!(desk.target.write_up(1, b"!"));
    desk.look();
    assert_eq!(desk.up, b"beforeafter!");
}

#[test]
fn a_ring_that_cannot_be_is_not_read() {
    let mut desk = Desk::new(Place::At(BLOCK), Which::Named);
    desk.look();
    desk.target.put_word(channel_at(1) + WRITE_AT, 32);
    assert_eq!(desk.look(), Look::Faulty(ChannelFault::Offsets));
    desk.target.put_word(channel_at(1) + WRITE_AT, 3);
    assert_eq!(desk.look(), Look::Exchanged { up: 3, down: 0 });
    desk.target.put_word(channel_at(1) + 8, u32::MAX);
    assert_eq!(desk.look(), Look::Faulty(ChannelFault::Ring(u32::MAX)));
    // Beyond the RAM: nothing is taken, and nothing of it is kept.
    desk.target.init(&UPS, &DOWNS);
    desk.target.put_word(channel_at(1) + 4, RAM + 0x4000 - 4);
    desk.target.put_word(channel_at(1) + WRITE_AT, 8);
    desk.up.clear();
    assert_eq!(desk.look(), Look::NoBlock);
    assert_eq!(desk.up, b"");
}

#[derive(Clone, Debug)]
enum Step {
    Up(u8),
    Down(u8),
    ReadDown,
    Look,
}

proptest! {
    #[test]
    fn what_goes_in_comes_out_in_order(
        steps in proptest::collection::vec(
            prop_oneof![
                (0..40_u8).prop_map(Step::Up),
                (0..40_u8).prop_map(Step::Down),
                Just(Step::ReadDown),
                Just(Step::Look),
            ],
            0..200,
        ),
    ) {
        let mut desk = Desk::new(Place::At(BLOCK), Which::Named);
        let (mut next_up, mut next_down) = (0_u8, 0_u8);
        let counted = |next: &mut u8, count: u8| -> Vec<u8> {
            (0..count).map(|_| { *next = next.wrapping_add(1); *next }).collect()
        };
        let (mut sent, mut said, mut heard) = (Vec::new(), Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Up(count) => {
                    let bytes = counted(&mut next_up, count);
                    if desk.target.write_up(1, &bytes) {
                        sent.extend(bytes);
                    }
                }
                Step::Down(count) => {
                    let bytes = counted(&mut next_down, count);
                    desk.down.extend(&bytes);
                    said.extend(bytes);
                }
                Step::ReadDown => heard.extend(desk.target.read_down(1)),
                Step::Look => { desk.look(); }
            }
        }
        while !desk.down.is_empty() {
            desk.look();
            heard.extend(desk.target.read_down(1));
        }
        desk.look();
        heard.extend(desk.target.read_down(1));
        prop_assert_eq!(desk.up, sent);
        prop_assert_eq!(heard, said);
    }

    /// The control block is written over, and the reader neither panics nor reads without an end.
    #[test]
    fn a_target_that_lies_is_bounded(
        words in proptest::collection::vec(
            (0..40_u32, prop_oneof![any::<u32>(), 0..0x80_u32, RAM..RAM + 0x4100]), 0..12),
        within in any::<bool>(),
    ) {
        let place = if within { Place::Within(RAM..RAM + 0x9000) } else { Place::At(BLOCK) };
        let mut desk = Desk::new(place, Which::Named);
        desk.down.extend([1; 40]);
        desk.look();
        for (word, value) in words {
            desk.target.put_word(BLOCK + 16 + 4 * word, value);
            desk.up.clear();
            desk.target.moved = 0;
            let look = desk.reader.look(&mut desk.target, &mut desk.up, &mut desk.down);
            prop_assert!(look.is_ok());
            prop_assert!(desk.target.moved < 160 << 10);
            prop_assert!(desk.up.len() < 64 << 10);
        }
    }
}

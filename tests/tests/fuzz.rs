//! What reads bytes from outside holds for mutated vectors: the targets of `tests/fuzz`, from a seed.
//!
//! `cargo +nightly fuzz run carriers` in `tests/fuzz` goes on for as long as it is let.

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is the root of a library elsewhere")]
mod targets;

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use serde_json::Value;
use spandrel_tests::vectors::{from_hex, to_hex};
use spandrel_tests::workspace;

/// Inputs of each target: some seconds in a debug build.
const ROUNDS: u32 = 60_000;
/// Of the collector, whose inputs are many frames each.
const SCRIPTS: u32 = 4_000;
/// Longer inputs are cut: they would only take time.
const MAX_LEN: usize = 1500;

#[test]
fn carriers_hold_for_mutated_vectors() {
    let mut corpus = Vec::new();
    let dir = workspace::root().join("tests/vectors");
    for entry in std::fs::read_dir(dir).expect("the vectors are in the repository") {
        let path = entry.expect("it can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("carrier-") {
            let text = std::fs::read_to_string(path).expect("vectors are text");
            corpus.extend(text.lines().filter_map(carrier));
        }
    }
    run("carriers", targets::carriers, &corpus, ROUNDS);
}

#[test]
fn the_wire_format_holds_for_mutated_vectors() {
    run("wire", targets::wire, &frames(), ROUNDS);
}

#[test]
fn a_collector_holds_for_mutated_frames_in_any_order() {
    let (frames, mut random) = (frames(), Random(0x2545_f491_4f6c_dd1d));
    let script = |_| {
        let mut script = vec![random.byte()];
        for _ in 0..4 + random.below(12) {
            let frame = random.one_of(&frames);
            let length = u16::try_from(frame.len()).expect("vectors are short");
            // Of one session for the most part, and now and then some time or a step of the clock.
            script.push(random.byte() & 0b1_1011 | 0b10_0000);
            script.extend(length.to_le_bytes());
            script.extend(frame);
            if random.below(3) == 0 {
                script.extend([4 + random.byte() % 4, random.byte(), random.byte() >> 2]);
            }
        }
        script
    };
    let scripts: Vec<_> = (0..200).map(script).collect();
    run("collector", targets::collector, &scripts, SCRIPTS);
}

fn frames() -> Vec<Vec<u8>> {
    let file = workspace::root().join("tests/vectors/frames.json");
    let text = std::fs::read_to_string(file).expect("the vectors are in the repository");
    let frames: Vec<Value> = serde_json::from_str(&text).expect("it is a list");
    let bytes = |frame: &Value| from_hex(frame["hex"].as_str()?).ok();
    frames.iter().filter_map(bytes).collect()
}

#[test]
fn streams_hold_for_mutated_vectors() {
    let corpus: Vec<Vec<u8>> = lines("stream.txt")
        .filter_map(|line| match line.split_once(" => ") {
            Some((stream, _)) => from_hex(stream).ok(),
            None => from_hex(line.split_once(" = ")?.1).ok(),
        })
        .collect();
    run("stream", targets::stream, &corpus, ROUNDS);
}

#[test]
fn what_a_probe_says_holds_when_it_is_mutated() {
    // A control block whose one ring is behind it, as the memory of a target from address 0.
    let block = |up: u32, down: u32, size: u32, write: u32, read: u32| {
        let counts = [up, down].map(u32::to_le_bytes).concat();
        let channel = [0, 72, size, write, read, 0].map(u32::to_le_bytes).concat();
        [b"SEGGER RTT\0\0\0\0\0\0", &counts[..], &channel, &channel, &[9; 64]].concat()
    };
    let said =
        ["+$PacketSize=1000#e3+$T05#b9", "$0* #7a%Stop:T05#00", "$OK#9a-$E14#aa", "$}\u{3}#80"];
    let mut corpus: Vec<Vec<u8>> = said.into_iter().map(|said| said.as_bytes().to_vec()).collect();
    for (size, write, read) in [(64, 40, 10), (64, 3, 60), (64, 0, 0), (1, 0, 0), (65, 64, 64)] {
        for (up, down) in [(1, 1), (2, 0), (1, 0), (32, 32)] {
            corpus.push(block(up, down, size, write, read));
        }
    }
    // And behind something else.
    corpus.push([vec![0; 36], block(1, 1, 64, 5, 1)].concat());
    run("rtt", targets::rtt, &corpus, ROUNDS);
}

#[test]
fn segments_hold_for_mutated_vectors() {
    let with_lengths = |datagrams: &str| {
        let mut bytes = Vec::new();
        for datagram in datagrams.split(' ') {
            let datagram = from_hex(datagram).ok()?;
            bytes.push(u8::try_from(datagram.len()).ok()?);
            bytes.extend(datagram);
        }
        Some(bytes)
    };
    let of_line = |line: String| match line.split_once(" => ") {
        Some((datagrams, _)) => with_lengths(datagrams),
        None => with_lengths(line.split_once(" = ")?.1),
    };
    run(
        "segments",
        targets::segments,
        &lines("segments.txt").filter_map(of_line).collect::<Vec<_>>(),
        ROUNDS,
    );
}

#[test]
fn what_a_broker_sends_holds_for_mutated_packets() {
    // What brokers say, and some of what they should not.
    let packets: [&[u8]; 14] = [
        b"\x20\x02\x00\x00",
        b"\x20\x02\x01\x05",
        b"\x40\x02\x12\x34",
        b"\x90\x03\x00\x01\x00",
        b"\x90\x03\x00\x01\x80",
        b"\xd0\x00",
        b"\x30\x0c\x00\x04a/up123456",
        b"\x32\x0e\x00\x04a/up\x12\x34123456",
        b"\x3b\x05\x00\x01a\x00\x01",
        b"\x30\xc8\x01\x00\x01a",
        b"\x32\xc8\x01\x00\x01a\x00\x01",
        b"\x30\xff\xff\xff\x7f\x00\x01a",
        b"\x34\x05\x00\x01a\x00\x01",
        b"\xd0\x80\x80\x80\x80\x01",
    ];
    let mut corpus = Vec::new();
    for room in [8, 30, 255] {
        // One of them, and all behind each other.
        let one = packets.iter().map(|packet| [&[room, 7][..], packet].concat());
        corpus.extend(one);
        corpus.push([&[room, 40][..], &packets[..9].concat()].concat());
    }
    run("mqtt", targets::mqtt, &corpus, ROUNDS);
}

/// The lines of a file of vectors.
fn lines(name: &str) -> impl Iterator<Item = String> {
    let file = workspace::root().join("tests/vectors").join(name);
    let text = std::fs::read_to_string(file).expect("the vectors are in the repository");
    text.lines().map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// The bytes of a line of carrier vectors.
fn carrier(line: &str) -> Option<Vec<u8>> {
    let (carrier, _) = line.rsplit_once(" => ")?;
    match carrier.split_once('"') {
        Some((_, text)) => {
            let text = text.strip_suffix('"')?.replace("\\r", "\r").replace("\\n", "\n");
            Some(text.into_bytes())
        }
        None => from_hex(carrier).ok(),
    }
}

fn run(name: &str, target: fn(&[u8]), corpus: &[Vec<u8>], rounds: u32) {
    assert!(corpus.len() > 14, "{name} has few vectors: {}", corpus.len());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..rounds {
        let mut input = random.one_of(corpus).clone();
        // The vectors themselves first, now and then.
        for _ in 0..round % 5 {
            mutate(&mut input, corpus, &mut random);
        }
        input.truncate(MAX_LEN);
        if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
            panic!("the target {name} does not hold for {} (round {round})", to_hex(&input));
        }
    }
}

/// Makes one change.
fn mutate(input: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
    let (at, end) = (random.below(input.len() + 1), random.below(input.len() + 1));
    let (at, end) = (at.min(end), at.max(end));
    match random.below(8) {
        0 => drop(input.drain(at..end)),
        1 => input.truncate(at),
        2 => input.insert(at, random.byte()),
        3 => {
            let part = input[at..end].to_vec();
            input.splice(end..end, part);
        }
        4 => {
            let other = random.one_of(corpus);
            let from = random.below(other.len() + 1);
            input.splice(at..end, other[from..].iter().copied());
        }
        _ if at == input.len() => {}
        5 => input[at] ^= 1 << random.below(8),
        6 => input[at] = random.byte(),
        _ => input[at] = *random.one_of(b"\x00\x01\x7f\x80\xff%:-=,;+ \t\r\n0aAfFgd"),
    }
}

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % count as u64).expect("it is less than a length")
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[5]
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

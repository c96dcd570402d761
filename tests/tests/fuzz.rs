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
    run("carriers", targets::carriers, &corpus);
}

#[test]
fn the_wire_format_holds_for_mutated_vectors() {
    let file = workspace::root().join("tests/vectors/frames.json");
    let text = std::fs::read_to_string(file).expect("the vectors are in the repository");
    let frames: Vec<Value> = serde_json::from_str(&text).expect("it is a list");
    let bytes = |frame: &Value| from_hex(frame["hex"].as_str()?).ok();
    let corpus: Vec<Vec<u8>> = frames.iter().filter_map(bytes).collect();
    run("wire", targets::wire, &corpus);
}

#[test]
fn streams_hold_for_mutated_vectors() {
    let corpus: Vec<Vec<u8>> = lines("stream.txt")
        .filter_map(|line| match line.split_once(" => ") {
            Some((stream, _)) => from_hex(stream).ok(),
            None => from_hex(line.split_once(" = ")?.1).ok(),
        })
        .collect();
    run("stream", targets::stream, &corpus);
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
    );
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

fn run(name: &str, target: fn(&[u8]), corpus: &[Vec<u8>]) {
    assert!(corpus.len() > 14, "{name} has few vectors: {}", corpus.len());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..ROUNDS {
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

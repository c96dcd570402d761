//! Inputs to begin with: the golden vectors.

use crate::vectors::{self, Direction, Vector, from_hex};
use crate::workspace;

/// Every carrier of the vectors.
pub(super) fn carriers() -> Vec<Vec<u8>> {
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
    corpus
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

/// Every stream of the vectors.
pub(super) fn streams() -> Vec<Vec<u8>> {
    let of_line = |line: String| match line.split_once(" => ") {
        Some((stream, _)) => from_hex(stream).ok(),
        None => from_hex(line.split_once(" = ")?.1).ok(),
    };
    lines("stream.txt").filter_map(of_line).collect()
}

/// All segments of each vector in a row, each behind its length.
pub(super) fn segments() -> Vec<Vec<u8>> {
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
    lines("segments.txt").filter_map(of_line).collect()
}

/// What a GDB server says, and the memory of targets with a control block of RTT in it.
pub(super) fn probes() -> Vec<Vec<u8>> {
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
    corpus
}

/// What brokers say.
pub(super) fn brokers() -> Vec<Vec<u8>> {
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
    corpus
}

/// Every frame of the vectors, sealed and before.
pub(super) fn sealed() -> Vec<Vec<u8>> {
    let frames = vectors::sealed().into_iter().flat_map(|frame| [frame.sealed, frame.plain]);
    frames.filter_map(|frame| from_hex(&frame).ok()).collect()
}

/// The lines of a file of vectors.
fn lines(name: &str) -> impl Iterator<Item = String> {
    let file = workspace::root().join("tests/vectors").join(name);
    let text = std::fs::read_to_string(file).expect("the vectors are in the repository");
    text.lines().map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// Every frame of the vectors, up and down, also those that are refused.
pub(super) fn frames() -> Vec<Vec<u8>> {
    vectors().iter().filter_map(|vector| from_hex(&vector.hex).ok()).collect()
}

/// Each frame of the vectors by itself, behind a hello, and all of one direction in a row.
pub(super) fn talks() -> Vec<Vec<u8>> {
    let mut talks = Vec::new();
    for direction in [Direction::Up, Direction::Down] {
        let vectors = vectors();
        let frames = vectors.iter().filter(|vector| vector.direction == direction);
        let frames: Vec<_> = frames.filter_map(|vector| from_hex(&vector.hex).ok()).collect();
        // Of the session that is listened to.
        let said = |frame: &Vec<u8>| super::piece(33, frame);
        talks.extend(frames.iter().map(said));
        let first = frames.first().map(said).unwrap_or_default();
        talks.extend(frames.iter().map(|frame| [first.clone(), said(frame)].concat()));
        talks.push(frames.iter().flat_map(said).collect());
    }
    talks
}

/// The same for a collector that talks back.
pub(super) fn scripts() -> Vec<Vec<u8>> {
    talks().into_iter().map(|talk| [&[1], talk.as_slice()].concat()).collect()
}

fn vectors() -> Vec<Vector> {
    let file = workspace::root().join("tests/vectors/frames.json");
    let text = std::fs::read_to_string(file).expect("the vectors are in the repository");
    serde_json::from_str(&text).expect("the vectors are of their own form")
}

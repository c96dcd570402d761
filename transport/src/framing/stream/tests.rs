use super::*;
use crate::framing::crc::CRC;
use crate::framing::testing::from_hex;
use alloc::vec::Vec;
use proptest::prelude::*;

/// The frame as it stands in a stream, made in pieces of this length.
fn encoded(frame: &[u8], piece: usize) -> Vec<u8> {
    let (mut encoder, mut bytes, mut buffer) = (Encoder::new(frame), Vec::new(), [0; 64]);
    loop {
        let len = encoder.fill(&mut buffer[..piece]);
        bytes.extend_from_slice(&buffer[..len]);
        if len == 0 {
            return bytes;
        }
    }
}

/// Frames, and all text in one piece, of a stream that comes in pieces.
fn split(stream: &[u8], pieces: &[usize], buffer: usize) -> (Vec<Vec<u8>>, Vec<u8>) {
    let (mut frames, mut text) = (Vec::new(), Vec::new());
    let mut splitter = Splitter::new(alloc::vec![0; buffer]);
    let (mut rest, mut pieces) = (stream, pieces.iter().cycle());
    while !rest.is_empty() {
        let len = pieces.next().map_or(rest.len(), |len| rest.len().min(*len));
        let (mut piece, behind) = rest.split_at(len);
        while let Some(item) = splitter.next(&mut piece) {
            match item {
                Item::Frame(frame) => frames.push(frame.to_vec()),
                Item::Text(bytes) => text.extend_from_slice(bytes),
            }
        }
        rest = behind;
    }
    if let Some(Item::Text(bytes)) = splitter.give_up() {
        text.extend_from_slice(bytes);
    }
    (frames, text)
}

/// What is found in a stream that comes in one piece.
fn items(stream: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut splitter = Splitter::new(alloc::vec![0; buffer_len(600)]);
    let (mut rest, mut found) = (stream, Vec::new());
    while let Some(item) = splitter.next(&mut rest) {
        found.push(match item {
            Item::Frame(frame) => ("frame", frame.to_vec()),
            Item::Text(text) => ("text", text.to_vec()),
        });
    }
    found
}

/// Bytes with many zeros and long runs, which is what COBS is about.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![3 => any::<u8>(), 1 => Just(0)];
    let sparse = (prop::collection::vec(1..=255_u8, 1..600), any::<prop::sample::Index>())
        .prop_map(|(mut bytes, at)| {
            let at = at.index(bytes.len());
            bytes[at] = 0;
            bytes
        });
    prop_oneof![
        prop::collection::vec(byte, 1..80),
        prop::collection::vec(1..=255_u8, 240..520),
        sparse
    ]
}

/// A line that no frame can be confused with.
fn text() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(2..=255_u8, 0..60)
}

#[test]
fn the_bytes_are_those_of_the_page() {
    assert_eq!(CRC.checksum(b"123456789"), 0xcbf4_3926);
    let crc = CRC.checksum(&[0x11, 0, 0, 0x22]).to_le_bytes();
    let mut expected = alloc::vec![0, 1, 2, 0x11, 1, 6, 0x22];
    expected.extend_from_slice(&crc);
    expected.push(0);
    assert_eq!(encoded(&[0x11, 0, 0, 0x22], 64), expected);
}

/// The vectors were made by another program, from the page.
#[test]
fn the_vectors_hold_both_ways() {
    let mut count = 0;
    for line in include_str!("../../../../tests/vectors/stream.txt").lines().skip(1) {
        if let Some((frame, stream)) = line.split_once(" = ") {
            let (frame, stream) = (from_hex(frame), from_hex(stream));
            assert_eq!(encoded(&frame, 64), stream, "{line}");
            assert_eq!(items(&stream), [("frame", frame)], "{line}");
        } else {
            let (stream, found) = line.split_once(" => ").unwrap();
            let mut words = found.split(' ');
            for (kind, bytes) in items(&from_hex(stream)) {
                assert_eq!(words.next(), Some(kind), "{line}");
                assert_eq!(words.next().map(from_hex), Some(bytes), "{line}");
            }
            assert_eq!(words.next(), None, "{line}");
        }
        count += 1;
    }
    assert!(count > 20);
}

#[test]
fn the_bounds_are_those_of_the_worst_frame() {
    for len in 1..1100 {
        let frame = alloc::vec![0xff; len];
        let bytes = encoded(&frame, 64);
        assert!(bytes.len() <= encoded_len(len));
        let (frames, text) = split(&bytes, &[], buffer_len(len));
        assert_eq!((frames, text), (alloc::vec![frame], Vec::new()), "{len}");
    }
}

#[test]
fn what_is_too_long_passes_as_text_and_the_next_is_found() {
    let mut stream = encoded(&[7; 200], 64);
    stream.extend(encoded(b"short", 64));
    let (frames, text) = split(&stream, &[], 64);
    assert_eq!(frames, [b"short"]);
    assert_eq!(text, stream[1..1 + 1 + 1 + 204]);
}

#[test]
fn text_passes_at_once_and_what_stalls_in_a_frame_when_told() {
    let mut splitter = Splitter::new([0; 64]);
    let mut input = &b"\0> "[..];
    assert_eq!(splitter.next(&mut input), Some(Item::Text(b"> ")));
    let cut = encoded(b"frame", 64);
    let mut input = &cut[..6];
    assert_eq!(splitter.next(&mut input), None);
    assert!(splitter.is_in_frame());
    assert_eq!(splitter.give_up(), Some(Item::Text(&cut[1..6])));
    assert_eq!(splitter.give_up(), None);
    assert_eq!(splitter.damaged(), 1);
    let mut input = &b"boot"[..];
    assert_eq!(splitter.next(&mut input), Some(Item::Text(b"boot")));
}

proptest! {
    #[test]
    fn frames_and_text_come_out_as_they_went_in(
        parts in prop::collection::vec((text(), frame()), 0..8),
        rest in text(),
        piece in 1..64_usize,
        pieces in prop::collection::vec(1..300_usize, 1..8),
    ) {
        let (mut stream, mut sent, mut said) = (Vec::new(), Vec::new(), Vec::new());
        for (text, frame) in &parts {
            stream.extend_from_slice(text);
            stream.extend(encoded(frame, piece));
            said.extend_from_slice(text);
            sent.push(frame.clone());
        }
        stream.extend_from_slice(&rest);
        said.extend_from_slice(&rest);
        prop_assert_eq!(split(&stream, &pieces, buffer_len(600)), (sent, said));
    }

    #[test]
    fn any_bytes_pass_as_text_but_for_delimiters(
        stream in prop::collection::vec(prop_oneof![2 => any::<u8>(), 1 => 0..3_u8], 0..400),
        pieces in prop::collection::vec(1..50_usize, 1..8),
        buffer in 1..100_usize,
    ) {
        let (frames, text) = split(&stream, &pieces, buffer);
        let expected: Vec<u8> = stream.into_iter().filter(|byte| *byte != 0).collect();
        prop_assert!(frames.is_empty());
        prop_assert_eq!(text, expected);
    }

    /// Damage of any kind to one frame costs that frame and the text up to the next, at most.
    #[test]
    fn damage_yields_no_wrong_frame_and_the_next_is_found(
        before in frame(),
        hit in frame(),
        behind in frame(),
        said in text(),
        at in any::<prop::sample::Index>(),
        len in 0..9_usize,
        with in prop::collection::vec(any::<u8>(), 0..9),
    ) {
        let mut damaged = encoded(&hit, 64);
        let at = at.index(damaged.len());
        let end = damaged.len().min(at + len);
        damaged.splice(at..end, with);
        let mut stream = encoded(&before, 64);
        stream.extend(damaged);
        stream.extend_from_slice(&said);
        stream.extend(encoded(&behind, 64));
        let (frames, _) = split(&stream, &[], buffer_len(600));
        prop_assert_eq!(frames.first(), Some(&before));
        prop_assert_eq!(frames.last(), Some(&behind));
        prop_assert!(frames.len() <= 3);
        prop_assert!(frames[1..frames.len() - 1].iter().all(|frame| *frame == hit));
    }
}

/// The figure of issue 5: bit errors of 0.002, none of which may make a wrong frame.
#[test]
fn bit_errors_cost_what_they_hit_and_no_more() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let (mut stream, mut is_hit) = (Vec::new(), Vec::new());
    // Kinds of a part: a frame, or a line of text; each with its clean bytes.
    let mut parts = Vec::new();
    for number in 0..4000_u32 {
        let (is_frame, clean) = if number % 2 == 0 {
            let frame: Vec<u8> = (0..20 + next() % 60).map(|_| next().to_le_bytes()[3]).collect();
            let mut frame = frame;
            frame.extend_from_slice(&number.to_le_bytes());
            (true, frame)
        } else {
            (false, alloc::format!("line {number}\r\n").into_bytes())
        };
        let mut bytes = if is_frame { encoded(&clean, 64) } else { clean.clone() };
        let mut hit = false;
        for byte in &mut bytes {
            for bit in 0..8 {
                if next() % 500 == 0 {
                    *byte ^= 1 << bit;
                    hit = true;
                }
            }
        }
        stream.extend(bytes);
        is_hit.push(hit);
        parts.push((is_frame, clean));
    }
    let (frames, text) = split(&stream, &[17], buffer_len(128));
    let whole = |wanted: bool| {
        let unhit = parts.iter().zip(&is_hit).filter(move |(part, hit)| part.0 == wanted && !**hit);
        unhit.map(|(part, _)| part.1.clone()).collect::<Vec<_>>()
    };
    // Every frame that was not hit, in order, and not one that was.
    assert_eq!(frames, whole(true));
    let lines = whole(false);
    assert!(frames.len() > 400 && lines.len() > 1000, "{} {}", frames.len(), lines.len());
    let mut rest = &text[..];
    for line in &lines {
        let at = rest.windows(line.len()).position(|window| window == line).expect("it is intact");
        rest = &rest[at + line.len()..];
    }
}

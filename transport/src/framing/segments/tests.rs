use super::*;
use crate::framing::testing::from_hex;
use alloc::vec::Vec;
use proptest::prelude::*;

/// The datagrams of frames, in order.
fn cut(frames: &[Vec<u8>], datagram: usize) -> Vec<Vec<u8>> {
    let (mut datagrams, mut number, mut buffer) = (Vec::new(), 0, [0; 300]);
    for frame in frames {
        let mut segmenter = Segmenter::new(frame, number);
        while let Some(len) = segmenter.fill(&mut buffer[..datagram]) {
            datagrams.push(buffer[..len].to_vec());
        }
        number = segmenter.number();
    }
    datagrams
}

fn join(datagrams: &[Vec<u8>], room: usize) -> (Vec<Vec<u8>>, u32) {
    let mut assembler = Assembler::new(alloc::vec![0; room]);
    let mut frames = Vec::new();
    for datagram in datagrams {
        frames.extend(assembler.take(datagram).map(<[u8]>::to_vec));
    }
    (frames, assembler.lost())
}

fn frames() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let frame = prop::collection::vec(any::<u8>(), 1..300);
    prop::collection::vec(frame, 1..12).prop_map(|mut frames| {
        // Each is another, so that it can be told.
        for (number, frame) in frames.iter_mut().enumerate() {
            frame.insert(0, u8::try_from(number).unwrap());
        }
        frames
    })
}

/// The vectors were made by another program, from the page.
#[test]
fn the_vectors_hold_both_ways() {
    let mut count = 0;
    for line in include_str!("../../../../tests/vectors/segments.txt").lines().skip(1) {
        let all = |words: &str| words.split(' ').map(from_hex).collect::<Vec<_>>();
        if let Some((said, datagrams)) = line.split_once(" = ") {
            let mut words = said.split(' ');
            let frame = from_hex(words.next().unwrap());
            let [number, len] = [(); 2].map(|()| words.next().unwrap().parse::<u8>().unwrap());
            let mut segmenter = Segmenter::new(&frame, number);
            let mut buffer = alloc::vec![0; usize::from(len)];
            let cut = core::iter::from_fn(|| {
                let len = segmenter.fill(&mut buffer)?;
                Some(buffer[..len].to_vec())
            });
            let datagrams = all(datagrams);
            assert_eq!(cut.collect::<Vec<_>>(), datagrams, "{line}");
            assert_eq!(join(&datagrams, buffer_len(80)), (alloc::vec![frame], 0), "{line}");
        } else {
            let (datagrams, frames) = line.split_once(" => ").unwrap();
            let frames = if frames == "none" { Vec::new() } else { all(frames) };
            assert_eq!(join(&all(datagrams), buffer_len(80)).0, frames, "{line}");
        }
        count += 1;
    }
    assert!(count > 14);
}

#[test]
fn a_datagram_that_is_lost_costs_its_frame_alone() {
    let frames: Vec<Vec<u8>> = (0..5).map(|number| alloc::vec![number; 48]).collect();
    let datagrams = cut(&frames, MIN_DATAGRAM);
    assert_eq!(datagrams.len(), 5 * 8);
    for lost in 0..datagrams.len() {
        let mut rest = datagrams.clone();
        rest.remove(lost);
        let mut expected = frames.clone();
        expected.remove(lost / 8);
        assert_eq!(join(&rest, buffer_len(48)).0, expected, "{lost}");
    }
}

/// As many are lost as the numbers go, so the rest of one frame looks like that of another.
#[test]
fn pieces_of_two_frames_are_not_joined_however_they_are_numbered() {
    let frames: Vec<Vec<u8>> = (0..9).map(|number| alloc::vec![number; 48]).collect();
    let mut datagrams = cut(&frames, MIN_DATAGRAM);
    datagrams.drain(4..4 + 64);
    assert_eq!(join(&datagrams, buffer_len(48)), (Vec::new(), 1));
}

#[test]
fn a_sender_that_begins_anew_is_understood() {
    let frames = [alloc::vec![1; 48], alloc::vec![2; 48]];
    for cut_at in 0..8 {
        let mut datagrams = cut(&frames, MIN_DATAGRAM);
        datagrams.truncate(8 + cut_at);
        datagrams.extend(cut(&frames, MIN_DATAGRAM));
        let (found, _) = join(&datagrams, buffer_len(48));
        assert_eq!(found.last(), Some(&frames[1]));
    }
}

#[test]
fn what_is_too_long_is_counted_and_the_next_is_found() {
    let frames = [alloc::vec![1; 60], alloc::vec![2; 48]];
    let datagrams = cut(&frames, MIN_DATAGRAM);
    assert_eq!(join(&datagrams, buffer_len(48)), (alloc::vec![frames[1].clone()], 1));
}

#[test]
fn lengths_of_can_fd_are_those_that_its_lengths_can_say() {
    let codes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64];
    for len in 0..100 {
        assert_eq!(Some(&can_fd_len(len)), codes.iter().filter(|code| **code <= len).max());
    }
}

proptest! {
    #[test]
    fn frames_come_out_as_they_went_in(frames in frames(), datagram in 2..300_usize) {
        let datagrams = cut(&frames, datagram);
        prop_assert_eq!(join(&datagrams, buffer_len(301)), (frames.clone(), 0));
        // Each twice in a row costs nothing, but that a frame of one datagram comes twice.
        let twice: Vec<_> = datagrams.iter().flat_map(|one| [one.clone(), one.clone()]).collect();
        let (mut found, lost) = join(&twice, buffer_len(301));
        found.dedup();
        prop_assert_eq!((found, lost), (frames, 0));
    }

    /// Lost, doubled, moved, changed: no frame comes out that did not go in.
    #[test]
    fn no_wrong_frame_comes_out(
        frames in frames(),
        datagram in 2..40_usize,
        changes in prop::collection::vec((0..4_u8, any::<prop::sample::Index>(), 0..70_usize, any::<u8>()), 0..30),
    ) {
        let mut datagrams = cut(&frames, datagram);
        for (kind, at, by, with) in changes {
            if datagrams.is_empty() {
                break;
            }
            let at = at.index(datagrams.len());
            let to = (at + by) % datagrams.len();
            match kind {
                0 => drop(datagrams.drain(at.min(to)..at.max(to))),
                1 => datagrams.insert(to, datagrams[at].clone()),
                2 => datagrams.swap(at, to),
                _ => {
                    let place = by % datagrams[at].len();
                    datagrams[at][place] = with;
                }
            }
        }
        let (found, _) = join(&datagrams, buffer_len(301));
        prop_assert!(found.iter().all(|frame| frames.contains(frame)));
    }

    #[test]
    fn any_bytes_do_no_harm(datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 0..60), room in 0..80_usize) {
        prop_assert!(join(&datagrams, room).0.is_empty());
    }
}

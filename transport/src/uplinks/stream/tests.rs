use super::*;
use alloc::vec::Vec;
use embassy_futures::block_on;

/// A stream that gives what it is told, and takes so many bytes.
#[derive(Debug, Default)]
struct Line {
    down: Vec<Vec<u8>>,
    up: Vec<u8>,
    room: usize,
    flushed: usize,
}

impl ByteStream for Line {
    async fn read(&mut self, buffer: &mut [u8], _: Duration) -> usize {
        if buffer.is_empty() || self.down.is_empty() {
            return 0;
        }
        let mut piece = self.down.remove(0);
        let rest = piece.split_off(piece.len().min(buffer.len()));
        buffer[..piece.len()].copy_from_slice(&piece);
        if !rest.is_empty() {
            self.down.insert(0, rest);
        }
        piece.len()
    }

    async fn write(&mut self, bytes: &[u8]) -> bool {
        let len = bytes.len().min(self.room);
        self.room -= len;
        self.up.extend_from_slice(&bytes[..len]);
        len == bytes.len()
    }

    async fn flush(&mut self) -> bool {
        self.flushed = self.up.len();
        true
    }
}

fn encoded(frame: &[u8]) -> Vec<u8> {
    let mut bytes = alloc::vec![0; crate::framing::stream::encoded_len(frame.len())];
    let len = Encoder::new(frame).fill(&mut bytes);
    bytes.truncate(len);
    bytes
}

/// Frames that come down in so many calls.
fn receive(uplink: &mut StreamUplink<Line>, calls: usize, room: usize) -> Vec<Vec<u8>> {
    let mut buffer = alloc::vec![0; room];
    let mut frames = Vec::new();
    for _ in 0..calls {
        if let Some(len) = block_on(uplink.receive(&mut buffer, Duration::ZERO)) {
            frames.push(buffer[..len].to_vec());
        }
    }
    frames
}

#[test]
fn frames_come_down_however_they_are_cut() {
    let sent: Vec<Vec<u8>> =
        (1..40).map(|number| alloc::vec![number; 5 * usize::from(number)]).collect();
    let all: Vec<u8> = sent.iter().flat_map(|frame| encoded(frame)).collect();
    for piece in [1, 7, 64, 300, all.len()] {
        let down = all.chunks(piece).map(<[u8]>::to_vec).collect();
        let mut uplink = StreamUplink::new(Line { down, ..Line::default() });
        assert_eq!(receive(&mut uplink, all.len() + 40, 256), sent, "{piece}");
    }
}

#[test]
fn while_there_is_no_buffer_what_comes_is_left() {
    let mut uplink = StreamUplink::new(Line { down: [encoded(b"kept")].into(), ..Line::default() });
    assert!(receive(&mut uplink, 3, 0).is_empty());
    // What is too long for the buffer is for nobody, and the next is found.
    uplink.stream().down.insert(0, encoded(&[1; 100]));
    assert_eq!(receive(&mut uplink, 9, 64), [b"kept"]);
}

#[test]
fn a_frame_that_was_cut_is_written_again_whole() {
    let frame = [5; 200];
    let mut uplink = StreamUplink::new(Line { room: 128, ..Line::default() });
    assert!(!block_on(uplink.send(&frame)));
    uplink.stream().room = 1000;
    assert!(block_on(uplink.send(&frame)));
    let Line { up, flushed, .. } = uplink.stream();
    assert_eq!(*flushed, up.len());
    let mut splitter = Splitter::new(alloc::vec![0; buffer_len(MTU)]);
    let (mut rest, mut frames) = (&up[..], 0);
    while let Some(item) = splitter.next(&mut rest) {
        match item {
            Item::Frame(found) => frames += usize::from(found == frame),
            Item::Text(cut) => assert_eq!(cut, &encoded(&frame)[1..128]),
        }
    }
    assert_eq!(frames, 1);
}

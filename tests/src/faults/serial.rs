//! One direction of a serial line: frames and text on a stream of bytes that treats them badly.

use std::collections::VecDeque;

use spandrel_transport::framing::stream::{Encoder, Item, Splitter, buffer_len};

use super::link::{Counts, Fate, Faults, Link};
use super::stream::{Stream, StreamCounts, StreamFaults};

/// A stream between who writes frames and text and who tells them apart again.
#[derive(Debug)]
pub struct Serial {
    stream: Stream,
    splitter: Splitter<Vec<u8>>,
    frames: VecDeque<Vec<u8>>,
    text: Vec<u8>,
}

impl Serial {
    /// A line for frames of up to `mtu` bytes.
    #[must_use]
    pub fn new(faults: StreamFaults, mtu: usize, seed: u64) -> Self {
        Self {
            stream: Stream::new(faults, seed),
            splitter: Splitter::new(vec![0; buffer_len(mtu)]),
            frames: VecDeque::new(),
            text: Vec::new(),
        }
    }

    /// The stream itself, to cut or stall it.
    pub fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// Puts a frame in at `now_ns`, and says what becomes of it.
    pub fn push(&mut self, now_ns: u64, frame: &[u8]) -> Fate {
        let mut encoder = Encoder::new(frame);
        let (before, mut piece) = (self.stream.counts(), [0; 64]);
        loop {
            let len = encoder.fill(&mut piece);
            if len == 0 {
                break;
            }
            self.stream.push(now_ns, &piece[..len]);
        }
        Fate { copies: 1, corrupted: u8::from(!self.is_clean_since(before)) }
    }

    /// Puts text in at `now_ns`, and says whether all of it arrives as it is.
    pub fn push_text(&mut self, now_ns: u64, text: &[u8]) -> bool {
        let before = self.stream.counts();
        self.stream.push(now_ns, text);
        self.is_clean_since(before)
    }

    fn is_clean_since(&self, before: StreamCounts) -> bool {
        let now = self.stream.counts();
        (now.wrong_bits, now.lost) == (before.wrong_bits, before.lost)
    }

    /// The next frame that has arrived by `now_ns`.
    pub fn pop(&mut self, now_ns: u64) -> Option<Vec<u8>> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some(frame);
            }
            let bytes = self.stream.pop(now_ns);
            if bytes.is_empty() {
                return None;
            }
            let mut rest = bytes.as_slice();
            while let Some(item) = self.splitter.next(&mut rest) {
                match item {
                    Item::Frame(frame) => self.frames.push_back(frame.to_vec()),
                    Item::Text(text) => self.text.extend_from_slice(text),
                }
            }
        }
    }

    /// When the next byte arrives.
    #[must_use]
    pub fn next_ns(&self) -> Option<u64> {
        self.stream.next_ns()
    }

    /// What came that was no frame.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

/// One direction of a device's link, whatever it carries.
#[derive(Debug)]
pub(super) enum Way {
    Datagrams(Link),
    Bytes(Serial),
}

impl Way {
    pub(super) fn push(&mut self, now_ns: u64, frame: &[u8]) -> Fate {
        match self {
            Self::Datagrams(link) => link.push(now_ns, frame),
            Self::Bytes(serial) => serial.push(now_ns, frame),
        }
    }

    pub(super) fn pop(&mut self, now_ns: u64) -> Option<Vec<u8>> {
        match self {
            Self::Datagrams(link) => link.pop(now_ns),
            Self::Bytes(serial) => serial.pop(now_ns),
        }
    }

    pub(super) fn next_ns(&self) -> Option<u64> {
        match self {
            Self::Datagrams(link) => link.next_ns(),
            Self::Bytes(serial) => serial.next_ns(),
        }
    }

    pub(super) fn set_up(&mut self, is_up: bool) {
        match self {
            Self::Datagrams(link) => link.set_up(is_up),
            Self::Bytes(serial) => serial.stream.set_cut(!is_up),
        }
    }

    /// Those of a serial line stay as they are.
    pub(super) fn set_faults(&mut self, faults: Faults) {
        if let Self::Datagrams(link) = self {
            link.set_faults(faults);
        }
    }

    /// What a link for datagrams did.
    pub(super) fn counts(&self) -> Counts {
        match self {
            Self::Datagrams(link) => link.counts(),
            Self::Bytes(_) => Counts::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_text_come_out_apart_and_the_clean_ones_whole() {
        let mut serial = Serial::new(StreamFaults::noisy(0.001), 100, 5);
        let (mut frames, mut lines) = (Vec::new(), Vec::new());
        for number in 0..500_u32 {
            let frame = [&number.to_le_bytes()[..], &[0; 40]].concat();
            if !serial.push(0, &frame).is_lost() {
                frames.push(frame);
            }
            let line = format!("line {number}\n");
            if serial.push_text(0, line.as_bytes()) {
                lines.push(line);
            }
        }
        let came: Vec<_> = core::iter::from_fn(|| serial.pop(0)).collect();
        assert!(came == frames);
        assert!((200..450).contains(&frames.len()), "{}", frames.len());
        let text = String::from_utf8_lossy(serial.text());
        assert!(lines.iter().all(|line| text.contains(line)));
    }
}

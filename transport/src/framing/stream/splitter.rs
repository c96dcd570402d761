//! [`Splitter`]: frames and text out of a stream.

use super::{DELIMITER, LONGEST_RUN, MARK};
use crate::framing::crc::{CHECK, CRC, RESIDUE};

/// What was found in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A frame whose checksum is right.
    Frame(&'a [u8]),
    /// Bytes that are no frame, as they came.
    Text(&'a [u8]),
}

/// Takes a stream apart.
///
/// Text passes as it comes, without a copy. What looks like a frame is kept until its end; where its
/// checksum is wrong, or it is longer than the buffer, it passes as text. The delimiters are in
/// neither.
///
/// The buffer is an array, a slice or a vector of [`buffer_len`](super::buffer_len) bytes.
#[derive(Clone, Debug)]
pub struct Splitter<B> {
    buffer: B,
    len: usize,
    state: State,
    damaged: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Behind a delimiter.
    Start,
    Text,
    /// In what looks like a frame.
    Frame,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Splitter<B> {
    /// Begins in the middle of a stream, perhaps.
    pub const fn new(buffer: B) -> Self {
        Self { buffer, len: 0, state: State::Text, damaged: 0 }
    }

    /// Takes bytes from the front of `input` until something is found; none once all are taken.
    ///
    /// ```
    /// use spandrel_transport::framing::stream::{Item, Splitter};
    ///
    /// let mut splitter = Splitter::new([0; 64]);
    /// let mut input = &b"hello\n\0wor"[..];
    /// assert_eq!(splitter.next(&mut input), Some(Item::Text(b"hello\n")));
    /// assert_eq!(splitter.next(&mut input), Some(Item::Text(b"wor")));
    /// assert_eq!(splitter.next(&mut input), None);
    /// ```
    pub fn next<'a, 'i: 'a>(&'a mut self, input: &mut &'i [u8]) -> Option<Item<'a>> {
        loop {
            let first = *input.first()?;
            match self.state {
                State::Start | State::Text if first == DELIMITER => {
                    take(input, 1);
                    self.state = State::Start;
                }
                State::Start if first == MARK => {
                    self.len = 0;
                    self.state = State::Frame;
                }
                State::Start | State::Text => {
                    self.state = State::Text;
                    return Some(Item::Text(take(input, run(input))));
                }
                State::Frame if first == DELIMITER => {
                    take(input, 1);
                    self.state = State::Start;
                    return Some(self.take_frame());
                }
                State::Frame => {
                    let room = self.buffer.as_ref().len() - self.len;
                    if room == 0 {
                        return self.give_up();
                    }
                    self.keep(take(input, run(input).min(room)));
                }
            }
        }
    }

    /// Lets go of what looked like a frame and did not go on: it passes as text.
    ///
    /// For whoever knows that the stream has ended, or was silent for longer than any frame takes.
    pub fn give_up(&mut self) -> Option<Item<'_>> {
        if self.state != State::Frame {
            return None;
        }
        self.state = State::Text;
        (self.len != 0).then(|| self.pass())
    }

    /// Whether a frame has begun and not ended.
    #[must_use]
    pub fn is_in_frame(&self) -> bool {
        self.state == State::Frame
    }

    /// How many looked like frames and were none, as far as can be counted.
    #[must_use]
    pub fn damaged(&self) -> u32 {
        self.damaged
    }

    fn keep(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if let Some(room) = self.buffer.as_mut().get_mut(self.len..end) {
            room.copy_from_slice(bytes);
            self.len = end;
        }
    }

    fn take_frame(&mut self) -> Item<'_> {
        let kept = self.buffer.as_ref().get(1..self.len).unwrap_or_default();
        if !is_whole(kept) {
            return self.pass();
        }
        let kept = self.buffer.as_mut().get_mut(1..self.len).unwrap_or_default();
        let len = unstuff(kept).saturating_sub(CHECK);
        Item::Frame(kept.get(..len).unwrap_or_default())
    }

    fn pass(&mut self) -> Item<'_> {
        self.damaged = self.damaged.saturating_add(1);
        Item::Text(self.buffer.as_ref().get(..self.len).unwrap_or_default())
    }
}

/// Takes bytes from the front.
fn take<'a>(input: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at_checked(len).unwrap_or((input, &[]));
    *input = rest;
    taken
}

/// How many bytes stand before the next delimiter.
fn run(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte == DELIMITER).unwrap_or(bytes.len())
}

/// Splits the first run off: its bytes, whether a zero follows, and the rest.
fn first_run(stuffed: &[u8]) -> Option<(&[u8], bool, &[u8])> {
    let (count, rest) = stuffed.split_first()?;
    let len = usize::from(*count).checked_sub(1)?;
    let (run, rest) = rest.split_at_checked(len)?;
    Some((run, len < LONGEST_RUN && !rest.is_empty(), rest))
}

/// Whether this is COBS of a frame and its checksum. Nothing is changed: it may be text.
fn is_whole(mut stuffed: &[u8]) -> bool {
    let (mut digest, mut len) = (CRC.digest(), 0);
    while !stuffed.is_empty() {
        let Some((run, is_zero, rest)) = first_run(stuffed) else { return false };
        digest.update(run);
        if is_zero {
            digest.update(&[0]);
        }
        len += run.len() + usize::from(is_zero);
        stuffed = rest;
    }
    len > CHECK && digest.finalize() == RESIDUE
}

/// Takes COBS away, in place; says how many bytes are left.
fn unstuff(bytes: &mut [u8]) -> usize {
    let (mut from, mut to) = (0, 0);
    while let Some((run, is_zero, _)) = bytes.get(from..).and_then(first_run) {
        let len = run.len();
        // What is read is behind what is written by one byte at least.
        bytes.copy_within(from + 1..from + 1 + len, to);
        from += 1 + len;
        to += len;
        if is_zero && let Some(place) = bytes.get_mut(to) {
            *place = 0;
            to += 1;
        }
    }
    to
}

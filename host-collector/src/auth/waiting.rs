//! Sealed frames of sessions that did not say who they are yet: a few, for a while.

use super::{Frame, SECOND_NS};
use crate::receiver::Peer;
use std::collections::VecDeque;

/// Frames that wait, and bytes in them.
const MOST_FRAMES: usize = 256;
const MOST_BYTES: usize = 256 << 10;
/// How long they wait: a hello that is asked for comes at once or not at all.
const PATIENCE_NS: u64 = 2 * SECOND_NS;
/// Who does not answer is asked again.
const ASK_AGAIN_NS: u64 = SECOND_NS / 4;

/// Frames that wait for the hello of their session, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    frames: VecDeque<(Frame, [u8; 4])>,
    bytes: usize,
    /// Who was asked for a hello lately, and when.
    asked: VecDeque<(Peer, [u8; 4], u64)>,
}

impl Waiting {
    /// Has a frame wait; says how many others had to go for it.
    pub(super) fn push(&mut self, frame: Frame, tag: [u8; 4]) -> u64 {
        self.bytes += frame.bytes.len();
        self.frames.push_back((frame, tag));
        let mut gone = 0;
        while self.frames.len() > MOST_FRAMES || self.bytes > MOST_BYTES {
            gone += u64::from(self.pop());
        }
        gone
    }

    fn pop(&mut self) -> bool {
        let first = self.frames.pop_front();
        self.bytes -= first.as_ref().map_or(0, |(frame, _)| frame.bytes.len());
        first.is_some()
    }

    /// Whether somebody is to be asked for a hello now.
    pub(super) fn asks(&mut self, peer: &Peer, tag: [u8; 4], now_ns: u64) -> bool {
        let is_over = |at: u64| now_ns.saturating_sub(at) >= ASK_AGAIN_NS;
        while self.asked.front().is_some_and(|(_, _, at)| is_over(*at)) {
            self.asked.pop_front();
        }
        let was_asked = self.asked.iter().any(|(who, what, _)| who == peer && *what == tag);
        let asks = !was_asked && self.asked.len() < MOST_FRAMES;
        if asks {
            self.asked.push_back((peer.clone(), tag, now_ns));
        }
        asks
    }

    /// The frames of a session that has said who it is.
    pub(super) fn take(&mut self, tag: [u8; 4]) -> Vec<Frame> {
        let (ours, others) = self.frames.drain(..).partition(|(_, of)| *of == tag);
        self.frames = others;
        let ours: VecDeque<(Frame, [u8; 4])> = ours;
        let ours: Vec<_> = ours.into_iter().map(|(frame, _)| frame).collect();
        self.bytes -= ours.iter().map(|frame| frame.bytes.len()).sum::<usize>();
        ours
    }

    /// Gives up what waited for too long; says how many frames those are.
    pub(super) fn expire(&mut self, now_ns: u64) -> u64 {
        let is_over = |frame: &Frame| now_ns.saturating_sub(frame.rx_ns) >= PATIENCE_NS;
        let mut gone = 0;
        while self.frames.front().is_some_and(|(frame, _)| is_over(frame)) {
            gone += u64::from(self.pop());
        }
        gone
    }
}

//! Frames of a tracer that has a key: [`Tracer::key`].
//!
//! Only what gives a tracer its key names what seals and opens, so a program without one does not
//! have it.

use super::super::tracer::Tracer;
use super::Drain;
use crate::seal::{
    AUTHENTICATOR_LEN, Direction, Key, MAX_SEALED_DOWN, MIN_SEALED_MTU, SEALED, open, seal,
};
use heapless::Vec;

/// How the frames of a tracer are sealed.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Sealing {
    key: &'static Key,
    seal: fn(&Self, &Drain, &mut [u8], usize) -> Option<usize>,
    open: for<'f> fn(&Self, &mut Drain, &'f [u8], &'f mut Room) -> &'f [u8],
}

/// Where a frame is opened.
pub(super) type Room = Vec<u8, MAX_SEALED_DOWN>;

/// What a drain knows of what came down sealed.
#[derive(Debug)]
pub(super) struct Sealed {
    /// One more than the highest number that came down; none is 0.
    next: u64,
    /// Frames that should have been sealed, or were not for us.
    refused: u32,
    /// What hellos give back.
    challenge: Option<[u8; 8]>,
}

impl Sealed {
    // Not all zero, or to clear it would cost a function.
    pub(super) const START: Self = Self { next: 1, refused: 0, challenge: None };

    pub(super) fn note_challenge(&mut self, challenge: [u8; 8]) {
        self.challenge = Some(challenge);
    }

    pub(super) fn challenge(&self) -> Option<[u8; 8]> {
        self.challenge
    }
}

/// Bytes in front of a frame's number: the first byte, and the session tag.
const HEAD_LEN: usize = 5;
// Kinds of frames that come down unsealed: without a key the collector can only make itself known.
const SEND_HELLO: u8 = 1;
const CHALLENGE: u8 = 7;

impl Tracer {
    /// Seals every frame that goes up, and does nothing that a frame which comes down asks for unless it is
    /// sealed, with a key that the collector has too.
    ///
    /// A sealed frame is 16 bytes longer, and the link's frames hold 80 bytes at least. The session's
    /// [source](Tracer::session) must give each number once: two sessions of one number would seal two
    /// frames under one nonce, which tells what is in them. After 2^32 - 1 frames nothing more is sent until
    /// the next session.
    ///
    /// ```
    /// use spandrel::{Clock, DeviceId, Recorder, SessionSource, Tracer, seal::Key};
    ///
    /// static KEY: Key = Key::from_hex("6f1c09bd4c7e2a5588d30f7be24a9c11");
    /// static RECORDER: Recorder<1024> = Recorder::new();
    /// static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic())
    ///     .device_id(DeviceId(0x0012_3456))
    ///     .session(SessionSource::process())
    ///     .key(&KEY);
    ///
    /// let mut buffer = [0; 508];
    /// let hello = TRACER.drain()?.hello(&mut buffer).expect("there is room");
    /// assert!(!hello.windows(6).any(|bytes| bytes == b"sensor"));
    /// # Ok::<_, spandrel::DrainError>(())
    /// ```
    #[must_use]
    pub const fn key(self, key: &'static Key) -> Self {
        self.sealing_by(Sealing { key, seal: Sealing::seal_up, open: Sealing::open_down })
    }
}

impl Sealing {
    pub(super) fn seal(&self, drain: &Drain, buffer: &mut [u8], len: usize) -> Option<usize> {
        (self.seal)(self, drain, buffer, len)
    }

    /// The frame that a sealed one was; or an unsealed one that is obeyed as it is; or nothing.
    pub(super) fn open<'f>(
        &self,
        drain: &mut Drain,
        bytes: &'f [u8],
        room: &'f mut Room,
    ) -> &'f [u8] {
        (self.open)(self, drain, bytes, room)
    }

    fn seal_up(&self, drain: &Drain, buffer: &mut [u8], len: usize) -> Option<usize> {
        seal(self.key, drain.session(), Direction::Up, buffer, len)
    }

    fn open_down<'f>(&self, drain: &mut Drain, bytes: &'f [u8], room: &'f mut Room) -> &'f [u8] {
        let Some(([first, tag @ ..], _)) = bytes.split_first_chunk::<HEAD_LEN>() else {
            return &[];
        };
        if !drain.is_ours(*tag) {
            return &[];
        }
        if first & SEALED == 0 {
            if matches!(first >> 1 & 7, SEND_HELLO | CHALLENGE) {
                return bytes;
            }
        } else if let Some(plain) = self.opened(drain, *tag, bytes, room) {
            return plain;
        }
        drain.refuse();
        &[]
    }

    /// The frame that a sealed one was; none where it is none of the collector's, or came before.
    fn opened<'f>(
        &self,
        drain: &mut Drain,
        tag: [u8; 4],
        bytes: &[u8],
        room: &'f mut Room,
    ) -> Option<&'f [u8]> {
        room.extend_from_slice(bytes).ok()?;
        let session = drain.session_of(tag);
        let (clear, _) = open(self.key, session, Direction::Down, room)?;
        if clear.number < drain.sealed.next {
            return None;
        }
        drain.sealed.next = clear.number.checked_add(1)?;
        // In front of the text stands what an unsealed frame begins with.
        let begin = clear.len.checked_sub(HEAD_LEN)?;
        let plain = room.get_mut(begin..bytes.len().checked_sub(AUTHENTICATOR_LEN)?)?;
        let head = plain.first_chunk_mut::<HEAD_LEN>()?;
        *head = *bytes.first_chunk()?;
        let [first, ..] = head;
        *first &= !SEALED;
        Some(plain)
    }
}

impl Drain {
    /// Frames that came down for this session and were refused, since they were not sealed with the tracer's
    /// key, or came before; a count that turns. It is in the [counts](crate::Tracer::stats_in), too.
    pub fn refused(&self) -> u32 {
        self.sealed.refused
    }

    fn refuse(&mut self) {
        self.sealed.refused = self.sealed.refused.wrapping_add(1);
        if let Some(stats) = self.tracer.stats_ref() {
            stats.note_refused(self.sealed.refused);
        }
    }

    /// What of a buffer a frame that will be sealed may take. None once no number of a packet is left.
    pub(super) fn sealed_room<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b mut [u8]> {
        if buffer.len() < MIN_SEALED_MTU || self.packet == u32::MAX {
            return None;
        }
        let len = buffer.len() - AUTHENTICATOR_LEN;
        buffer.get_mut(..len)
    }
}

#[cfg(test)]
impl Drain {
    /// As if so many packets had been sent.
    pub(in super::super) fn set_packet(&mut self, packet: u32) {
        self.packet = packet;
    }
}

//! The one frame that waits for its PUBACK.

use crate::mqtt::PacketId;

/// A frame is told by its first bytes, where it has the number of its packet: that is never used twice.
const TELLING: usize = 16;

/// What became of the frame that was sent last at QoS 1. The frame itself is the reporter's.
#[derive(Debug, Default)]
pub(super) struct Flight {
    frame: [u8; TELLING],
    len: usize,
    /// The number of the message, the last that was used.
    packet_id: u16,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// There is none, or it was not sent in this connection; in an earlier one perhaps.
    #[default]
    Unsent,
    /// All of it was written then.
    Written { since_us: u64 },
    /// The broker has it.
    Acknowledged,
}

impl Flight {
    /// Whether this frame is the one, and was written in this connection.
    pub(super) fn is_written(&self, frame: &[u8]) -> bool {
        self.is(frame) && self.state != State::Unsent
    }

    /// Begins to send; gives the message's number, and whether it was sent in an earlier connection.
    pub(super) fn begin(&mut self, frame: &[u8]) -> (PacketId, bool) {
        let again = self.is(frame);
        if !again {
            // Another has taken its place: what the broker says of that one means nothing any more.
            (self.frame, self.len) = (telling(frame), frame.len());
            // 1 is that of the SUBSCRIBE.
            self.packet_id = self.packet_id.checked_add(1).unwrap_or(0).max(2);
        }
        self.state = State::Unsent;
        (PacketId::new(self.packet_id).unwrap_or(PacketId::MAX), again)
    }

    pub(super) fn written(&mut self, now_us: u64) {
        self.state = State::Written { since_us: now_us };
    }

    pub(super) fn acknowledged(&mut self, packet_id: PacketId) {
        if matches!(self.state, State::Written { .. }) && packet_id.get() == self.packet_id {
            self.state = State::Acknowledged;
        }
    }

    /// Whether it waits for its PUBACK, since a time that is as asked.
    pub(super) fn waits(&self, since: impl Fn(u64) -> bool) -> bool {
        matches!(self.state, State::Written { since_us } if since(since_us))
    }

    /// Whether the broker has it; then it is done with.
    pub(super) fn take_acknowledged(&mut self) -> bool {
        let is_acknowledged = self.state == State::Acknowledged;
        if is_acknowledged {
            (self.state, self.len) = (State::Unsent, 0);
        }
        is_acknowledged
    }

    /// The connection is gone. What was acknowledged stays so.
    pub(super) fn lost(&mut self) {
        if self.state != State::Acknowledged {
            self.state = State::Unsent;
        }
    }

    fn is(&self, frame: &[u8]) -> bool {
        self.len == frame.len() && self.frame == telling(frame)
    }
}

fn telling(frame: &[u8]) -> [u8; TELLING] {
    let mut first = [0; TELLING];
    first.iter_mut().zip(frame).for_each(|(to, from)| *to = *from);
    first
}

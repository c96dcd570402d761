//! What goes down: challenges, and what the sessions reply, sealed.

use super::Gate;
use crate::auth::Passed;
use crate::receiver::{Peer, Reply};
use spandrel::seal::{self, AUTHENTICATOR_LEN, Direction};
use spandrel::wire::{Downlink, Request, Writer};
use spandrel::{DeviceId, Session};

/// Bytes of an unsealed frame in front of what is sealed.
const HEAD_LEN: usize = 5;
/// The longest varint of 64 bits.
const MOST_VARINT: usize = 10;

impl Gate {
    /// Challenges a session that has not proven that it is no recording. Each of its hellos is answered,
    /// since that is how it proves it; but it is asked for another one only now and then.
    pub(super) fn challenge(
        &mut self,
        (id, session): (DeviceId, Session),
        peer: &Peer,
        now_ns: u64,
        is_hello: bool,
        passed: &mut Passed,
    ) {
        let Some(device) = self.devices.get_mut(&id.0) else { return };
        let known = device.known.iter_mut().find(|known| known.session == session);
        let Some(known) = known.filter(|known| !known.is_fresh) else { return };
        let Some(challenge) = self.challenge else { return };
        let asks = known.asks(now_ns);
        let tag = session.tag(id);
        if asks || is_hello {
            passed.replies.push(unsealed(peer, tag, Request::Challenge(challenge)));
        }
        if asks {
            passed.replies.push(unsealed(peer, tag, Request::SendHello));
        }
    }

    /// Seals a frame for the sessions with its tag: mostly one, never none that it could be for.
    pub(crate) fn seal(&mut self, frame: &[u8], now_ns: u64) -> Vec<Vec<u8>> {
        let Some((head, text)) = frame.split_first_chunk::<HEAD_LEN>() else { return Vec::new() };
        let [_, tag @ ..] = *head;
        let sessions = self.tags.get(&tag).cloned().unwrap_or_default();
        let sealed = sessions.into_iter().filter_map(|(id, session)| {
            let number = self.next_down(now_ns);
            let mut bytes = vec![0; HEAD_LEN + MOST_VARINT + text.len() + AUTHENTICATOR_LEN];
            let mut out = Writer::new(&mut bytes);
            out.raw(head);
            out.varint(number);
            out.raw(text);
            let len = out.finish()?.len();
            let key = &self.keys.get(id)?.key;
            let len = seal::seal(key, session, Direction::Down, &mut bytes, len)?;
            bytes.truncate(len);
            Some(bytes)
        });
        sealed.collect()
    }

    /// A number that no frame had which went down before, also in a run before this one, unless the clock
    /// was set back meanwhile and nobody noted it: microseconds since the Unix epoch, or one more than
    /// the last.
    fn next_down(&mut self, now_ns: u64) -> u64 {
        self.note_time(now_ns);
        let number = self.down;
        self.down = self.down.saturating_add(1);
        number
    }

    /// What goes down next has at least the number of this moment.
    pub(super) fn note_time(&mut self, now_ns: u64) {
        self.down = self.down.max(now_ns / 1_000);
    }
}

/// A frame for a session that is asked who it is.
pub(super) fn unsealed(peer: &Peer, session_tag: [u8; 4], request: Request<'_>) -> Reply {
    let bytes = Downlink { session_tag, request }.to_bytes();
    Reply { peer: peer.clone(), bytes, ping: None }
}

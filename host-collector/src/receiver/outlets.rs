//! How replies find the link that a peer is on.

use super::{Feed, Peer, PeerKind, Reply};
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Instant;

/// Replies that wait for a link; whoever does not take them so fast can do without.
const MOST_WAITING: usize = 256;

/// Which peers a link reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One: a connection, a port.
    Peer(Peer),
    /// All of a kind: a socket for datagrams, a broker.
    Kind(PeerKind),
}

/// The replies that a link has to send, taken by a thread of the link's.
#[derive(Debug)]
pub struct Outbox {
    replies: Receiver<Reply>,
    feed: Feed,
}

impl Outbox {
    pub(super) fn new(feed: Feed) -> (SyncSender<Reply>, Self) {
        let (sender, replies) = sync_channel(MOST_WAITING);
        (sender, Self { replies, feed })
    }

    /// The next reply that waits, if one does: for a link that is looked at now and then.
    ///
    /// The time of a ping is taken now, so it should go out at once.
    #[must_use]
    pub fn take(&self) -> Option<Reply> {
        let reply = self.replies.try_recv().ok()?;
        self.stamp(&reply);
        Some(reply)
    }

    /// Hands every reply to `send` until the link is closed, here or by the [`Hub`](super::Hub)'s end.
    ///
    /// The time of a ping is taken right before, so `send` should do nothing else.
    /// It says whether to go on: false where there is no way out any more.
    pub fn run(self, mut send: impl FnMut(&Reply) -> bool) {
        for reply in &self.replies {
            self.stamp(&reply);
            if !send(&reply) {
                break;
            }
        }
    }

    /// Tells when a ping goes out. It is said before, so that the answer cannot be there first.
    fn stamp(&self, reply: &Reply) {
        if let Some((session_tag, ping)) = reply.ping {
            self.feed.sent(&reply.peer, session_tag, ping, Instant::now());
        }
    }
}

/// The links that are there.
#[derive(Debug, Default)]
pub(super) struct Outlets {
    peers: HashMap<Peer, SyncSender<Reply>>,
    kinds: HashMap<PeerKind, SyncSender<Reply>>,
}

impl Outlets {
    pub(super) fn open(&mut self, scope: Scope, outbox: SyncSender<Reply>) {
        match scope {
            Scope::Peer(peer) => self.peers.insert(peer, outbox),
            Scope::Kind(kind) => self.kinds.insert(kind, outbox),
        };
    }

    pub(super) fn close(&mut self, peer: &Peer) {
        self.peers.remove(peer);
    }

    /// Never waits. A lost reply is as good as one that was never sent: devices ask and are asked again.
    pub(super) fn send(&self, reply: Reply) {
        let outbox = self.peers.get(&reply.peer).or_else(|| self.kinds.get(&reply.peer.kind()));
        let sent = match outbox {
            Some(outbox) => outbox.try_send(reply),
            None => Err(TrySendError::Disconnected(reply)),
        };
        match sent {
            Ok(()) => {}
            Err(TrySendError::Full(reply)) => log::debug!("{} does not keep up", reply.peer),
            Err(TrySendError::Disconnected(reply)) => log::debug!("no way back to {}", reply.peer),
        }
    }
}

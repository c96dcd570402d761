//! How bytes get into the collector: links and clocks, and nothing else.
//!
//! Every link has threads of its own, which stamp what comes and goes. They give it to the one
//! [`Hub`], whose thread runs the [`Handler`]; its replies go back to the link that the peer is on.

mod clock;
mod feed;
mod hub;
pub mod jaeger;
mod kernel;
pub mod mqtt;
pub mod otlp;
mod outlets;
mod peer;
pub mod rtt;
pub mod segments;
pub mod serial;
mod shares;
pub mod stream;
pub mod tcp;
#[cfg(test)]
mod testing;
pub mod udp;
pub mod zipkin;

pub use clock::HostClock;
pub use feed::{Closed, Drops, Feed};
pub use hub::{Hub, TICK};
pub use kernel::KernelDrops;
pub use outlets::{Outbox, Scope};
pub use peer::{Origin, Peer, PeerKind};

pub(crate) use shares::Shares;

/// A frame to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Where to.
    pub peer: Peer,
    /// The frame.
    pub bytes: Vec<u8>,
    /// If it is a ping: of which session, and its number. The handler is told when it went out.
    pub ping: Option<([u8; 4], u32)>,
}

/// Frames to send, in their order.
pub type Replies = Vec<Reply>;

/// What links hand frames to. It does no I/O itself.
///
/// Every `_ns` is in nanoseconds since the Unix epoch, by one clock.
pub trait Handler {
    /// A frame came from `peer` at `rx_ns`.
    fn on_frame(&mut self, bytes: &[u8], peer: &Peer, rx_ns: u64, replies: &mut Replies);

    /// The ping with this number, a reply of before, was handed to the operating system right behind
    /// `sent_ns`. A ping that finds no way out is never sent.
    fn on_sent(&mut self, peer: &Peer, session_tag: [u8; 4], ping: u32, sent_ns: u64);

    /// Nothing more comes from this peer: its connection ended.
    fn on_closed(&mut self, peer: &Peer);

    /// Some time passed; called about every [`TICK`].
    fn on_tick(&mut self, now_ns: u64, replies: &mut Replies);

    /// The clock was set by this many nanoseconds.
    fn on_clock_step(&mut self, step_ns: i64);
}

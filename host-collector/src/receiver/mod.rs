//! How bytes get into the collector: sockets and clocks, and nothing else.

mod clock;
pub mod rtt;
pub mod udp;

pub use clock::HostClock;

use std::net::SocketAddr;

/// Datagrams to send, each with where to.
pub type Replies = Vec<(SocketAddr, Vec<u8>)>;

/// What a receiver hands datagrams to. It does no I/O itself.
pub trait Handler {
    /// A datagram came from `peer` at `rx_ns`, nanoseconds since the Unix epoch.
    fn on_datagram(&mut self, bytes: &[u8], peer: SocketAddr, rx_ns: u64, replies: &mut Replies);

    /// Some time passed; called about every [`udp::TICK`].
    fn on_tick(&mut self, now_ns: u64, replies: &mut Replies);

    /// The clock that `rx_ns` and `now_ns` are read from was set by this many nanoseconds.
    fn on_clock_step(&mut self, step_ns: i64);
}

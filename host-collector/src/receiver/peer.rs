//! [`Peer`]: who sent something.

use core::fmt::{self, Display, Formatter};
use std::net::SocketAddr;
use std::sync::Arc;

/// Where frames come from and replies go to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Peer {
    /// An address that datagrams come from.
    Udp(SocketAddr),
    /// The far end of a connection.
    Tcp(SocketAddr),
    /// A serial port, a terminal or a pipe, by its path.
    Serial(Arc<str>),
    /// A channel that a debug probe reads, by the name of its server or probe.
    Rtt(Arc<str>),
    /// A client of a broker, by the topic that it publishes to.
    Mqtt(Arc<str>),
}

/// What kind of link a peer is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PeerKind {
    /// [`Peer::Udp`].
    Udp,
    /// [`Peer::Tcp`].
    Tcp,
    /// [`Peer::Serial`].
    Serial,
    /// [`Peer::Rtt`].
    Rtt,
    /// [`Peer::Mqtt`].
    Mqtt,
}

impl Peer {
    /// What kind of link it is on.
    #[must_use]
    pub fn kind(&self) -> PeerKind {
        match self {
            Self::Udp(_) => PeerKind::Udp,
            Self::Tcp(_) => PeerKind::Tcp,
            Self::Serial(_) => PeerKind::Serial,
            Self::Rtt(_) => PeerKind::Rtt,
            Self::Mqtt(_) => PeerKind::Mqtt,
        }
    }
}

/// As it stands in log lines: `udp 10.0.0.1:5000`, `serial /dev/ttyACM0`.
impl Display for Peer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(address) => write!(f, "udp {address}"),
            Self::Tcp(address) => write!(f, "tcp {address}"),
            Self::Serial(path) => write!(f, "serial {path}"),
            Self::Rtt(name) => write!(f, "rtt {name}"),
            Self::Mqtt(topic) => write!(f, "mqtt {topic}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_named_by_its_link_and_its_place() {
        let address = "10.0.0.1:5000".parse().unwrap();
        assert_eq!(Peer::Udp(address).to_string(), "udp 10.0.0.1:5000");
        assert_eq!(Peer::Serial("/dev/ttyACM0".into()).to_string(), "serial /dev/ttyACM0");
        assert_ne!(Peer::Udp(address), Peer::Tcp(address));
    }
}

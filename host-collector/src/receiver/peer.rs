//! [`Peer`]: who sent something.

use core::fmt::{self, Display, Formatter};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Where frames come from and replies go to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// A device behind a broker, by its name in the topics.
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

/// Whom something is counted for where there is not enough for all: whoever has one port of a machine
/// has all of them, and whoever has one IPv6 address has its network.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A machine.
    V4(Ipv4Addr),
    /// The first 64 bits of an address.
    V6([u8; 8]),
    /// A link that is a device's own, or a client of a broker.
    Link(Peer),
}

impl Peer {
    /// Whom it is counted for.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match self {
            Self::Udp(address) | Self::Tcp(address) => match address.ip().to_canonical() {
                IpAddr::V4(address) => Origin::V4(address),
                IpAddr::V6(address) => {
                    let [a, b, c, d, e, f, g, h, ..] = address.octets();
                    Origin::V6([a, b, c, d, e, f, g, h])
                }
            },
            Self::Serial(_) | Self::Rtt(_) | Self::Mqtt(_) => Origin::Link(self.clone()),
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
            Self::Mqtt(device) => write!(f, "mqtt {device}"),
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

    #[test]
    fn all_ports_of_a_machine_are_one_origin() {
        let origin = |text: &str| Peer::Udp(text.parse().unwrap()).origin();
        assert_eq!(origin("10.0.0.1:5000"), origin("10.0.0.1:6000"));
        assert_eq!(origin("10.0.0.1:5000"), origin("[::ffff:10.0.0.1]:1"));
        assert_ne!(origin("10.0.0.1:5000"), origin("10.0.0.2:5000"));
        assert_eq!(origin("[fd00::1]:1"), origin("[fd00::2:1]:1"));
        assert_ne!(origin("[fd00::1]:1"), origin("[fd00:0:0:1::1]:1"));
        let serial = Peer::Serial("/dev/ttyACM0".into());
        assert_eq!(serial.origin(), Origin::Link(serial));
    }
}

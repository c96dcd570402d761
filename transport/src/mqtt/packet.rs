//! What packets say.

use core::num::NonZeroU16;

/// Names a packet that is answered, 1 to 65,535 (section 2.3.1).
pub type PacketId = NonZeroU16;

/// How sure delivery is (section 4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Qos {
    /// At most once: what is lost with a connection is lost.
    #[default]
    AtMostOnce,
    /// At least once: sent again until it was acknowledged, so some come twice.
    AtLeastOnce,
}

impl Qos {
    pub(super) const fn bits(self) -> u8 {
        match self {
            Self::AtMostOnce => 0,
            Self::AtLeastOnce => 1,
        }
    }
}

/// What a client says of itself when it connects (section 3.1).
#[derive(Clone, Copy, Debug)]
pub struct Login<'a> {
    /// Of each client another; a broker ends the older of two that have the same. Every broker takes
    /// up to 23 letters and digits (section 3.1.3.1).
    pub client_id: &'a [u8],
    /// The broker ends a connection on which nothing came for one and a half times as long, in
    /// seconds; 0 is never (section 3.1.2.10).
    pub keep_alive_s: u16,
    /// Who the client is, for brokers that ask.
    pub user: Option<&'a str>,
    /// What proves it. Without a user it is not sent, since it must not be (section 3.1.2.9).
    pub password: Option<&'a [u8]>,
    /// What the broker publishes when the connection ends without a DISCONNECT.
    pub will: Option<Will<'a>>,
}

/// A message that the broker publishes when its client is gone (section 3.1.2.5), at QoS 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Will<'a> {
    /// Where to.
    pub topic: &'a str,
    /// What.
    pub message: &'a [u8],
    /// Whether the broker keeps it for who comes later.
    pub retain: bool,
}

/// Why a broker takes no client (section 3.2.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Refusal {
    /// 1: it speaks another version of MQTT.
    Version,
    /// 2: it does not like the client's id.
    ClientId,
    /// 3: it is not ready to serve.
    Unavailable,
    /// 4: user or password are wrong.
    Login,
    /// 5: this client may not connect.
    NotAuthorized,
}

impl Refusal {
    pub(super) const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Version),
            2 => Some(Self::ClientId),
            3 => Some(Self::Unavailable),
            4 => Some(Self::Login),
            5 => Some(Self::NotAuthorized),
            _ => None,
        }
    }
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Version => "the broker does not speak MQTT 3.1.1",
            Self::ClientId => "the broker refuses the client's id",
            Self::Unavailable => "the broker is not available",
            Self::Login => "the broker refuses the user or the password",
            Self::NotAuthorized => "the broker does not let this client in",
        })
    }
}

impl core::error::Error for Refusal {}

/// A packet that a broker sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'b> {
    /// The answer to CONNECT (section 3.2).
    ConnAck(Result<(), Refusal>),
    /// A message (section 3.3).
    Publish {
        /// Where it was published: UTF-8, unless the broker is broken.
        topic: &'b [u8],
        /// To be answered by PUBACK with the same number; none at QoS 0.
        packet_id: Option<PacketId>,
        /// What was published.
        payload: &'b [u8],
    },
    /// A message that has no room in the [`Inbox`](super::Inbox), and is left out.
    TooLong {
        /// As that of a publish.
        packet_id: Option<PacketId>,
    },
    /// A message was taken over (section 3.4).
    PubAck(PacketId),
    /// The answer to a SUBSCRIBE of one filter (section 3.9): false where the broker refuses.
    SubAck(PacketId, bool),
    /// The answer to PINGREQ (section 3.13).
    PingResp,
}

//! MQTT 3.1.1 as far as frames need it: packets of a client that publishes and subscribes, as bytes.
//!
//! There is no I/O here and no allocator: functions write packets into a buffer that they are given,
//! and [`Inbox`] gathers what comes into one. A device ([`uplinks::mqtt`](crate::uplinks::mqtt)) and a
//! collector use the same code. Whatever a broker sends is a packet or [`Malformed`].
//!
//! Section numbers are those of the OASIS standard "MQTT Version 3.1.1".
//!
//! | part | has |
//! |---|---|
//! | [`mod@write`] | CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ, DISCONNECT |
//! | [`decode`], [`Inbox`] | CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP |
//! | [`Topics`] | `prefix/<device>/up` and `prefix/<device>/down` |
//!
//! Not here, since a frame needs none of it: QoS 2, UNSUBSCRIBE, retained messages of our own, and
//! sessions that outlive their connection.

mod decode;
mod inbox;
mod packet;
#[cfg(test)]
mod tests;
mod topic;
pub mod write;

pub use decode::{Malformed, decode};
pub use inbox::Inbox;
pub use packet::{Login, Packet, PacketId, Qos, Refusal, Will};
pub use topic::{DEFAULT_PREFIX, MAX_PREFIX, MAX_TOPIC, PrefixError, Topics};

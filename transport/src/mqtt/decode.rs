//! Bytes from a broker to packets.

use super::packet::{Packet, PacketId, Refusal};

/// A broker that does not speak MQTT 3.1.1: the connection must be closed (section 4.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Malformed;

impl core::fmt::Display for Malformed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("these bytes are no MQTT 3.1.1 packet of a broker")
    }
}

impl core::error::Error for Malformed {}

/// The first packet and how many bytes it takes; none where some of it are missing yet.
///
/// # Errors
/// Where it is none that a broker may send to a client which subscribes at QoS 0 or 1.
pub fn decode(bytes: &[u8]) -> Result<Option<(Packet<'_>, usize)>, Malformed> {
    let Some(head) = Head::read(bytes)? else { return Ok(None) };
    let Some(body) = bytes.get(head.len..head.packet_len()) else { return Ok(None) };
    Ok(Some((head.packet(body)?, head.packet_len())))
}

/// The fixed header (section 2.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    kind: u8,
    flags: u8,
    /// Bytes of the header.
    len: usize,
    /// Bytes behind it.
    body_len: usize,
}

impl Head {
    /// The header, if all of it is there and is that of a packet which a broker may send.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let Some((first, rest)) = bytes.split_first() else { return Ok(None) };
        let (kind, flags) = (first >> 4, first & 0xf);
        // Looked at at once: what is no MQTT must not make anybody wait for the rest of it.
        let is_known = match kind {
            PUBLISH => flags >> 1 & 3 < 2,
            CONNACK | PUBACK | SUBACK | PINGRESP => flags == 0,
            _ => false,
        };
        if !is_known {
            return Err(Malformed);
        }
        // Seven bits a byte, the lowest first, in at most four bytes (section 2.2.3).
        let mut body_len = 0;
        for (index, byte) in rest.iter().take(4).enumerate() {
            body_len |= usize::from(byte & 0x7f) << (7 * index);
            if *byte < 0x80 {
                return Ok(Some(Self { kind, flags, len: index + 2, body_len }));
            }
        }
        if rest.len() < 4 { Ok(None) } else { Err(Malformed) }
    }

    /// Bytes of the packet; at most 256 MiB.
    pub(super) fn packet_len(&self) -> usize {
        self.len + self.body_len
    }

    /// What can be said of a packet of which only these first bytes have room.
    pub(super) fn too_long(&self, bytes: &[u8]) -> Result<Packet<'static>, Malformed> {
        if self.kind != PUBLISH {
            return Err(Malformed);
        }
        let body = bytes.get(self.len..).unwrap_or(&[]);
        match self.publish(body) {
            Ok(Packet::Publish { packet_id, .. }) => Ok(Packet::TooLong { packet_id }),
            // Perhaps it is cut within the topic: then nobody can say what to answer, but at QoS 0
            // there is nothing to say.
            _ if self.flags & QOS_1 == 0 => Ok(Packet::TooLong { packet_id: None }),
            _ => Err(Malformed),
        }
    }

    fn packet<'b>(&self, body: &'b [u8]) -> Result<Packet<'b>, Malformed> {
        match (self.kind, body) {
            // Only the first bit of the first byte may be set (section 3.2.2.1).
            (CONNACK, [0 | 1, 0]) => Ok(Packet::ConnAck(Ok(()))),
            (CONNACK, [0, code]) => {
                Ok(Packet::ConnAck(Err(Refusal::from_code(*code).ok_or(Malformed)?)))
            }
            (PUBLISH, _) => self.publish(body),
            (PUBACK, [high, low]) => Ok(Packet::PubAck(packet_id(*high, *low)?)),
            // What was granted is at most what was asked for, or 0x80 for nothing (section 3.9.3).
            (SUBACK, [high, low, granted @ (0 | 1 | 0x80)]) => {
                Ok(Packet::SubAck(packet_id(*high, *low)?, *granted != 0x80))
            }
            (PINGRESP, []) => Ok(Packet::PingResp),
            _ => Err(Malformed),
        }
    }

    /// Topic, number and message of a PUBLISH (sections 3.3.2 and 3.3.3).
    fn publish<'b>(&self, body: &'b [u8]) -> Result<Packet<'b>, Malformed> {
        let ([high, low], rest) = body.split_first_chunk().ok_or(Malformed)?;
        let topic_len = usize::from(u16::from_be_bytes([*high, *low]));
        let (topic, rest) = rest.split_at_checked(topic_len).ok_or(Malformed)?;
        if topic.is_empty() {
            return Err(Malformed);
        }
        if self.flags & QOS_1 == 0 {
            return Ok(Packet::Publish { topic, packet_id: None, payload: rest });
        }
        let ([high, low], payload) = rest.split_first_chunk().ok_or(Malformed)?;
        let packet_id = Some(packet_id(*high, *low)?);
        Ok(Packet::Publish { topic, packet_id, payload })
    }
}

fn packet_id(high: u8, low: u8) -> Result<PacketId, Malformed> {
    PacketId::new(u16::from_be_bytes([high, low])).ok_or(Malformed)
}

// Kinds (section 2.2.1), and the bit of a PUBLISH that says QoS 1 where QoS 2 is out of question.
const CONNACK: u8 = 2;
const PUBLISH: u8 = 3;
const PUBACK: u8 = 4;
const SUBACK: u8 = 9;
const PINGRESP: u8 = 13;
const QOS_1: u8 = 2;

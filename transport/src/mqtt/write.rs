//! Packets of a client, as bytes.
//!
//! Each function gives none where the buffer is too short, or a text longer than MQTT allows.

use super::packet::{Login, PacketId, Qos};
use super::topic::{MAX_TOPIC, Topics, Who, write_hex};
use spandrel::DeviceId;
use spandrel::wire::Writer;

/// PINGREQ (section 3.12).
pub const PING: [u8; 2] = [0xc0, 0];
/// DISCONNECT (section 3.14).
pub const DISCONNECT: [u8; 2] = [0xe0, 0];

/// Bytes of the longest head of a message in the topics of a device.
pub const MAX_HEAD: usize = 1 + 4 + 2 + MAX_TOPIC + 2;

/// The most that the four bytes of a length can say (section 2.2.3).
const MAX_LEN: usize = (1 << 28) - 1;

/// CONNECT, with a session that ends with the connection (section 3.1).
#[must_use]
pub fn connect<'b>(login: &Login<'_>, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let Login { client_id, keep_alive_s, user, password, will } = *login;
    let password = password.filter(|_| user.is_some());
    let texts = [
        Some(client_id),
        will.map(|will| will.topic.as_bytes()),
        will.map(|will| will.message),
        user.map(str::as_bytes),
        password,
    ];
    let body_len = 10 + texts.iter().flatten().map(|text| 2 + text.len()).sum::<usize>();
    let mut out = Writer::new(buffer);
    head(&mut out, 0x10, body_len)?;
    // Protocol name and level (sections 3.1.2.1 and 3.1.2.2), and flags (3.1.2.3).
    out.raw(b"\x00\x04MQTT\x04");
    let flags = [
        (user.is_some(), 0x80),
        (password.is_some(), 0x40),
        (will.is_some_and(|will| will.retain), 0x20),
        (will.is_some(), 0x04),
    ];
    let clean_session = 0x02;
    let set = flags.iter().filter(|(is_set, _)| *is_set);
    out.byte(set.fold(clean_session, |all, (_, flag)| all | flag));
    out.raw(&keep_alive_s.to_be_bytes());
    for bytes in texts.into_iter().flatten() {
        text(&mut out, bytes)?;
    }
    out.finish()
}

/// The client id of a device: 18 letters and digits, which every broker takes.
#[must_use]
pub fn device_client_id(device: DeviceId) -> [u8; 18] {
    let mut id = [0; 18];
    let mut out = Writer::new(&mut id);
    out.raw(b"sp");
    write_hex(device, &mut out);
    id
}

/// PUBLISH of a frame that goes up, without the frame, which follows it (section 3.3).
#[must_use]
pub fn publish_up<'b>(
    topics: &Topics<'_>,
    device: DeviceId,
    delivery: Delivery,
    frame_len: usize,
    buffer: &'b mut [u8],
) -> Option<&'b [u8]> {
    publish(topics, (Who::Device(device), "/up"), delivery, frame_len, buffer)
}

/// PUBLISH of a frame that goes down, at QoS 0, without the frame, which follows it.
#[must_use]
pub fn publish_down<'b>(
    topics: &Topics<'_>,
    device: &str,
    frame_len: usize,
    buffer: &'b mut [u8],
) -> Option<&'b [u8]> {
    publish(topics, (Who::Name(device), "/down"), Delivery::AtMostOnce, frame_len, buffer)
}

/// How a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// At QoS 0.
    AtMostOnce,
    /// At QoS 1, by this number.
    AtLeastOnce {
        /// What the PUBACK will say.
        packet_id: PacketId,
        /// Whether it was sent before (section 3.3.1.1).
        again: bool,
    },
}

fn publish<'b>(
    topics: &Topics<'_>,
    (who, end): (Who<'_>, &str),
    delivery: Delivery,
    frame_len: usize,
    buffer: &'b mut [u8],
) -> Option<&'b [u8]> {
    let (first, packet_id) = match delivery {
        Delivery::AtMostOnce => (0x30, None),
        Delivery::AtLeastOnce { packet_id, again } => {
            (if again { 0x3a } else { 0x32 }, Some(packet_id))
        }
    };
    let topic_len = topics.len(who) + end.len();
    let id_len = if packet_id.is_some() { 2 } else { 0 };
    let mut out = Writer::new(buffer);
    head(&mut out, first, (2 + topic_len + id_len).checked_add(frame_len)?)?;
    out.raw(&u16::try_from(topic_len).ok()?.to_be_bytes());
    topics.write(who, end, &mut out);
    if let Some(packet_id) = packet_id {
        out.raw(&packet_id.get().to_be_bytes());
    }
    out.finish()
}

/// PUBACK (section 3.4).
#[must_use]
pub fn puback(packet_id: PacketId) -> [u8; 4] {
    let [high, low] = packet_id.get().to_be_bytes();
    [0x40, 2, high, low]
}

/// SUBSCRIBE to what goes down to a device, at QoS 0: a question that comes late is worth nothing
/// (section 3.8).
#[must_use]
pub fn subscribe_down<'b>(
    topics: &Topics<'_>,
    device: DeviceId,
    packet_id: PacketId,
    buffer: &'b mut [u8],
) -> Option<&'b [u8]> {
    subscribe(topics, (Who::Device(device), "/down"), Qos::AtMostOnce, packet_id, buffer)
}

/// SUBSCRIBE to what goes up from all devices, at most at QoS 1: as it was published.
#[must_use]
pub fn subscribe_up<'b>(
    topics: &Topics<'_>,
    packet_id: PacketId,
    buffer: &'b mut [u8],
) -> Option<&'b [u8]> {
    subscribe(topics, (Who::All, "/up"), Qos::AtLeastOnce, packet_id, buffer)
}

fn subscribe<'b>(
    topics: &Topics<'_>,
    (who, end): (Who<'_>, &str),
    qos: Qos,
    packet_id: PacketId,
    buffer: &'b mut [u8],
) -> Option<&'b [u8]> {
    let topic_len = topics.len(who) + end.len();
    let mut out = Writer::new(buffer);
    head(&mut out, 0x82, 2 + 2 + topic_len + 1)?;
    out.raw(&packet_id.get().to_be_bytes());
    out.raw(&u16::try_from(topic_len).ok()?.to_be_bytes());
    topics.write(who, end, &mut out);
    out.byte(qos.bits());
    out.finish()
}

/// The fixed header (section 2.2), whose length is written as a varint of ours is.
fn head(out: &mut Writer<'_>, first: u8, body_len: usize) -> Option<()> {
    (body_len <= MAX_LEN).then(|| {
        out.byte(first);
        out.varint(body_len as u64);
    })
}

/// A text or bytes behind their length (section 1.5.3).
fn text(out: &mut Writer<'_>, bytes: &[u8]) -> Option<()> {
    out.raw(&u16::try_from(bytes.len()).ok()?.to_be_bytes());
    out.raw(bytes);
    Some(())
}

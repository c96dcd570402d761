//! Packets both ways, against another implementation and against bytes of the standard.

use super::{
    Inbox, Login, Malformed, Packet, PacketId, PrefixError, Refusal, Topics, Will, decode, write,
};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use mqttbytes::v4;
use proptest::prelude::*;
use spandrel::DeviceId;

const DEVICE: DeviceId = DeviceId(0x0123_4567_89ab_cdef);
const ID: PacketId = PacketId::new(0x1234).unwrap();

/// What the other implementation reads; all of it must be one packet.
fn theirs(bytes: &[u8]) -> v4::Packet {
    let mut stream = bytes.into();
    let packet = v4::read(&mut stream, 1 << 20).unwrap();
    assert!(stream.is_empty());
    packet
}

fn topics() -> Topics<'static> {
    Topics::new("spandrel").unwrap()
}

/// The example of section 3.1.2.11, which has a user and a password and a keep-alive of 10 s, less
/// the will.
#[test]
fn a_login_is_written_as_the_standard_has_it() {
    let login = Login {
        client_id: b"c",
        keep_alive_s: 10,
        user: Some("u"),
        password: Some(b"p"),
        will: None,
    };
    let mut buffer = [0; 64];
    let bytes = write::connect(&login, &mut buffer).unwrap();
    let head = b"\x10\x13\x00\x04MQTT\x04\xc2\x00\x0a";
    assert_eq!(bytes, [&head[..], b"\x00\x01c", b"\x00\x01u", b"\x00\x01p"].concat());
    let without_user = write::connect(&Login { user: None, ..login }, &mut buffer).unwrap();
    assert_eq!(without_user, b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x0a\x00\x01c");
    assert_eq!(write::connect(&login, &mut [0; 20]), None);
}

#[test]
fn what_a_device_says_is_what_another_implementation_reads() {
    let mut buffer = [0; 256];
    let delivery = write::Delivery::AtLeastOnce { packet_id: ID, again: true };
    let head = write::publish_up(&topics(), DEVICE, delivery, 5, &mut buffer).unwrap();
    let v4::Packet::Publish(publish) = theirs(&[head, b"frame"].concat()) else { panic!() };
    assert_eq!(publish.topic, "spandrel/0123456789abcdef/up");
    assert_eq!((publish.pkid, publish.dup, publish.retain), (0x1234, true, false));
    assert_eq!((publish.qos, &publish.payload[..]), (mqttbytes::QoS::AtLeastOnce, &b"frame"[..]));

    let head = write::publish_down(&topics(), "x", 300, &mut buffer).unwrap();
    let v4::Packet::Publish(publish) = theirs(&[head, &[7; 300]].concat()) else { panic!() };
    assert_eq!((&publish.topic[..], publish.payload.len()), ("spandrel/x/down", 300));

    let bytes = write::subscribe_down(&topics(), DEVICE, ID, &mut buffer).unwrap();
    let v4::Packet::Subscribe(subscribe) = theirs(bytes) else { panic!() };
    assert_eq!(subscribe.filters[0].path, "spandrel/0123456789abcdef/down");
    assert_eq!(subscribe.filters[0].qos, mqttbytes::QoS::AtMostOnce);
    let bytes = write::subscribe_up(&topics(), ID, &mut buffer).unwrap();
    let v4::Packet::Subscribe(subscribe) = theirs(bytes) else { panic!() };
    assert_eq!(subscribe.filters[0].path, "spandrel/+/up");
    assert_eq!(subscribe.filters[0].qos, mqttbytes::QoS::AtLeastOnce);

    assert_eq!(theirs(&write::puback(ID)), v4::Packet::PubAck(v4::PubAck::new(0x1234)));
    assert_eq!(theirs(&write::PING), v4::Packet::PingReq);
    assert_eq!(theirs(&write::DISCONNECT), v4::Packet::Disconnect);
    assert_eq!(&write::device_client_id(DEVICE), b"sp0123456789abcdef");
}

/// The longest head has room in what is said to be the longest.
#[test]
fn the_longest_topic_fits() {
    let topics = Topics::new("12345678901234567890123456789012").unwrap();
    let delivery = write::Delivery::AtLeastOnce { packet_id: ID, again: false };
    let mut buffer = [0; write::MAX_HEAD];
    let longest = (1 << 28) - 100;
    assert!(write::publish_up(&topics, DEVICE, delivery, longest, &mut buffer).is_some());
    assert_eq!(write::publish_up(&topics, DEVICE, delivery, 1 << 28, &mut buffer), None);
    assert!(write::subscribe_down(&topics, DEVICE, ID, &mut buffer).is_some());
}

#[test]
fn prefixes_are_looked_at() {
    assert!(Topics::new("site/a/spandrel").is_ok());
    for prefix in ["", "123456789012345678901234567890123"] {
        assert_eq!(Topics::new(prefix), Err(PrefixError::Length));
    }
    for prefix in ["a/+", "#", "/a", "a/", "$share/a/b", "a\0", "a\n"] {
        assert_eq!(Topics::new(prefix), Err(PrefixError::Character), "{prefix:?}");
    }
}

#[test]
fn a_device_is_found_in_its_topic_alone() {
    let topics = Topics::new("a/b").unwrap();
    assert_eq!(topics.device_of("a/b/0123/up"), Some("0123"));
    for topic in ["a/b/up", "a/b//up", "a/b/1/2/up", "a/b/1/down", "a/1/up", "a/bb/1/up", "a/b/1"] {
        assert_eq!(topics.device_of(topic), None, "{topic}");
    }
}

#[test]
fn answers_are_read() {
    let whole = |bytes| decode(bytes).map(|found| found.map(|(packet, _)| packet));
    assert_eq!(whole(b"\x20\x02\x00\x00"), Ok(Some(Packet::ConnAck(Ok(())))));
    assert_eq!(whole(b"\x20\x02\x00\x04"), Ok(Some(Packet::ConnAck(Err(Refusal::Login)))));
    assert_eq!(whole(b"\x40\x02\x12\x34"), Ok(Some(Packet::PubAck(ID))));
    assert_eq!(whole(b"\x90\x03\x12\x34\x00"), Ok(Some(Packet::SubAck(ID, true))));
    assert_eq!(whole(b"\x90\x03\x12\x34\x80"), Ok(Some(Packet::SubAck(ID, false))));
    assert_eq!(whole(b"\xd0\x00"), Ok(Some(Packet::PingResp)));
    // Kinds that no broker sends us, flags, lengths and numbers that must not be.
    for bytes in [
        &b"\x00"[..],
        b"\x10",
        b"\x50",
        b"\x36",
        b"\x21",
        b"\xf0",
        b"\x20\x02\x00\x06",
        b"\x20\x02\x02\x00",
        b"\x20\x03\x00\x00\x00",
        b"\x40\x02\x00\x00",
        b"\xd0\x01\x00",
        b"\xd0\x80\x80\x80\x80",
        b"\x30\x02\x00\x00",
        b"\x30\x03\x00\x02a",
        b"\x32\x03\x00\x01a",
        b"\x32\x05\x00\x01a\x00\x00",
    ] {
        assert_eq!(decode(bytes), Err(Malformed), "{bytes:x?}");
    }
    assert_eq!(decode(b"\x90\x03\x12"), Ok(None));
    assert_eq!(decode(b""), Ok(None));
}

/// Everything that is in a stream, whatever the pieces that it comes in. Long ones are a number.
fn gathered(stream: &[u8], room: usize, pieces: &[usize]) -> Result<Vec<String>, Malformed> {
    let mut inbox = Inbox::new(vec![0; room]);
    let (mut rest, mut found) = (stream, Vec::new());
    let mut pieces = pieces.iter().cycle();
    loop {
        while let Some(packet) = inbox.next()? {
            found.push(format!("{packet:?}"));
        }
        if rest.is_empty() {
            return Ok(found);
        }
        let space = inbox.space();
        assert!(!space.is_empty(), "it would stand still");
        let count = space.len().min(rest.len()).min(*pieces.next().unwrap());
        space[..count].copy_from_slice(&rest[..count]);
        inbox.filled(count);
        rest = &rest[count..];
    }
}

#[test]
fn what_is_too_long_is_left_out_and_said_to_be() {
    let mut stream = b"\x30\x84\x01\x00\x01a".to_vec();
    stream.extend([0; 132 - 3]);
    stream.extend(b"\x32\x84\x01\x00\x01a\x12\x34");
    stream.extend([0; 132 - 5]);
    stream.extend(b"\xd0\x00");
    let found = gathered(&stream, 64, &[50]).unwrap();
    let expected = [
        Packet::TooLong { packet_id: None },
        Packet::TooLong { packet_id: Some(ID) },
        Packet::PingResp,
    ];
    assert_eq!(found, expected.map(|packet| format!("{packet:?}")));
    // Where a topic has no room either, there is nothing to answer, or no way to.
    let topic = |first| [&[first, 0x84, 0x01, 0x00, 0x70][..], &[b'a'; 127]].concat();
    assert_eq!(gathered(&topic(0x30), 64, &[9]).unwrap().len(), 1);
    assert_eq!(gathered(&topic(0x32), 64, &[9]), Err(Malformed));
}

#[test]
fn a_packet_that_is_held_stays_while_others_come() {
    let mut inbox = Inbox::new([0; 32]);
    let come = |inbox: &mut Inbox<[u8; 32]>, bytes: &[u8]| {
        inbox.space()[..bytes.len()].copy_from_slice(bytes);
        inbox.filled(bytes.len());
    };
    let publish = |payload: u8, len: usize| {
        [&[0x30, 3 + len as u8, 0, 1, b'a'][..], &vec![payload; len]].concat()
    };
    let payload = |packet: Option<Packet<'_>>| match packet {
        Some(Packet::Publish { payload, .. }) => payload.to_vec(),
        other => panic!("{other:?}"),
    };
    come(&mut inbox, &publish(1, 10));
    assert_eq!(payload(inbox.next().unwrap()), [1; 10]);
    inbox.hold();
    come(&mut inbox, b"\xd0\x00\xd0\x00\x40");
    assert_eq!(inbox.next(), Ok(Some(Packet::PingResp)));
    assert_eq!(inbox.next(), Ok(Some(Packet::PingResp)));
    assert_eq!(inbox.next(), Ok(None));
    come(&mut inbox, b"\x02\x12\x34");
    assert_eq!(inbox.next(), Ok(Some(Packet::PubAck(ID))));
    assert_eq!(inbox.next(), Ok(None));
    assert_eq!(payload(inbox.held()), [1; 10]);
    // One that fits beside it takes its place only when it is held, too.
    come(&mut inbox, &publish(2, 5));
    assert_eq!(payload(inbox.next().unwrap()), [2; 5]);
    assert_eq!(payload(inbox.held()), [1; 10]);
    inbox.hold();
    assert_eq!(payload(inbox.held()), [2; 5]);
    assert_eq!(inbox.next(), Ok(None));
    // One that does not fit beside it takes its place at once.
    come(&mut inbox, &publish(3, 25)[..20]);
    assert_eq!(inbox.next(), Ok(None));
    come(&mut inbox, &[3; 2]);
    assert_eq!(inbox.next(), Ok(None));
    assert_eq!(inbox.held(), None);
    come(&mut inbox, &[3; 8]);
    assert_eq!(payload(inbox.next().unwrap()), [3; 25]);
    inbox.hold();
    inbox.release();
    assert_eq!(inbox.held(), None);
}

/// Packets of a broker as the other implementation writes them, and what they must be read as.
fn from_broker() -> impl Strategy<Value = Vec<u8>> {
    let publish =
        ("[a-z/]{1,20}", 0..2u8, 1..=u16::MAX, proptest::collection::vec(any::<u8>(), 0..60));
    prop_oneof![
        publish.prop_map(|(topic, qos, id, payload)| {
            let mut publish = v4::Publish::new(topic, mqttbytes::qos(qos).unwrap(), payload);
            publish.pkid = if qos == 0 { 0 } else { id };
            written(|out| publish.write(out))
        }),
        (1..=u16::MAX).prop_map(|id| written(|out| v4::PubAck::new(id).write(out))),
        (1..=u16::MAX, any::<bool>()).prop_map(|(id, is_granted)| {
            let code = match is_granted {
                true => v4::SubscribeReasonCode::Success(mqttbytes::QoS::AtLeastOnce),
                false => v4::SubscribeReasonCode::Failure,
            };
            written(|out| v4::SubAck::new(id, vec![code]).write(out))
        }),
        Just(written(|out| v4::PingResp.write(out))),
        Just(written(|out| v4::ConnAck::new(v4::ConnectReturnCode::Success, false).write(out))),
    ]
}

fn written<E: core::fmt::Debug>(
    write: impl FnOnce(&mut bytes::BytesMut) -> Result<usize, E>,
) -> Vec<u8> {
    let mut out = bytes::BytesMut::new();
    write(&mut out).unwrap();
    out.to_vec()
}

/// As the other implementation reads it.
fn as_theirs(packet: &Packet<'_>) -> v4::Packet {
    match *packet {
        Packet::Publish { topic, packet_id, payload } => {
            let topic = core::str::from_utf8(topic).unwrap();
            let qos = mqttbytes::qos(u8::from(packet_id.is_some())).unwrap();
            let mut publish = v4::Publish::new(topic, qos, payload);
            publish.pkid = packet_id.map_or(0, PacketId::get);
            v4::Packet::Publish(publish)
        }
        Packet::PubAck(id) => v4::Packet::PubAck(v4::PubAck::new(id.get())),
        Packet::SubAck(id, is_granted) => {
            let code = match is_granted {
                true => v4::SubscribeReasonCode::Success(mqttbytes::QoS::AtLeastOnce),
                false => v4::SubscribeReasonCode::Failure,
            };
            v4::Packet::SubAck(v4::SubAck::new(id.get(), vec![code]))
        }
        Packet::PingResp => v4::Packet::PingResp,
        Packet::ConnAck(Ok(())) => {
            v4::Packet::ConnAck(v4::ConnAck::new(v4::ConnectReturnCode::Success, false))
        }
        Packet::ConnAck(Err(_)) | Packet::TooLong { .. } => panic!("{packet:?}"),
    }
}

proptest! {
    #[test]
    fn what_another_implementation_writes_is_read_the_same(packet in from_broker()) {
        let (ours, len) = decode(&packet).unwrap().unwrap();
        prop_assert_eq!(len, packet.len());
        prop_assert_eq!(as_theirs(&ours), theirs(&packet));
        for part in 0..packet.len() {
            prop_assert_eq!(decode(&packet[..part]), Ok(None));
        }
    }

    #[test]
    fn a_stream_is_the_same_in_whatever_pieces_it_comes(
        packets in proptest::collection::vec(from_broker(), 0..12),
        room in 120..400usize,
        pieces in proptest::collection::vec(1..200usize, 1..8),
    ) {
        let each = |packet: &Vec<u8>| format!("{:?}", decode(packet).unwrap().unwrap().0);
        let expected: Vec<_> = packets.iter().map(each).collect();
        prop_assert_eq!(gathered(&packets.concat(), room, &pieces), Ok(expected));
    }

    #[test]
    fn any_bytes_are_packets_or_malformed(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        room in 8..100usize,
        pieces in proptest::collection::vec(1..80usize, 1..4),
    ) {
        let _ = decode(&bytes);
        let _ = gathered(&bytes, room, &pieces);
    }

    #[test]
    fn any_login_is_read_by_another_implementation(
        client_id in "[a-z0-9]{1,23}", keep_alive_s in any::<u16>(),
        user in proptest::option::of("[a-z]{1,20}"), password in "[a-z]{1,20}",
        will in proptest::option::of(("[a-z/]{1,20}", "[a-z]{0,20}", any::<bool>())),
    ) {
        let will = will.as_ref().map(|(topic, message, retain)| Will {
            topic, message: message.as_bytes(), retain: *retain,
        });
        let login = Login {
            client_id: client_id.as_bytes(), keep_alive_s, user: user.as_deref(),
            password: Some(password.as_bytes()), will,
        };
        let mut buffer = [0; 256];
        let v4::Packet::Connect(read) = theirs(write::connect(&login, &mut buffer).unwrap()) else {
            return Err(TestCaseError::fail("it is no CONNECT"));
        };
        prop_assert_eq!((read.client_id, read.keep_alive), (client_id.clone(), keep_alive_s));
        prop_assert!(read.clean_session);
        let expected = user.as_ref().map(|user| v4::Login::new(user.clone(), password.clone()));
        prop_assert_eq!(read.login, expected);
        prop_assert_eq!(read.last_will.is_some(), will.is_some());
        if let (Some(read), Some(will)) = (read.last_will, will) {
            prop_assert_eq!((&read.topic[..], &read.message[..]), (will.topic, will.message));
            prop_assert_eq!((read.qos, read.retain), (mqttbytes::QoS::AtMostOnce, will.retain));
        }
    }
}

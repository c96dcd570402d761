//! The receiver against a broker that the test holds in its hands.

use super::*;
use crate::receiver::testing::Desk;
use std::io::Read;
use std::net::{TcpListener, TcpStream};

/// A broker of one client at a time.
struct Broker {
    listener: TcpListener,
}

impl Broker {
    fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").unwrap() }
    }

    fn start(&self, url: &str) -> Desk {
        let port = self.listener.local_addr().unwrap().port();
        let endpoint = url.replace("PORT", &port.to_string()).parse().unwrap();
        let receiver = MqttReceiver::new(endpoint, Some(b"secret".to_vec()));
        Desk::start(|feed| receiver.start(feed).unwrap())
    }

    /// Waits for a client and its CONNECT.
    fn greeted(&self) -> (Client, Vec<u8>) {
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut client = Client(stream);
        let greeting = client.hears();
        assert_eq!(greeting[0], 0x10);
        (client, greeting)
    }

    /// As [`Broker::greeted`], and lets it in and subscribe.
    fn subscribed(&self) -> Client {
        let (mut client, _) = self.greeted();
        client.says(b"\x20\x02\x00\x00");
        let subscribe = client.hears();
        assert_eq!(subscribe, b"\x82\x12\x00\x01\x00\x0dspandrel/+/up\x01");
        client.says(b"\x90\x03\x00\x01\x01");
        client
    }
}

struct Client(TcpStream);

impl Client {
    fn says(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// The next packet, which is short.
    fn hears(&mut self) -> Vec<u8> {
        let mut packet = vec![0; 2];
        self.0.read_exact(&mut packet).unwrap();
        let len = usize::from(packet[1]);
        assert!(len < 128);
        packet.resize(2 + len, 0);
        self.0.read_exact(&mut packet[2..]).unwrap();
        packet
    }

    /// Waits until the other side has closed the stream; false where it does not in time.
    fn leaves(mut self) -> bool {
        match self.0.read_to_end(&mut Vec::new()) {
            Ok(_) => true,
            // What was not read yet is thrown away.
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }
}

fn publish(qos: u8, device: &str, payload: &[u8]) -> Vec<u8> {
    let topic = format!("spandrel/{device}/up");
    let mut body = u16::try_from(topic.len()).unwrap().to_be_bytes().to_vec();
    body.extend(topic.bytes());
    if qos == 1 {
        body.extend([0x12, 0x34]);
    }
    body.extend(payload);
    let mut packet = vec![0x30 | qos << 1];
    let mut len = body.len();
    while len > 0x7f {
        packet.push(u8::try_from(len & 0x7f).unwrap() | 0x80);
        len >>= 7;
    }
    packet.push(u8::try_from(len).unwrap());
    packet.extend(body);
    packet
}

#[test]
fn frames_come_up_replies_go_down_and_qos_1_is_acknowledged() {
    let broker = Broker::new();
    let desk = broker.start("mqtt://me@127.0.0.1:PORT");
    let (mut client, greeting) = broker.greeted();
    let text = String::from_utf8_lossy(&greeting);
    assert!(text.contains("MQTT\x04") && text.ends_with("\x00\x02me\x00\x06secret"), "{text}");
    client.says(b"\x20\x02\x00\x00");
    assert_eq!(client.hears()[0], 0x82);
    // Frames may come before the subscription is confirmed.
    client.says(&[&publish(0, "17", b"first"), &b"\x90\x03\x00\x01\x01"[..]].concat());
    // The handler sends every frame back.
    assert_eq!(client.hears(), b"\x30\x17\x00\x10spandrel/17/downfirst");
    client.says(&publish(1, "18", b"second"));
    let (mut acknowledged, mut replied) = (false, false);
    while !(acknowledged && replied) {
        match &client.hears()[..] {
            b"\x40\x02\x12\x34" => acknowledged = true,
            b"\x30\x18\x00\x10spandrel/18/downsecond" => replied = true,
            other => panic!("{other:?}"),
        }
    }
    desk.until(|seen| seen.sent_ns.len() == 2);
    let seen = desk.end();
    let expected = [("17", &b"first"[..]), ("18", b"second")];
    let expected = expected.map(|(device, frame)| (Peer::Mqtt(device.into()), frame.to_vec()));
    assert_eq!(seen.frames, expected);
    assert_eq!(client.hears(), mqtt::write::DISCONNECT);
}

#[test]
fn what_is_no_frame_of_a_device_is_acknowledged_and_left_out() {
    let broker = Broker::new();
    let desk = broker.start("mqtt://127.0.0.1:PORT");
    let mut client = broker.subscribed();
    for packet in [
        publish(1, "17", &vec![7; 2 * LONGEST]),
        publish(1, &"n".repeat(LONGEST_NAME + 1), b"of nobody"),
        publish(1, "\u{1f600}/x", b"of nobody"),
    ] {
        client.says(&packet);
        assert_eq!(client.hears(), b"\x40\x02\x12\x34");
    }
    client.says(&publish(0, "17", &vec![8; LONGEST]));
    desk.until(|seen| !seen.frames.is_empty());
    let seen = desk.end();
    assert_eq!(seen.frames, [(Peer::Mqtt("17".into()), vec![8; LONGEST])]);
}

/// Each of these ends the connection, and the next is as good as the first.
#[test]
fn a_broker_that_is_none_is_left_and_tried_again() {
    let broker = Broker::new();
    let desk = broker.start("mqtt://127.0.0.1:PORT");
    for said in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"\x20\x02\x00\x05", b"\xd0\x00"] {
        let (mut client, _) = broker.greeted();
        client.says(said);
        assert!(client.leaves());
    }
    let mut client = broker.subscribed();
    client.says(&publish(0, "17", b"frame"));
    desk.until(|seen| seen.frames.len() == 1);
    // A broker that ends, with a packet half sent.
    client.says(&publish(0, "17", b"half a frame")[..20]);
    drop(client);
    let mut client = broker.subscribed();
    client.says(&publish(0, "17", b"another"));
    desk.until(|seen| seen.frames.len() == 2);
    assert_eq!(desk.end().frames[1].1, b"another");
}

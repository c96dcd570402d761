//! The MQTT uplink, with a broker and a network that the test holds in its hands.
#![expect(
    clippy::std_instead_of_alloc,
    clippy::cast_possible_truncation,
    reason = "a test on a host"
)]

mod broker;
mod hostile;

use broker::{Broker, DOWN, UP, note, noted};
use core::time::Duration;
use embassy_futures::block_on;
use mqttbytes::v4::{Packet, Publish};
use spandrel_transport::Uplink as _;
use spandrel_transport::mqtt::{Qos, Refusal, Will};
use spandrel_transport::uplinks::mqtt::{MqttError, MqttEvent, MqttSettings, MqttUplink};

/// As long as the reporter's usual wait.
const TURN: Duration = Duration::from_millis(25);
const SECOND_US: u64 = 1_000_000;

const AT_MOST_ONCE: MqttSettings<'static> =
    MqttSettings { on_event: note, ..MqttSettings::DEFAULT };
const AT_LEAST_ONCE: MqttSettings<'static> = MqttSettings { qos: Qos::AtLeastOnce, ..AT_MOST_ONCE };

type Link = MqttUplink<'static, Broker>;

fn turn(uplink: &mut Link) -> Option<Vec<u8>> {
    let mut buffer = [0; 300];
    let len = block_on(uplink.receive(&mut buffer, TURN))?;
    Some(buffer[..len].to_vec())
}

/// A turn of a reporter that has a frame to send.
fn turn_with(uplink: &mut Link, frame: &[u8]) -> bool {
    block_on(uplink.receive(&mut [], TURN));
    block_on(uplink.send(frame))
}

fn connected(broker: &Broker, settings: MqttSettings<'static>) -> Link {
    let mut uplink = broker.uplink(settings);
    assert_eq!(turn(&mut uplink), None);
    assert!(uplink.is_ready());
    broker.heard();
    uplink
}

fn published(packets: &[Packet]) -> Vec<&Publish> {
    let publishes = packets.iter().filter_map(|packet| match packet {
        Packet::Publish(publish) => Some(publish),
        _ => None,
    });
    publishes.collect()
}

#[test]
fn frames_go_up_and_down() {
    let broker = Broker::kind();
    let will = Will { topic: "gone", message: b"2", retain: true };
    let login =
        MqttSettings { user: Some("u"), password: Some(b"p"), will: Some(will), ..AT_MOST_ONCE };
    let mut uplink = broker.uplink(login);
    assert!(!block_on(uplink.send(b"too early")));
    assert_eq!(turn(&mut uplink), None);
    assert_eq!(noted(), [MqttEvent::Connected]);
    let heard = broker.heard();
    let [Packet::Connect(connect), Packet::Subscribe(subscribe)] = &heard[..] else {
        panic!("{heard:?}")
    };
    assert_eq!(connect.client_id, "sp0000002000000001");
    assert_eq!((connect.keep_alive, connect.clean_session), (60, true));
    assert!(connect.login == Some(mqttbytes::v4::Login::new("u", "p")));
    assert!(connect.last_will.as_ref().is_some_and(|will| will.topic == "gone" && will.retain));
    assert_eq!(subscribe.filters[0].path, DOWN);

    assert!(block_on(uplink.send(b"a frame")));
    let heard = broker.heard();
    let [Packet::Publish(publish)] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!((&publish.topic[..], &publish.payload[..]), (UP, &b"a frame"[..]));
    assert_eq!((publish.pkid, publish.retain), (0, false));

    broker.publishes(b"a question");
    broker.publishes(b"another");
    assert_eq!(turn(&mut uplink).as_deref(), Some(&b"another"[..]));
    broker.publishes(b"in pieces");
    broker.0.borrow_mut().piece = Some(1);
    assert_eq!(turn(&mut uplink).as_deref(), Some(&b"in pieces"[..]));
    broker.0.borrow_mut().piece = None;
    // What is too long for the buffer of the moment is no frame; what comes behind it is.
    broker.publishes(&[7; 200]);
    assert_eq!(block_on(uplink.receive(&mut [0; 50], TURN)), None);
    broker.publishes(&[8; 3000]);
    assert_eq!(turn(&mut uplink), None);
    broker.publishes(b"after");
    assert_eq!(turn(&mut uplink).as_deref(), Some(&b"after"[..]));

    block_on(uplink.disconnect());
    assert!(!uplink.is_ready() && !broker.0.borrow().is_open);
    assert_eq!(turn(&mut uplink), None);
    assert!(uplink.is_ready());
}

#[test]
fn a_frame_that_comes_while_the_buffer_is_in_use_is_kept() {
    let broker = Broker::kind();
    let mut uplink = connected(&broker, AT_MOST_ONCE);
    broker.publishes(b"kept");
    assert_eq!(block_on(uplink.receive(&mut [], TURN)), None);
    assert_eq!(turn(&mut uplink).as_deref(), Some(&b"kept"[..]));
    // It takes all of the time that it is given where nothing comes.
    let before_us = broker.0.borrow().now_us;
    assert_eq!(turn(&mut uplink), None);
    assert_eq!(broker.0.borrow().now_us - before_us, 25_000);
}

#[test]
fn a_broker_that_is_away_is_tried_ever_more_rarely() {
    let broker = Broker::kind();
    broker.0.borrow_mut().is_down = true;
    let mut uplink = broker.uplink(AT_MOST_ONCE);
    while broker.0.borrow().now_us < 600 * SECOND_US {
        assert!(!turn_with(&mut uplink, b"frame"));
    }
    let tries_us = broker.0.borrow().tries_us.clone();
    let pauses_s: Vec<_> =
        tries_us.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / SECOND_US as f64).collect();
    // Two seconds of each are the try itself; the device's number lengthens the rest a little.
    for (pause_s, expected_s) in pauses_s.iter().zip([1., 2., 4., 8., 16., 32., 64., 64., 64.]) {
        let pause_s = pause_s - 2.;
        assert!((expected_s..expected_s * 1.26 + 0.03).contains(&pause_s), "{pauses_s:?}");
    }
    assert_eq!(noted().len(), tries_us.len());
    broker.0.borrow_mut().is_down = false;
    while !turn_with(&mut uplink, b"frame") {}
    assert_eq!(noted(), [MqttEvent::Connected]);
    assert_eq!(published(&broker.heard()).len(), 1);
    // It was there for long, so it is tried soon.
    let begun_us = broker.0.borrow().now_us + 200 * SECOND_US;
    while broker.0.borrow().now_us < begun_us {
        turn(&mut uplink);
    }
    broker.hangs_up();
    while !turn_with(&mut uplink, b"frame") {}
    assert!(broker.0.borrow().now_us < begun_us + 2 * SECOND_US);
}

#[test]
fn a_refusal_is_told_and_tried_again() {
    let broker = Broker::default();
    let mut uplink = broker.uplink(AT_MOST_ONCE);
    broker.says(b"\x20\x02\x00\x05");
    turn(&mut uplink);
    assert_eq!(noted(), [MqttEvent::Refused(Refusal::NotAuthorized), MqttEvent::Lost]);
    assert!(!broker.0.borrow().is_open && !uplink.is_ready());
    for _ in 0..100 {
        turn(&mut uplink);
    }
    assert_eq!(broker.0.borrow().tries_us.len(), 2);
    broker.says(b"\x20\x02\x00\x00\x90\x03\x00\x01\x80");
    turn(&mut uplink);
    assert_eq!(noted(), [MqttEvent::Connected, MqttEvent::NoDownlink]);
    assert!(block_on(uplink.send(b"up all the same")));
}

#[test]
fn a_frame_at_qos_1_is_sent_until_it_is_acknowledged() {
    let broker = Broker::kind();
    let mut uplink = connected(&broker, AT_LEAST_ONCE);
    assert!(block_on(uplink.send(b"first")));
    assert!(block_on(uplink.send(b"first")), "the same bytes may be another frame");
    let heard = broker.heard();
    let publishes = published(&heard);
    assert_eq!(publishes.len(), 2);
    assert_ne!(publishes[0].pkid, publishes[1].pkid);

    // The broker takes its time: the frame is not written twice.
    broker.0.borrow_mut().answers = None;
    assert!(!block_on(uplink.send(b"second")));
    assert!(!turn_with(&mut uplink, b"second"));
    let heard = broker.heard();
    let [second] = published(&heard)[..] else { panic!("{heard:?}") };
    assert!(!second.dup);
    let puback = |id: u16| [&b"\x40\x02"[..], &id.to_be_bytes()].concat();
    // A question may lie before it, and it may be that of another frame.
    broker.publishes(b"question");
    broker.says(&puback(publishes[0].pkid));
    assert!(!turn_with(&mut uplink, b"second"));
    broker.says(&puback(second.pkid));
    assert!(turn_with(&mut uplink, b"second"));
    assert_eq!(turn(&mut uplink).as_deref(), Some(&b"question"[..]));
    assert!(broker.heard().is_empty());

    // The connection breaks before the acknowledgement.
    assert!(!block_on(uplink.send(b"third")));
    let heard = broker.heard();
    let id = published(&heard)[0].pkid;
    broker.hangs_up();
    assert!(!turn_with(&mut uplink, b"third"));
    broker.0.borrow_mut().answers = Broker::kind().0.borrow().answers;
    while !turn_with(&mut uplink, b"third") {}
    let heard = broker.heard();
    let [again] = published(&heard)[..] else { panic!("{heard:?}") };
    assert_eq!((again.dup, again.pkid, &again.payload[..]), (true, id, &b"third"[..]));
    // What follows is new.
    assert!(block_on(uplink.send(b"fourth")));
    assert!(!published(&broker.heard())[0].dup);
}

/// A reporter throws a pong away if it does not go at once.
#[test]
fn a_frame_that_is_given_up_makes_room_for_the_next() {
    let broker = Broker::default();
    broker.says(b"\x20\x02\x00\x00");
    let mut uplink = connected(&broker, AT_LEAST_ONCE);
    assert!(!block_on(uplink.send(b"pong")));
    let pong = published(&broker.heard())[0].pkid;
    assert!(!block_on(uplink.send(b"frame")));
    let heard = broker.heard();
    let frame = published(&heard)[0];
    assert!(frame.pkid != pong && !frame.dup);
    broker.says(&[0x40, 2, 0, pong as u8, 0x40, 2, 0, frame.pkid as u8]);
    assert!(turn_with(&mut uplink, b"frame"));
    assert!(broker.heard().is_empty());
}

#[test]
fn an_acknowledgement_that_never_comes_ends_the_connection() {
    let broker = Broker::default();
    broker.says(b"\x20\x02\x00\x00");
    let mut uplink = connected(&broker, AT_LEAST_ONCE);
    let begun_us = broker.0.borrow().now_us;
    while uplink.is_ready() {
        assert!(!turn_with(&mut uplink, b"frame"));
    }
    let waited_us = broker.0.borrow().now_us - begun_us;
    assert!((10 * SECOND_US..11 * SECOND_US).contains(&waited_us), "{waited_us}");
}

#[test]
fn silence_is_broken_by_pings_and_ends_without_an_answer() {
    let broker = Broker::kind();
    let mut uplink = connected(&broker, MqttSettings { keep_alive_s: 20, ..AT_MOST_ONCE });
    let turns = |uplink: &mut Link, seconds: u64| {
        (0..seconds * 40).for_each(|_| drop(turn(uplink)));
    };
    turns(&mut uplink, 9);
    assert!(broker.heard().is_empty());
    turns(&mut uplink, 2);
    assert_eq!(broker.heard(), [Packet::PingReq]);
    // Frames go up, but nobody says that they arrive.
    for _ in 0..11 {
        turns(&mut uplink, 1);
        assert!(block_on(uplink.send(b"frame")));
    }
    assert!(broker.heard().contains(&Packet::PingReq));
    broker.0.borrow_mut().answers = None;
    noted();
    turns(&mut uplink, 9);
    assert!(uplink.is_ready());
    turns(&mut uplink, 12);
    assert!(!uplink.is_ready());
    assert_eq!(noted()[0], MqttEvent::Lost);
}

#[test]
fn a_stream_that_takes_no_more_ends_the_connection_and_not_the_frame() {
    let broker = Broker::kind();
    let mut uplink = connected(&broker, AT_MOST_ONCE);
    broker.0.borrow_mut().takes = Some(45);
    assert!(!block_on(uplink.send(&[7; 100])));
    assert!(!uplink.is_ready());
    broker.0.borrow_mut().takes = None;
    while !turn_with(&mut uplink, &[7; 100]) {}
    assert_eq!(published(&broker.heard())[0].payload.len(), 100);
}

#[test]
fn settings_that_make_no_uplink_are_errors() {
    let new = |settings| {
        MqttUplink::new(Broker::kind(), broker::DEVICE, settings).err().map(|e| e.to_string())
    };
    let error = new(MqttSettings { prefix: "a/#", ..AT_MOST_ONCE }).unwrap();
    assert!(error.contains("no #"), "{error}");
    let user = "u".repeat(110).leak();
    let password = "p".repeat(110).leak();
    let with = |password: &'static [u8]| {
        new(MqttSettings { user: Some(user), password: Some(password), ..AT_MOST_ONCE })
    };
    assert_eq!(with(password.as_bytes()), None);
    let error = with("p".repeat(130).leak().as_bytes()).unwrap();
    assert!(error.contains("220 bytes"), "{error}");
    assert_eq!(error, MqttError::LoginTooLong.to_string());
}

//! Brokers that send anything, and reporters that are dropped at any point.

use crate::broker::Broker;
use crate::{AT_LEAST_ONCE, AT_MOST_ONCE, Link, TURN, published, turn, turn_with};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use proptest::prelude::*;
use spandrel_transport::Uplink as _;

/// What brokers say, and what they should not.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known: [&[u8]; 12] = [
        b"\x20\x02\x00\x00",
        b"\x20\x02\x00\x05",
        b"\x40\x02\x00\x02",
        b"\x40\x02\x00\x03",
        b"\x90\x03\x00\x01\x00",
        b"\x90\x03\x00\x01\x80",
        b"\xd0\x00",
        b"\x30\x08\x00\x04/down12",
        b"\x32\x0a\x00\x04/down\x00\x0912",
        b"\x30\xff\xff\xff\x7f",
        b"\x32\xff\xff\x03\x00\x01a\x00\x01",
        b"\x36",
    ];
    prop_oneof![
        4 => proptest::sample::select(known.to_vec()).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 1..20),
        1 => proptest::collection::vec(Just(0x55), 200..600),
    ]
}

fn turns_end(
    settings: spandrel_transport::uplinks::mqtt::MqttSettings<'static>,
    said: Vec<Vec<u8>>,
    piece: usize,
) {
    let broker = Broker::default();
    broker.0.borrow_mut().piece = Some(piece);
    let mut uplink = broker.uplink(settings);
    broker.says(b"\x20\x02\x00\x00");
    for bytes in &said {
        broker.says(bytes);
        let before_us = broker.0.borrow().now_us;
        let _ = turn(&mut uplink);
        let _ = turn_with(&mut uplink, &bytes[..bytes.len().min(40)]);
        // Two waits of the reporter's, and one for an acknowledgement.
        let took_us = broker.0.borrow().now_us - before_us;
        assert!(took_us <= 2 * 25_000 + 100_000, "{took_us}");
        broker.0.borrow_mut().from_device.clear();
    }
    // A broker that comes to its senses is found again.
    broker.hangs_up();
    broker.0.borrow_mut().answers = Broker::kind().0.borrow().answers;
    let found = (0..20_000).any(|_| turn_with(&mut uplink, b"at last"));
    assert!(found, "it never comes back");
    let heard = broker.heard();
    let payload = published(&heard).iter().any(|publish| publish.payload == &b"at last"[..]);
    assert!(payload, "{heard:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_a_broker_sends_a_turn_ends_and_a_good_broker_is_found_again(
        said in proptest::collection::vec(piece(), 1..20),
        size in prop_oneof![1..8usize, 200..400usize],
        at_least_once in any::<bool>(),
    ) {
        turns_end(if at_least_once { AT_LEAST_ONCE } else { AT_MOST_ONCE }, said, size);
    }
}

/// Polls so often, and drops.
fn polled<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..times {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
    }
    None
}

/// Every write waits once, so every number of polls is dropped in another place.
#[test]
fn a_future_may_be_dropped_at_any_point() {
    for settings in [AT_MOST_ONCE, AT_LEAST_ONCE] {
        for polls in 1..8 {
            let broker = Broker::kind();
            let mut uplink = broker.uplink(settings);
            let _ = polled(uplink.receive(&mut [0; 64], TURN), polls);
            let sent = polled(uplink.send(b"frame"), polls);
            sends_in_the_end(&broker, &mut uplink, sent);
        }
        for polls in 1..4 {
            let broker = Broker::kind();
            let mut uplink = crate::connected(&broker, settings);
            let sent = polled(uplink.send(b"frame"), polls);
            sends_in_the_end(&broker, &mut uplink, sent);
        }
    }
}

/// What goes on behind a future that was dropped is whole: the broker reads nothing but packets.
fn sends_in_the_end(broker: &Broker, uplink: &mut Link, sent: Option<bool>) {
    if sent != Some(true) {
        let found = (0..1000).any(|_| turn_with(uplink, b"frame"));
        assert!(found, "it never comes back");
    }
    let heard = broker.heard();
    let publishes = published(&heard);
    assert!(!publishes.is_empty() && publishes.iter().all(|p| p.payload == &b"frame"[..]));
}

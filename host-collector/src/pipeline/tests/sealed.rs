//! The way of a sealed frame, and that no other frame gets into its session.

use super::*;
use crate::auth::{Gate, Keys, Options as Trust};
use spandrel::seal::{self, AUTHENTICATOR_LEN, Direction, Key, SEALED};

const KEY: &str = "6f1c09bd4c7e2a5588d30f7be24a9c11";

fn bench(allow_unkeyed: bool) -> Bench {
    let keys = Keys::parse(&format!("1 {KEY} one_way"), "it").unwrap();
    let trust = Trust { keys, allow_unkeyed, downlink: true, state: None };
    let mut bench = Bench::new(true);
    bench.pipeline = bench.pipeline.behind(Gate::new(trust, EPOCH).unwrap());
    bench
}

fn sealed(device: &Device, mut bytes: Vec<u8>) -> Vec<u8> {
    let len = bytes.len();
    bytes.resize(len + AUTHENTICATOR_LEN, 0);
    let key = Key::from_hex(KEY);
    seal::seal(&key, device.session, Direction::Up, &mut bytes, len).unwrap();
    bytes
}

fn read() -> Vec<Record<'static>> {
    vec![site(1, READ), Record::Span(span(FIRST, Parent::None, [1_000, 2_000]))]
}

#[test]
fn a_sealed_span_comes_out_and_what_is_asked_for_goes_down_sealed() {
    let (mut bench, mut device) = (bench(false), device(1));
    for frame in [device.hello(bench.now_ns), device.data(read())] {
        let frame = sealed(&device, frame);
        bench.receive(&device, &frame);
    }
    let replies = core::mem::take(&mut bench.replies);
    assert!(!replies.is_empty());
    let mut last = 0;
    for reply in replies {
        let mut bytes = reply.bytes;
        assert_eq!(bytes[0] & SEALED, SEALED);
        let key = Key::from_hex(KEY);
        let (clear, _) =
            seal::open(&key, device.session, Direction::Down, &mut bytes).expect("it is for it");
        assert!(clear.number > last);
        last = clear.number;
    }
    bench.wait(SECOND);
    assert_eq!(bench.span().name.as_ref() as &str, "read");
    assert_eq!(bench.pipeline.stats().frames, 2);
}

/// Whoever knows the tag and takes the address of a device that has not spoken yet.
#[test]
fn what_was_not_sealed_does_not_become_part_of_a_sealed_session() {
    let (mut bench, mut device) = (bench(true), device(1));
    let mut forged = device_of_same(&device);
    forged.packet = 100;
    let forged = forged.data(vec![Record::Span(span(FIRST, Parent::None, [5_000, 9_000]))]);
    bench.receive(&device, &forged);
    for frame in [device.hello(bench.now_ns), device.data(read())] {
        let frame = sealed(&device, frame);
        bench.receive(&device, &frame);
    }
    bench.receive(&device, &forged);
    assert_eq!(bench.pipeline.stats().unkeyed, 1, "once its tag is known");
    bench.wait(40 * SECOND);
    bench.pipeline.finish(bench.now_ns);
    let spans = bench.spans();
    assert_eq!(spans.len(), 1, "{spans:?}");
    assert_eq!(spans[0].end_ns - spans[0].start_ns, 1_000_000);
}

fn device_of_same(of: &Device) -> Device {
    Device { peer: of.peer.clone(), ..device(1) }
}

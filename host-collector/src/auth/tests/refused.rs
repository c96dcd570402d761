//! Frames of those who do not belong: none gets in, each is counted.

use super::*;

#[test]
fn a_thousand_forged_frames_are_refused_and_counted_by_kind() {
    let mut bench = Bench::new("");
    let mut device = device(1);
    bench.meet(&mut device);
    let accepted = bench.accepted.len();
    let (mut seed, mut expected) = (5, Stats::default());
    for round in 0..1000_usize {
        let mut frame = if round % 4 == 0 { device.hello(bench.now_ns) } else { device.data() };
        // Every field in turn: first byte, tag, the other clear ones, text, authenticator.
        let clear = Clear::read(&frame, Direction::Up).unwrap();
        let end = frame.len() - AUTHENTICATOR_LEN;
        let fields = [0..1, 1..5, 5..clear.len, clear.len..end, end..frame.len()];
        let field = fields[round % 5].clone();
        let at = field.start + random(&mut seed) as usize % field.len();
        let bit = random(&mut seed) % 8;
        frame[at] ^= 1 << bit;
        bench.receive(&mut device, &frame);
        match (at, bit) {
            (0, 0) => expected.unkeyed += 1,
            (0, 4..) => expected.unknown_version += 1,
            // Nobody knows whose it is, and nobody tells.
            (1..5, _) if clear.kind != 0 => expected.unproven += 1,
            _ => expected.forged += 1,
        }
    }
    bench.pass(60 * SECOND_NS, &mut device);
    assert_eq!((bench.accepted.len(), bench.refused()), (accepted, 1000));
    // A number that is none any more makes a frame that is none.
    let Stats { forged, malformed, unlisted, mis_keyed, .. } = bench.stats;
    assert_eq!(forged + malformed + unlisted + mis_keyed, expected.forged);
    assert!(forged > expected.forged - 50, "{}", bench.stats);
    let Stats { unkeyed, unknown_version, unproven, .. } = expected;
    assert_eq!(bench.stats.unkeyed, unkeyed);
    assert_eq!(bench.stats.unknown_version, unknown_version);
    assert_eq!(bench.stats.unproven, unproven);
    // And the device goes on.
    let data = device.data();
    bench.receive(&mut device, &data);
    assert_eq!(bench.accepted.len(), accepted + 1);
}

#[test]
fn a_thousand_mis_keyed_frames_are_refused_and_counted() {
    let mut bench = Bench::new("");
    let mut device = device(1);
    device.key = Key::from_hex(OTHER);
    for _ in 0..500 {
        let (hello, data) = (device.hello(bench.now_ns), device.data());
        bench.receive(&mut device, &hello);
        bench.receive(&mut device, &data);
    }
    assert_eq!(bench.stats.mis_keyed, 500);
    bench.pass(60 * SECOND_NS, &mut device);
    assert_eq!((bench.accepted.len(), bench.refused(), bench.stats.unproven), (0, 1000, 500));

    // In a session that the device itself has begun they are forged.
    let mut honest = Device { key: Key::from_hex(KEY), packet: 0, ..device.clone() };
    bench.meet(&mut honest);
    let accepted = bench.accepted.len();
    device.packet = 5000;
    for _ in 0..500 {
        let (hello, data) = (device.hello(bench.now_ns), device.data());
        bench.receive(&mut device, &hello);
        bench.receive(&mut device, &data);
    }
    assert_eq!((bench.accepted.len(), bench.stats.forged), (accepted, 1000));
}

#[test]
fn a_thousand_frames_without_a_key_are_refused_and_counted() {
    let mut bench = Bench::new("");
    let (mut listed, mut unlisted) = (device(1), device(99));
    for round in 0..1000_u64 {
        let session_tag = listed.session.tag(listed.id);
        let hello = Hello { device: 1 + round % 2 * 98, session: 7, ..Hello::default() };
        let frame = Frame { session_tag, body: Body::Hello(hello) };
        bench.receive(&mut listed, &frame.to_bytes().unwrap());
    }
    assert_eq!((bench.accepted.len(), bench.stats.unkeyed), (0, 1000));
    let hello = unlisted.hello(bench.now_ns);
    bench.receive(&mut unlisted, &hello);
    assert_eq!((bench.accepted.len(), bench.stats.unlisted), (0, 1));
}

#[test]
fn where_devices_without_a_key_are_let_in_none_speaks_for_one_that_has() {
    let options =
        Options { keys: keys(""), downlink: true, allow_unkeyed: true, ..Options::default() };
    let mut bench = Bench::with(BEGAN_NS, options, None);
    let mut listed = device(1);
    let unsealed = |device: u64, session_tag, body: fn(u64) -> Body<'static>| {
        Frame { session_tag, body: body(device) }.to_bytes().unwrap()
    };
    let hello = |device| Body::Hello(Hello { device, session: 7, ..Hello::default() });
    let pong = |_| Body::Pong(Pong { packet: 1, id: 0, received_ticks: 0, sent_ticks: 0 });
    let mut stranger = device(99);
    let (tag, theirs) = (listed.session.tag(listed.id), stranger.session.tag(stranger.id));
    bench.receive(&mut stranger, &unsealed(99, theirs, hello));
    bench.receive(&mut stranger, &unsealed(99, theirs, pong));
    assert_eq!(bench.accepted.len(), 2);
    bench.receive(&mut listed, &unsealed(1, tag, hello));
    assert_eq!((bench.accepted.len(), bench.stats.unkeyed), (2, 1));
    bench.meet(&mut listed);
    let accepted = bench.accepted.len();
    bench.receive(&mut listed, &unsealed(1, tag, pong));
    assert_eq!((bench.accepted.len(), bench.stats.unkeyed), (accepted, 2));
}

#[test]
fn a_flood_of_what_nobody_can_read_is_bounded_and_counted() {
    let mut bench = Bench::new("");
    let mut known = device(1);
    bench.meet(&mut known);
    let mut flood = known.clone();
    flood.peer = Peer::Udp(([10, 0, 0, 9], 9).into());
    flood.asked = 0;
    let mut seed = 1;
    for _ in 0..20_000 {
        let mut frame = vec![0x13; 200];
        frame[1..5].copy_from_slice(&random(&mut seed).to_le_bytes()[..4]);
        bench.receive(&mut flood, &frame);
    }
    assert!(bench.stats.unproven >= 20_000 - 256);
    assert!(flood.asked <= 256, "asked {} times", flood.asked);
    let (accepted, data) = (bench.accepted.len(), known.data());
    bench.receive(&mut known, &data);
    assert_eq!(bench.accepted.len(), accepted + 1);
    bench.pass(60 * SECOND_NS, &mut flood);
    assert_eq!(bench.refused(), 20_000);
}

/// Whoever has recorded many sessions can keep none of them alive, nor the device out.
#[test]
fn recorded_sessions_do_not_keep_the_device_out() {
    let mut bench = Bench::new("");
    let mut recorded = Vec::new();
    for session in 100..200 {
        let mut old = device(1);
        old.boot(session, EPOCH_NS);
        recorded.push(old.hello(EPOCH_NS + SECOND_NS));
        recorded.push(old.data());
    }
    let mut nobody = device(1);
    bench.receive_all(&mut nobody, &recorded);
    let mut device = device(1);
    device.asked = 1;
    let hello = device.hello(bench.now_ns);
    bench.receive(&mut device, &hello);
    bench.receive_all(&mut nobody, &recorded);
    bench.meet(&mut device);
    let accepted = bench.accepted.len();
    assert!(accepted > 0);
    bench.pass(60 * SECOND_NS, &mut device);
    bench.receive_all(&mut nobody, &recorded);
    bench.pass(60 * SECOND_NS, &mut device);
    assert_eq!(bench.accepted.len(), accepted);
}

proptest! {
    #[test]
    fn any_bytes_do_no_harm(
        frames in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..80), any::<bool>()), 0..30),
        allow_unkeyed in any::<bool>(),
    ) {
        let options = Options { keys: keys(""), downlink: true, allow_unkeyed, ..Options::default() };
        let mut bench = Bench::with(BEGAN_NS, options, None);
        let mut device = device(1);
        bench.meet(&mut device);
        let mut count = 0;
        for (mut bytes, of_session) in frames {
            if of_session && bytes.len() > 5 {
                bytes[0] = bytes[0] & 0xf | 0x11;
                bytes[1..5].copy_from_slice(&device.session.tag(device.id));
            }
            let before = bench.gate_only(&bytes, &device.peer);
            count += u64::from(!before);
        }
        bench.pass(60 * SECOND_NS, &mut device);
        prop_assert_eq!(bench.refused(), count);
    }

    #[test]
    fn frames_in_any_order_and_number_are_let_in_once(
        order in prop::collection::vec(0..60_usize, 0..200),
    ) {
        let mut bench = Bench::new("");
        let mut device = device(1);
        bench.meet(&mut device);
        let frames: Vec<_> = (0..60).map(|_| device.data()).collect();
        for at in &order {
            bench.receive(&mut device, &frames[*at]);
        }
        let mut packets: Vec<_> = bench.accepted.iter().map(|(packet, _)| *packet).collect();
        packets.sort_unstable();
        let count = packets.len();
        packets.dedup();
        prop_assert_eq!(packets.len(), count);
        let mut unique = order.clone();
        unique.sort_unstable();
        unique.dedup();
        prop_assert_eq!(count, unique.len() + 2);
        prop_assert_eq!(bench.stats.replayed, (order.len() - unique.len()) as u64);
    }
}

impl Bench {
    /// Whether the gate lets bytes in, whatever they are.
    fn gate_only(&mut self, bytes: &[u8], peer: &Peer) -> bool {
        let mut passed = Passed::default();
        self.gate.take(bytes, peer, self.now_ns, &mut self.stats, &mut passed);
        !passed.frames.is_empty()
    }
}

//! Devices that answer a challenge.

use super::*;

#[test]
fn nothing_of_an_honest_device_is_lost_while_it_proves_itself() {
    let mut bench = Bench::new("");
    let mut device = device(1);
    // The hello is overtaken by data, which nobody can read yet.
    let hello = device.hello(bench.now_ns);
    let data: Vec<_> = (0..5).map(|_| device.data()).collect();
    bench.receive_all(&mut device, &data);
    assert_eq!((bench.accepted.len(), device.asked), (0, 1), "it is asked who it is, once");
    bench.receive(&mut device, &hello);
    assert_eq!((bench.accepted.len(), device.asked), (0, 2), "it is challenged");
    let more = device.data();
    bench.receive(&mut device, &more);
    let proof = device.hello(bench.now_ns);
    bench.receive(&mut device, &proof);
    let last = device.data();
    bench.receive(&mut device, &last);
    let mut packets: Vec<_> = bench.accepted.iter().map(|(packet, _)| *packet).collect();
    packets.sort_unstable();
    assert_eq!(packets, (0..9).collect::<Vec<_>>());
    bench.finish();
    assert_eq!(bench.refused(), 0);
}

#[test]
fn a_challenge_that_is_lost_is_said_again_and_hellos_do_not_chase_each_other() {
    let mut bench = Bench::new("");
    let mut device = device(1);
    let mut deaf = device.clone();
    deaf.peer = Peer::Udp(([10, 0, 0, 9], 9).into());
    // It hears nothing of what is said to its hellos.
    for _ in 0..10 {
        let hello = device.hello(bench.now_ns);
        bench.receive(&mut deaf, &hello);
    }
    assert_eq!(deaf.asked, 1);
    bench.now_ns += SECOND_NS;
    bench.meet(&mut device);
    assert!(!bench.accepted.is_empty());
}

#[test]
fn what_was_sent_before_the_collector_began_is_refused_and_later_frames_are_not() {
    let mut before = Bench::new("");
    let mut device = device(1);
    let mut recorded = before.meet(&mut device);
    recorded.extend((0..1000 - recorded.len()).map(|_| device.data()));
    before.receive_all(&mut device, &recorded[2..]);
    assert_eq!(before.accepted.len(), 1000);

    // The same to the collector that runs next; the device is silent.
    let mut bench = Bench::at(LATER_NS, "");
    let mut nobody = device.clone();
    bench.receive_all(&mut nobody, &recorded);
    bench.pass(60 * SECOND_NS, &mut nobody);
    assert_eq!((bench.accepted.len(), bench.refused()), (0, 1000));
    assert!(bench.stats.unproven > 900);

    // It speaks again, and proves itself: what it says from then on is let in, and nothing from before.
    bench.receive_all(&mut nobody, &recorded[..40]);
    bench.pass(SECOND_NS, &mut nobody);
    let proof = bench.meet(&mut device);
    assert_eq!((bench.accepted.len(), proof.len()), (1, 2));
    bench.receive_all(&mut nobody, &recorded);
    let data = device.data();
    bench.receive(&mut device, &data);
    assert_eq!(bench.accepted.len(), 2);
    bench.finish();
    // The first hello of two came before the proof.
    assert_eq!(bench.refused(), 1000 + 40 + 1000 + proof.len() as u64 - 1);
}

#[test]
fn a_thousand_frames_that_came_before_are_replayed() {
    let mut bench = Bench::new("");
    let mut device = device(1);
    let mut frames = bench.meet(&mut device);
    frames.extend((0..1000 - frames.len()).map(|_| device.data()));
    bench.receive_all(&mut device, &frames[2..]);
    assert_eq!(bench.accepted.len(), 1000);
    // From another address, too.
    let mut elsewhere = device.clone();
    elsewhere.peer = Peer::Udp(([10, 0, 0, 9], 9).into());
    bench.receive_all(&mut elsewhere, &frames);
    assert_eq!((bench.accepted.len(), bench.stats.replayed, bench.refused()), (1000, 1000, 1000));
}

#[test]
fn frames_of_an_earlier_session_are_replayed_however_long_ago_it_was() {
    let mut bench = Bench::new("");
    let mut device = device(1);
    let mut first = bench.meet(&mut device);
    first.extend((0..100).map(|_| device.data()));
    bench.receive_all(&mut device, &first[2..]);
    let mut accepted = bench.accepted.len();
    // More boots than are known packet by packet, and then than are remembered at all.
    for boots in [1, 20, 1100_u32] {
        for boot in 0..boots {
            device.boot(10_000 + boots * 2_000 + boot, bench.now_ns);
            bench.now_ns += SECOND_NS / 2;
            bench.meet(&mut device);
            assert!(bench.accepted.len() > accepted);
            accepted = bench.accepted.len();
        }
        let mut nobody = device.clone();
        let refused = bench.refused();
        bench.receive_all(&mut nobody, &first);
        bench.pass(60 * SECOND_NS, &mut nobody);
        assert_eq!(bench.accepted.len(), accepted, "after {boots} boots");
        assert_eq!(bench.refused(), refused + first.len() as u64, "after {boots} boots");
    }
}

#[test]
fn a_session_that_is_not_known_any_more_goes_on() {
    let mut bench = Bench::new("");
    let mut old = device(1);
    let frames = bench.meet(&mut old);
    // Twenty others of the same device push it out.
    for session in 100..120 {
        let mut other = device(1);
        other.boot(session, bench.now_ns);
        bench.now_ns += SECOND_NS;
        bench.meet(&mut other);
    }
    let accepted = bench.accepted.len();
    let data = old.data();
    bench.receive(&mut old, &data);
    let hello = old.hello(bench.now_ns);
    bench.receive(&mut old, &hello);
    assert_eq!(bench.accepted.len(), accepted + 2);
    bench.receive_all(&mut old, &frames);
    assert_eq!(bench.accepted.len(), accepted + 2);
}

/// What the threat model says of clocks that stand still.
#[test]
fn a_device_whose_clock_stood_still_is_younger_than_it_says_unless_that_is_known() {
    for (words, recorded_gets_in) in [("", true), ("sleeps", false)] {
        let mut before = Bench::new(words);
        let mut device = device(1);
        before.meet(&mut device);
        let recorded = device.data();
        before.receive(&mut device, &recorded);
        let packet = (2, device.session.tag(device.id));
        assert!(before.accepted.contains(&packet));

        let mut bench = Bench::at(LATER_NS, words);
        // Its clock says two seconds, and it runs for longer than the collector.
        device.began_ns = bench.now_ns - 2 * SECOND_NS;
        let hello = device.hello(bench.now_ns);
        bench.receive(&mut device, &hello);
        bench.receive(&mut device.clone(), &recorded);
        bench.meet(&mut device);
        assert_eq!(bench.accepted.contains(&packet), recorded_gets_in, "{words}");
    }
}

#[test]
fn what_goes_down_has_numbers_that_only_grow_also_for_the_collector_that_runs_next() {
    let mut device = device(1);
    let disk = TestDisk::default();
    for began_ns in [BEGAN_NS, BEGAN_NS - 50 * SECOND_NS, LATER_NS] {
        let mut bench = Bench::on_disk(began_ns, "", &disk);
        device.began_ns = began_ns;
        bench.meet(&mut device);
        for _ in 0..100 {
            let tag = device.session.tag(device.id);
            let plain = wire::Downlink { session_tag: tag, request: Request::Ping(3) }.to_bytes();
            let sealed = bench.gate.seal(&plain, bench.now_ns);
            assert_eq!(sealed.len(), 1);
            device.hears(&sealed[0]);
        }
        bench.settle(&disk, &mut device);
        assert!(bench.gate.seal(&[0x16, 1, 2, 3, 4], 0).is_empty(), "nobody is meant");
    }
}

#[test]
fn a_challenge_of_somebody_else_only_keeps_the_device_out_until_the_next() {
    let mut bench = Bench::new("");
    let mut device = device(1);
    device.challenge = Some([9; 8]);
    let hello = device.hello(bench.now_ns);
    bench.receive(&mut device, &hello);
    assert!(bench.accepted.is_empty());
    device.challenge = Some([9; 8]);
    bench.now_ns += SECOND_NS;
    bench.meet(&mut device);
    assert!(!bench.accepted.is_empty());
}

//! Devices that hear nothing: what is noted on a disk takes the place of a challenge.

use super::*;

/// Frames of a device that hears nothing, the hello first.
fn frames(device: &mut Device, count: usize, now_ns: u64) -> Vec<Vec<u8>> {
    let hello = device.hello(now_ns);
    core::iter::once(hello).chain((1..count).map(|_| device.data())).collect()
}

#[test]
fn frames_wait_until_the_disk_has_noted_that_they_may_be_let_in() {
    let disk = TestDisk::default();
    let mut bench = Bench::on_disk(BEGAN_NS, "one_way", &disk);
    let mut device = device(1);
    let sent = frames(&mut device, 20, bench.now_ns);
    bench.receive_all(&mut device, &sent);
    assert_eq!((bench.accepted.len(), device.asked, device.challenge), (0, 0, None));
    bench.settle(&disk, &mut device);
    assert_eq!(bench.accepted.len(), 20);
    // As long as the disk keeps up nothing waits.
    for _ in 0..500 {
        let data = device.data();
        bench.receive(&mut device, &data);
        disk.work();
    }
    assert_eq!(bench.accepted.len(), 520);
    // It does not: a few frames wait, and the rest is refused.
    let more: Vec<_> = (0..100_000).map(|_| device.data()).collect();
    bench.receive_all(&mut device, &more);
    assert!(bench.accepted.len() < 10_000);
    let before = bench.accepted.len() as u64;
    bench.settle(&disk, &mut device);
    bench.finish();
    assert!(bench.accepted.len() as u64 >= before);
    assert_eq!(bench.accepted.len() as u64 + bench.refused(), 100_520);
}

#[test]
fn what_was_let_in_is_replayed_to_the_next_collector_after_an_end_and_after_a_crash() {
    for is_crash in [false, true] {
        let disk = TestDisk::default();
        let mut bench = Bench::on_disk(BEGAN_NS, "one_way", &disk);
        let mut device = device(1);
        let sent = frames(&mut device, 1000, bench.now_ns);
        for frame in &sent {
            bench.receive(&mut device, frame);
            bench.settle(&disk, &mut device);
        }
        assert_eq!(bench.accepted.len(), 1000);
        if !is_crash {
            bench.finish();
        }
        disk.work();

        let mut bench = Bench::on_disk(LATER_NS, "one_way", &disk);
        bench.receive_all(&mut device, &sent);
        assert_eq!((bench.accepted.len(), bench.stats.replayed, bench.refused()), (0, 1000, 1000));
        // The device goes on. After a crash what had room on the disk is lost with it.
        let hello = device.hello(bench.now_ns);
        bench.receive(&mut device, &hello);
        for _ in 0..3000 {
            let data = device.data();
            bench.receive(&mut device, &data);
            bench.settle(&disk, &mut device);
        }
        let lost = 3001 - bench.accepted.len();
        assert!(if is_crash { (1..2048).contains(&lost) } else { lost == 0 }, "{lost} lost");
    }
}

#[test]
fn an_older_session_of_a_device_that_counts_is_replayed() {
    let disk = TestDisk::default();
    let mut bench = Bench::on_disk(BEGAN_NS, "one_way counting", &disk);
    let mut old = device(1);
    let recorded = frames(&mut old, 10, bench.now_ns);
    let mut device = device(1);
    device.boot(9, bench.now_ns);
    let sent = frames(&mut device, 5, bench.now_ns);
    bench.receive_all(&mut device, &sent);
    bench.settle(&disk, &mut device);
    assert_eq!(bench.accepted.len(), 5);
    // The session before may still send what a reset left: the new one has named it.
    bench.receive_all(&mut old, &recorded);
    bench.settle(&disk, &mut device);
    assert_eq!(bench.accepted.len(), 15);
    // One before that may not, nor in the next run.
    let mut older = Device { session: Session::new(3), ..old.clone() };
    older.packet = 0;
    let recorded = frames(&mut older, 10, bench.now_ns);
    bench.receive(&mut older, &recorded[0]);
    assert_eq!((bench.accepted.len(), bench.stats.replayed), (15, 1));
    bench.finish();
    disk.work();
    let mut bench = Bench::on_disk(LATER_NS, "one_way counting", &disk);
    bench.receive_all(&mut older, &recorded);
    bench.pass(60 * SECOND_NS, &mut older);
    assert_eq!((bench.accepted.len(), bench.refused()), (0, 10));
}

/// What the threat model says that nobody can have.
#[test]
fn without_a_downlink_and_a_disk_the_next_collector_cannot_tell_a_recording() {
    let mut bench = Bench::new("one_way");
    let mut device = device(1);
    let sent = frames(&mut device, 100, bench.now_ns);
    bench.receive_all(&mut device, &sent);
    assert_eq!(bench.accepted.len(), 100);
    bench.receive_all(&mut device, &sent);
    assert_eq!((bench.accepted.len(), bench.stats.replayed), (100, 100));
    let mut bench = Bench::at(LATER_NS, "one_way");
    bench.receive_all(&mut device, &sent);
    assert_eq!(bench.accepted.len(), 100);
}

/// And so it is with a session that no collector has heard, of a device that draws its numbers.
#[test]
fn a_session_that_was_recorded_and_never_heard_is_let_in_once() {
    let disk = TestDisk::default();
    let mut bench = Bench::on_disk(BEGAN_NS, "one_way", &disk);
    let mut unheard = device(1);
    let recorded = frames(&mut unheard, 10, bench.now_ns);
    let mut device = device(1);
    device.boot(9, bench.now_ns);
    device.previous = None;
    let sent = frames(&mut device, 5, bench.now_ns);
    bench.receive_all(&mut device, &sent);
    for _ in 0..2 {
        bench.receive_all(&mut unheard, &recorded);
        bench.settle(&disk, &mut device);
        assert_eq!(bench.accepted.len(), 15);
    }
    assert_eq!(bench.stats.replayed, 10);
}

#[test]
fn where_nothing_is_sent_down_every_device_hears_nothing() {
    let options = Options { keys: keys(""), downlink: false, ..Options::default() };
    let mut bench = Bench::with(BEGAN_NS, options, None);
    let mut device = device(1);
    let sent = frames(&mut device, 10, bench.now_ns);
    bench.receive(&mut device, &sent[1]);
    bench.receive_all(&mut device, &sent[..1]);
    bench.receive_all(&mut device, &sent[2..]);
    assert_eq!((bench.accepted.len(), device.asked, device.challenge), (10, 0, None));
}

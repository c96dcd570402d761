//! A board in QEMU, with embassy-net's TCP.

use spandrel_tests::build::cargo_build;
use spandrel_tests::proc::Proc;
use spandrel_tests::qemu;
use spandrel_tests::workspace;

use super::*;

#[test]
fn a_board_ships_its_spans_through_a_broker_that_comes_and_goes() {
    if !qemu::is_there(qemu::ARM) {
        return;
    }
    let Some(mut broker) = broker(None) else { return };
    let dir = workspace::root().join("examples/boards/mps2-an386");
    let arguments = ["--release", "--bin", "mqtt"];
    let built = cargo_build("the board", &dir, &arguments, &mut |_| ()).unwrap();
    let collector = Collector::start(&url(&broker), None);
    let options = ["-nic", "user,model=lan9118", "-serial", "none"];
    let arguments = [&format!("broker=10.0.2.2:{}", broker.port()), "device=4", "qos=1"];
    let mut command = qemu::board(built.get("mqtt").unwrap(), &options, arguments);
    let mut board = Proc::spawn("the board", &mut command).unwrap();
    board.wait_for_line("mqtt: Connected", LIMIT).unwrap();

    let peer = Peer::Mqtt("0000000000000004".into());
    let count = || collector.sees(|seen| seen.spans().len());
    let wait_for = |board: &mut Proc, is_so: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !is_so() {
            assert!(
                board.is_running() && begun.elapsed() < LIMIT,
                "{}",
                board.tell("does not go on")
            );
            thread::sleep(Duration::from_millis(20));
        }
    };
    wait_for(&mut board, &|| count() >= 20);
    broker.stop();
    board.wait_for_line("mqtt: Lost", LIMIT).unwrap();
    let before = count();
    broker.restart().unwrap();
    wait_for(&mut board, &|| count() >= before + 20);
    collector.sees(|seen| {
        assert!(seen.frames.iter().all(|(from, _)| *from == peer), "{peer}");
        assert!(seen.spans().values().all(|count| *count == 1), "{:?}", seen.spans());
        // A ping came down, and its answer up.
        let batch = seen.batches.iter().rev().find(|batch| !batch.spans.is_empty()).unwrap();
        let tags = &batch.resource.attributes;
        assert!(tags.iter().any(|tag| &*tag.key == "clock.error_us"), "{tags:?}");
    });
}

//! A board in QEMU, with embassy-net's TCP.

use std::process::Command;

use spandrel_tests::build::cargo_build;
use spandrel_tests::proc::Proc;
use spandrel_tests::skip::skip;
use spandrel_tests::workspace;

use super::*;

#[test]
fn a_board_ships_its_spans_through_a_broker_that_comes_and_goes() {
    if workspace::find_program("qemu-system-arm").is_none() {
        skip("qemu-system-arm is not installed: cargo xtask setup");
        return;
    }
    let Some(mut broker) = broker(None) else { return };
    let dir = workspace::root().join("examples/boards/mps2-an386");
    let arguments = ["--release", "--bin", "mqtt"];
    let built = cargo_build("the board", &dir, &arguments, &mut |_| ()).unwrap();
    let collector = Collector::start(&url(&broker), None);
    let mut command = Command::new("qemu-system-arm");
    command.args(["-M", "mps2-an386", "-nic", "user,model=lan9118"]);
    command.args(["-chardev", "stdio,id=sh", "-display", "none"]);
    let arguments =
        format!("arg=firmware,arg=broker=10.0.2.2:{},arg=device=4,arg=qos=1", broker.port());
    let semihosting = format!("enable=on,target=native,chardev=sh,{arguments}");
    command.args(["-semihosting-config", &semihosting, "-serial", "none", "-monitor", "none"]);
    command.arg("-kernel").arg(built.get("mqtt").unwrap());
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

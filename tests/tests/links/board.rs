//! A board in QEMU. Its only link is its UART: once as a connection to the collector, once as a line
//! that it prints on and that is only listened to. Or it is TCP, by its own network stack.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use spandrel_collector::receiver::serial::SerialReceiver;
use spandrel_collector::receiver::tcp::TcpReceiver;
use spandrel_tests::build::{Executables, cargo_build};
use spandrel_tests::proc::Proc;
use spandrel_tests::{qemu, workspace};

use crate::collector::{Collector, Kept};
use crate::tcp::Proxy;

const SPANS: usize = 500;

/// A program of the board's; none without QEMU.
fn program(name: &str) -> Option<&'static Path> {
    static PROGRAMS: OnceLock<Executables> = OnceLock::new();

    if !qemu::is_there(qemu::ARM) {
        return None;
    }
    let build = || {
        let folder = workspace::root().join("examples/boards/mps2-an386");
        let arguments = ["--release", "--bin", "tcp", "--bin", "uart"];
        let built = cargo_build("the board", &folder, &arguments, &mut |line| println!("{line}"));
        built.unwrap_or_else(|e| panic!("{e:#}"))
    };
    Some(PROGRAMS.get_or_init(build).get(name).unwrap_or_else(|e| panic!("{e:#}")))
}

/// Starts it with these options of QEMU's and these arguments.
fn start(program: &Path, options: &[&str], arguments: &[&str]) -> Proc {
    let spans = format!("spans={SPANS}");
    let arguments = [&["device=4", &spans], arguments].concat();
    let mut command = qemu::board(program, options, arguments);
    Proc::spawn("the board", &mut command).expect("QEMU starts")
}

/// Waits for every span of the board's.
fn all_come(collector: &Collector) {
    collector.until("each span", |collector| collector.numbers("read").len() == SPANS);
    let numbers = collector.numbers("read");
    assert!(numbers.values().all(|times| *times == 1), "{numbers:?}");
    assert!(numbers.keys().copied().eq(0..i64::try_from(SPANS).expect("they are few")));
}

#[test]
fn a_board_sends_over_its_uart_and_is_asked_for_the_time() {
    let Some(program) = program("uart") else { return };
    let receiver = TcpReceiver::bind(([127, 0, 0, 1], 0).into()).expect("there are ports");
    let address = receiver.local_addr().expect("it is bound");
    let collector = Collector::start(|feed| receiver.start(feed.clone()).expect("it starts"));
    let mut board = start(program, &["-serial", &format!("tcp:{address}")], &[]);
    all_come(&collector);
    collector.until("an exchange", Collector::is_in_step);
    board.kill();
    let stats = collector.end();
    assert_eq!((stats.malformed, stats.nonsense, stats.doubles), (0, 0, 0), "{stats}");
}

#[cfg(unix)]
#[test]
fn a_board_that_is_only_listened_to_is_understood_and_what_it_prints_is_whole() {
    let Some(program) = program("uart") else { return };
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let line = folder.path().join("line");
    let [inward, outward] = ["in", "out"].map(|end| line.with_extension(end));
    let made = Command::new("mkfifo").args([&inward, &outward]).status();
    assert!(made.expect("there is mkfifo").success());
    let port = outward.to_str().expect("it is text").parse().expect("it is a path");
    let receiver = SerialReceiver::open(port).expect("it is there");
    let kept = Kept::default();
    let text = kept.clone();
    let collector = Collector::start(|feed| receiver.start(feed.clone(), text).expect("it starts"));
    let mut board = start(program, &["-serial", &format!("pipe:{}", line.display())], &[]);
    all_come(&collector);
    let expected: String = (0..SPANS).step_by(10).map(|n| format!("reading {n}\r\n")).collect();
    collector.until("what it prints", |_| kept.bytes().len() >= expected.len());
    assert_eq!(kept.bytes(), expected.into_bytes());
    board.kill();
    let stats = collector.end();
    assert_eq!((stats.malformed, stats.nonsense), (0, 0), "{stats}");
}

/// Its stack is embassy-net's; the connection is cut while it sends.
#[test]
fn a_board_sends_over_tcp_and_connects_again() {
    let Some(program) = program("tcp") else { return };
    let receiver = TcpReceiver::bind(([127, 0, 0, 1], 0).into()).expect("there are ports");
    let proxy = Proxy::start(receiver.local_addr().expect("it is bound"));
    let collector = Collector::start(|feed| receiver.start(feed.clone()).expect("it starts"));
    let argument = format!("collector=10.0.2.2:{}", proxy.address.port());
    let mut board =
        start(program, &["-nic", "user,model=lan9118", "-serial", "none"], &[&argument]);
    all_come(&collector);
    collector.until("an exchange", Collector::is_in_step);
    let before = collector.numbers("idle").last_key_value().map_or(0, |(last, _)| *last);
    assert_eq!(proxy.cut(), 2);
    collector.until("a span behind the cut", |collector| {
        let numbers = collector.numbers("idle");
        numbers.last_key_value().is_some_and(|(last, _)| *last > before + 20)
    });
    board.kill();
    let stats = collector.end();
    assert_eq!((stats.malformed, stats.sessions, stats.clashes), (0, 1, 0), "{stats}");
}

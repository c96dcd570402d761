//! The collector's binary is killed with -9 again and again while devices send that wait for
//! acknowledgements: nothing of what they recorded is lost, and what comes again is there once.
#![expect(clippy::std_instead_of_alloc, reason = "only host programs are tested here")]

use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use serde_json::Value as Json;
use spandrel::wire::Value;
use spandrel::{Clock, DeviceId, Recorder, Session, SessionSource, Tracer, Window, span};
use spandrel_tests::build::cargo_build;
use spandrel_tests::proc::{Proc, free_tcp_port};
use spandrel_tests::workspace;
use spandrel_transport::Settings;
use spandrel_transport::uplinks::std_tcp::{StdTcp, StdTcpUplink};
use spandrel_transport::uplinks::std_thread;
use spandrel_transport::uplinks::std_udp::StdUdpUplink;

const ROUNDS: u32 = 10;
/// What must come is waited for so long.
const LIMIT: Duration = Duration::from_secs(120);
/// What one trace holds, so that a search shows them all.
const SPANS_OF_A_TRACE: i64 = 20;

/// Room for what is recorded while nobody listens.
static RECORDERS: [Recorder<{ 1 << 18 }>; 2] = [const { Recorder::new() }; 2];
static WINDOWS: [Window; 2] = [const { Window::new() }; 2];

/// A device that holds what it recorded until it is told that it lasts.
fn tracer(place: usize) -> &'static Tracer {
    let (recorder, window) = (&RECORDERS[place], &WINDOWS[place]);
    let device = 0xdead + place as u64;
    let tracer = Tracer::new("holding", recorder, Clock::monotonic())
        .device_id(DeviceId(device))
        .session(SessionSource::Fixed(Session::new(3)))
        .tags(&[("board", Value::Text("none"))])
        .acknowledged(window);
    tracer.keep_time();
    Box::leak(Box::new(tracer))
}

/// Records until it is told to stop; how many spans there are is in `recorded`.
fn record(tracer: &'static Tracer, recorded: &AtomicI64, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let first = recorded.load(Ordering::Relaxed);
        {
            let root = span!(tracer, "read", n = first);
            for number in first + 1..first + SPANS_OF_A_TRACE {
                span!(tracer, child_of: &root, "read", n = number).finish();
            }
            root.finish();
        }
        recorded.store(first + SPANS_OF_A_TRACE, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(20));
    }
}

/// A port that is free for both UDP and TCP.
fn free_port() -> u16 {
    loop {
        let port = free_tcp_port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok()
            && TcpListener::bind(("127.0.0.1", port)).is_ok()
        {
            return port;
        }
    }
}

/// The collector, until it is killed.
struct Collector {
    proc: Proc,
    door: String,
}

impl Collector {
    fn start(program: &Path, listen: SocketAddr, store: &Path) -> Self {
        let mut command = Command::new(program);
        command.args(["--no-config", "serve", "--no-tree", "--http", "127.0.0.1:0"]);
        command.arg("--listen").arg(listen.to_string()).arg("--store").arg(store);
        let mut proc = Proc::spawn("the collector", &mut command).expect("it starts");
        let line =
            proc.wait_for_line("door http is open at ", LIMIT).unwrap_or_else(|e| panic!("{e:#}"));
        let door = line.rsplit(' ').next().expect("there is a last word").to_owned();
        Self { proc, door }
    }

    fn get(&self, path: &str) -> String {
        let answer = ureq::get(format!("http://{}{path}", self.door)).call();
        let answer = answer
            .and_then(|mut answer| answer.body_mut().with_config().limit(1 << 28).read_to_string());
        answer.unwrap_or_else(|e| panic!("{}", self.proc.tell(&format!("gives no {path}: {e}"))))
    }

    /// How many spans of devices came to it.
    fn came(&self) -> u64 {
        let page = self.get("/metrics");
        let count = page.lines().find_map(|line| line.strip_prefix("spandrel_device_spans_total "));
        count.expect("it counts them").parse().expect("it is a number")
    }

    /// The numbers that the spans of each board have, with how often each is there.
    fn numbers(&self) -> BTreeMap<String, BTreeMap<i64, usize>> {
        let far = 10_000_000_000_000_000_u64;
        let path = format!("/api/traces?service=holding&limit=10000&start=0&end={far}");
        let answer: Json = serde_json::from_str(&self.get(&path)).expect("it is JSON");
        let mut boards = BTreeMap::<String, BTreeMap<i64, usize>>::new();
        for trace in answer["data"].as_array().expect("it is a list") {
            for span in trace["spans"].as_array().expect("it is a list") {
                assert_eq!(span["operationName"], "read", "{span}");
                let of = |list: &Json, key: &str| {
                    let tags = list.as_array().into_iter().flatten();
                    tags.filter(|tag| tag["key"] == key).map(|tag| tag["value"].clone()).next()
                };
                let process = &trace["processes"][span["processID"].as_str().expect("it has one")];
                let board = of(&process["tags"], "device.id").expect("it has a device").to_string();
                let number =
                    of(&span["tags"], "n").and_then(|n| n.as_i64()).expect("it has a number");
                *boards.entry(board).or_default().entry(number).or_default() += 1;
            }
        }
        boards
    }
}

#[test]
fn ten_kills_under_load_lose_no_span_that_a_device_recorded() {
    let package = ["--package", "spandrel-collector"];
    let built =
        cargo_build("the collector", workspace::root(), &package, &mut |line| println!("{line}"));
    let built = built.unwrap_or_else(|e| panic!("{e:#}"));
    let program = built.get("spandrel").unwrap_or_else(|e| panic!("{e:#}"));
    let store = tempfile::tempdir().expect("there is room for a folder");
    let listen: SocketAddr = ([127, 0, 0, 1], free_port()).into();

    let tracers = [tracer(0), tracer(1)];
    let [over_udp, over_tcp] = tracers;
    let udp = StdUdpUplink::connect(listen).expect("there are sockets");
    std_thread::spawn(over_udp, udp, Settings::DEFAULT).expect("it is the only one");
    let tcp = StdTcpUplink::new(StdTcp::new(listen)).with_mtu(1400);
    std_thread::spawn(over_tcp, tcp, Settings::DEFAULT).expect("it is the only one");

    static STOP: AtomicBool = AtomicBool::new(false);
    static RECORDED: [AtomicI64; 2] = [AtomicI64::new(0), AtomicI64::new(0)];
    let threads: Vec<_> = tracers
        .into_iter()
        .zip(&RECORDED)
        .map(|(tracer, recorded)| thread::spawn(|| record(tracer, recorded, &STOP)))
        .collect();
    for round in 0..ROUNDS {
        let mut collector = Collector::start(program, listen, store.path());
        let begun = Instant::now();
        while collector.came() < 100 {
            assert!(begun.elapsed() < LIMIT, "{}", collector.proc.tell("gets nothing"));
            thread::sleep(Duration::from_millis(10));
        }
        // At another moment of what it does each time.
        thread::sleep(Duration::from_millis(u64::from(37 * round % 90)));
        collector.proc.kill();
    }
    STOP.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join().expect("it records"));
    let recorded: Vec<_> = RECORDED.iter().map(|count| count.load(Ordering::Relaxed)).collect();
    for tracer in tracers {
        assert_eq!(tracer.losses().ring_full, 0, "its ring was full: this shows nothing");
    }

    let collector = Collector::start(program, listen, store.path());
    let begun = Instant::now();
    let boards = loop {
        let boards = collector.numbers();
        let all: i64 = boards.values().map(|numbers| numbers.len() as i64).sum();
        if all >= recorded.iter().sum() {
            break boards;
        }
        let missing = format!("{all} of {recorded:?} spans are there");
        assert!(begun.elapsed() < LIMIT, "{}", collector.proc.tell(&missing));
        thread::sleep(Duration::from_millis(200));
    };
    let mut lens: Vec<_> = boards.values().map(|numbers| numbers.len() as i64).collect();
    lens.sort_unstable();
    let mut expected = recorded.clone();
    expected.sort_unstable();
    assert_eq!(lens, expected, "something is invented");
    for numbers in boards.values() {
        assert!(numbers.keys().copied().eq(0..numbers.len() as i64));
        let twice = numbers.values().filter(|times| **times > 1).count();
        assert_eq!(twice, 0, "of {recorded:?} spans");
    }
    println!("{recorded:?} spans over UDP and TCP, {ROUNDS} kills");
}

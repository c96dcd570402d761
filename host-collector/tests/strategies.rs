//! A file of sampling strategies that changes while `spandrel serve` runs, as a device hears of it.
#![expect(clippy::std_instead_of_core, reason = "only host programs are tested here")]

use spandrel::wire::{
    Answer, AnswerStatus, Body, Command as Told, Frame, Hello, Process, Request, Value,
    decode_downlink,
};
use spandrel::{DeviceId, Session};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(30);
const DEVICE: (DeviceId, Session) = (DeviceId(0x12), Session::new(1));

struct Collector(Child);

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running collector, and its port.
fn start(strategies: &Path) -> (Collector, u16) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spandrel"));
    command.args(["--no-config", "serve", "--listen", "127.0.0.1:0", "--memory"]);
    command.args(["--http", "off", "--no-tree", "--no-tcp", "--sampling-strategies"]);
    let mut child = command.arg(strategies).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let port = line.strip_prefix("listening on udp 127.0.0.1:").unwrap().parse().unwrap();
    thread::spawn(move || lines.map_while(Result::ok).for_each(|line| eprintln!("{line}")));
    (Collector(child), port)
}

fn frame(body: Body<'_>) -> Vec<u8> {
    Frame { session_tag: DEVICE.1.tag(DEVICE.0), body }.to_bytes().unwrap()
}

fn hello() -> Vec<u8> {
    let tags: [(&str, Value<'_>); 0] = [];
    let process = Process { service: "sensor", build: &[], tags: &tags[..] };
    let process = process.to_bytes();
    frame(Body::Hello(Hello {
        packet: 0,
        device: DEVICE.0.0,
        session: DEVICE.1.get(),
        clock_hz: 1_000_000,
        sent_ticks: 5_000_000,
        flags: Hello::KEPT,
        sites: 2,
        process_total: u32::try_from(process.len()).unwrap(),
        process_offset: 0,
        process: &process,
        ..Hello::default()
    }))
}

/// Answers whatever the device is told, until it is told this.
fn obey(socket: &UdpSocket, packet: &mut u32, until: &Told<'_>) {
    let begun = Instant::now();
    let mut bytes = [0; 2048];
    while begun.elapsed() < LIMIT {
        let Ok(length) = socket.recv(&mut bytes) else { continue };
        let downlink = decode_downlink(&bytes[..length]).unwrap();
        let Request::Control(control) = downlink.request else { continue };
        *packet += 1;
        let status = AnswerStatus::Done;
        let answer = Answer { packet: *packet, id: control.id, status, detail: 0 };
        socket.send(&frame(Body::Answer(answer))).unwrap();
        if control.command == *until {
            return;
        }
    }
    panic!("it was not told {until:?}");
}

fn write(file: &Path, share: &str, operations: &str) {
    let text = format!(
        r#"{{"service_strategies": [{{"service": "sensor", "type": "probabilistic", "param": {share},
            "operation_strategies": [{operations}]}}]}}"#
    );
    // At once, as editors do it.
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(&new, file).unwrap();
}

#[test]
fn a_device_is_told_the_strategy_of_its_service_and_again_when_the_file_changes() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("strategies");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("strategies.json");
    write(&file, "0.5", r#"{"operation": "read", "type": "probabilistic", "param": 1}"#);
    let (_collector, port) = start(&file);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(("127.0.0.1", port)).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    socket.send(&hello()).unwrap();
    let mut packet = 0;
    let operation = |share| Told::Operation { name: "read", share, at_least: 0.0 };
    obey(&socket, &mut packet, &operation(1.0));

    // A mistake changes nothing, and what comes behind it counts.
    fs::write(&file, "{").unwrap();
    write(&file, "0.125", "");
    obey(&socket, &mut packet, &Told::SampleShare(0.125));
    obey(&socket, &mut packet, &operation(0.125));
}

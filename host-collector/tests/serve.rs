//! `spandrel serve` as a user runs it: frames in over UDP, trees and files out, signals to end it.
#![cfg(unix)]
#![expect(clippy::std_instead_of_core, reason = "only host programs are tested here")]

use spandrel::wire::{
    Body, Data, DataHead, Define, Frame, Hello, Parent, Process, Record, Shape, SiteRef, SpanHead,
    SpanRecord, TraceRef, Value, Values,
};
use spandrel::{DeviceId, Session};
use spandrel_transport::framing::stream::{Encoder, encoded_len};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(20);

/// Without what others have, too: the store of the user, and the port that is to be remembered.
const ALONE: [&str; 3] = ["--memory", "--http", "off"];

struct Collector {
    child: Child,
    port: u16,
}

fn spandrel(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spandrel"));
    command.args(["--no-config", "serve", "--listen", "127.0.0.1:0"]).args(ALONE).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Collector {
    fn start(arguments: &[&str]) -> Self {
        Self::run(&mut spandrel(arguments))
    }

    fn run(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let port =
            line.strip_prefix("listening on udp and tcp 127.0.0.1:").unwrap().parse().unwrap();
        // Whoever reads must go on reading, or the collector would stand still.
        thread::spawn(move || lines.map_while(Result::ok).for_each(|line| eprintln!("{line}")));
        Self { child, port }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    fn wait(&mut self) -> ExitStatus {
        let until = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "it does not end");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends the frames of a device whose one span says "read".
    fn receive_a_span(&self) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        for frame in frames() {
            socket.send_to(&frame, ("127.0.0.1", self.port)).unwrap();
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn frames() -> [Vec<u8>; 2] {
    let (device, session) = (DeviceId(0x11), Session::new(1));
    let frame = |body| {
        let frame = Frame { session_tag: session.tag(device), body };
        frame.to_bytes().unwrap()
    };
    let tags: [(&str, Value<'_>); 0] = [];
    let process = Process { service: "sensor", build: &[], tags: &tags[..] };
    let process = process.to_bytes();
    let length = u32::try_from(process.len()).unwrap();
    let hello = Hello {
        packet: 0,
        device: device.0,
        session: session.get(),
        clock_hz: 1_000_000,
        sent_ticks: 5_000_000,
        flags: Hello::KEPT,
        sites: 2,
        process_total: length,
        process_offset: 0,
        process: &process,
        ..Hello::default()
    };
    let define = Define { is_name: false, by_address: false, id: 1, bytes: b"\x04read" };
    let head = SpanHead {
        own: 4,
        parent: Parent::None,
        trace: TraceRef::Own(4),
        site: SiteRef { id: 1, shape: Shape(0) },
        start_ticks: 4_000_000,
        duration_ticks: 1_500,
        parts: 0,
        ambiguous: false,
        cut_off: false,
    };
    let span = SpanRecord { head, values: Values::new() };
    let records = vec![Record::Define(define), Record::Span(span)];
    let head = DataHead { packet: 1, count: 2, ..DataHead::default() };
    [frame(Body::Hello(hello)), frame(Body::Data(Data { head, records }))]
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_trace_is_shown_and_written_and_an_interrupt_ends_it_well() {
    let folder = folder("shown");
    let (jaeger, otlp) = (folder.join("trace.json"), folder.join("otlp.json"));
    let (out, out_otlp) = (jaeger.to_str().unwrap(), otlp.to_str().unwrap());
    let mut collector = Collector::start(&["--out", out, "--out-otlp", out_otlp]);
    collector.receive_a_span();
    let mut stdout = BufReader::new(collector.child.stdout.take().unwrap());
    let mut tree = String::new();
    while !tree.contains("sensor read  1.500 ms  +0 ns") {
        assert_ne!(stdout.read_line(&mut tree).unwrap(), 0, "{tree}");
    }
    assert!(!tree.contains('\x1b'), "no colour where nobody sees it");
    // The files follow while it runs.
    let until = Instant::now() + LIMIT;
    while !fs::read_to_string(&jaeger).unwrap().contains(r#""operationName":"read""#) {
        assert!(Instant::now() < until, "{jaeger:?} does not follow");
        thread::sleep(Duration::from_millis(50));
    }
    collector.signal("-INT");
    assert_eq!(collector.wait().code(), Some(0));
    assert!(fs::read_to_string(&otlp).unwrap().contains(r#""name":"read""#));
}

/// Frames of the device as a stream that it prints on, too.
fn stream() -> Vec<u8> {
    let mut stream = b"boot\n".to_vec();
    for frame in frames() {
        let mut bytes = vec![0; encoded_len(frame.len())];
        let len = Encoder::new(&frame).fill(&mut bytes);
        stream.extend_from_slice(&bytes[..len]);
        stream.extend_from_slice(b"tick\n");
    }
    stream
}

#[test]
fn a_trace_comes_over_tcp() {
    let mut collector = Collector::start(&[]);
    let mut device = TcpStream::connect(("127.0.0.1", collector.port)).unwrap();
    device.write_all(&stream()).unwrap();
    let mut stdout = BufReader::new(collector.child.stdout.take().unwrap());
    let mut tree = String::new();
    while !tree.contains("sensor read  1.500 ms  +0 ns") {
        assert_ne!(stdout.read_line(&mut tree).unwrap(), 0, "{tree}");
    }
    // It is asked for the time, down the same connection.
    device.set_read_timeout(Some(LIMIT)).unwrap();
    assert_ne!(device.read(&mut [0; 64]).unwrap(), 0);
    collector.signal("-INT");
    assert_eq!(collector.wait().code(), Some(0));
}

/// A line without a way back, which ends.
#[test]
fn a_trace_comes_over_standard_input_and_what_is_printed_there_goes_where_it_should() {
    let text = folder("input").join("text");
    let _ = fs::remove_file(&text);
    let mut command = spandrel(&["--no-tcp", "--serial", "-", "--text", text.to_str().unwrap()]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&stream()).unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut tree = String::new();
    while !tree.contains("sensor read  1.500 ms  +0 ns") {
        assert_ne!(stdout.read_line(&mut tree).unwrap(), 0, "{tree}");
    }
    assert_eq!(fs::read(&text).unwrap(), b"boot\ntick\ntick\n");
    let mut collector = Collector { child, port: 0 };
    collector.signal("-TERM");
    assert_eq!(collector.wait().code(), Some(0));
}

#[test]
fn what_did_not_become_quiet_is_shown_and_exported_at_the_end() {
    let backend = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", backend.local_addr().unwrap());
    let backend = thread::spawn(move || {
        let (mut stream, _) = backend.accept().unwrap();
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        request.truncate(length);
        String::from_utf8_lossy(&request).into_owned()
    });
    let mut collector = Collector::start(&["--no-downlink", "--export-otlp", &url]);
    collector.receive_a_span();
    thread::sleep(Duration::from_millis(300));
    collector.signal("-TERM");
    assert_eq!(collector.wait().code(), Some(0));
    let mut tree = String::new();
    collector.child.stdout.take().unwrap().read_to_string(&mut tree).unwrap();
    assert!(tree.contains("sensor read"), "{tree}");
    assert!(backend.join().unwrap().starts_with("POST /v1/traces HTTP/1.1\r\n"));
}

#[test]
fn what_a_server_that_is_away_did_not_get_is_sent_after_a_kill() {
    // A port that nobody listens on: bound, and let go again.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = folder("spool");
    fs::remove_dir_all(&folder).unwrap();
    let url = format!("http://{address}");
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spandrel"));
        command.args([
            "--no-config",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--http",
            "off",
            "--store",
        ]);
        command.arg(&folder).args(["--no-downlink", "--export-otlp", &url]);
        Collector::run(command.stdout(Stdio::piped()).stderr(Stdio::piped()))
    };
    let mut collector = start();
    collector.receive_a_span();
    let until = Instant::now() + LIMIT;
    while !is_any_spooled(&folder.join("spool")) {
        assert!(Instant::now() < until, "nothing is on the disk");
        thread::sleep(Duration::from_millis(50));
    }
    collector.child.kill().unwrap();
    collector.wait();

    let backend = TcpListener::bind(address).unwrap();
    let _collector = start();
    let (mut stream, _) = backend.accept().unwrap();
    let mut request = Vec::new();
    while !request.windows(4).any(|four| four == b"read") {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).unwrap();
        assert_ne!(length, 0, "{}", String::from_utf8_lossy(&request));
        request.extend_from_slice(&part[..length]);
    }
    assert!(request.starts_with(b"POST /v1/traces HTTP/1.1\r\n"));
}

fn is_any_spooled(folder: &Path) -> bool {
    let files = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    files(folder).flat_map(|exporter| files(&exporter.path())).any(|file| {
        let is_log = file.file_name().to_string_lossy().starts_with("spool-");
        // A log begins with a head of its own.
        is_log && file.metadata().is_ok_and(|file| file.len() > 100)
    })
}

#[test]
fn a_second_interrupt_ends_it_at_once() {
    // A backend that takes the connection and never answers would be waited for.
    let backend = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", backend.local_addr().unwrap());
    let mut collector = Collector::start(&["--no-downlink", "--export-otlp", &url]);
    collector.receive_a_span();
    let _silent = backend.accept().unwrap();
    collector.signal("-INT");
    thread::sleep(Duration::from_millis(500));
    let began = Instant::now();
    collector.signal("-INT");
    assert_eq!(collector.wait().code(), Some(130));
    assert!(began.elapsed() < Duration::from_secs(2));
}

/// Nobody reads what it prints, so that whoever prints stands still.
#[test]
fn what_stands_still_does_not_keep_it_from_ending() {
    let mut command = spandrel(&["--serial", "-", "--text", "stdout"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut collector = Collector { child, port: 0 };
    thread::spawn(move || {
        let _ = stdin.write_all(&stream());
        while stdin.write_all(&[b'x'; 4096]).is_ok() {}
    });
    let mut line = String::new();
    while !line.contains("listening on serial") {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0);
    }
    // More than a pipe holds, whether it is there now or comes on the way.
    thread::sleep(Duration::from_secs(1));
    collector.signal("-TERM");
    assert_eq!(collector.wait().code(), Some(1));
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("did not end within 5 s"), "{rest}");
}

#[test]
fn a_log_for_programs_is_json_in_every_line() {
    let mut child = spandrel(&["--log-format", "json", "--log", "debug"]).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut collector = Collector { child, port: 0 };
    let mut text = String::new();
    while !text.contains("listening on udp and tcp 127.0.0.1:") {
        assert_ne!(stderr.read_line(&mut text).unwrap(), 0, "{text}");
    }
    collector.signal("-TERM");
    assert_eq!(collector.wait().code(), Some(0));
    stderr.read_to_string(&mut text).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["time"].is_string() && line["level"].is_string()));
    let last = lines.iter().rfind(|line| line["fields"]["frames"].is_u64()).unwrap();
    assert_eq!(
        (&last["fields"]["frames"], &last["target"]),
        (&0.into(), &"spandrel_collector::serve".into())
    );
}

#[test]
fn a_reader_of_trees_that_leaves_ends_it_without_an_error() {
    let mut collector = Collector::start(&[]);
    drop(collector.child.stdout.take());
    collector.receive_a_span();
    assert_eq!(collector.wait().code(), Some(0));
}

#[test]
fn what_cannot_be_had_is_said_with_the_option_that_helps() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_spandrel"));
    let output = command
        .args(["--no-config", "serve", "--listen", &address.to_string()])
        .args(ALONE)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let port = address.port();
    assert!(said.contains(&format!("port {port}")) && said.contains("--listen"), "{said}");

    let (udp, tcp) = loop {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = tcp.local_addr().unwrap();
        // Its UDP port must be free.
        if UdpSocket::bind(address).is_ok() {
            break (address.to_string(), tcp);
        }
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_spandrel"));
    let output =
        command.args(["--no-config", "serve", "--listen", &udp]).args(ALONE).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("TCP port") && said.contains("in use"), "{said}");
    drop(tcp);

    let output = spandrel(&["--serial", "/no/such/port"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("/no/such/port") && said.contains("plug it in"), "{said}");
    let output = spandrel(&["--serial", "/"]).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("it is a folder"));

    let output = spandrel(&["--out", "/no/such/folder/trace.json"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("/no/such/folder/trace.json") && said.contains("--out"), "{said}");

    let output = spandrel(&["--export-otlp", "nonsense"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

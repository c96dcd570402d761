//! Thousands who do nothing, and some who do it very slowly.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::client::PATIENCE;
use crate::collector::{Collector, PROTOBUF};
use crate::spans::{Span, request};

const CROWD: u64 = 10_000;
/// What else this process has open.
const OTHERS: u64 = 500;
/// What a connection that does nothing may cost.
const KIB_EACH: u64 = 8;

/// As many as there may be, and the crowd at most.
fn crowd() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(u64::MAX);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    most.saturating_sub(OTHERS).min(CROWD)
}

#[test]
fn a_crowd_that_does_nothing_is_cheap_and_others_are_served() {
    let count = crowd();
    let collector = Collector::start(&["--memory"]);
    assert_eq!(collector.get("/healthz").status, 200);
    let before = collector.memory_kib();
    let address = collector.at("http");
    let connect = |number| match TcpStream::connect(address) {
        Ok(stream) => stream,
        Err(error) => panic!("{number} of {count}: {error}"),
    };
    let crowd: Vec<_> = (0..count).map(connect).collect();
    assert_eq!(collector.post(&request("crowd", &[Span::new(1, 1, 0, "read")])).status, 200);
    assert_eq!(collector.get("/api/traces/1").status, 200);
    // They are let in one after the other, so whoever was answered came after them.
    let open = collector.metric("spandrel_http_connections");
    assert!(open > count, "{open} of {}", crowd.len());
    if let (Some(before), Some(after)) = (before, collector.memory_kib()) {
        let each = after.saturating_sub(before) as f64 / count as f64;
        println!("{count} connections, {each:.1} KiB each");
        assert!(after < before + KIB_EACH * count, "{before} KiB, then {after}");
    }
}

/// Who comes slowly.
struct Slow {
    who: String,
    stream: TcpStream,
    /// What is left to send, one byte at a time; its last byte again and again.
    rest: Vec<u8>,
    said: Vec<u8>,
    /// Whether what came tells that it is over, where the connection is still open.
    is_told: fn(&[u8]) -> bool,
}

impl Slow {
    fn new(
        who: String,
        at: SocketAddr,
        first: &[u8],
        rest: &[u8],
        is_told: fn(&[u8]) -> bool,
    ) -> Self {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.write_all(first).unwrap();
        stream.set_nonblocking(true).unwrap();
        let rest = rest.iter().rev().copied().collect();
        Self { who, stream, rest, said: Vec::new(), is_told }
    }

    /// Sends one more byte; whether it is over.
    fn is_over(&mut self) -> bool {
        let next = if self.rest.len() > 1 { self.rest.pop() } else { self.rest.last().copied() };
        let sent = self.stream.write(&[next.unwrap_or(b'a')]);
        let mut buffer = [0; 4096];
        let read = self.stream.read(&mut buffer);
        if let Ok(len @ 1..) = read {
            self.said.extend_from_slice(&buffer[..len]);
        }
        let is_gone = |result: &std::io::Result<usize>| match result {
            Ok(len) => *len == 0,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        };
        is_gone(&sent) || is_gone(&read) || (self.is_told)(&self.said)
    }
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The headers of a call of gRPC on stream 1, none of them compressed.
fn call(path: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    // POST and http are in HPACK's table, and so are the names of what follows.
    let block = [
        &[0x83, 0x86][..],
        &[&[0x04][..], &text(path)].concat(),
        &[&[0x01][..], &text("localhost")].concat(),
        &[&[0x0f, 0x10][..], &text("application/grpc")].concat(),
    ];
    let settings = frame(4, 0, 0, &[]);
    [PREFACE, &settings, &frame(1, 4, 1, &block.concat())].concat()
}

/// Whether stream 1 was answered or reset, or the connection ends.
fn is_answered(mut said: &[u8]) -> bool {
    while let Some((head, rest)) = said.split_first_chunk::<9>() {
        let [high, middle, low, kind, _, stream @ ..] = *head;
        let is_of_call = matches!(kind, 1 | 3) && u32::from_be_bytes(stream) == 1;
        if is_of_call || kind == 7 {
            return true;
        }
        let len = u32::from_be_bytes([0, high, middle, low]) as usize;
        said = rest.get(len..).unwrap_or_default();
    }
    false
}

#[test]
fn who_comes_slowly_is_ended_at_each_door_while_others_are_served() {
    const DOORS: [&str; 9] = [
        "http",
        "otlp_grpc",
        "otlp_http",
        "jaeger_http",
        "jaeger_storage",
        "jaeger_health",
        "sampling_http",
        "sampling_grpc",
        "zipkin_http",
    ];
    const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    let collector = Collector::with_doors(&DOORS, &["--memory"]);
    let never = |_: &[u8]| false;
    let mut slow = Vec::new();
    for door in DOORS {
        let at = collector.at(door);
        let head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a";
        slow.push(Slow::new(format!("headers at {door}"), at, b"", head, never));
        let settings = [PREFACE, &frame(4, 0, 0, &[0; 60_000])].concat();
        slow.push(Slow::new(format!("settings at {door}"), at, b"", &settings, never));
        // All of the headers of a call but the last.
        let begun = call(EXPORT);
        let begun = begun.split_at(PREFACE.len() + 9);
        let rest = [&begun.1[..begun.1.len() - 1], &[0]].concat();
        slow.push(Slow::new(
            format!("a call's headers at {door}"),
            at,
            begun.0,
            &rest,
            is_answered,
        ));
    }
    for (door, path) in [
        ("http", "/v1/traces"),
        ("otlp_http", "/v1/traces"),
        ("zipkin_http", "/api/v2/spans"),
        ("jaeger_http", "/api/transform"),
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"
        );
        let who = format!("a body at {door}");
        slow.push(Slow::new(who, collector.at(door), head.as_bytes(), b" ", never));
    }
    for door in ["http", "otlp_grpc"] {
        let who = format!("a message at {door}");
        let data = frame(0, 0, 1, &[0]);
        let data: Vec<_> = data.iter().copied().cycle().take(10_000).collect();
        slow.push(Slow::new(who, collector.at(door), &call(EXPORT), &data, is_answered));
    }
    let began = Instant::now();
    let mut client = collector.client();
    let body = request("slow", &[Span::new(1, 1, 0, "read")]);
    while !slow.is_empty() {
        slow.retain_mut(|slow| !slow.is_over());
        assert_eq!(client.post("/v1/traces", PROTOBUF, &body).unwrap().status, 200);
        let left: Vec<_> = slow.iter().map(|slow| &slow.who).collect();
        assert!(began.elapsed() < PATIENCE, "{left:?} go on for ever");
        thread::sleep(Duration::from_millis(100));
    }
}

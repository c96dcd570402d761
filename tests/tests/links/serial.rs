//! A terminal in place of a serial port, with a device that prints on it, and bit errors.

use core::time::Duration;
use std::io::{self, BufWriter, Write};
use std::sync::{Arc, Mutex};

use serialport::{SerialPort as _, TTYPort};
use spandrel::span;
use spandrel_collector::receiver::serial::SerialReceiver;
use spandrel_tests::random::Random;
use spandrel_transport::Settings;
use spandrel_transport::uplinks::std_stream::StdStream;
use spandrel_transport::uplinks::std_thread;
use spandrel_transport::uplinks::stream::StreamUplink;

use crate::collector::{Collector, Kept};
use crate::tracer;

/// A line that frames and text share, each written whole; frames may be hit.
struct Line {
    port: Arc<Mutex<TTYPort>>,
    /// One bit in so many is another; 0 for none.
    one_in: u64,
    random: Random,
}

impl Line {
    fn is_hit(&mut self) -> bool {
        self.one_in != 0 && self.random.below(self.one_in) == 0
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut bytes = bytes.to_vec();
        for byte in &mut bytes {
            for bit in 0..8 {
                *byte ^= u8::from(self.is_hit()) << bit;
            }
        }
        let mut port = self.port.lock().expect("nobody panics");
        port.write_all(&bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Desk {
    port: Arc<Mutex<TTYPort>>,
    kept: Kept,
    collector: Collector,
}

/// A collector at one end, and the port at the other.
fn desk() -> (Desk, TTYPort) {
    let (mut device, other) = TTYPort::pair().expect("there are terminals");
    device.set_timeout(Duration::from_secs(5)).expect("it is open");
    let path = other.name().expect("it has a path");
    // One program has a port.
    drop(other);
    let receiver = SerialReceiver::open(path.parse().expect("it is a path")).expect("it is there");
    let kept = Kept::default();
    let text = kept.clone();
    let collector = Collector::start(|feed| receiver.start(feed.clone(), text).expect("it starts"));
    let reader = device.try_clone_native().expect("it is open");
    let port = Arc::new(Mutex::new(device));
    (Desk { port, kept, collector }, reader)
}

impl Desk {
    fn line(&self, one_in: u64) -> BufWriter<Line> {
        let port = Arc::clone(&self.port);
        BufWriter::new(Line { port, one_in, random: Random::new(1) })
    }

    fn print(&self, text: &str) {
        let mut port = self.port.lock().expect("nobody panics");
        port.write_all(text.as_bytes()).expect("somebody reads");
    }

    fn said(&self) -> Vec<u8> {
        self.kept.bytes()
    }
}

#[test]
fn spans_and_what_a_device_prints_share_a_line_to_the_byte() {
    let (desk, reader) = desk();
    let tracer = tracer(0x5e1);
    let stream = StdStream::new(reader, desk.line(0)).expect("there is a thread");
    std_thread::spawn(tracer, StreamUplink::new(stream), Settings::DEFAULT).expect("it is one");
    let mut said = String::new();
    for number in 0..2_000 {
        span!(tracer, "read", n = number).finish();
        let line = format!("reading {number}\r\n");
        desk.print(&line);
        said += &line;
        if number % 100 == 0 {
            // More than one frame goes out.
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    desk.collector.until("each span", |collector| collector.numbers("read").len() == 2_000);
    desk.collector.until("what was printed", |_| desk.said().len() == said.len());
    assert_eq!(desk.said(), said.as_bytes());
    // The line goes both ways: the device answered when it was asked for the time.
    desk.collector.until("an exchange", |collector| {
        span!(tracer, "again", n = 0).finish();
        collector.is_in_step()
    });
    let stats = desk.collector.end();
    assert_eq!((stats.malformed, stats.nonsense, stats.doubles), (0, 0, 0), "{stats}");
}

/// One wire: nothing is asked, and everything decodes. And every five hundredth bit is another.
#[test]
fn bit_errors_lose_frames_and_make_none() {
    let (desk, _) = desk();
    let tracer = tracer(0x5e2);
    let stream = StdStream::transmit_only(desk.line(500));
    let uplink = StreamUplink::new(stream).with_mtu(64);
    std_thread::spawn(tracer, uplink, Settings::DEFAULT).expect("it is one");
    let mut said = Vec::new();
    for number in 0..3_000 {
        span!(tracer, "read", n = number).finish();
        if number % 10 == 0 {
            let line = format!("reading {number}\r\n");
            desk.print(&line);
            said.push(line);
        }
        if number % 50 == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    // What is lost is lost; the line is good for what comes next.
    desk.collector.until("a tenth", |collector| collector.numbers("read").len() >= 300);
    for number in 0..3 {
        desk.collector.until("what comes next", |collector| {
            span!(tracer, "next", n = number).finish();
            collector.numbers("next").contains_key(&number)
        });
    }
    for (name, below) in [("read", 3_000), ("next", 3)] {
        let numbers = desk.collector.numbers(name);
        assert!(numbers.keys().all(|number| (0..below).contains(number)), "{numbers:?}");
        assert!(name != "read" || numbers.values().all(|times| *times == 1), "{numbers:?}");
    }
    let spans = desk.collector.spans();
    let is_known = |name: &str| ["read", "next"].contains(&name) || name.starts_with("unknown@");
    assert!(spans.iter().all(|span| is_known(&span.name)));
    // Text was not hit, so it is there, in order, between what was left of frames.
    let heard = desk.said();
    let mut rest = &heard[..];
    for line in &said {
        let at = rest.windows(line.len()).position(|window| window == line.as_bytes());
        rest = &rest[at.expect("it is there") + line.len()..];
    }
    let stats = desk.collector.end();
    assert_eq!((stats.malformed, stats.nonsense, stats.unknown_kind), (0, 0, 0), "{stats}");
}

//! The client against a server that the test plays, and that is as odd as servers are allowed to be.
#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a test on a host")]

use super::packet::{self, Event, INTERRUPT, Parser};
use super::{Client, GdbServer};
use crate::receiver::rtt::testing::{BLOCK, RAM, Target};
use crate::receiver::rtt::{Locate, Look, Memory, MemoryError, Place, Reader, Which, pipe};
use crate::receiver::testing::{Desk, encoded};
use crate::receiver::{Hub, Peer};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// A GDB server with a target behind it; what it says is read at once, or never.
#[derive(Default)]
struct Server {
    target: Target,
    parser: Parser,
    said: VecDeque<u8>,
    features: &'static [u8],
    is_running: bool,
    /// Answers are damaged, and requests not understood, as often as this says.
    damaged: VecDeque<bool>,
    last: Vec<u8>,
    longest: usize,
    /// Said instead of an answer.
    instead: Option<&'static [u8]>,
    is_compressing: bool,
    is_detached: bool,
}

impl Server {
    fn say(&mut self, payload: &[u8]) {
        self.last.clear();
        packet::encode(payload, &mut self.last);
        if self.is_compressing {
            self.last = compressed(payload);
        }
        self.repeat();
    }

    fn repeat(&mut self) {
        let mut bytes = self.last.clone();
        if self.damaged.pop_front().unwrap_or(false) {
            *bytes.last_mut().unwrap() ^= 1;
        }
        self.said.extend(bytes);
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Again => self.repeat(),
            Event::Ack => {}
            Event::Damaged => panic!("the client damages nothing"),
            Event::Packet(_) if self.damaged.pop_front().unwrap_or(false) => {
                self.said.extend(b"-");
            }
            Event::Packet(request) => {
                self.said.push_back(b'+');
                assert!(!self.is_running, "asked while it runs");
                self.longest = self.longest.max(request.len());
                if let Some(instead) = self.instead.take() {
                    return self.say(instead);
                }
                self.answer(&request);
            }
        }
    }

    fn answer(&mut self, request: &[u8]) {
        let text = str::from_utf8(request).unwrap();
        match request[0] {
            b'q' => self.say(self.features),
            b'?' => self.say(b"S05"),
            b'c' => self.is_running = true,
            b'D' => {
                self.is_detached = true;
                self.say(b"OK");
            }
            b'm' => {
                let (at, len) = text[1..].split_once(',').unwrap();
                let mut bytes = vec![0; usize::from_str_radix(len, 16).unwrap()];
                match self.target.read(u32::from_str_radix(at, 16).unwrap(), &mut bytes) {
                    Ok(()) => {
                        let mut digits = Vec::new();
                        bytes.iter().for_each(|byte| packet::push_hex(*byte, &mut digits));
                        self.say(&digits);
                    }
                    Err(_) => self.say(b"E14"),
                }
            }
            b'M' => {
                let (place, digits) = text[1..].split_once(':').unwrap();
                let (at, len) = place.split_once(',').unwrap();
                let bytes = packet::bytes_of_hex(digits.as_bytes()).unwrap();
                assert_eq!(bytes.len(), usize::from_str_radix(len, 16).unwrap());
                let at = u32::from_str_radix(at, 16).unwrap();
                let written = self.target.write(at, &bytes).is_ok();
                self.say(if written { b"OK" } else { b"E14" });
            }
            _ => self.say(b""),
        }
    }
}

impl Write for Server {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            if *byte == INTERRUPT && self.is_running {
                self.is_running = false;
                match self.instead.take() {
                    Some(instead) => self.say(instead),
                    None => self.say(b"T02thread:01;"),
                }
            } else if let Some(event) = self.parser.push(*byte) {
                self.take(event);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Server {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // In pieces of odd lengths.
        let len = self.said.len().min(out.len()).min(7);
        out[..len].fill_with(|| self.said.pop_front().unwrap());
        // Nothing would ever come.
        if len == 0 { Err(ErrorKind::ConnectionAborted.into()) } else { Ok(len) }
    }
}

/// Runs of four and more as repetitions.
fn compressed(payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![b'$'];
    for run in payload.chunk_by(|first, second| first == second) {
        for part in run.chunks(90) {
            // As GDB's manual says, six and seven would look like `#` and `$`.
            if part.len() > 3 && !matches!(part.len(), 7 | 8) {
                bytes.extend([part[0], b'*', u8::try_from(part.len()).unwrap() - 1 + 29]);
            } else {
                bytes.extend(part);
            }
        }
    }
    let sum = bytes[1..].iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    bytes.push(b'#');
    packet::push_hex(sum, &mut bytes);
    bytes
}

fn server() -> Server {
    let mut server = Server { target: Target::new(), ..Server::default() };
    server.target.init(&[("Terminal", 64), ("spandrel", 2048)], &[("spandrel", 600)]);
    server
}

/// Looks once, as the link does.
fn exchange(mut server: Server) -> (Vec<u8>, Vec<u8>, usize) {
    let sent: Vec<u8> = (0..2000).map(|at| at as u8).collect();
    assert!(server.target.write_up(1, &sent));
    let mut server = server;
    let (mut up, mut down) = (Vec::new(), (0..500).map(|at| at as u8).collect());
    let mut client = Client::start(&mut server).unwrap();
    client.resume().unwrap();
    client.halt().unwrap();
    let mut reader = Reader::new(Place::At(BLOCK), Which::Named);
    let look = reader.look(&mut client, &mut up, &mut down).unwrap();
    assert_eq!(look, Look::Exchanged { up: 2000, down: 500 });
    assert_eq!(up, sent);
    client.resume().unwrap();
    client.detach().unwrap();
    assert!(server.is_detached);
    (up, server.target.read_down(0), server.longest)
}

#[test]
fn rings_are_read_and_written_and_the_target_goes_on() {
    let (_, down, longest) = exchange(server());
    assert_eq!(down.len(), 500);
    // What the server says of itself is held to, and nobody is asked for more than is usual.
    assert!(longest <= 400, "{longest}");
    let features = b"qXfer:features:read+;PacketSize=1000;multiprocess+";
    let (_, down, longest) = exchange(Server { features, ..server() });
    assert_eq!(down.len(), 500);
    assert!((1000..=4096).contains(&longest), "{longest}");
    exchange(Server { features: b"PacketSize=0", ..server() });
    exchange(Server { features: b"PacketSize=ffffffffffffffffff", ..server() });
}

#[test]
fn repetitions_are_undone() {
    let mut server = Server { is_compressing: true, ..server() };
    let mut client = Client::start(&mut server).unwrap();
    let mut bytes = [1; 0x800];
    client.read(RAM + 0x100, &mut bytes).unwrap();
    assert_eq!(bytes, server.target.get(RAM + 0x100, 0x800));
}

#[test]
fn memory_that_cannot_be_had_is_no_reason_to_leave() {
    let mut server = server();
    let mut client = Client::start(&mut server).unwrap();
    let refused = client.read(0xffff_fff0, &mut [0; 32]).unwrap_err();
    assert!(matches!(refused, MemoryError::Refused(0xffff_fff0)), "{refused}");
    let refused = client.write(4, &[0; 4]).unwrap_err();
    assert!(matches!(refused, MemoryError::Refused(4)), "{refused}");
    client.read(RAM, &mut [0; 32]).unwrap();
}

#[test]
fn what_makes_no_sense_is_told() {
    let said = |instead: &'static [u8]| {
        let mut server = server();
        let mut client = Client::start(&mut server).unwrap();
        client.stream.instead = Some(instead);
        match client.read(RAM, &mut [0; 4]).unwrap_err() {
            MemoryError::Lost(error) => error.to_string(),
            MemoryError::Refused(_) => "refused".to_owned(),
        }
    };
    assert_eq!(said(b"hello"), "the GDB server answers \"hello\"");
    assert_eq!(said(b""), "the GDB server does not know what it is asked for");
    assert_eq!(said(b"0011223344"), "the GDB server answers \"0011223344\"");
    assert_eq!(said(b"0011"), "refused");
    assert_eq!(said(b"E.no such memory"), "refused");
}

#[test]
fn a_target_that_ends_or_waits_for_files_is_told() {
    let said = |instead: &'static [u8]| {
        let mut server = server();
        let mut client = Client::start(&mut server).unwrap();
        client.resume().unwrap();
        client.stream.instead = Some(instead);
        client.halt().unwrap_err().to_string()
    };
    assert_eq!(said(b"W00"), "the target has ended");
    assert!(said(b"Fwrite,2,20000000/4,4").contains("target=native"));
    assert!(said(b"nonsense").contains("nonsense"));
}

/// Serves one connection until `is_enough`, which is asked while the target runs.
fn serve(
    server: &mut Server,
    mut stream: TcpStream,
    mut is_enough: impl FnMut(&mut Target) -> bool,
) {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut bytes = [0; 512];
    loop {
        let len = stream.read(&mut bytes).unwrap();
        if len == 0 {
            return;
        }
        server.write_all(&bytes[..len]).unwrap();
        let said: Vec<u8> = server.said.drain(..).collect();
        stream.write_all(&said).unwrap();
        if server.is_running && is_enough(&mut server.target) {
            return;
        }
    }
}

#[test]
fn frames_go_both_ways_over_a_server_that_leaves_and_comes_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let link = GdbServer {
        address: listener.local_addr().unwrap().to_string(),
        locate: Locate::Known(Place::Within(RAM..RAM + 0x1_0000)),
        which: Which::Named,
    };
    let mut thread = None;
    let desk = Desk::start(|feed| thread = Some(link.start(feed, ()).unwrap()));
    let mut server = server();
    for frame in [b"one", b"two"] {
        // It leaves with the target running, in the middle of a frame and of all offsets.
        assert!(server.target.write_up(1, &encoded(frame)));
        let mut down = Vec::new();
        serve(&mut server, listener.accept().unwrap().0, |target| {
            down.extend(target.read_down(0));
            down == encoded(frame)
        });
        // Whoever connects finds the target halted.
        server.is_running = false;
    }
    desk.until(|seen| seen.closed.len() == 2);
    // At the end the target is left alone.
    let (last, _) = listener.accept().unwrap();
    let ending = std::thread::spawn(move || {
        serve(&mut server, last, |_| false);
        server
    });
    let seen = desk.end();
    thread.unwrap().join().unwrap();
    assert!(ending.join().unwrap().is_detached);
    let frames: Vec<_> = seen.frames.into_iter().map(|(_, frame)| frame).collect();
    assert_eq!(frames, [b"one", b"two"]);
}

#[test]
fn a_target_that_is_found_when_all_is_over_runs_again() {
    let mut server = server();
    let hub = Hub::new();
    let feed = hub.feed();
    drop(hub);
    let client = Client::start(&mut server).unwrap();
    let reader = Reader::new(Place::At(BLOCK), Which::Named);
    let peer = Peer::Rtt("gdb".into());
    pipe::talk(client, reader, Duration::ZERO, &peer, &feed, &mut ()).unwrap_err();
    assert!(server.is_detached);
}

proptest! {
    #[test]
    fn a_line_that_damages_is_repaired(damaged in proptest::collection::vec(any::<bool>(), 0..30)) {
        // Never so often in a row that the client gives up.
        let damaged = damaged.chunks(2).flat_map(|pair| [pair, &[false, false]].concat()).collect();
        let (_, down, _) = exchange(Server { damaged, ..server() });
        prop_assert_eq!(down.len(), 500);
    }

    #[test]
    fn no_server_makes_the_client_panic(said in proptest::collection::vec(
        prop_oneof![any::<u8>(), proptest::sample::select(b"+-$#*}OK0123T05".to_vec())], 0..400),
    ) {
        struct Babbler(VecDeque<u8>);
        impl Read for Babbler {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> { self.0.read(out) }
        }
        impl Write for Babbler {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> { Ok(bytes.len()) }
            fn flush(&mut self) -> io::Result<()> { Ok(()) }
        }
        if let Ok(mut client) = Client::start(Babbler(said.into())) {
            let _ = client.read(RAM, &mut [0; 64]);
            let _ = client.resume();
            let _ = client.halt();
            let _ = client.write(RAM, &[0; 64]);
        }
    }
}

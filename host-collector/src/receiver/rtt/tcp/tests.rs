//! Servers as that of `OpenOCD`, which is raw, and J-Link's, which greets and wants to be told a channel.

use super::*;
use crate::receiver::testing::{Desk, Kept, encoded, receive};
use std::io::Read as _;
use std::net::TcpListener;

const SOON: Duration = Duration::from_secs(20);
const CONFIG: &[u8] = b"$$SEGGER_TELNET_ConfigStr=RTTCh;1$$";

fn start(address: String, jlink_channel: Option<u32>, printed: Kept) -> Desk {
    let server = RttServer { address, jlink_channel };
    Desk::start(|feed| drop(server.start(feed, printed).unwrap()))
}

fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
}

fn frames(desk: Desk) -> Vec<Vec<u8>> {
    desk.end().frames.into_iter().map(|(_, frame)| frame).collect()
}

#[test]
fn a_raw_server_is_read_and_written_and_text_passes() {
    let (listener, address) = listen();
    let printed = Kept::default();
    let desk = start(address.clone(), None, printed.clone());
    let mut server = accept(&listener);
    for frame in [&b"one"[..], &[0; 508], b"three"] {
        server.write_all(b"text\n").unwrap();
        server.write_all(&encoded(frame)).unwrap();
        assert_eq!(receive(&mut server), frame);
    }
    let peer = Peer::Rtt(address.as_str().into());
    let seen = desk.end();
    assert!(seen.frames.iter().all(|(from, _)| *from == peer), "{:?}", seen.frames);
    assert_eq!(printed.bytes(), b"text\ntext\ntext\n");
}

#[test]
fn a_jlink_is_told_the_channel_before_anything_else() {
    const BANNER: &[u8] = b"SEGGER J-Link V7.94 - Real time terminal output\r\nSN=1\r\n";

    let (listener, address) = listen();
    let printed = Kept::default();
    let desk = start(address, Some(1), printed.clone());
    // Also behind a cut.
    for frame in [b"one", b"two"] {
        let mut server = accept(&listener);
        let mut told = [0; CONFIG.len()];
        server.read_exact(&mut told).unwrap();
        assert_eq!(told, CONFIG);
        server.write_all(BANNER).unwrap();
        server.write_all(&encoded(frame)).unwrap();
        assert_eq!(receive(&mut server), frame);
    }
    assert_eq!(frames(desk), [b"one", b"two"]);
    assert_eq!(printed.bytes(), [BANNER, BANNER].concat());
}

#[test]
fn a_cut_anywhere_costs_what_was_cut_and_the_server_is_found_again() {
    let (listener, address) = listen();
    let desk = start(address.clone(), None, Kept::default());
    let frame = encoded(&[7; 60]);
    for cut in [0, 1, 2, 30, frame.len() - 1] {
        let mut server = accept(&listener);
        server.write_all(&frame).unwrap();
        server.write_all(&frame[..cut]).unwrap();
    }
    let mut server = accept(&listener);
    server.write_all(&encoded(b"last")).unwrap();
    assert_eq!(receive(&mut server), b"last");
    desk.until(|seen| seen.closed.len() == 5);
    assert_eq!(frames(desk), [&[7; 60][..], &[7; 60], &[7; 60], &[7; 60], &[7; 60], b"last"]);
}

#[test]
fn a_server_that_is_not_there_is_waited_for() {
    // Nobody listens, but the port is nobody else's.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap().to_string();
    let desk = start(address, None, Kept::default());
    thread::sleep(2 * TICK);
    socket.listen(1).unwrap();
    let mut server = accept(&socket.into());
    server.write_all(&encoded(b"frame")).unwrap();
    assert_eq!(receive(&mut server), b"frame");
    assert_eq!(frames(desk), [b"frame"]);
}

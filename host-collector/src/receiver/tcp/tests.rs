use super::*;
use crate::receiver::stream::LONGEST;
use crate::receiver::testing::{Desk, encoded, receive};
use std::io::{Read as _, Write as _};

const SOON: Duration = Duration::from_secs(20);

fn receiver(patience: Patience, most: usize) -> (Desk, SocketAddr) {
    let mut receiver = TcpReceiver::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    (receiver.patience, receiver.most) = (patience, most);
    let address = receiver.local_addr().unwrap();
    let desk = Desk::start(|feed| receiver.start(feed).unwrap());
    (desk, address)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
}

fn is_closed(stream: &mut TcpStream) -> bool {
    let mut bytes = [0; 64];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
        }
    }
}

const LONG: Patience = Patience { first: SOON, next: SOON };

#[test]
fn frames_and_replies_pass_both_ways_and_the_end_is_told() {
    let (desk, address) = receiver(LONG, 8);
    let mut devices = [connect(address), connect(address)];
    for (number, device) in (1..).zip(&mut devices) {
        for frame in [vec![number], vec![number; 5_000], vec![0; LONGEST]] {
            device.write_all(&encoded(&frame)).unwrap();
            assert_eq!(receive(device), frame);
        }
    }
    let peers = devices.map(|device| Peer::Tcp(device.local_addr().unwrap()));
    desk.until(|seen| peers.iter().all(|peer| seen.closed.contains(peer)));
    desk.until(|seen| seen.sent_ns.len() == 6);
    let seen = desk.end();
    assert_eq!(seen.frames.len(), 6);
    assert!(seen.frames.iter().all(|(peer, _)| peers.contains(peer)));
    // Every reply was a ping, and went out behind the frame that it answers.
    let is_behind = |(ping, sent_ns): &(u32, u64)| *sent_ns >= seen.rx_ns[*ping as usize - 1];
    assert!(seen.sent_ns.iter().all(is_behind));
}

#[test]
fn a_cut_in_a_frame_costs_that_frame_and_a_new_connection_begins_anew() {
    let (desk, address) = receiver(LONG, 8);
    let frame = encoded(&[7; 300]);
    for cut in [1, 2, 150, frame.len() - 1] {
        let mut device = connect(address);
        device.write_all(&frame).unwrap();
        device.write_all(&frame[..cut]).unwrap();
        drop(device);
    }
    desk.until(|seen| seen.closed.len() == 4);
    assert_eq!(desk.end().frames.len(), 4);
}

#[test]
fn who_brings_no_frame_has_to_go_and_who_does_may_stay() {
    let patience = Patience { first: Duration::from_millis(400), next: SOON };
    let (desk, address) = receiver(patience, 8);
    let mut good = connect(address);
    good.write_all(&encoded(b"frame")).unwrap();
    assert_eq!(receive(&mut good), b"frame");
    // One says nothing, one says a byte now and then, one says much that is no frame.
    let (mut silent, mut slow, mut noisy) = (connect(address), connect(address), connect(address));
    for _ in 0..2_000 {
        let _ = slow.write_all(&[1]);
        if noisy.write_all(&[0x55; 4_096]).is_err() && slow.write_all(&[1]).is_err() {
            break;
        }
        thread::sleep(Duration::from_millis(5));
    }
    assert!([&mut silent, &mut slow, &mut noisy].into_iter().all(is_closed));
    good.write_all(&encoded(b"again")).unwrap();
    assert_eq!(receive(&mut good), b"again");
    assert_eq!(desk.end().frames.len(), 2);
}

#[test]
fn no_more_connect_than_there_are_places_and_one_that_is_left_is_free() {
    let (desk, address) = receiver(LONG, 2);
    let mut devices = [connect(address), connect(address)];
    for device in &mut devices {
        device.write_all(&encoded(b"in")).unwrap();
        receive(device);
    }
    assert!(is_closed(&mut connect(address)));
    drop(devices);
    desk.until(|seen| seen.closed.len() == 2);
    let mut device = connect(address);
    while device.write_all(&encoded(b"in")).is_err() || is_refused(&device) {
        device = connect(address);
    }
    desk.until(|seen| seen.frames.len() >= 3);
}

/// Its place may be given back a moment behind the end that the handler is told.
fn is_refused(device: &TcpStream) -> bool {
    matches!(device.peek(&mut [0]), Ok(0) | Err(_))
}

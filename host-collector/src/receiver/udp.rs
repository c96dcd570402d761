//! Datagrams over UDP: one socket, a time stamp right behind the receive call.

use super::kernel::{KernelDrops, make_room};
use super::{Feed, Peer, PeerKind, Scope, TICK};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::Instant;

/// What the socket should be able to hold while a burst is taken. The operating system may give
/// less; no frame is larger than a datagram, and a burst of a hundred boards is some megabytes.
const RECEIVE_BUFFER: usize = 8 << 20;

/// The largest payload that UDP can carry.
const LARGEST: usize = 65_535;

/// A bound socket.
#[derive(Debug)]
pub struct UdpReceiver {
    socket: UdpSocket,
}

impl UdpReceiver {
    /// Binds to `address`; port 0 takes any that is free.
    ///
    /// # Errors
    /// The address is in use, is not of this machine, or may not be taken.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        Self::bind_with(socket, address, RECEIVE_BUFFER)
    }

    fn bind_with(socket: Socket, address: SocketAddr, room: usize) -> io::Result<Self> {
        if let Err(error) = make_room(&socket, room) {
            log::debug!("the receive buffer keeps its size: {error}");
        }
        socket.bind(&address.into())?;
        // It has to see when the program ends.
        socket.set_read_timeout(Some(TICK))?;
        if let Ok(size) = socket.recv_buffer_size() {
            log::debug!("the receive buffer holds {size} bytes");
        }
        Ok(Self { socket: socket.into() })
    }

    /// Where it is bound.
    ///
    /// # Errors
    /// The operating system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// What the operating system drops before anybody takes it; none where it does not tell.
    #[must_use]
    pub fn kernel_drops(&self) -> Option<KernelDrops> {
        KernelDrops::of(&self.socket, self.local_addr().ok()?.is_ipv6())
    }

    /// Hands every datagram to the feed and sends replies, in threads, until the hub is gone.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn start(self, feed: Feed) -> io::Result<()> {
        let outbox = feed.open(Scope::Kind(PeerKind::Udp)).map_err(io::Error::other)?;
        let socket = self.socket.try_clone()?;
        thread::Builder::new().name("udp-replies".into()).spawn(move || {
            outbox.run(|reply| {
                if let Peer::Udp(address) = reply.peer
                    && let Err(error) = socket.send_to(&reply.bytes, address)
                {
                    log::debug!("no way back to {address}: {error}");
                }
                true
            });
        })?;
        thread::Builder::new().name("udp".into()).spawn(move || receive(&self.socket, &feed))?;
        Ok(())
    }
}

fn receive(socket: &UdpSocket, feed: &Feed) {
    let mut buffer = vec![0; LARGEST];
    while !feed.is_over() {
        let received = socket.recv_from(&mut buffer);
        let at = Instant::now();
        match received {
            Ok((length, address)) => {
                let bytes = buffer.get(..length).unwrap_or_default();
                if feed.datagram(bytes, Peer::Udp(address), at).is_err() {
                    return;
                }
            }
            Err(error) => quiet_or_wait(&error),
        }
    }
}

/// A timeout is how it sees the end; anything else must not keep the processor busy.
fn quiet_or_wait(error: &io::Error) {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
        // Some systems report here that a reply found nobody.
        ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused => {}
        _ => {
            log::warn!("cannot receive: {error}");
            thread::sleep(TICK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receiver::{Handler, Hub, Replies, Reply};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    /// Sends everything back as a ping, and a word at every tick once it knows whom to.
    #[derive(Default)]
    struct Echo {
        peer: Option<Peer>,
        times_ns: Vec<u64>,
        sent_ns: Vec<u64>,
    }

    impl Handler for Echo {
        fn on_frame(&mut self, bytes: &[u8], peer: &Peer, rx_ns: u64, replies: &mut Replies) {
            self.peer = Some(peer.clone());
            self.times_ns.push(rx_ns);
            let ping = Some(([1; 4], u32::try_from(self.times_ns.len()).unwrap()));
            replies.push(Reply { peer: peer.clone(), bytes: bytes.to_vec(), ping });
        }

        fn on_sent(&mut self, peer: &Peer, session_tag: [u8; 4], ping: u32, sent_ns: u64) {
            assert_eq!((Some(peer), session_tag), (self.peer.as_ref(), [1; 4]));
            self.sent_ns.push(sent_ns);
            assert_eq!(self.sent_ns.len(), usize::try_from(ping).unwrap());
        }

        fn on_closed(&mut self, _: &Peer) {}

        fn on_tick(&mut self, _: u64, replies: &mut Replies) {
            let word = |peer| Reply { peer, bytes: b"tick".to_vec(), ping: None };
            replies.extend(self.peer.clone().map(word));
        }

        fn on_clock_step(&mut self, _: i64) {}
    }

    #[test]
    fn datagrams_and_ticks_reach_the_handler_and_replies_come_back() {
        let receiver = UdpReceiver::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = receiver.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let flag = stop.clone();
        let thread = thread::spawn(move || {
            let (mut echo, hub) = (Echo::default(), Hub::new());
            receiver.start(hub.feed()).unwrap();
            hub.run(&mut echo, &flag);
            assert_eq!(hub.drops(), crate::receiver::Drops::default());
            (echo.times_ns, echo.sent_ns)
        });

        let device = UdpSocket::bind("127.0.0.1:0").unwrap();
        device.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut buffer = vec![0; LARGEST];
        for payload in [&b"hello"[..], b"", &[7; 60_000]] {
            device.send_to(payload, address).unwrap();
            loop {
                let length = device.recv(&mut buffer).unwrap();
                if &buffer[..length] != b"tick" {
                    assert_eq!(&buffer[..length], payload);
                    break;
                }
            }
        }
        while device.recv(&mut buffer).unwrap() != 4 {}
        stop.store(true, Ordering::Relaxed);
        let (times_ns, sent_ns) = thread.join().unwrap();
        assert_eq!((times_ns.len(), sent_ns.len()), (3, 3));
        assert!(times_ns.is_sorted() && times_ns[0] > 1_600_000_000_000_000_000);
        // Each went out behind its coming, and before the next came.
        let times: Vec<_> = times_ns.iter().zip(&sent_ns).flat_map(|(rx, tx)| [rx, tx]).collect();
        assert!(times.is_sorted(), "{times:?}");
    }

    /// More than the socket has room for, with nobody who takes it.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_the_kernel_drops_is_counted_to_the_datagram() {
        const SENT: u64 = 200;

        for address in ["127.0.0.1:0", "[::1]:0"] {
            let address: SocketAddr = address.parse().unwrap();
            let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None).unwrap();
            let Ok(receiver) = UdpReceiver::bind_with(socket, address, 1) else {
                assert!(address.is_ipv6(), "only IPv6 may be missing");
                continue;
            };
            let drops = receiver.kernel_drops().unwrap();
            assert_eq!(drops.count(), Some(0));
            let device = UdpSocket::bind((address.ip(), 0)).unwrap();
            for _ in 0..SENT {
                device.send_to(&[0; 1000], receiver.local_addr().unwrap()).unwrap();
            }
            let dropped = drops.count().unwrap();
            receiver.socket.set_nonblocking(true).unwrap();
            let mut buffer = [0; 1000];
            let taken =
                core::iter::from_fn(|| receiver.socket.recv(&mut buffer).ok()).count() as u64;
            assert!(taken > 0 && dropped > 0, "{taken} {dropped}");
            assert_eq!(taken + dropped, SENT);
        }
    }

    #[test]
    fn a_port_in_use_is_an_error() {
        let first = UdpReceiver::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = UdpReceiver::bind(first.local_addr().unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    }
}

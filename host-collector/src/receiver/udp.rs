//! Datagrams over UDP: one socket, one thread, a time stamp right behind the receive call.

use super::{Handler, HostClock, Replies};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often a handler hears that time passes.
pub const TICK: Duration = Duration::from_millis(50);

/// What the socket should be able to hold while the handler is busy. The operating system may give
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
        if let Err(error) = socket.set_recv_buffer_size(RECEIVE_BUFFER) {
            log::debug!("the receive buffer keeps its size: {error}");
        }
        socket.bind(&address.into())?;
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

    /// Hands every datagram to `handler` and sends what it replies, until `stop` is set.
    pub fn run<H: Handler>(&self, handler: &mut H, stop: &AtomicBool) {
        let mut clock = HostClock::new();
        let mut buffer = vec![0; LARGEST];
        let mut replies = Replies::new();
        let mut last_tick = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            let received = self.socket.recv_from(&mut buffer);
            let now_ns = clock.now_ns();
            match received {
                Ok((length, peer)) => {
                    let bytes = buffer.get(..length).unwrap_or_default();
                    handler.on_datagram(bytes, peer, now_ns, &mut replies);
                }
                Err(error) => quiet_or_wait(&error),
            }
            // Also while datagrams keep coming.
            if last_tick.elapsed() >= TICK {
                last_tick = Instant::now();
                if let Some(step_ns) = clock.check() {
                    log::info!("this machine's clock was set by {} ms", step_ns / 1_000_000);
                    handler.on_clock_step(step_ns);
                }
                handler.on_tick(clock.now_ns(), &mut replies);
            }
            self.send(&mut replies);
        }
    }

    fn send(&self, replies: &mut Replies) {
        for (peer, bytes) in replies.drain(..) {
            // A lost reply is as good as one that was never sent: devices ask and are asked again.
            if let Err(error) = self.socket.send_to(&bytes, peer) {
                log::debug!("no way back to {peer}: {error}");
            }
        }
    }
}

/// A timeout is how ticks come about; anything else must not keep the processor busy.
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
    use std::sync::Arc;

    /// Sends everything back, and a word at every tick once it knows whom to.
    #[derive(Default)]
    struct Echo {
        peer: Option<SocketAddr>,
        times_ns: Vec<u64>,
    }

    impl Handler for Echo {
        fn on_datagram(
            &mut self,
            bytes: &[u8],
            peer: SocketAddr,
            rx_ns: u64,
            replies: &mut Replies,
        ) {
            self.peer = Some(peer);
            self.times_ns.push(rx_ns);
            replies.push((peer, bytes.to_vec()));
        }

        fn on_tick(&mut self, _: u64, replies: &mut Replies) {
            replies.extend(self.peer.map(|peer| (peer, b"tick".to_vec())));
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
            let mut echo = Echo::default();
            receiver.run(&mut echo, &flag);
            echo.times_ns
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
        let times_ns = thread.join().unwrap();
        assert_eq!(times_ns.len(), 3);
        assert!(times_ns.is_sorted() && times_ns[0] > 1_600_000_000_000_000_000);
    }

    #[test]
    fn a_port_in_use_is_an_error() {
        let first = UdpReceiver::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = UdpReceiver::bind(first.local_addr().unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    }
}

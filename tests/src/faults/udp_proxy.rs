//! The link for datagrams as a real one: a UDP proxy between devices and a collector on this host.

use core::net::{Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::link::{Fate, Faults, Link};
use super::wait::wait;

/// The longest datagram there is.
const LONGEST: usize = 65_536;
/// More devices than these are not served: the proxy is for tests.
const MOST_PEERS: usize = 64;

/// A datagram that passes, and what becomes of it.
#[derive(Clone, Copy, Debug)]
pub struct Passing<'a> {
    /// Number of the device, in the order in which they first sent.
    pub device: usize,
    /// Whether it goes up, to the collector.
    pub is_up: bool,
    /// All of it.
    pub bytes: &'a [u8],
    /// What becomes of it.
    pub fate: Fate,
}

/// A proxy on a thread of its own, which ends when this is dropped.
///
/// Each device has a socket of its own towards the collector, which so can tell them apart.
#[derive(Debug)]
pub struct UdpProxy {
    address: SocketAddr,
    switches: Arc<Switches>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Switches {
    is_up: AtomicBool,
    is_over: AtomicBool,
}

impl UdpProxy {
    /// Listens on a free port of 127.0.0.1 for devices of the collector at `to`.
    ///
    /// `faults` are those of the way up and of the way down, `seed` chooses what they meet, and
    /// `watch` sees whatever passes, on the proxy's thread.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn start(
        to: SocketAddr,
        faults: [Faults; 2],
        seed: u64,
        watch: impl FnMut(Passing<'_>) + Send + 'static,
    ) -> io::Result<Self> {
        let front = socket()?;
        let address = front.local_addr()?;
        let switches =
            Arc::new(Switches { is_up: AtomicBool::new(true), is_over: AtomicBool::new(false) });
        let proxy = Proxy {
            front,
            to,
            faults,
            seed,
            watch,
            switches: Arc::clone(&switches),
            begun: Instant::now(),
            by_address: HashMap::new(),
            peers: Vec::new(),
            buffer: vec![0; LONGEST],
        };
        let thread = thread::Builder::new().name("udp-proxy".into()).spawn(move || proxy.run())?;
        Ok(Self { address, switches, thread: Some(thread) })
    }

    /// Where devices send to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether anything gets through from now on, in both directions.
    pub fn set_up(&self, is_up: bool) {
        self.switches.is_up.store(is_up, Ordering::Relaxed);
    }
}

impl Drop for UdpProxy {
    fn drop(&mut self) {
        self.switches.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // If it panicked its message is on standard error.
            let _ = thread.join();
        }
    }
}

fn socket() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A device: where it is, its socket towards the collector, and the two directions.
struct Peer {
    address: SocketAddr,
    back: UdpSocket,
    up: Link,
    down: Link,
}

struct Proxy<W> {
    front: UdpSocket,
    to: SocketAddr,
    faults: [Faults; 2],
    seed: u64,
    watch: W,
    switches: Arc<Switches>,
    begun: Instant,
    by_address: HashMap<SocketAddr, usize>,
    peers: Vec<Peer>,
    buffer: Vec<u8>,
}

impl<W: FnMut(Passing<'_>)> Proxy<W> {
    fn run(mut self) {
        while !self.switches.is_over.load(Ordering::Relaxed) {
            let links = self.peers.iter().flat_map(|peer| [&peer.up, &peer.down]);
            let next_ns = links.filter_map(Link::next_ns).min();
            let until =
                next_ns.map(|next| Duration::from_nanos(next.saturating_sub(self.now_ns())));
            wait([&self.front].into_iter().chain(self.peers.iter().map(|peer| &peer.back)), until);
            self.take_from_devices();
            self.take_from_collector();
            self.hand_on();
        }
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn take_from_devices(&mut self) {
        while let Ok((len, from)) = self.front.recv_from(&mut self.buffer) {
            if let Some(device) = self.device_at(from) {
                self.pass(device, true, len);
            }
        }
    }

    fn take_from_collector(&mut self) {
        for device in 0..self.peers.len() {
            while let Ok(len) = self.peers[device].back.recv(&mut self.buffer) {
                self.pass(device, false, len);
            }
        }
    }

    /// Puts the first `len` bytes of the buffer on their way.
    fn pass(&mut self, device: usize, is_up: bool, len: usize) {
        let now_ns = self.now_ns();
        let peer = &mut self.peers[device];
        let link = if is_up { &mut peer.up } else { &mut peer.down };
        link.set_up(self.switches.is_up.load(Ordering::Relaxed));
        let bytes = &self.buffer[..len];
        let fate = link.push(now_ns, bytes);
        (self.watch)(Passing { device, is_up, bytes, fate });
    }

    fn device_at(&mut self, address: SocketAddr) -> Option<usize> {
        if let Some(known) = self.by_address.get(&address) {
            return Some(*known);
        }
        let device = self.peers.len();
        let back = socket().and_then(|back| back.connect(self.to).map(|()| back)).ok()?;
        if device == MOST_PEERS {
            return None;
        }
        let seed = self.seed.wrapping_add(2 * device as u64);
        let [up, down] = self.faults;
        let (up, down) = (Link::new(up, seed), Link::new(down, seed.wrapping_add(1)));
        self.peers.push(Peer { address, back, up, down });
        self.by_address.insert(address, device);
        Some(device)
    }

    /// A datagram that cannot be handed on is lost, as on any network.
    fn hand_on(&mut self) {
        let now_ns = self.now_ns();
        for peer in &mut self.peers {
            while let Some(bytes) = peer.up.pop(now_ns) {
                let _ = peer.back.send(&bytes);
            }
            while let Some(bytes) = peer.down.pop(now_ns) {
                let _ = self.front.send_to(&bytes, peer.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Sends back whatever it gets, with who it thinks has sent it, until it gets nothing.
    fn echo() -> (SocketAddr, JoinHandle<usize>) {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        let run = move || {
            let (mut buffer, mut peers) = ([0; 64], std::collections::HashSet::new());
            loop {
                let (len, from) = socket.recv_from(&mut buffer).unwrap();
                peers.insert(from);
                if len == 0 {
                    return peers.len();
                }
                socket.send_to(&buffer[..len], from).unwrap();
            }
        };
        (address, thread::spawn(run))
    }

    #[test]
    fn devices_talk_to_the_collector_through_it_and_are_told_apart() {
        let (collector, thread) = echo();
        let proxy = UdpProxy::start(collector, [Faults::NONE; 2], 1, |_| ()).unwrap();
        let devices = [(); 3].map(|()| {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            socket.connect(proxy.address()).unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            socket
        });
        let mut buffer = [0; 64];
        for round in 0..3 {
            for (number, device) in (0..).zip(&devices) {
                device.send(&[number, round]).unwrap();
            }
            for (number, device) in (0..).zip(&devices) {
                let len = device.recv(&mut buffer).unwrap();
                assert_eq!(buffer[..len], [number, round]);
            }
        }
        devices[0].send(&[]).unwrap();
        assert_eq!(thread.join().unwrap(), 3);
    }

    #[test]
    fn what_is_lost_does_not_come_and_is_told() {
        let collector = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        collector.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (tell, told) = mpsc::channel();
        let half = Faults { loss: 0.5, ..Faults::NONE };
        let watch = move |passing: Passing<'_>| {
            if passing.is_up && !passing.fate.is_lost() {
                tell.send(passing.bytes.to_vec()).unwrap();
            }
        };
        let to = collector.local_addr().unwrap();
        let proxy = UdpProxy::start(to, [half, Faults::NONE], 9, watch).unwrap();
        let device = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        for number in 0..100 {
            device.send_to(&[number], proxy.address()).unwrap();
        }
        let mut buffer = [0; 64];
        let mut come = 0;
        // The seed decides over them one by one, in whatever pieces they are read.
        let mut link = Link::new(half, 9);
        let expected = (0..100_u8).filter(|number| !link.push(0, &[*number]).is_lost()).count();
        while come < expected {
            let len = collector.recv(&mut buffer).unwrap();
            assert_eq!(told.recv().unwrap(), &buffer[..len]);
            come += 1;
        }
        assert!((30..70).contains(&come), "{come}");
    }
}

//! The link for bytes as a real one: a proxy for connections over TCP or a Unix socket on this host.

use core::net::{Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::stream::{Stream, StreamFaults};
use super::wait::wait;

/// How much is read at one go.
const PIECE: usize = 4096;
/// Where more than this waits to be written nothing more is read.
const MOST_WAITING: usize = 1 << 20;

/// A proxy on a thread of its own, which ends when this is dropped.
#[derive(Debug)]
pub struct StreamProxy {
    address: Option<SocketAddr>,
    switches: Arc<Switches>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Switches {
    is_stalled: AtomicBool,
    is_over: AtomicBool,
    /// How often all connections were cut.
    cuts: AtomicU64,
}

impl StreamProxy {
    /// Listens on a free TCP port of 127.0.0.1 for who wants to talk to `to`.
    ///
    /// `faults` are those of the way there and of the way back, `seed` chooses what they meet.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn tcp(to: SocketAddr, faults: [StreamFaults; 2], seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = Some(listener.local_addr()?);
        Self::start(Listener::Tcp(listener, to), address, faults, seed)
    }

    /// Listens on the Unix socket `at`, which must not exist, for who wants to talk to the one at `to`.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn unix(at: &Path, to: &Path, faults: [StreamFaults; 2], seed: u64) -> io::Result<Self> {
        let listener = UnixListener::bind(at)?;
        listener.set_nonblocking(true)?;
        Self::start(Listener::Unix(listener, to.to_owned()), None, faults, seed)
    }

    fn start(
        listener: Listener,
        address: Option<SocketAddr>,
        faults: [StreamFaults; 2],
        seed: u64,
    ) -> io::Result<Self> {
        let switches = Arc::new(Switches::default());
        let begun = Instant::now();
        let shared = Arc::clone(&switches);
        let proxy =
            Proxy { listener, faults, seed, switches: shared, begun, cuts: 0, pairs: Vec::new() };
        let thread =
            thread::Builder::new().name("stream-proxy".into()).spawn(move || proxy.run())?;
        Ok(Self { address, switches, thread: Some(thread) })
    }

    /// Where one connects to; none for a Unix socket, whose path the caller has.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Has nothing come out until it is let go again; nothing is lost.
    pub fn set_stalled(&self, is_stalled: bool) {
        self.switches.is_stalled.store(is_stalled, Ordering::Relaxed);
    }

    /// Ends every connection, with whatever is under way; new ones are taken.
    pub fn cut(&self) {
        self.switches.cuts.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for StreamProxy {
    fn drop(&mut self) {
        self.switches.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // If it panicked its message is on standard error.
            let _ = thread.join();
        }
    }
}

enum Listener {
    Tcp(TcpListener, SocketAddr),
    Unix(UnixListener, PathBuf),
}

/// One side of a connection; nothing on it blocks.
enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listener {
    /// Both sides of the next connection; an error where there is none, or nobody is there.
    fn accept(&self) -> io::Result<[Socket; 2]> {
        match self {
            Self::Tcp(listener, to) => {
                let both = [listener.accept()?.0, TcpStream::connect(to)?];
                both.iter().try_for_each(|socket| {
                    socket.set_nodelay(true)?;
                    socket.set_nonblocking(true)
                })?;
                Ok(both.map(Socket::Tcp))
            }
            Self::Unix(listener, to) => {
                let both = [listener.accept()?.0, UnixStream::connect(to)?];
                both.iter().try_for_each(|socket| socket.set_nonblocking(true))?;
                Ok(both.map(Socket::Unix))
            }
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener, _) => listener.as_fd(),
            Self::Unix(listener, _) => listener.as_fd(),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(socket) => socket.as_fd(),
            Self::Unix(socket) => socket.as_fd(),
        }
    }
}

impl Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.read(buffer),
            Self::Unix(socket) => socket.read(buffer),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.write(bytes),
            Self::Unix(socket) => socket.write(bytes),
        }
    }
}

/// One direction of a connection.
struct Way {
    stream: Stream,
    /// What has come out of the stream and was not taken by the socket yet.
    unwritten: Vec<u8>,
    /// Nothing more goes in.
    is_ended: bool,
}

/// A connection: who connected, and who was connected to; the way there, and the way back.
struct Pair {
    sockets: [Socket; 2],
    ways: [Way; 2],
}

impl Pair {
    /// Moves what can be moved; an error where the connection is over.
    fn turn(&mut self, now_ns: u64) -> io::Result<()> {
        let mut buffer = [0; PIECE];
        for (from, to) in [(0, 1), (1, 0)] {
            let way = &mut self.ways[from];
            while !way.is_ended && way.unwritten.len() < MOST_WAITING {
                match unless_blocked(self.sockets[from].read(&mut buffer))? {
                    Some(0) => way.is_ended = true,
                    Some(len) => way.stream.push(now_ns, &buffer[..len]),
                    None => break,
                }
            }
            loop {
                let bytes = way.stream.pop(now_ns);
                if bytes.is_empty() {
                    break;
                }
                way.unwritten.extend(bytes);
            }
            while !way.unwritten.is_empty()
                && let Some(len) = unless_blocked(self.sockets[to].write(&way.unwritten))?
            {
                way.unwritten.drain(..len);
            }
            if way.is_ended && way.unwritten.is_empty() && way.stream.next_ns().is_none() {
                return Err(ErrorKind::ConnectionAborted.into());
            }
        }
        Ok(())
    }
}

fn unless_blocked(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(len) => Ok(Some(len)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

struct Proxy {
    listener: Listener,
    faults: [StreamFaults; 2],
    seed: u64,
    switches: Arc<Switches>,
    begun: Instant,
    cuts: u64,
    pairs: Vec<Pair>,
}

impl Proxy {
    fn run(mut self) {
        while !self.switches.is_over.load(Ordering::Relaxed) {
            self.wait();
            if let Ok(sockets) = self.listener.accept() {
                self.seed = self.seed.wrapping_add(2);
                let seeds = [self.seed, self.seed.wrapping_add(1)];
                let [there, back] = [0, 1].map(|way: usize| Way {
                    stream: Stream::new(self.faults[way], seeds[way]),
                    unwritten: Vec::new(),
                    is_ended: false,
                });
                self.pairs.push(Pair { sockets, ways: [there, back] });
            }
            let cuts = self.switches.cuts.load(Ordering::Relaxed);
            if core::mem::replace(&mut self.cuts, cuts) != cuts {
                self.pairs.clear();
            }
            let is_stalled = self.switches.is_stalled.load(Ordering::Relaxed);
            let now_ns = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.pairs.retain_mut(|pair| {
                pair.ways.iter_mut().for_each(|way| way.stream.set_stalled(is_stalled));
                pair.turn(now_ns).is_ok()
            });
        }
    }

    fn wait(&self) {
        let now_ns = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let ways = self.pairs.iter().flat_map(|pair| &pair.ways);
        let next_ns = ways.filter_map(|way| way.stream.next_ns()).min();
        let until = next_ns.map(|next| Duration::from_nanos(next.saturating_sub(now_ns)));
        let ended = |pair: &&Pair| pair.ways.iter().all(|way| !way.is_ended);
        let sockets = self.pairs.iter().filter(ended).flat_map(|pair| &pair.sockets);
        wait(
            sockets.map(AsFd::as_fd).chain([self.listener.as_fd()]).collect::<Vec<_>>().iter(),
            until,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(faults: StreamFaults) -> (StreamProxy, TcpListener) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let to = listener.local_addr().unwrap();
        (StreamProxy::tcp(to, [faults, StreamFaults::NONE], 4).unwrap(), listener)
    }

    fn connected(faults: StreamFaults) -> (StreamProxy, TcpStream, TcpStream, TcpListener) {
        let (proxy, listener) = started(faults);
        let (near, far) = connect(&proxy, &listener);
        (proxy, near, far, listener)
    }

    fn connect(proxy: &StreamProxy, listener: &TcpListener) -> (TcpStream, TcpStream) {
        let near = TcpStream::connect(proxy.address().unwrap()).unwrap();
        let far = listener.accept().unwrap().0;
        for socket in [&near, &far] {
            socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        }
        (near, far)
    }

    #[test]
    fn bytes_go_both_ways_and_the_end_too() {
        let (_proxy, mut near, mut far, _listener) = connected(StreamFaults::NONE);
        let sent: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        near.write_all(&sent).unwrap();
        let mut came = vec![0; sent.len()];
        far.read_exact(&mut came).unwrap();
        assert!(came == sent);
        far.write_all(b"back").unwrap();
        near.read_exact(&mut came[..4]).unwrap();
        assert_eq!(came[..4], *b"back");
        drop(far);
        assert_eq!(near.read(&mut came).unwrap(), 0);
    }

    #[test]
    fn a_noisy_line_has_the_errors_of_its_seed() {
        let noisy = StreamFaults::noisy(0.01);
        let (_proxy, mut near, mut far, _listener) = connected(noisy);
        near.write_all(&[0; 1000]).unwrap();
        let mut came = [0; 1000];
        far.read_exact(&mut came).unwrap();
        // Its first connection.
        let mut stream = Stream::new(noisy, 4 + 2);
        stream.push(0, &[0; 1000]);
        assert_eq!(came.to_vec(), stream.pop(0));
        assert!(came.iter().any(|byte| *byte != 0));
    }

    #[test]
    fn a_cut_ends_the_connection_and_the_next_is_taken() {
        let (proxy, mut near, _far, listener) = connected(StreamFaults::NONE);
        proxy.cut();
        assert!(matches!(near.read(&mut [0]), Ok(0) | Err(_)));
        let (mut near, mut far) = connect(&proxy, &listener);
        near.write_all(b"again").unwrap();
        let mut came = [0; 5];
        far.read_exact(&mut came).unwrap();
        assert_eq!(&came, b"again");
    }

    #[test]
    fn a_stall_loses_nothing() {
        let (proxy, listener) = started(StreamFaults::NONE);
        // Before there is a connection, or its first bytes might slip through.
        proxy.set_stalled(true);
        let (mut near, mut far) = connect(&proxy, &listener);
        near.write_all(b"later").unwrap();
        far.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let mut came = [0; 5];
        assert!(far.read(&mut came).is_err());
        proxy.set_stalled(false);
        far.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        far.read_exact(&mut came).unwrap();
        assert_eq!(&came, b"later");
    }

    #[test]
    fn unix_sockets_are_joined_too() {
        let dir = tempfile::tempdir().unwrap();
        let (at, to) = (dir.path().join("near"), dir.path().join("far"));
        let listener = UnixListener::bind(&to).unwrap();
        let _proxy = StreamProxy::unix(&at, &to, [StreamFaults::NONE; 2], 1).unwrap();
        let mut near = UnixStream::connect(&at).unwrap();
        let mut far = listener.accept().unwrap().0;
        near.write_all(b"hello").unwrap();
        let mut came = [0; 5];
        far.read_exact(&mut came).unwrap();
        assert_eq!(&came, b"hello");
    }
}

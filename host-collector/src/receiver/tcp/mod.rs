//! Frames over TCP: one connection a device, each with a thread for either way.
//!
//! Whoever connects costs two threads and some tens of kilobytes. So connections are counted, and one that
//! brings no frame within [`FIRST_FRAME`] has to go, however slowly it sends.

use super::stream::{self, End, Patience};
use super::{Feed, Peer, Scope, TICK};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Connections at a time.
pub const MOST_CONNECTIONS: usize = 1024;
/// How long a connection may take to bring its first frame.
pub const FIRST_FRAME: Duration = Duration::from_secs(10);
/// How long it may be silent then: devices say hello every ten seconds at least.
pub const SILENCE: Duration = Duration::from_secs(60);

/// How long a device may take to make room for a reply.
const REPLY: Duration = Duration::from_secs(2);
/// Connections that may wait to be taken.
const BACKLOG: i32 = 128;
/// Both threads of a connection do little.
const STACK: usize = 256 << 10;

/// A listening socket.
#[derive(Debug)]
pub struct TcpReceiver {
    listener: TcpListener,
    patience: Patience,
    most: usize,
}

impl TcpReceiver {
    /// Binds to `address`; port 0 takes any that is free.
    ///
    /// # Errors
    /// The address is in use, is not of this machine, or may not be taken.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        // A program that begins anew need not wait for what is left of its connections.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        // It has to see when the program ends.
        socket.set_nonblocking(true)?;
        let patience = Patience { first: FIRST_FRAME, next: SILENCE };
        Ok(Self { listener: socket.into(), patience, most: MOST_CONNECTIONS })
    }

    /// Where it is bound.
    ///
    /// # Errors
    /// The operating system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Takes connections, in threads, until the hub is gone.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn start(self, feed: Feed) -> io::Result<()> {
        thread::Builder::new().name("tcp".into()).spawn(move || self.accept(&feed))?;
        Ok(())
    }

    fn accept(&self, feed: &Feed) {
        let open = Arc::new(AtomicUsize::new(0));
        let mut is_full = false;
        while !feed.is_over() {
            match self.listener.accept() {
                Ok((stream, address)) => {
                    let place = Place::take(&open, self.most);
                    if place.is_none() && !is_full {
                        log::warn!("{address} is refused: there are {} connections", self.most);
                    }
                    is_full = place.is_none();
                    let Some(place) = place else { continue };
                    let (feed, patience) = (feed.clone(), self.patience);
                    if let Err(error) = connected(stream, address, feed, patience, place) {
                        log::debug!("tcp {address}: {error}");
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(TICK),
                Err(error) => {
                    // Such as too many open files: a while later there may be fewer.
                    log::warn!("cannot take a connection: {error}");
                    thread::sleep(TICK);
                }
            }
        }
    }
}

/// One of the connections that there may be.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(open: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        let next = |count: usize| (count < most).then_some(count + 1);
        open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        Some(Self(open.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn connected(
    stream: TcpStream,
    address: SocketAddr,
    feed: Feed,
    patience: Patience,
    place: Place,
) -> io::Result<()> {
    // Some systems hand the listener's way on to its connections.
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(TICK * 5))?;
    stream.set_write_timeout(Some(REPLY))?;
    stream.set_nodelay(true)?;
    let peer = Peer::Tcp(address);
    log::debug!("{peer} connected");
    let started = start(&stream, &peer, &feed, patience, place);
    if started.is_err() {
        let _ = stream.shutdown(Shutdown::Both);
        let _ = feed.close(&peer);
    }
    started
}

fn start(
    stream: &TcpStream,
    peer: &Peer,
    feed: &Feed,
    patience: Patience,
    place: Place,
) -> io::Result<()> {
    let thread = |name: &str| thread::Builder::new().stack_size(STACK).name(name.into());
    let outbox = feed.open(Scope::Peer(peer.clone())).map_err(io::Error::other)?;
    let writer = stream.try_clone()?;
    thread("tcp-replies").spawn(move || {
        stream::write(outbox, &writer);
        // A device that takes nothing has to begin anew; so does one that is closed already.
        let _ = writer.shutdown(Shutdown::Both);
    })?;
    let (reader, peer, feed) = (stream.try_clone()?, peer.clone(), feed.clone());
    thread("tcp-frames").spawn(move || {
        match stream::read(&reader, &peer, &feed, &mut (), Some(patience)) {
            End::Idle => log::info!("{peer} brings no frames: the connection is closed"),
            End::Failed(error) => log::debug!("{peer}: {error}"),
            End::Closed => log::debug!("{peer} closed the connection"),
            End::Over => {}
        }
        let _ = reader.shutdown(Shutdown::Both);
        // With it the other thread ends.
        let _ = feed.close(&peer);
        drop(place);
    })?;
    Ok(())
}

#[cfg(test)]
mod tests;

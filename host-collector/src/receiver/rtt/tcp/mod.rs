//! RTT by whoever serves it over TCP: J-Link's software, `OpenOCD` and others. What the ring
//! has comes as it is, and what is sent goes into the ring down.

#[cfg(test)]
mod tests;

use super::link;
use crate::receiver::stream::{self, End, Text};
use crate::receiver::{Closed, Feed, Peer, Scope, TICK};
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a connection may take to be there.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a server may take nothing.
const WRITE: Duration = Duration::from_secs(1);

/// A server, and what it is to be told first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RttServer {
    /// `HOST:PORT`.
    pub address: String,
    /// J-Link's serves the channel that it is told, within its first 100 ms. Others have a port for each.
    pub jlink_channel: Option<u32>,
}

impl RttServer {
    /// Reads and writes it, in threads, until the hub is gone; a server that is not there, or leaves, is
    /// waited for.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn start(
        self,
        feed: Feed,
        mut text: impl Text + Send + 'static,
    ) -> io::Result<JoinHandle<()>> {
        thread::Builder::new().name("rtt-tcp".into()).spawn(move || {
            let peer = Peer::Rtt(self.address.as_str().into());
            link::run(
                &peer,
                &feed,
                || self.connect(),
                |stream| talk(stream, &peer, &feed, &mut text),
            );
        })
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut stream = connect(&self.address)?;
        stream.set_write_timeout(Some(WRITE))?;
        if let Some(channel) = self.jlink_channel {
            write!(stream, "$$SEGGER_TELNET_ConfigStr=RTTCh;{channel}$$")?;
        }
        Ok(stream)
    }
}

/// Connects to the first address of the name that answers; reads then time out at each tick.
pub(super) fn connect(address: &str) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(TICK))?;
                return Ok(stream);
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn talk(stream: TcpStream, peer: &Peer, feed: &Feed, text: &mut impl Text) -> Result<End, Closed> {
    log::info!("{peer} is there");
    let outbox = feed.open(Scope::Peer(peer.clone()))?;
    let sending = stream.try_clone().and_then(|stream| {
        let run = move || stream::write(outbox, stream);
        thread::Builder::new().name("rtt-replies".into()).spawn(run)
    });
    if let Err(error) = sending {
        log::warn!("{peer}: nothing can be sent: {error}");
    }
    let end = stream::read(&stream, peer, feed, text, None);
    // The other thread may be writing; what it does next fails.
    let _ = stream.shutdown(Shutdown::Both);
    feed.close(peer)?;
    Ok(end)
}

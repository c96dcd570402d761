//! The memory of a target by GDB's remote serial protocol: QEMU's stub, and whatever else speaks it.
//!
//! Such a server gives memory while the target stands still, so it is halted at each look, for as
//! long as it takes to read a ring: its time stands still, too. A probe that reads while the target
//! runs is better, where there is one.

mod client;
pub mod packet;
#[cfg(test)]
mod tests;

pub use client::Client;

use super::pipe::{self, Probe};
use super::{Locate, Reader, Which, link, tcp};
use crate::receiver::stream::Text;
use crate::receiver::{Feed, Peer};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often the target is halted: seldom enough to let it run, and often enough for a ring of some
/// hundred bytes.
const INTERVAL: Duration = Duration::from_millis(20);

/// A server, and where its target has the rings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GdbServer {
    /// `HOST:PORT`.
    pub address: String,
    /// Where the control block is.
    pub locate: Locate,
    /// Which channels are read and written.
    pub which: Which,
}

impl GdbServer {
    /// Reads and writes the rings in a thread, until the hub is gone; a server that is not there, or leaves,
    /// is waited for. The target runs when the thread has ended.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn start(
        self,
        feed: Feed,
        mut text: impl Text + Send + 'static,
    ) -> io::Result<JoinHandle<()>> {
        thread::Builder::new().name("rtt-gdb".into()).spawn(move || {
            let peer = Peer::Rtt(format!("gdb {}", self.address).into());
            link::run(
                &peer,
                &feed,
                || self.connect(),
                |(client, reader)| pipe::talk(client, reader, INTERVAL, &peer, &feed, &mut text),
            );
        })
    }

    fn connect(&self) -> io::Result<(Client<TcpStream>, Reader)> {
        let place = self.locate.place().map_err(io::Error::other)?;
        Ok((Client::start(tcp::connect(&self.address)?)?, Reader::new(place, self.which)))
    }
}

impl<S: Read + Write> Probe for Client<S> {
    fn begin(&mut self) -> io::Result<()> {
        self.halt()
    }

    fn end(&mut self) -> io::Result<()> {
        self.resume()
    }

    fn leave(self) -> io::Result<()> {
        self.detach()
    }
}

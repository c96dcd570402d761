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

use super::pipe::{Pipe, Probe};
use super::{Place, Reader, Which, link, tcp};
use crate::receiver::stream::{self, End, Text};
use crate::receiver::{Closed, Feed, Peer, Scope};
use std::io::{self, Read, Write};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often the target is halted: seldom enough to let it run, and often enough for a ring of some
/// hundred bytes.
const INTERVAL: Duration = Duration::from_millis(20);

/// Reads and writes the rings of a target in a thread, until the hub is gone; a server that is not there,
/// or leaves, is waited for. The target runs when the thread has ended.
///
/// # Errors
/// The operating system gives no thread.
pub fn start(
    address: &str,
    place: impl Fn() -> io::Result<Place> + Send + 'static,
    which: Which,
    feed: Feed,
    mut text: impl Text + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let address = address.to_owned();
    thread::Builder::new().name("rtt-gdb".into()).spawn(move || {
        let peer = Peer::Rtt(format!("gdb {address}").into());
        let connect = || {
            let place = place()?;
            Ok((Client::start(tcp::connect(&address)?)?, Reader::new(place, which)))
        };
        link::run(&peer, &feed, connect, |(client, reader)| {
            talk(client, reader, &peer, &feed, &mut text)
        });
    })
}

fn talk(
    probe: impl Probe,
    reader: Reader,
    peer: &Peer,
    feed: &Feed,
    text: &mut impl Text,
) -> Result<End, Closed> {
    let outbox = feed.open(Scope::Peer(peer.clone()))?;
    let mut pipe = Pipe::new(probe, reader, outbox, peer.clone(), INTERVAL);
    let end = stream::read(&mut pipe, peer, feed, text, None);
    if let Err(error) = pipe.leave() {
        log::debug!("{peer}: {error}");
    }
    feed.close(peer)?;
    Ok(end)
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

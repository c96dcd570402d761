//! [`Pipe`]: the rings of a target as a stream, looked at now and then.

use super::{Look, Memory, MemoryError, NAME, Reader};
use crate::receiver::stream::{self, End, Text};
use crate::receiver::{Closed, Feed, Outbox, Peer, Scope};
use spandrel_transport::framing::stream::Encoder;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that wait for room in the ring down; more stay with the hub, which drops what it must.
const MOST_DOWN: usize = 1 << 10;
/// Looks that may find nothing before it is said: a target takes a while to start.
const PATIENCE: u32 = 100;

/// A debug probe, which may have to halt the target before it can look.
pub trait Probe: Memory + Sized {
    /// Before a look.
    ///
    /// # Errors
    /// The probe is lost.
    fn begin(&mut self) -> io::Result<()>;

    /// Behind a look: the target goes on.
    ///
    /// # Errors
    /// The probe is lost.
    fn end(&mut self) -> io::Result<()>;

    /// Leaves the target alone; it runs.
    ///
    /// # Errors
    /// The probe is lost.
    fn leave(self) -> io::Result<()>;
}

/// Reads and writes the rings until the hub is gone or the probe is lost; then the target is left alone.
pub(super) fn talk<P: Probe>(
    probe: P,
    reader: Reader,
    interval: Duration,
    peer: &Peer,
    feed: &Feed,
    text: &mut impl Text,
) -> Result<End, Closed> {
    // Whatever ends it: a target that was halted when the probe came must run again.
    let leave = |probe: P| {
        if let Err(error) = probe.leave() {
            log::debug!("{peer}: {error}");
        }
    };
    let outbox = match feed.open(Scope::Peer(peer.clone())) {
        Ok(outbox) => outbox,
        Err(closed) => {
            leave(probe);
            return Err(closed);
        }
    };
    let mut pipe = Pipe::new(probe, reader, outbox, peer.clone(), interval);
    let end = stream::read(&mut pipe, peer, feed, text, None);
    leave(pipe.probe);
    feed.close(peer)?;
    Ok(end)
}

/// Reads as a stream does; what is to be sent goes out at each look.
#[derive(Debug)]
struct Pipe<P> {
    probe: P,
    reader: Reader,
    outbox: Outbox,
    peer: Peer,
    interval: Duration,
    looked_at: Option<Instant>,
    up: VecDeque<u8>,
    down: VecDeque<u8>,
    last: Option<Look>,
    in_vain: u32,
}

impl<P: Probe> Pipe<P> {
    fn new(probe: P, reader: Reader, outbox: Outbox, peer: Peer, interval: Duration) -> Self {
        let (up, down) = Default::default();
        let (looked_at, last, in_vain) = (None, None, 0);
        Self { probe, reader, outbox, peer, interval, looked_at, up, down, last, in_vain }
    }

    fn look(&mut self) -> io::Result<()> {
        // What is taken now goes out now.
        while self.down.len() < MOST_DOWN
            && let Some(reply) = self.outbox.take()
        {
            let mut encoder = Encoder::new(&reply.bytes);
            let mut piece = [0; 64];
            loop {
                let len = encoder.fill(&mut piece);
                self.down.extend(piece.get(..len).unwrap_or_default());
                if len < piece.len() {
                    break;
                }
            }
        }
        let mut up = Vec::new();
        self.probe.begin()?;
        let look = self.reader.look(&mut self.probe, &mut up, &mut self.down);
        // Also where the look went wrong: the target should go on.
        let ended = self.probe.end();
        let look = look.map_err(|error| match error {
            MemoryError::Lost(error) => error,
            refused @ MemoryError::Refused(_) => io::Error::other(refused),
        })?;
        ended?;
        self.up.extend(up);
        self.tell(look);
        Ok(())
    }

    /// Says what is not as it should be, once.
    fn tell(&mut self, look: Look) {
        let is_fine = matches!(look, Look::Exchanged { .. });
        let is_new = self
            .last
            .is_none_or(|last| core::mem::discriminant(&last) != core::mem::discriminant(&look));
        if is_new {
            self.in_vain = 0;
        }
        self.in_vain = self.in_vain.saturating_add(1);
        self.last = Some(look);
        let peer = &self.peer;
        if is_fine && is_new {
            log::info!("{peer}: the channel is there");
        } else if !is_fine && self.in_vain == PATIENCE {
            match look {
                Look::Exchanged { .. } => {}
                Look::NoBlock => log::warn!(
                    "{peer}: there is no control block of RTT: does the program call rtt_init!, and \
                     is it the one of --rtt-elf, or in the memory of --rtt-ram?"
                ),
                Look::NoChannel => log::warn!(
                    "{peer}: the control block has no such channel up: name it \"{NAME}\", or give \
                     its number with --rtt-channel"
                ),
                Look::Faulty(fault) => log::warn!("{peer}: the channel cannot be read: {fault}"),
            }
        }
    }
}

impl<P: Probe> Read for Pipe<P> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.up.is_empty() {
            let since = self.looked_at.map_or(self.interval, |at| at.elapsed());
            thread::sleep(self.interval.saturating_sub(since));
            self.look()?;
            self.looked_at = Some(Instant::now());
        }
        if self.up.is_empty() { Err(ErrorKind::WouldBlock.into()) } else { self.up.read(out) }
    }
}

//! The memory of a target by the probe-rs library, with no other program between: the feature `probe-rs`.
//!
//! Such a probe reads while the target runs, so the target is never halted.

#[cfg(test)]
mod tests;

use super::pipe::{self, Probe};
use super::{Locate, Memory, MemoryError, Reader, Which, link};
use crate::receiver::stream::Text;
use crate::receiver::{Feed, Peer};
use probe_rs::probe::DebugProbeSelector;
use probe_rs::probe::list::Lister;
use probe_rs::{Core, MemoryInterface as _, Permissions, Session};
use std::io;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often the rings are looked at.
const INTERVAL: Duration = Duration::from_millis(10);
/// The core that runs the program, where there are several.
const CORE: usize = 0;

/// A probe, and where its target has the rings.
#[derive(Clone, Debug)]
pub struct ProbeTarget {
    /// The chip, as probe-rs calls it.
    pub chip: String,
    /// Which probe, where there are several.
    pub selector: Option<DebugProbeSelector>,
    /// Where the control block is.
    pub locate: Locate,
    /// Which channels are read and written.
    pub which: Which,
}

impl ProbeTarget {
    /// Reads and writes the rings in a thread, until the hub is gone; a probe that is not there, or is
    /// unplugged, is waited for.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn start(
        self,
        feed: Feed,
        mut text: impl Text + Send + 'static,
    ) -> io::Result<JoinHandle<()>> {
        thread::Builder::new().name("rtt-probe".into()).spawn(move || {
            let peer = Peer::Rtt(format!("probe {}", self.chip).into());
            link::run(
                &peer,
                &feed,
                || self.connect(),
                |(probe, reader)| pipe::talk(probe, reader, INTERVAL, &peer, &feed, &mut text),
            );
        })
    }

    fn connect(&self) -> io::Result<(Attached, Reader)> {
        let place = self.locate.place().map_err(io::Error::other)?;
        let lister = Lister::new();
        let probe = match &self.selector {
            Some(selector) => lister.open(selector.clone()),
            None => {
                let probes = lister.list_all();
                let first =
                    probes.first().ok_or_else(|| io::Error::other("no probe is connected"))?;
                if probes.len() > 1 {
                    log::warn!(
                        "there are several probes; {first} is taken, --rtt-probe-is says which"
                    );
                }
                first.open()
            }
        };
        let probe = probe.map_err(io::Error::other)?;
        Ok((Attached::new(probe, &self.chip)?, Reader::new(place, self.which)))
    }
}

/// A target that a probe is attached to, and that runs.
#[derive(Debug)]
struct Attached(Session);

impl Attached {
    fn new(probe: probe_rs::probe::Probe, chip: &str) -> io::Result<Self> {
        let session = probe.attach(chip, Permissions::default()).map_err(io::Error::other)?;
        Ok(Self(session))
    }

    fn with(
        &mut self,
        address: u32,
        run: impl FnOnce(&mut Core<'_>) -> Result<(), probe_rs::Error>,
    ) -> Result<(), MemoryError> {
        let mut core = self.0.core(CORE).map_err(io::Error::other)?;
        let Err(error) = run(&mut core) else { return Ok(()) };
        // A probe that still knows how the target is has only been asked for what there is not.
        match core.status() {
            Ok(_) => Err(MemoryError::Refused(address)),
            Err(_) => Err(io::Error::other(error).into()),
        }
    }
}

impl Memory for Attached {
    fn read(&mut self, address: u32, out: &mut [u8]) -> Result<(), MemoryError> {
        self.with(address, |core| core.read(address.into(), out))
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MemoryError> {
        self.with(address, |core| core.write(address.into(), bytes).and_then(|()| core.flush()))
    }
}

impl Probe for Attached {
    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn leave(self) -> io::Result<()> {
        Ok(())
    }
}

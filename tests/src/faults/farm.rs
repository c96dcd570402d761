//! A farm of simulated devices and their collector: real tracers, reporters and pipeline in virtual time.
//!
//! True time goes from event to event: a datagram arrives, a reporter has waited long enough, the
//! collector's tick is due. Nothing sleeps and nothing depends on this machine, so a seed gives the
//! same run everywhere.

use core::fmt;
use core::net::IpAddr;
use std::collections::BTreeSet;

use spandrel::Tracer;
use spandrel_collector::receiver::{Handler as _, Peer, Replies, Reply};

pub use super::device::{Device, Setup};
use super::host::{EPOCH_NS, Host};

/// A millisecond of virtual time.
pub const MILLISECOND: u64 = 1_000_000;
/// A second of virtual time.
pub const SECOND: u64 = 1_000 * MILLISECOND;
/// How often the collector looks at what waits, as its receiver does.
const TICK_NS: u64 = 50 * MILLISECOND;

/// Devices, a collector, and true time.
pub struct Farm {
    /// The collector.
    pub host: Host,
    devices: Vec<Device>,
    /// When which device has its next event.
    events: BTreeSet<(u64, usize)>,
    now_ns: u64,
    tick_ns: u64,
    seed: u64,
}

impl Farm {
    /// A farm without devices; `seed` chooses what its links do.
    #[must_use]
    pub fn new(host: Host, seed: u64) -> Self {
        let (devices, events) = (Vec::new(), BTreeSet::new());
        Self { host, devices, events, now_ns: 0, tick_ns: TICK_NS, seed }
    }

    /// Switches on a device with a ring of `WORDS` words and a table of `NAMES` strings; says its index.
    ///
    /// # Panics
    /// If `equip` gives its drain away.
    pub fn add<const WORDS: usize, const NAMES: usize>(
        &mut self,
        setup: &Setup,
        equip: impl FnOnce(Tracer) -> Tracer,
    ) -> usize {
        let index = self.devices.len();
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let seed = self.seed.wrapping_add(2 * u64::from(number));
        self.devices.push(Device::new::<WORDS, NAMES>(number, setup, seed, self.now_ns, equip));
        self.events.insert((self.now_ns, index));
        index
    }

    /// Nanoseconds of true time that are over.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// How many devices there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.devices.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty()
    }

    /// A device, whose clock shows what it does now.
    ///
    /// # Panics
    /// If there is none with this index.
    pub fn device(&mut self, index: usize) -> &mut Device {
        let device = &mut self.devices[index];
        device.board.set_time(self.now_ns);
        device
    }

    /// Hands the collector a datagram of somebody else, from `peer`; gives what it answers.
    pub fn inject(&mut self, bytes: &[u8], peer: &Peer) -> Vec<Vec<u8>> {
        let mut replies = Vec::new();
        let rx_ns = EPOCH_NS + self.now_ns;
        self.host.pipeline.on_frame(bytes, peer, rx_ns, &mut replies);
        let (own, others): (Vec<_>, Vec<_>) =
            replies.into_iter().partition(|reply| reply.peer == *peer);
        self.send_down(others);
        own.into_iter().map(|reply| reply.bytes).collect()
    }

    /// Lets `span_ns` nanoseconds of true time pass.
    pub fn pass(&mut self, span_ns: u64) {
        let end_ns = self.now_ns + span_ns;
        loop {
            let device = self.events.first().copied();
            let next_ns = device.map_or(self.tick_ns, |(at_ns, _)| at_ns.min(self.tick_ns));
            if next_ns > end_ns {
                break;
            }
            self.now_ns = self.now_ns.max(next_ns);
            match device.filter(|(at_ns, _)| *at_ns <= self.tick_ns) {
                Some((_, index)) => self.turn(index),
                None => self.tick(),
            }
        }
        self.now_ns = end_ns;
    }

    /// Has the collector hand on what still waits: nothing more will come.
    pub fn finish(&mut self) {
        self.host.pipeline.finish(EPOCH_NS + self.now_ns);
    }

    fn tick(&mut self) {
        self.tick_ns += TICK_NS;
        let mut replies = Vec::new();
        self.host.pipeline.on_tick(EPOCH_NS + self.now_ns, &mut replies);
        self.send_down(replies);
    }

    /// Does what is due for a device: its reporter's turn, and what has arrived of it.
    fn turn(&mut self, index: usize) {
        let now_ns = self.now_ns;
        let device = &mut self.devices[index];
        device.poll(now_ns);
        let mut replies = Vec::new();
        while let Some(bytes) = device.up.pop(now_ns) {
            let rx_ns = EPOCH_NS + now_ns;
            self.host.pipeline.on_frame(&bytes, &device.peer, rx_ns, &mut replies);
        }
        self.await_next(index);
        self.send_down(replies);
    }

    fn send_down(&mut self, replies: Replies) {
        for Reply { peer, bytes, ping } in replies {
            if let Some((session_tag, ping)) = ping {
                let sent_ns = EPOCH_NS + self.now_ns;
                self.host.pipeline.on_sent(&peer, session_tag, ping, sent_ns);
            }
            let Peer::Udp(address) = peer else { continue };
            let IpAddr::V4(host) = address.ip() else { continue };
            let index = usize::try_from(u32::from(host) & 0x00ff_ffff).unwrap_or(usize::MAX);
            // What goes to somebody else goes nowhere.
            if let Some(device) = self.devices.get_mut(index).filter(|device| device.peer == peer) {
                device.down.push(self.now_ns, &bytes);
                self.await_next(index);
            }
        }
    }

    fn await_next(&mut self, index: usize) {
        let device = &mut self.devices[index];
        self.events.remove(&(device.next_ns, index));
        device.next_ns = device.next_event();
        self.events.insert((device.next_ns, index));
    }
}

impl fmt::Debug for Farm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (now_ns, devices) = (self.now_ns, self.devices.len());
        f.debug_struct("Farm").field("now_ns", &now_ns).field("devices", &devices).finish()
    }
}

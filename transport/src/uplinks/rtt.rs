//! RTT: through a ring in RAM that a debug probe reads, for desks that have a probe and no network.
//!
//! The channels are those of [`rtt_target`], whose control block holds the channels of all: `defmt` or
//! text on channel 0 and frames on channel 1 do not see each other.
//! (`defmt-rtt` has a control block of its own with one channel, and cannot be linked beside it; the
//! feature `defmt` of `rtt-target` is what takes its place.)
//!
//! ```no_run
//! # use spandrel_transport::uplinks::rtt::RttUplink;
//! # fn uplink(delay: impl embedded_hal_async::delay::DelayNs) {
//! let channels = rtt_target::rtt_init! {
//!     up: {
//!         0: { size: 1024, name: "defmt" }
//!         1: { size: 1024, name: "spandrel" }
//!     }
//!     down: {
//!         0: { size: 16, name: "Terminal" }
//!         1: { size: 128, name: "spandrel" }
//!     }
//! };
//! // With the feature `defmt` of rtt-target: rtt_target::set_defmt_channel(channels.up.0);
//! rtt_target::set_print_channel(channels.up.0);
//! let uplink = RttUplink::new(channels.up.1, Some(channels.down.1), delay);
//! # }
//! ```
//!
//! The collector finds the channels by their name. A ring up of [`MIN_RING`] bytes takes any frame;
//! in a shorter one frames become shorter, after the first ones were lost.

use crate::Uplink;
use crate::framing::stream::{Encoder, Item, Splitter, buffer_len, encoded_len};
use core::time::Duration;
use embedded_hal_async::delay::DelayNs;
use rtt_target::{ChannelMode, DownChannel, UpChannel};
use spandrel::wire::MIN_MTU;

/// The longest frame.
pub const MTU: usize = 508;
/// How long the ring up must be for the longest frame, in bytes: RTT leaves one of them free.
pub const MIN_RING: usize = encoded_len(MTU) + 1;
/// The longest frame down.
const MAX_DOWN: usize = 256;

/// A channel up and perhaps one down.
///
/// Nothing here waits for a probe. A frame is written whole or not at all: where the ring has no room
/// the reporter keeps the frame and tries again at its next turn. While no probe reads, the ring keeps
/// what it has, and the tracer's own ring fills behind it.
///
/// RTT has no interrupt. So `receive` looks at the ring down when it begins and when its time is over,
/// and wakes nobody in between unless [`poll_every`](Self::poll_every) says so.
pub struct RttUplink<D> {
    up: UpChannel,
    down: Option<DownChannel>,
    delay: D,
    splitter: Splitter<[u8; buffer_len(MAX_DOWN)]>,
    poll_every_us: u32,
    mtu: usize,
}

impl<D> core::fmt::Debug for RttUplink<D> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RttUplink").field("mtu", &self.mtu).finish_non_exhaustive()
    }
}

impl<D: DelayNs> RttUplink<D> {
    /// Frames go into `up`, and come from `down`; without it the collector cannot ask, nor tell how far
    /// the clock is off. `delay` is for the waits of `receive`, such as `embassy_time::Delay`.
    #[must_use]
    pub fn new(up: UpChannel, down: Option<DownChannel>, delay: D) -> Self {
        let splitter = Splitter::new([0; buffer_len(MAX_DOWN)]);
        Self { up, down, delay, splitter, poll_every_us: u32::MAX, mtu: MTU }
    }

    /// Looks at the ring down so often while it waits. Each look wakes the processor; without them a
    /// ping waits for up to a quarter of [`Settings::max_age`](crate::Settings::max_age), and the error
    /// of the clock that the collector states is as large.
    #[must_use]
    pub fn poll_every(mut self, interval: Duration) -> Self {
        self.poll_every_us = micros(interval).max(1);
        self
    }

    /// Takes bytes from the ring down until a frame is whole.
    fn take(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let down = self.down.as_mut()?;
        let mut byte = [0];
        while down.read(&mut byte) == 1 {
            let mut input = &byte[..];
            if let Some(Item::Frame(frame)) = self.splitter.next(&mut input) {
                // What is longer than the buffer is not for this device.
                buffer.get_mut(..frame.len())?.copy_from_slice(frame);
                return Some(frame.len());
            }
        }
        None
    }
}

impl<D: DelayNs> Uplink for RttUplink<D> {
    fn mtu(&self) -> usize {
        self.mtu
    }

    async fn send(&mut self, frame: &[u8]) -> bool {
        // On the stack, and only here: RTT takes a piece whole or not at all, but not two pieces.
        let mut bytes = [0; encoded_len(MTU)];
        let len = Encoder::new(frame).fill(&mut bytes);
        let bytes = bytes.get(..len).unwrap_or_default();
        let is_empty = self.up.is_empty();
        // A probe may have asked for blocking, as some do of all channels.
        self.up.set_mode(ChannelMode::NoBlockSkip);
        if self.up.write(bytes) == len {
            return true;
        }
        // What does not fit an empty ring never will: it is lost, and the next ones are shorter.
        if is_empty {
            self.mtu = (self.mtu - self.mtu / 4).max(MIN_MTU);
        }
        is_empty
    }

    async fn receive(&mut self, buffer: &mut [u8], within: Duration) -> Option<usize> {
        // Without room for a frame it only waits, and what comes stays in the ring.
        let is_open = !buffer.is_empty() && self.down.is_some();
        let mut left_us = micros(within);
        loop {
            if is_open && let Some(len) = self.take(buffer) {
                return Some(len);
            }
            if left_us == 0 {
                return None;
            }
            let pause_us = if is_open { left_us.min(self.poll_every_us) } else { left_us };
            self.delay.delay_us(pause_us).await;
            left_us -= pause_us;
        }
    }
}

/// At most an hour: in 32 bits, since a division of 64 costs a kilobyte of flash.
fn micros(time: Duration) -> u32 {
    time.as_secs().min(3600) as u32 * 1_000_000 + time.subsec_micros()
}

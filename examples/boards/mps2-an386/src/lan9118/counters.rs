//! What the driver counts, so that no frame disappears without a trace.

use core::sync::atomic::{AtomicU32, Ordering};

use super::registers::RX_DROP;

/// A count that only grows, and wraps.
pub(super) struct Count(AtomicU32);

impl Count {
    const fn new() -> Self {
        Count(AtomicU32::new(0))
    }

    pub(super) fn add(&self, count: u32) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

pub(super) static RX_FRAMES: Count = Count::new();
pub(super) static RX_BAD: Count = Count::new();
pub(super) static RX_RESTARTS: Count = Count::new();
pub(super) static TX_FRAMES: Count = Count::new();
pub(super) static TX_BAD: Count = Count::new();
pub(super) static TX_ERRORS: Count = Count::new();
static RX_MISSED: Count = Count::new();

/// The driver's counts since start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames given to the network stack.
    pub rx_frames: u32,
    /// Frames thrown away for their length or because the controller marked them as damaged.
    pub rx_bad: u32,
    /// Frames that the controller itself dropped, for want of room.
    pub rx_missed: u32,
    /// Times that the receive FIFOs had to be emptied to get back in step.
    pub rx_restarts: u32,
    /// Frames given to the controller.
    pub tx_frames: u32,
    /// Frames that the network stack wanted to send but that are too long for Ethernet.
    pub tx_bad: u32,
    /// Frames that the controller reports as not sent.
    pub tx_errors: u32,
}

/// Reads the counts. Callable from any context once the driver was made.
pub fn counters() -> Counters {
    // The controller's own count starts again whenever it is read.
    RX_MISSED.add(RX_DROP.read());
    Counters {
        rx_frames: RX_FRAMES.get(),
        rx_bad: RX_BAD.get(),
        rx_missed: RX_MISSED.get(),
        rx_restarts: RX_RESTARTS.get(),
        tx_frames: TX_FRAMES.get(),
        tx_bad: TX_BAD.get(),
        tx_errors: TX_ERRORS.get(),
    }
}

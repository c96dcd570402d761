//! A UART of which only the transmitter is connected, and that has neither interrupts nor DMA.

use core::time::Duration;
use embedded_hal_async::delay::DelayNs;
use spandrel_transport::Uplink;
use spandrel_transport::framing::stream::Encoder;

/// How to write a byte, once there is room for it, and how to wait.
pub struct PolledUart<W, D> {
    write: W,
    delay: D,
}

impl<W: FnMut(u8), D: DelayNs> PolledUart<W, D> {
    pub fn new(write: W, delay: D) -> Self {
        Self { write, delay }
    }
}

impl<W: FnMut(u8), D: DelayNs> Uplink for PolledUart<W, D> {
    fn mtu(&self) -> usize {
        256
    }

    async fn send(&mut self, frame: &[u8]) -> bool {
        let (mut encoder, mut byte) = (Encoder::new(frame), [0]);
        while encoder.fill(&mut byte) == 1 {
            (self.write)(byte[0]);
        }
        true
    }

    async fn receive(&mut self, _: &mut [u8], within: Duration) -> Option<usize> {
        self.delay.delay_us(u32::try_from(within.as_micros()).unwrap_or(u32::MAX)).await;
        None
    }
}

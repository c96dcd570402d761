//! UDP over embassy-net: one frame a datagram.

use crate::Uplink;
use core::time::Duration;
use embassy_net::IpEndpoint;
use embassy_net::udp::UdpSocket;
use embassy_time::{Duration as Timeout, with_timeout};

/// The longest frame that no network on the way cuts in pieces: 576 bytes less the headers.
pub const MTU: usize = 508;

/// A socket and where the collector listens.
#[derive(Debug)]
pub struct UdpUplink<'a> {
    socket: Socket<'a>,
    collector: IpEndpoint,
}

/// The socket, which cannot be shown.
struct Socket<'a>(UdpSocket<'a>);

impl core::fmt::Debug for Socket<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("UdpSocket")
    }
}

impl<'a> UdpUplink<'a> {
    /// Sends from a bound socket to the collector, and takes answers from it alone.
    #[must_use]
    pub fn new(socket: UdpSocket<'a>, collector: IpEndpoint) -> Self {
        Self { socket: Socket(socket), collector }
    }
}

impl Uplink for UdpUplink<'_> {
    fn mtu(&self) -> usize {
        MTU
    }

    async fn send(&mut self, frame: &[u8]) -> bool {
        self.socket.0.send_to(frame, self.collector).await.is_ok()
    }

    async fn receive(&mut self, buffer: &mut [u8], within: Duration) -> Option<usize> {
        let micros = u64::try_from(within.as_micros()).unwrap_or(u64::MAX);
        let received = self.socket.0.recv_from(buffer);
        match with_timeout(Timeout::from_micros(micros), received).await {
            Ok(Ok((len, from))) => (from.endpoint == self.collector).then_some(len),
            // Too long for the buffer, so it is no frame; or nothing came.
            Ok(Err(_)) | Err(_) => None,
        }
    }
}

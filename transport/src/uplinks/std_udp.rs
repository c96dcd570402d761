//! UDP over the standard library: for services on a host, and for tests.

use super::std_thread;
use crate::{Settings, Uplink};
use core::net::SocketAddr;
use core::time::Duration;
use spandrel::Tracer;
use std::io;
use std::net::UdpSocket;
use std::thread::{self, JoinHandle};

/// The longest frame that no network on the way cuts in pieces: 576 bytes less the headers.
pub const MTU: usize = 508;

/// A socket that is connected to the collector.
#[derive(Debug)]
pub struct StdUdpUplink {
    socket: UdpSocket,
}

impl StdUdpUplink {
    /// Opens a socket for the collector at this address.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn connect(collector: SocketAddr) -> io::Result<Self> {
        let unspecified = if collector.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(unspecified)?;
        socket.connect(collector)?;
        Ok(Self { socket })
    }
}

impl Uplink for StdUdpUplink {
    fn mtu(&self) -> usize {
        MTU
    }

    async fn send(&mut self, frame: &[u8]) -> bool {
        self.socket.send(frame).is_ok()
    }

    /// Blocks its thread instead of waiting: the reporter has one of its own.
    async fn receive(&mut self, buffer: &mut [u8], within: Duration) -> Option<usize> {
        let within = within.max(Duration::from_micros(1));
        let received = self.socket.set_read_timeout(Some(within)).and(self.socket.recv(buffer));
        match received {
            Ok(len) => Some(len),
            Err(error) => {
                // An error that comes at once, such as that nobody listens, must not spin.
                if !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
                    thread::sleep(within);
                }
                None
            }
        }
    }
}

/// Runs a reporter on a thread of its own until the program ends.
///
/// # Errors
/// Where no socket can be had, or the tracer has its one reporter already.
pub fn spawn(
    tracer: &'static Tracer,
    collector: SocketAddr,
    settings: Settings,
) -> io::Result<JoinHandle<()>> {
    std_thread::spawn(tracer, StdUdpUplink::connect(collector)?, settings)
}

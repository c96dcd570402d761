//! A process in place of a board: a socket, the monotonic clock, standard output.
//!
//! Its waits block the thread, so the one task that runs on it needs no executor; the reporter has
//! a thread of its own.

use crate::args::usage_error;
use core::fmt;
use core::net::{SocketAddr, SocketAddrV4};
use core::time::Duration;
use hello_services::{Board, Platform};
use spandrel::wire::Value;
use spandrel::{Clock, SessionSource, Tracer};
use spandrel_transport::Settings;
use spandrel_transport::uplinks::std_udp;
use std::io::{self, ErrorKind, Write as _};
use std::net::UdpSocket;
use std::thread;
use std::time::Instant;

/// What a tracer takes from a process.
pub const PLATFORM: Platform = Platform {
    clock: Clock::monotonic(),
    session: SessionSource::process(),
    tags: &[
        ("board", Value::Text("none, a process of the host")),
        ("cpu", Value::Text(std::env::consts::ARCH)),
    ],
};

/// Ships what the tracer records, on a thread of its own, until the program ends.
pub fn start_reporter(tracer: &'static Tracer, collector: SocketAddrV4) {
    // The reporter watches the clock from its first turn on. Until then nobody would know whether
    // the clock has wrapped, and the spans that begin before would say so.
    tracer.keep_time();
    // The thread is not waited for: it never ends.
    let started = std_udp::spawn(tracer, SocketAddr::V4(collector), Settings::DEFAULT).map(drop);
    started.unwrap_or_else(|error| usage_error(format_args!("no way to {collector}: {error}")));
}

/// What stands in for a board.
#[derive(Debug)]
pub struct Process {
    socket: UdpSocket,
    address: SocketAddrV4,
    started: Instant,
}

impl Process {
    /// A process that receives on this address, or the program ends.
    #[must_use]
    pub fn new(listen: SocketAddrV4) -> Self {
        Self::bind(listen)
            .unwrap_or_else(|error| usage_error(format_args!("no socket on {listen}: {error}")))
    }

    fn bind(listen: SocketAddrV4) -> io::Result<Self> {
        let socket = UdpSocket::bind(listen)?;
        let address = match socket.local_addr()? {
            SocketAddr::V4(address) => address,
            SocketAddr::V6(_) => listen,
        };
        Ok(Self { socket, address, started: Instant::now() })
    }
}

impl Board for Process {
    fn address(&self) -> SocketAddrV4 {
        self.address
    }

    async fn send(&mut self, datagram: &[u8], to: SocketAddrV4) {
        if let Err(error) = self.socket.send_to(datagram, to) {
            self.print(format_args!("cannot send to {to}: {error}"));
        }
    }

    async fn receive(
        &mut self,
        buffer: &mut [u8],
        within: Duration,
    ) -> Option<(usize, SocketAddrV4)> {
        // No time at all would mean for ever.
        let within = within.max(Duration::from_micros(1));
        let received =
            self.socket.set_read_timeout(Some(within)).and_then(|()| self.socket.recv_from(buffer));
        match received {
            Ok((len, SocketAddr::V4(from))) => Some((len, from)),
            Ok((_, SocketAddr::V6(_))) => None,
            Err(error) => {
                // An error that comes at once must not spin.
                if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) {
                    thread::sleep(within);
                }
                None
            }
        }
    }

    async fn pause(&mut self, time: Duration) {
        thread::sleep(time);
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    fn print(&mut self, line: fmt::Arguments<'_>) {
        // Whoever reads may be gone, which is no reason to end.
        let _ = writeln!(io::stdout(), "{line}");
    }
}

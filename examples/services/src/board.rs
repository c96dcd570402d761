//! [`Board`]: what a service needs of whatever it runs on.

use core::fmt;
use core::net::SocketAddrV4;
use core::time::Duration;

/// A board, or a process that stands in for one: one socket for datagrams, a clock, a console.
///
/// Datagrams may get lost, come twice, and come out of order.
#[expect(async_fn_in_trait, reason = "a service is one task, and is not sent between threads")]
pub trait Board {
    /// Where its datagrams come from, as far as it knows.
    fn address(&self) -> SocketAddrV4;

    /// Sends a datagram. One that cannot be sent is lost, as on the way.
    async fn send(&mut self, datagram: &[u8], to: SocketAddrV4);

    /// Waits for a datagram, at most so long; gives its length and where it came from.
    ///
    /// One that is longer than the buffer may be skipped.
    async fn receive(
        &mut self,
        buffer: &mut [u8],
        within: Duration,
    ) -> Option<(usize, SocketAddrV4)>;

    /// Lets other tasks run for so long.
    async fn pause(&mut self, time: Duration);

    /// Time since the program started.
    fn uptime(&self) -> Duration;

    /// Prints a line.
    fn print(&mut self, line: fmt::Arguments<'_>);
}

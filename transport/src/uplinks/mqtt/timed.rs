//! Streams of embedded-io-async, with the time of embassy-time; TCP over embassy-net is one.

use super::{Closed, Connector};
use core::fmt;
use core::time::Duration;
use embassy_net::IpEndpoint;
use embassy_net::tcp::TcpSocket;
use embassy_time::{Duration as Ticks, Instant, Timer, with_timeout};
use embedded_io_async::{Read, Write};

/// A stream that can be opened again and again.
#[expect(async_fn_in_trait, reason = "the reporter is a task of its own and is not boxed")]
pub trait Dial {
    /// What is open.
    type Stream: Read + Write;

    /// Whether a stream needs a flush for its bytes to go. Not where a flush waits for the other side.
    const NEEDS_FLUSH: bool = true;

    /// Opens the stream; it is closed before. False where that fails.
    async fn open(&mut self) -> bool;

    /// The stream, which is open as far as is known.
    fn stream(&mut self) -> &mut Self::Stream;

    /// Closes the stream, also one that is half open.
    fn close(&mut self);
}

/// A [`Connector`] of a [`Dial`].
#[derive(Debug)]
pub struct Timed<D>(pub D);

impl<D: Dial> Connector for Timed<D> {
    async fn open(&mut self, within: Duration) -> bool {
        with_timeout(ticks(within), self.0.open()).await.unwrap_or(false)
    }

    fn close(&mut self) {
        self.0.close();
    }

    async fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, Closed> {
        match with_timeout(ticks(within), self.0.stream().read(buffer)).await {
            // The stream's end, and a fault.
            Ok(Ok(0) | Err(_)) => Err(Closed),
            Ok(Ok(count)) => Ok(count),
            Err(_) => Ok(0),
        }
    }

    async fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), Closed> {
        let stream = self.0.stream();
        let write = async {
            stream.write_all(bytes).await.map_err(|_| Closed)?;
            if D::NEEDS_FLUSH {
                stream.flush().await.map_err(|_| Closed)?;
            }
            Ok(())
        };
        with_timeout(ticks(within), write).await.unwrap_or(Err(Closed))
    }

    async fn pause(&mut self, time: Duration) {
        Timer::after(ticks(time)).await;
    }

    fn now_us(&self) -> u64 {
        Instant::now().as_micros()
    }
}

fn ticks(time: Duration) -> Ticks {
    Ticks::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

/// A TCP socket and where the broker listens; port 1883 is the usual one.
pub struct TcpDial<'a> {
    socket: TcpSocket<'a>,
    broker: IpEndpoint,
}

impl fmt::Debug for TcpDial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TcpDial").field(&self.broker).finish()
    }
}

impl<'a> TcpDial<'a> {
    /// Takes a closed socket; what it sends is sent at once.
    #[must_use]
    pub fn new(mut socket: TcpSocket<'a>, broker: IpEndpoint) -> Self {
        // An answer to a ping of the collector's would wait for the broker's acknowledgement.
        socket.set_nagle_enabled(false);
        Self { socket, broker }
    }
}

impl<'a> Dial for TcpDial<'a> {
    type Stream = TcpSocket<'a>;

    // It would wait until the broker's stack has all.
    const NEEDS_FLUSH: bool = false;

    async fn open(&mut self) -> bool {
        self.socket.connect(self.broker).await.is_ok()
    }

    fn stream(&mut self) -> &mut TcpSocket<'a> {
        &mut self.socket
    }

    fn close(&mut self) {
        self.socket.abort();
    }
}

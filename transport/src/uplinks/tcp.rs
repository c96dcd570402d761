//! TCP over embassy-net: a connection that is made when it is needed, and again when it breaks.

use super::stream::{ByteStream, StreamUplink};
use core::time::Duration;
use embassy_net::IpEndpoint;
use embassy_net::tcp::{State, TcpSocket};
use embassy_time::{Duration as Time, Instant, Timer, with_deadline, with_timeout};

/// Frames over a connection.
pub type TcpUplink<'a> = StreamUplink<TcpStream<'a>>;

/// A connection whose far end says nothing for so long is broken.
const SILENCE: Time = Time::from_secs(10);
/// How often it is asked whether it is there.
const KEEP_ALIVE: Time = Time::from_secs(4);
/// How long a write waits for room.
const ROOM_WITHIN: Time = Time::from_millis(250);
/// How long an attempt to connect may take, and how long it is until the next.
const CONNECT_WITHIN: Time = Time::from_secs(5);
const PAUSE: Time = Time::from_secs(1);

/// A socket and where the collector listens.
#[derive(Debug)]
pub struct TcpStream<'a> {
    socket: Socket<'a>,
    collector: IpEndpoint,
    /// When an attempt to connect is given up, or may be made.
    until: Instant,
}

/// The socket, which cannot be shown.
struct Socket<'a>(TcpSocket<'a>);

impl core::fmt::Debug for Socket<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TcpSocket")
    }
}

impl<'a> TcpStream<'a> {
    /// Connects to the collector by itself, which need not be there yet.
    ///
    /// A send buffer of a few frames is enough, a receive buffer of 256 bytes as well.
    #[must_use]
    pub fn new(mut socket: TcpSocket<'a>, collector: IpEndpoint) -> Self {
        socket.set_timeout(Some(SILENCE));
        socket.set_keep_alive(Some(KEEP_ALIVE));
        // A frame is whole when it is written: nothing is gained by waiting for more.
        socket.set_nagle_enabled(false);
        Self { socket: Socket(socket), collector, until: Instant::MIN }
    }

    /// Goes on with connecting until `deadline`; whether there is a connection.
    async fn connected(&mut self, deadline: Instant) -> bool {
        let socket = &mut self.socket.0;
        if socket.may_send() && socket.may_recv() {
            return true;
        }
        let now = Instant::now();
        match socket.state() {
            // An attempt that goes on, from the last call.
            State::SynSent | State::SynReceived if now < self.until => {
                let _ = with_deadline(deadline.min(self.until), socket.wait_write_ready()).await;
            }
            State::Closed if now >= self.until => {
                self.until = now + CONNECT_WITHIN;
                let connecting = socket.connect(self.collector);
                // It goes on where the time is over before; refused, it pauses.
                if let Ok(Err(_)) = with_deadline(deadline.min(self.until), connecting).await {
                    self.until = Instant::now() + PAUSE;
                }
            }
            State::Closed => {}
            // It was closed by the far end, or does not come about.
            _ => {
                socket.abort();
                self.until = now + PAUSE;
            }
        }
        let socket = &self.socket.0;
        socket.may_send() && socket.may_recv()
    }
}

impl ByteStream for TcpStream<'_> {
    async fn read(&mut self, buffer: &mut [u8], within: Duration) -> usize {
        let micros = u64::try_from(within.as_micros()).unwrap_or(u64::MAX);
        let now = Instant::now();
        let deadline = now.checked_add(Time::from_micros(micros)).unwrap_or(Instant::MAX);
        if self.connected(deadline).await
            && !buffer.is_empty()
            && let Ok(Ok(len @ 1..)) = with_deadline(deadline, self.socket.0.read(buffer)).await
        {
            return len;
        }
        Timer::at(deadline).await;
        0
    }

    async fn write(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            // Connecting is for where time may pass.
            let written = with_timeout(ROOM_WITHIN, self.socket.0.write(bytes)).await;
            let Ok(Ok(len @ 1..)) = written else { return false };
            bytes = bytes.get(len..).unwrap_or_default();
        }
        true
    }

    /// The stack sends by itself; to wait until all has arrived would take a round trip.
    async fn flush(&mut self) -> bool {
        true
    }
}

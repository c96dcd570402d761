//! TCP over the standard library: for services on a host that a firewall keeps from UDP.

use super::std_stream::StdStream;
use super::stream::{ByteStream, StreamUplink};
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, BufWriter};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Instant;

/// How long a connection may take, and a write.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long it is before another attempt to connect, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Frames over a connection.
pub type StdTcpUplink = StreamUplink<StdTcp>;

/// A connection that is made when it is needed, and again when it breaks.
#[derive(Debug)]
pub struct StdTcp {
    collector: SocketAddr,
    connection: Option<Connection>,
    /// When it may be tried again, and how long it is then.
    again: Option<Instant>,
    pause: Duration,
}

impl StdTcp {
    /// A connection to the collector at this address, which need not be there yet.
    #[must_use]
    pub fn new(collector: SocketAddr) -> Self {
        Self { collector, connection: None, again: None, pause: FIRST_PAUSE }
    }

    /// The connection, if there is one or can be now.
    fn connected(&mut self) -> Option<&mut Connection> {
        if self.connection.as_ref().is_some_and(|connection| connection.stream.has_ended()) {
            self.broke();
        }
        if self.connection.is_none() && self.again.is_none_or(|again| again <= Instant::now()) {
            match Connection::new(self.collector) {
                Ok(connection) => {
                    self.connection = Some(connection);
                    self.pause = FIRST_PAUSE;
                }
                Err(_) => self.broke(),
            }
        }
        self.connection.as_mut()
    }

    fn broke(&mut self) {
        self.connection = None;
        self.again = Some(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

#[derive(Debug)]
struct Connection {
    stream: StdStream<BufWriter<TcpStream>>,
    socket: TcpStream,
}

impl Connection {
    fn new(collector: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect_timeout(&collector, PATIENCE)?;
        socket.set_nodelay(true)?;
        socket.set_write_timeout(Some(PATIENCE))?;
        // A frame goes out in one piece.
        let writer = BufWriter::new(socket.try_clone()?);
        let stream = StdStream::new(socket.try_clone()?, writer)?;
        Ok(Self { stream, socket })
    }
}

impl Drop for Connection {
    /// So that the thread which reads it ends.
    fn drop(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

impl ByteStream for StdTcp {
    async fn read(&mut self, buffer: &mut [u8], within: Duration) -> usize {
        match self.connected() {
            Some(connection) => connection.stream.read(buffer, within).await,
            None => {
                thread::sleep(within);
                0
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> bool {
        let Some(connection) = self.connected() else { return false };
        let is_written = connection.stream.write(bytes).await;
        if !is_written {
            self.broke();
        }
        is_written
    }

    async fn flush(&mut self) -> bool {
        // Not `connected`: what was written must not be thought to be in another connection.
        let Some(connection) = &mut self.connection else { return false };
        let is_flushed = connection.stream.flush().await;
        if !is_flushed {
            self.broke();
        }
        is_flushed
    }
}

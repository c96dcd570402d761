//! [`StdBroker`]: TCP over the standard library.

use super::{Closed, Connector};
use alloc::string::String;
use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::thread;
use std::time::Instant;

/// The shortest time that a socket can wait.
const SHORTEST: Duration = Duration::from_micros(1);

/// A broker, by name or address and port. It blocks its thread: the reporter has one of its own.
#[derive(Debug)]
pub struct StdBroker {
    broker: String,
    stream: Option<TcpStream>,
    begun: Instant,
}

impl StdBroker {
    /// A broker such as `localhost:1883`; the name is looked up anew for each connection.
    #[must_use]
    pub fn new(broker: &str) -> Self {
        Self { broker: broker.into(), stream: None, begun: Instant::now() }
    }

    fn connect(&self, within: Duration) -> io::Result<TcpStream> {
        let mut failed = ErrorKind::NotFound.into();
        for address in self.broker.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, within.max(SHORTEST)) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    fn write(&mut self, mut bytes: &[u8], within: Duration) -> io::Result<()> {
        let stream = self.stream.as_mut().ok_or(ErrorKind::NotConnected)?;
        let begun = Instant::now();
        while !bytes.is_empty() {
            let left = within.saturating_sub(begun.elapsed()).max(SHORTEST);
            stream.set_write_timeout(Some(left))?;
            match stream.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => bytes = bytes.get(count..).unwrap_or(&[]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Connector for StdBroker {
    async fn open(&mut self, within: Duration) -> bool {
        self.stream = self.connect(within).ok();
        self.stream.is_some()
    }

    fn close(&mut self) {
        self.stream = None;
    }

    async fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, Closed> {
        let stream = self.stream.as_mut().ok_or(Closed)?;
        stream.set_read_timeout(Some(within.max(SHORTEST))).map_err(|_| Closed)?;
        match stream.read(buffer) {
            Ok(0) => Err(Closed),
            Ok(count) => Ok(count),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(0),
                _ => Err(Closed),
            },
        }
    }

    async fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), Closed> {
        Self::write(self, bytes, within).map_err(|_| Closed)
    }

    async fn pause(&mut self, time: Duration) {
        thread::sleep(time);
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

//! TCP over the standard library.

use super::{Closed, Connector, MqttSettings, MqttUplink};
use crate::{Reporter, Settings};
use alloc::string::String;
use core::time::Duration;
use spandrel::Tracer;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// Bytes of a frame: a segment on an Ethernet, less the heads.
const FRAME_LEN: usize = 1400;
/// The shortest time that a socket can wait.
const SHORTEST: Duration = Duration::from_micros(1);

/// A broker, by name or address and port. It blocks its thread: the reporter has one of its own.
#[derive(Debug)]
pub struct StdTcp {
    broker: String,
    stream: Option<TcpStream>,
    begun: Instant,
}

impl StdTcp {
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

impl Connector for StdTcp {
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

/// Runs a reporter on a thread of its own until the program ends.
///
/// # Errors
/// Where the settings make no uplink, or the tracer has its one reporter already.
pub fn spawn(
    tracer: &'static Tracer,
    broker: &str,
    mqtt: MqttSettings<'static>,
    settings: Settings,
) -> io::Result<JoinHandle<()>> {
    let uplink = MqttUplink::new(StdTcp::new(broker), tracer.device(), mqtt);
    let uplink = uplink.map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
    // For as long as the program runs, as the tracer.
    let buffer = alloc::vec![0; FRAME_LEN].leak();
    let mut reporter = Reporter::new(tracer, uplink, buffer, settings).map_err(io::Error::other)?;
    let run = move || {
        embassy_futures::block_on(reporter.run());
    };
    thread::Builder::new().name("spandrel-reporter".into()).spawn(run)
}

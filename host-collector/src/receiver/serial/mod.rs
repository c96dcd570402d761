//! Frames over serial ports, and whatever else has a path and gives bytes: terminals, pipes, standard
//! input.

use super::stream::{self, End, Text};
use super::{Closed, Feed, Peer, Scope, TICK};
use core::fmt::{self, Display, Formatter};
use core::str::FromStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The rate of a port where none is given. A USB-CDC port has none and takes any.
pub const DEFAULT_BAUD: u32 = 115_200;
/// How often it is tried to open a port that has vanished.
const AGAIN: Duration = Duration::from_millis(500);

/// A port, and its rate: `PATH` or `PATH:BAUD`; `-` is standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Where it is.
    pub path: Arc<str>,
    /// Bits a second; 8 bits a byte, no parity, one stop bit.
    pub baud: u32,
}

impl FromStr for Port {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A path may have colons in it, as those of `/dev/serial/by-path` do.
        let split = text.rsplit_once(':').map(|(path, baud)| (path, baud.parse::<u32>()));
        let (path, baud) = match split {
            Some((_, Ok(0))) => return Err("a rate of 0 baud brings nothing".into()),
            Some((path, Ok(baud))) => (path, baud),
            _ => (text, DEFAULT_BAUD),
        };
        if path.is_empty() {
            return Err(
                "give the path of a port, such as /dev/ttyACM0 or /dev/ttyUSB0:921600".into()
            );
        }
        Ok(Self { path: path.into(), baud })
    }
}

impl Display for Port {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)
    }
}

/// A port that is open.
#[derive(Debug)]
pub struct SerialReceiver {
    port: Port,
    line: Line,
}

/// Bytes both ways, or one way alone.
struct Line {
    reader: Box<dyn Read + Send>,
    writer: Option<Box<dyn Write + Send>>,
    /// A file, or standard input: what has ended is over.
    is_once: bool,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let way = if self.writer.is_some() { "both ways" } else { "one way" };
        write!(f, "Line({way})")
    }
}

impl SerialReceiver {
    /// Opens the port.
    ///
    /// # Errors
    /// It is not there, may not be opened, or somebody else has it.
    pub fn open(port: Port) -> io::Result<Self> {
        let line = Line::open(&port)?;
        Ok(Self { port, line })
    }

    /// Reads and writes the port, in threads, until the hub is gone; a port that vanishes is waited
    /// for.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn start(self, feed: Feed, text: impl Text + Send + 'static) -> io::Result<()> {
        thread::Builder::new().name("serial".into()).spawn(move || self.run(&feed, text)).map(drop)
    }

    fn run(self, feed: &Feed, mut text: impl Text) {
        let Self { port, mut line } = self;
        let peer = Peer::Serial(port.path.clone());
        loop {
            let is_once = line.is_once;
            let Ok(end) = line.run(&peer, feed, &mut text) else { return };
            match end {
                End::Over => return,
                End::Closed | End::Idle if is_once => {
                    log::info!("{peer} has ended");
                    return;
                }
                End::Closed | End::Idle => log::warn!("{peer} has ended: it is opened again"),
                End::Failed(error) => log::warn!("{peer}: {error}; it is opened again"),
            }
            line = loop {
                thread::sleep(AGAIN);
                if feed.is_over() {
                    return;
                }
                match Line::open(&port) {
                    Ok(line) => break line,
                    Err(error) => log::debug!("{peer}: {error}"),
                }
            };
            log::info!("{peer} is there again");
        }
    }
}

impl Line {
    fn open(port: &Port) -> io::Result<Self> {
        if &*port.path == "-" {
            return Ok(Self { reader: Box::new(io::stdin()), writer: None, is_once: true });
        }
        if let Some(file) = open_if_no_port(&port.path)? {
            let is_once = file.metadata()?.is_file();
            return Ok(Self { reader: Box::new(file), writer: None, is_once });
        }
        let opened = serialport::new(&*port.path, port.baud).timeout(TICK).open();
        let reader = opened.map_err(|error| of_port(error.into(), &port.path))?;
        let writer = reader.try_clone()?;
        Ok(Self { reader: Box::new(reader), writer: Some(Box::new(writer)), is_once: false })
    }

    fn run(self, peer: &Peer, feed: &Feed, text: &mut impl Text) -> Result<End, Closed> {
        if let Some(writer) = self.writer {
            let outbox = feed.open(Scope::Peer(peer.clone()))?;
            let writing = thread::Builder::new().name("serial-replies".into());
            if let Err(error) = writing.spawn(move || stream::write(outbox, Patient(writer))) {
                log::warn!("{peer}: nothing can be sent: {error}");
            }
        }
        let end = stream::read(self.reader, peer, feed, text, None);
        feed.close(peer)?;
        Ok(end)
    }
}

/// The library says of a port that somebody has that there is none.
fn of_port(error: io::Error, path: &str) -> io::Error {
    let is_there =
        error.kind() == io::ErrorKind::NotFound && std::fs::exists(path).unwrap_or(false);
    if is_there { io::Error::new(io::ErrorKind::ResourceBusy, error) } else { error }
}

/// A line that takes nothing loses what it does not take; it is no reason to send nothing any more.
struct Patient<W>(W);

impl<W: Write> Write for Patient<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A pipe or a file, which gives bytes and takes none; none where it is a port.
#[cfg(unix)]
fn open_if_no_port(path: &str) -> io::Result<Option<File>> {
    use std::os::unix::fs::FileTypeExt as _;

    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_char_device() {
        return Ok(None);
    }
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    // A pipe that this end may also write waits for no writer, and does not end when one leaves.
    OpenOptions::new().read(true).write(kind.is_fifo()).open(path).map(Some)
}

#[cfg(not(unix))]
fn open_if_no_port(path: &str) -> io::Result<Option<File>> {
    let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    if is_file { OpenOptions::new().read(true).open(path).map(Some) } else { Ok(None) }
}

#[cfg(test)]
mod tests;

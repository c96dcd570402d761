//! [`Client`]: asks a GDB server for memory, over any stream that times out.

use super::packet::{self, Event, INTERRUPT, MAX_PAYLOAD, Parser};
use crate::receiver::rtt::{Memory, MemoryError};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often something damaged is asked for, or said, again.
const MOST_REPEATS: u32 = 5;
/// The longest payload that every server takes, if it does not say how long.
const USUAL_PAYLOAD: usize = 400;
/// What a request or a response has beside the digits, at most.
const BESIDE_DIGITS: usize = 32;

/// A connection to a GDB server whose target stands still, or runs.
///
/// Memory can be had while the target stands still: between [`halt`](Self::halt) and
/// [`resume`](Self::resume).
#[derive(Debug)]
pub struct Client<S> {
    pub(super) stream: S,
    parser: Parser,
    events: VecDeque<Event>,
    sent: Vec<u8>,
    /// How many bytes of memory fit one packet.
    chunk: usize,
    is_halted: bool,
}

impl<S: Read + Write> Client<S> {
    /// Begins to talk to a server that was just connected to: its target then stands still.
    ///
    /// The stream must not block for ever: its timeout is how often the time is looked at.
    ///
    /// # Errors
    /// Nobody answers, or not as a GDB server does.
    pub fn start(stream: S) -> io::Result<Self> {
        let (parser, events, sent) = Default::default();
        let mut client = Self { stream, parser, events, sent, chunk: 0, is_halted: true };
        let features = client.request(b"qSupported")?;
        let payload = packet_size(&features).unwrap_or(USUAL_PAYLOAD);
        client.chunk =
            payload.clamp(2 * BESIDE_DIGITS, MAX_PAYLOAD).saturating_sub(BESIDE_DIGITS) / 2;
        client.send(b"?")?;
        client.wait_for_halt()?;
        Ok(client)
    }

    /// Has the target stand still.
    ///
    /// # Errors
    /// The server does not answer, or the target has ended.
    pub fn halt(&mut self) -> io::Result<()> {
        if !self.is_halted {
            self.stream.write_all(&[INTERRUPT])?;
            self.wait_for_halt()?;
            self.is_halted = true;
        }
        Ok(())
    }

    /// Has the target go on.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn resume(&mut self) -> io::Result<()> {
        if self.is_halted {
            self.send(b"c")?;
            self.is_halted = false;
        }
        Ok(())
    }

    /// Leaves the target alone: it goes on.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn detach(mut self) -> io::Result<()> {
        self.halt()?;
        let answer = self.request(b"D")?;
        if answer == b"OK" { Ok(()) } else { Err(odd(&answer)) }
    }

    fn wait_for_halt(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let packet = self.packet(deadline)?;
            match packet.first() {
                Some(b'T' | b'S') => return Ok(()),
                // The target prints something.
                Some(b'O') => {}
                Some(b'W' | b'X') => {
                    return Err(io::Error::new(ErrorKind::UnexpectedEof, "the target has ended"));
                }
                // As long as nobody answers, the target waits.
                Some(b'F') => {
                    return Err(io::Error::other(
                        "the target wants files of the debugger: have the server do semihosting \
                         (QEMU: -semihosting-config enable=on,target=native)",
                    ));
                }
                _ => return Err(odd(&packet)),
            }
        }
    }

    /// Sends a packet and waits for the one that answers.
    fn request(&mut self, payload: &[u8]) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + PATIENCE;
        self.send(payload)?;
        loop {
            let packet = self.packet(deadline)?;
            if packet.first() != Some(&b'O') || packet == b"OK" {
                return Ok(packet);
            }
        }
    }

    /// Sends a packet and waits until the server has it.
    fn send(&mut self, payload: &[u8]) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        self.sent.clear();
        packet::encode(payload, &mut self.sent);
        self.stream.write_all(&self.sent)?;
        for _ in 0..MOST_REPEATS {
            match self.event(deadline)? {
                Event::Ack => return Ok(()),
                Event::Again => self.stream.write_all(&self.sent)?,
                // Said before the server had what was sent.
                Event::Packet(_) | Event::Damaged => self.stream.write_all(b"+")?,
            }
        }
        Err(io::Error::new(ErrorKind::InvalidData, "the GDB server does not take what it is sent"))
    }

    /// Waits for a packet, and acknowledges it.
    fn packet(&mut self, deadline: Instant) -> io::Result<Vec<u8>> {
        for _ in 0..MOST_REPEATS {
            match self.event(deadline)? {
                Event::Packet(payload) => {
                    self.stream.write_all(b"+")?;
                    return Ok(payload);
                }
                Event::Damaged => self.stream.write_all(b"-")?,
                Event::Again => self.stream.write_all(&self.sent)?,
                Event::Ack => {}
            }
        }
        Err(io::Error::new(ErrorKind::InvalidData, "what the GDB server says is damaged"))
    }

    fn event(&mut self, deadline: Instant) -> io::Result<Event> {
        let mut input = [0; 4096];
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            let len = match self.stream.read(&mut input) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(len) => len,
                Err(error) if is_timeout(&error) && Instant::now() < deadline => continue,
                Err(error) if is_timeout(&error) => return Err(ErrorKind::TimedOut.into()),
                Err(error) => return Err(error),
            };
            let bytes = input.get(..len).unwrap_or_default();
            self.events.extend(bytes.iter().filter_map(|byte| self.parser.push(*byte)));
            // Also where the server never stops talking.
            if Instant::now() >= deadline && self.events.is_empty() {
                return Err(ErrorKind::TimedOut.into());
            }
        }
    }
}

impl<S: Read + Write> Memory for Client<S> {
    fn read(&mut self, address: u32, out: &mut [u8]) -> Result<(), MemoryError> {
        let mut at = address;
        for part in out.chunks_mut(self.chunk.max(1)) {
            let answer = self.request(format!("m{at:x},{:x}", part.len()).as_bytes())?;
            if is_refusal(&answer) {
                return Err(MemoryError::Refused(at));
            }
            let bytes = packet::bytes_of_hex(&answer).unwrap_or_default();
            if bytes.is_empty() || bytes.len() > part.len() {
                return Err(odd(&answer).into());
            }
            // Less, where the memory ends.
            if bytes.len() < part.len() {
                return Err(MemoryError::Refused(at));
            }
            part.copy_from_slice(&bytes);
            at = behind(at, part);
        }
        Ok(())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MemoryError> {
        let mut at = address;
        for part in bytes.chunks(self.chunk.max(1)) {
            let mut request = format!("M{at:x},{:x}:", part.len()).into_bytes();
            part.iter().for_each(|byte| packet::push_hex(*byte, &mut request));
            let answer = self.request(&request)?;
            if is_refusal(&answer) {
                return Err(MemoryError::Refused(at));
            }
            if answer != b"OK" {
                return Err(odd(&answer).into());
            }
            at = behind(at, part);
        }
        Ok(())
    }
}

/// The address behind a part, which is no longer than a packet.
fn behind(address: u32, part: &[u8]) -> u32 {
    address.wrapping_add(u32::try_from(part.len()).unwrap_or_default())
}

/// How long packets may be, if the server says so.
fn packet_size(features: &[u8]) -> Option<usize> {
    let mut features = features.split(|byte| *byte == b';');
    let digits = features.find_map(|feature| feature.strip_prefix(b"PacketSize="))?;
    usize::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

/// `E` and a number, or `E.` and a text; no pair of digits has an odd length.
fn is_refusal(answer: &[u8]) -> bool {
    answer.first() == Some(&b'E') && (answer.len() == 3 || answer.get(1) == Some(&b'.'))
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn odd(answer: &[u8]) -> io::Error {
    let shown = answer.get(..60).unwrap_or(answer).escape_ascii();
    let what = if answer.is_empty() {
        "the GDB server does not know what it is asked for".to_owned()
    } else {
        format!("the GDB server answers \"{shown}\"")
    };
    io::Error::new(ErrorKind::InvalidData, what)
}

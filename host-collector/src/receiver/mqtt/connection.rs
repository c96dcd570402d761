//! One connection to a broker, from its greeting to its end.

use super::{Endpoint, LONGEST, LONGEST_NAME, Way, lock, write};
use crate::logging;
use crate::receiver::{Feed, Peer, TICK};
use spandrel_transport::mqtt::{self, Inbox, Login, Packet, PacketId, Refusal};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

/// After half of it without a word a ping goes out.
pub(super) const KEEP_ALIVE_S: u16 = 30;
const SILENCE: Duration = Duration::from_secs(KEEP_ALIVE_S as u64 / 2);
/// How long a broker may take for an answer.
const ANSWER: Duration = Duration::from_secs(10);
/// How long the network may take to connect, and to take a packet.
const CONNECT: Duration = Duration::from_secs(5);
const WRITE: Duration = Duration::from_secs(2);

const SUBSCRIBE_ID: PacketId = PacketId::MIN;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("the broker closed the connection")]
    Closed,
    #[error("the broker does not answer")]
    Silent,
    #[error("{0}")]
    Malformed(#[from] mqtt::Malformed),
    #[error("{0}: give the user as mqtt://USER@HOST and the password as SPANDREL_MQTT_PASSWORD")]
    Login(Refusal),
    #[error("{0}")]
    Refused(Refusal),
    #[error("the broker does not let this user subscribe to {0}/+/up")]
    Subscription(String),
}

/// A connection whose greeting is on its way.
#[derive(Debug)]
pub(super) struct Connection<'a> {
    endpoint: &'a Endpoint,
    way: &'a Way,
    stream: TcpStream,
    inbox: Inbox<Vec<u8>>,
    /// What must be answered before this time.
    waits_until: Option<Instant>,
    heard: Instant,
    is_let_in: bool,
    is_too_long_told: bool,
}

impl<'a> Connection<'a> {
    pub(super) fn open(
        endpoint: &'a Endpoint,
        login: &Login<'_>,
        way: &'a Way,
    ) -> Result<Self, Failure> {
        let mut stream = connect(&endpoint.address())?;
        let mut buffer = vec![0; LONGEST + mqtt::write::MAX_HEAD + LONGEST_NAME];
        // The password may be as long as it likes, up to this.
        let greeting = mqtt::write::connect(login, &mut buffer)
            .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "the login is too long"))?;
        stream.write_all(greeting)?;
        *lock(way) = Some(stream.try_clone()?);
        let now = Instant::now();
        Ok(Self {
            endpoint,
            way,
            stream,
            inbox: Inbox::new(buffer),
            waits_until: Some(now + ANSWER),
            heard: now,
            is_let_in: false,
            is_too_long_told: false,
        })
    }

    /// Runs until the hub is gone; any other end is a failure.
    pub(super) fn run(mut self, feed: &Feed) -> Result<(), Failure> {
        while !feed.is_over() {
            let received = self.stream.read(self.inbox.space());
            let at = Instant::now();
            match received {
                Ok(0) => return Err(Failure::Closed),
                Ok(count) => {
                    self.heard = at;
                    self.inbox.filled(count);
                    if self.take(feed, at)? == Some(End) {
                        break;
                    }
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                    _ => return Err(error.into()),
                },
            }
            if self.waits_until.is_some_and(|until| at > until) {
                return Err(Failure::Silent);
            }
            if self.waits_until.is_none() && at.duration_since(self.heard) > SILENCE {
                self.waits_until = Some(at + ANSWER);
                write(self.way, &mqtt::write::PING)?;
            }
        }
        let _ = write(self.way, &mqtt::write::DISCONNECT);
        Ok(())
    }

    /// Does what the packets say that came at `at`.
    fn take(&mut self, feed: &Feed, at: Instant) -> Result<Option<End>, Failure> {
        let topics = self.endpoint.topics();
        loop {
            let Some(packet) = self.inbox.next()? else { return Ok(None) };
            let is_answer = matches!(packet, Packet::ConnAck(_));
            // The first thing that a broker says, and nothing that it says again.
            if is_answer == self.is_let_in {
                return Err(mqtt::Malformed.into());
            }
            match packet {
                Packet::ConnAck(Ok(())) => {
                    let mut buffer = [0; mqtt::write::MAX_HEAD];
                    let asked = mqtt::write::subscribe_up(&topics, SUBSCRIBE_ID, &mut buffer);
                    write(self.way, asked.unwrap_or_default())?;
                    (self.is_let_in, self.waits_until) = (true, Some(at + ANSWER));
                }
                Packet::ConnAck(Err(refusal @ (Refusal::Login | Refusal::NotAuthorized))) => {
                    return Err(Failure::Login(refusal));
                }
                Packet::ConnAck(Err(refusal)) => return Err(Failure::Refused(refusal)),
                Packet::SubAck(_, true) => {
                    self.waits_until = None;
                    self.tell_listening();
                }
                Packet::SubAck(_, false) => {
                    return Err(Failure::Subscription(topics.prefix().to_owned()));
                }
                Packet::Publish { topic, packet_id, payload } => {
                    let topic = std::str::from_utf8(topic).unwrap_or_default();
                    let device = topics.device_of(topic);
                    match device.filter(|name| name.len() <= LONGEST_NAME) {
                        Some(device) => {
                            let peer = Peer::Mqtt(device.into());
                            if feed.frame(payload, &peer, at).is_err() {
                                return Ok(Some(End));
                            }
                        }
                        None => log::debug!("{}: {topic:?} is of no device", self.endpoint),
                    }
                    acknowledge(self.way, packet_id)?;
                }
                Packet::TooLong { packet_id } => {
                    if !self.is_too_long_told {
                        log::warn!(
                            "{}: a message is longer than {LONGEST} bytes, so it is no frame",
                            self.endpoint
                        );
                    }
                    self.is_too_long_told = true;
                    acknowledge(self.way, packet_id)?;
                }
                Packet::PingResp => self.waits_until = None,
                // Nothing of ours is to be acknowledged.
                Packet::PubAck(_) => {}
            }
        }
    }

    fn tell_listening(&self) {
        logging::announce(&format!("listening on {}", self.endpoint));
    }
}

/// The program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End;

fn acknowledge(way: &Way, packet_id: Option<PacketId>) -> Result<(), Failure> {
    packet_id.map_or(Ok(()), |packet_id| write(way, &mqtt::write::puback(packet_id)))
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(ErrorKind::NotFound, "the broker's name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => {
                // It has to see when the program ends.
                stream.set_read_timeout(Some(TICK))?;
                stream.set_write_timeout(Some(WRITE))?;
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

//! Frames over MQTT 3.1.1: one broker for many devices, each with topics of its own.
//!
//! The collector subscribes to `prefix/+/up` and publishes to `prefix/<device>/down`. What a device
//! sends at QoS 1 is acknowledged once it waits for the pipeline, so frames may come twice: the
//! session drops what it has. Two collectors of one broker each get everything; they must not share a
//! subscription (`$share/...`), which would scatter the frames of one device over both.

mod connection;
mod endpoint;
#[cfg(test)]
mod tests;

pub use endpoint::{Endpoint, EndpointError};

use super::{Feed, Peer, PeerKind, Scope, TICK};
use connection::{Connection, Failure};
use spandrel_transport::mqtt::{self, Login};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The longest frame that is taken.
pub const LONGEST: usize = 65_535;
/// The longest name of a device in a topic; those of ours have 16 letters.
const LONGEST_NAME: usize = 64;

/// How long after a failure the broker is tried again, at first and at most.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(30);

/// A broker, which need not be there yet.
#[derive(Debug)]
pub struct MqttReceiver {
    endpoint: Endpoint,
    password: Option<Vec<u8>>,
}

/// The stream to the broker while there is one. Whoever writes holds it, so that packets stay whole.
type Way = Arc<Mutex<Option<TcpStream>>>;

impl MqttReceiver {
    /// Subscribes to the topics of this endpoint. Without a user the password is not sent.
    #[must_use]
    pub fn new(endpoint: Endpoint, password: Option<Vec<u8>>) -> Self {
        if password.is_some() && endpoint.user().is_none() {
            log::warn!("there is a password for {endpoint} but no user: give mqtt://USER@HOST");
        }
        Self { endpoint, password }
    }

    /// Hands every frame to the feed and sends replies, in threads, until the hub is gone.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn start(self, feed: Feed) -> io::Result<()> {
        let outbox = feed.open(Scope::Kind(PeerKind::Mqtt)).map_err(io::Error::other)?;
        let way = Way::default();
        let (endpoint, down) = (self.endpoint.clone(), Arc::clone(&way));
        thread::Builder::new().name("mqtt-replies".into()).spawn(move || {
            outbox.run(|reply| {
                if let Peer::Mqtt(device) = &reply.peer {
                    send(&endpoint, &down, device, &reply.bytes);
                }
                true
            });
        })?;
        thread::Builder::new().name("mqtt".into()).spawn(move || self.run(&feed, &way))?;
        Ok(())
    }

    fn run(&self, feed: &Feed, way: &Way) {
        let endpoint = &self.endpoint;
        // Of each collector another, or the broker would let only one of them stay.
        let client_id = format!("spc{:016x}", RandomState::new().hash_one(endpoint.address()));
        let login = Login {
            client_id: client_id.as_bytes(),
            keep_alive_s: connection::KEEP_ALIVE_S,
            user: endpoint.user(),
            password: self.password.as_deref(),
            will: None,
        };
        let (mut retry, mut told) = (FIRST_RETRY, String::new());
        loop {
            let begun = Instant::now();
            let ended = Connection::open(endpoint, &login, way).and_then(|it| it.run(feed));
            lock(way).take();
            let Err(failure) = ended else { return };
            if begun.elapsed() > LAST_RETRY {
                (retry, told) = (FIRST_RETRY, String::new());
            }
            let line = failure.to_string();
            if line == told {
                log::debug!("{endpoint}: {line}");
            } else {
                log::warn!("{endpoint}: {line}; it is tried again until it works");
                told = line;
            }
            if !pause(feed, retry) {
                return;
            }
            retry = (retry * 2).min(LAST_RETRY);
        }
    }
}

/// Publishes a frame, or loses it: without a broker there is no way down.
fn send(endpoint: &Endpoint, way: &Way, device: &str, frame: &[u8]) {
    let mut packet = vec![0; frame.len() + device.len() + mqtt::write::MAX_HEAD];
    let head = mqtt::write::publish_down(&endpoint.topics(), device, frame.len(), &mut packet);
    let Some(head_len) = head.map(<[u8]>::len) else { return };
    packet.truncate(head_len);
    packet.extend_from_slice(frame);
    if let Err(error) = write(way, &packet) {
        log::debug!("{endpoint}: no way back to {device}: {error}");
    }
}

/// Writes a packet. If that fails the stream is closed, which its reader sees.
fn write(way: &Way, packet: &[u8]) -> Result<(), Failure> {
    let mut guard = lock(way);
    let stream = guard.as_mut().ok_or(Failure::Closed)?;
    stream.write_all(packet).map_err(|error| {
        let _ = stream.shutdown(Shutdown::Both);
        Failure::Io(error)
    })
}

fn lock(way: &Way) -> MutexGuard<'_, Option<TcpStream>> {
    way.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits; false where the program ends meanwhile.
fn pause(feed: &Feed, time: Duration) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < time && !feed.is_over() {
        thread::sleep(TICK.min(time));
    }
    !feed.is_over()
}

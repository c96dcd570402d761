//! [`Gate`]: opens what devices with a key send, refuses and counts everything else, seals what goes down.

mod admit;
mod disk;
mod down;
mod told;

use super::device::{Device, Rules};
use super::keys::{Keys, Listed};
use super::marks::MarksFile;
use super::state::{Keep, StateError, StateFolder};
use super::waiting::Waiting;
use super::{Frame, Passed};
use crate::receiver::Peer;
use crate::stats::Stats;
use disk::Disk;
use down::unsealed;
use spandrel::seal::{self, AUTHENTICATOR_LEN, Clear, Direction, SEALED};
use spandrel::wire::{self, Body, DecodeError, FrameKind, Request, VERSION};
use spandrel::{DeviceId, Session};
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use told::Told;

/// How a gate works.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The devices that have a key.
    pub keys: Keys,
    /// Devices without one are let in too.
    pub allow_unkeyed: bool,
    /// Devices hear what is sent to them.
    pub downlink: bool,
    /// The folder in which is noted what devices that hear nothing sent.
    pub state: Option<PathBuf>,
}

/// Why there is no gate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GateError {
    /// The folder of the state cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    Random(#[source] io::Error),
}

/// What a hello must give back to show that it was made after this collector began.
pub(in crate::auth) type Challenge = [u8; 8];

/// Stands between the receivers and the sessions.
#[derive(Debug)]
pub struct Gate {
    keys: Keys,
    allow_unkeyed: bool,
    downlink: bool,
    /// None where no more can be had.
    challenge: Option<Challenge>,
    draw: fn() -> io::Result<Challenge>,
    began_ns: u64,
    devices: HashMap<u64, Device>,
    /// The sessions that are known, by their tag.
    tags: HashMap<[u8; 4], Vec<(DeviceId, Session)>>,
    waiting: Waiting,
    /// The number of the frame that goes down next, and one that none that went down before the disk
    /// notes it again has.
    down: u64,
    down_noted: u64,
    disk: Option<Disk>,
}

/// A frame that was opened: device, session, packet, and what it was before it was sealed.
type Opened = (DeviceId, Session, u32, Vec<u8>);

/// Why a sealed frame is refused.
enum Refused {
    Malformed,
    Forged,
    /// A hello of a device that has no key.
    Unlisted(DeviceId),
    /// A hello of a session that is not known, which the device's key does not open.
    MisKeyed(DeviceId),
}

impl Gate {
    /// A gate for a collector that begins now.
    ///
    /// # Errors
    /// Where the folder of the state cannot be used, or no random bytes can be had.
    pub fn new(options: Options, now_ns: u64) -> Result<Self, GateError> {
        let state = options.state.as_deref().map(StateFolder::open).transpose()?;
        let state = state.map(|(folder, file)| (Box::new(folder) as Box<dyn Keep>, file));
        Self::with(options, now_ns, state, draw)
    }

    pub(in crate::auth) fn with(
        options: Options,
        now_ns: u64,
        state: Option<(Box<dyn Keep>, MarksFile)>,
        draw: fn() -> io::Result<Challenge>,
    ) -> Result<Self, GateError> {
        let (keep, file) = state.unzip();
        let file = file.unwrap_or_default();
        let mut gate = Self {
            keys: options.keys,
            allow_unkeyed: options.allow_unkeyed,
            downlink: options.downlink,
            challenge: Some(draw().map_err(GateError::Random)?),
            draw,
            began_ns: now_ns,
            devices: HashMap::new(),
            tags: HashMap::new(),
            waiting: Waiting::default(),
            down: file.down,
            down_noted: file.down,
            disk: keep.map(Disk::new),
        };
        for (device, marks) in file.devices {
            // Of one that answers challenges by now nothing was noted lately.
            let listed = gate.keys.get(DeviceId(device));
            if listed.is_none_or(|listed| gate.rules(listed).one_way) {
                gate.devices.insert(device, Device { marks, ..Device::default() });
            }
        }
        Ok(gate)
    }

    fn rules(&self, listed: &Listed) -> Rules {
        Rules::of(listed, self.downlink, self.disk.is_some())
    }

    /// Takes a datagram; what may be read comes out.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        peer: &Peer,
        rx_ns: u64,
        stats: &mut Stats,
        passed: &mut Passed,
    ) {
        let frame =
            |is_sealed| Frame { bytes: bytes.to_vec(), peer: peer.clone(), rx_ns, is_sealed };
        match bytes.first() {
            None => stats.refuse(DecodeError::Empty),
            Some(first) if first >> 4 != VERSION => {
                stats.refuse(DecodeError::UnknownVersion(first >> 4));
            }
            Some(first) if first & SEALED != 0 => self.take_sealed(frame(true), stats, passed),
            Some(_) if self.is_let_in_unsealed(bytes) => passed.frames.push(frame(false)),
            Some(_) => {
                if stats.unkeyed == 0 {
                    log::warn!(
                        "{peer}: frames without a seal are refused: give the device a key, or let such \
                         devices in with --allow-unkeyed"
                    );
                }
                stats.unkeyed += 1;
            }
        }
        self.note(passed);
    }

    /// An unsealed frame never speaks for a device that has a key.
    fn is_let_in_unsealed(&self, bytes: &[u8]) -> bool {
        let is_hello = |first: &u8| first >> 1 == FrameKind::Hello as u8 | VERSION << 3;
        let is_listed = || match wire::decode(bytes).map(|frame| frame.body) {
            Ok(Body::Hello(hello)) => self.keys.get(DeviceId(hello.device)).is_some(),
            _ => false,
        };
        let of_known = || bytes.get(1..5).is_some_and(|tag| self.tags.contains_key(tag));
        self.allow_unkeyed && !of_known() && !(bytes.first().is_some_and(is_hello) && is_listed())
    }

    fn take_sealed(&mut self, frame: Frame, stats: &mut Stats, passed: &mut Passed) {
        let peer = frame.peer.clone();
        match self.open(&frame) {
            Ok(Some((device, session, packet, bytes))) => {
                let tag = session.tag(device);
                let told = Told::read(&bytes);
                let frame = Frame { bytes, ..frame };
                self.admit((device, session), packet, frame, told, stats, passed);
                if told.is_some() {
                    // They may be read now.
                    for frame in self.waiting.take(tag) {
                        self.take_sealed(frame, stats, passed);
                    }
                }
            }
            Ok(None) => self.wait(frame, stats, passed),
            Err(Refused::Malformed) => stats.refuse(DecodeError::Malformed),
            Err(Refused::Forged) => stats.forged += 1,
            Err(Refused::Unlisted(device)) => {
                if stats.unlisted == 0 {
                    let device = device.0;
                    log::warn!("{peer}: device {device:016x} has no key here: add it to the keys");
                }
                stats.unlisted += 1;
            }
            Err(Refused::MisKeyed(device)) => {
                self.tell(device, |device| {
                    format!("{peer}: device {device:016x} has another key than here, or somebody pretends to be it")
                });
                stats.mis_keyed += 1;
            }
        }
    }

    /// Opens a frame; none where nobody knows yet whose it is.
    fn open(&self, frame: &Frame) -> Result<Option<Opened>, Refused> {
        let clear = Clear::read(&frame.bytes, Direction::Up).ok_or(Refused::Malformed)?;
        let packet = u32::try_from(clear.number).map_err(|_| Refused::Malformed)?;
        let try_key = |(device, session): (DeviceId, Session)| {
            let key = &self.keys.get(device)?.key;
            let mut bytes = frame.bytes.clone();
            seal::open(key, session, Direction::Up, &mut bytes)?;
            bytes.truncate(bytes.len().saturating_sub(AUTHENTICATOR_LEN));
            *bytes.first_mut()? &= !SEALED;
            Some((device, session, packet, bytes))
        };
        if clear.kind == FrameKind::Hello as u8 {
            let (device, session) = clear.identity(&frame.bytes).ok_or(Refused::Forged)?;
            if self.keys.get(device).is_none() {
                return Err(Refused::Unlisted(device));
            }
            let is_known = || self.devices.get(&device.0).is_some_and(|known| known.knows(session));
            return match try_key((device, session)) {
                Some(opened) => Ok(Some(opened)),
                None if is_known() => Err(Refused::Forged),
                None => Err(Refused::MisKeyed(device)),
            };
        }
        let Some(candidates) = self.tags.get(&clear.tag) else { return Ok(None) };
        candidates.iter().copied().find_map(try_key).map(Some).ok_or(Refused::Forged)
    }

    /// A frame of a session that nobody knows: it is asked who it is.
    fn wait(&mut self, frame: Frame, stats: &mut Stats, passed: &mut Passed) {
        let Some(tag) = frame.bytes.get(1..5).and_then(|tag| tag.first_chunk()).copied() else {
            return;
        };
        if self.downlink && self.waiting.asks(&frame.peer, tag, frame.rx_ns) {
            passed.replies.push(unsealed(&frame.peer, tag, Request::SendHello));
        }
        stats.unproven += self.waiting.push(frame, tag);
    }
}

/// Random bytes of the operating system.
fn draw() -> io::Result<Challenge> {
    let mut challenge = Challenge::default();
    getrandom::fill(&mut challenge).map_err(io::Error::from)?;
    Ok(challenge)
}
